/** Patients read: the list, the search by name, and one by id. */
import { stateOf } from '../practice/create-practice.ts'
import { findPatients, patientsUpcoming, searchPatients, type PatientCriteria } from '../practice/find-patients.ts'
import { localCopies, localCopyIn, type LocalCopy } from '../practice/local-copies.ts'
import { patientRecord } from '../practice/patient-record.ts'
import { survivorOf } from '../practice/patient-table.ts'
import { patientWriteFields, shownName } from '../practice/patient-write-fields.ts'
import type { Show } from '../practice/practice.ts'
import { listed, type PracticeState } from '../practice/practice-state.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidEnum, list, missingFields, ok } from '../server/reply.ts'
import { sightOf } from './patient-sight.ts'
import { dateField, departmentField, pathPatient, providerField, requireFields } from './request-fields.ts'

/** Fields that have columns or are looked at in another way. */
const searchedOtherwise = new Set(['firstname', 'lastname', 'dob', 'departmentid', 'primaryproviderid', 'status'])

/** Search fields that are compared with the record as it stands: request name → name in the record. */
const recordFields: ReadonlyMap<string, string> = new Map([
  ...Object.keys(patientWriteFields)
    .filter((name) => !searchedOtherwise.has(name) && patientWriteFields[name]?.kind !== 'birthdate')
    .map((name) => [name, shownName(name)] as const),
  ['hierarchicalcode', 'hierarchicalcode'],
  ['registrationdate', 'registrationdate'],
])

/** What a patient is to show, by athenahealth's `show…` fields. */
export function shownOf(input: Input): Show {
  return {
    fullSsn: input.flag('showfullssn'),
    insurance: input.flag('showinsurance'),
    customFields: input.flag('showcustomfields'),
    privacyCustomFields: input.flag('showprivacycustomfields'),
    portalStatus: input.flag('showportalstatus'),
    localPatientId: input.flag('showlocalpatientid') || input.flag('limitlocalpatientid'),
    allPatientStatuses: input.flag('showallpatientdepartmentstatus'),
    previousPatientIds: input.flag('showpreviouspatientids'),
    balanceDetails: input.flag('showbalancedetails'),
    confidentiality: input.flag('ignorerestrictions'),
  }
}

function criteriaOf(state: PracticeState, input: Input, now: number): PatientCriteria {
  const fields: Record<string, string> = {}
  for (const [name, shown] of recordFields) {
    checkKind(input, name)
    const value = input.text(name)
    if (value !== undefined) fields[shown] = value
  }
  const department = departmentField(state, input, 'appointmentdepartmentid')
  const provider = providerField(state, input, 'appointmentproviderid')
  const hours = input.integer('upcomingappointmenthours')
  const upcoming = department !== undefined || provider !== undefined || hours !== undefined
  return {
    department: registrationDepartment(state, input),
    givenName: input.text('firstname'),
    usedName: input.text('firstnameused'),
    surname: input.text('lastname'),
    birthDay: dateField(input, 'dob'),
    status: statusField(input),
    provider: providerField(state, input, 'primaryproviderid'),
    anyPhone: input.text('anyphone'),
    among: upcoming ? patientsUpcoming(state, { now, hours: hours ?? 24, department, provider }) : undefined,
    sight: sightOf(input),
    fields,
  }
}

/** 400 for a criterion that is no number, or no date, where the field is one. */
function checkKind(input: Input, name: string): void {
  const kind = patientWriteFields[name]?.kind
  if (kind === 'integer') input.integer(name)
  if (kind === 'date' || name === 'registrationdate') dateField(input, name)
}

const statuses = ['active', 'inactive', 'prospective', 'deleted'] as const

/** A status by its name or first letter (both documented); 400 for any other. */
function statusField(input: Input): string | undefined {
  const sent = input.text('status')?.toLowerCase()
  if (sent === undefined) return undefined
  const status = statuses.find((known) => known === sent || known.charAt(0) === sent)
  if (status === undefined) throw new ReplyError(invalidEnum('status', sent))
  return status
}

/** -1 asks for patients without a registration department (documented); every simulated patient has one. */
function registrationDepartment(state: PracticeState, input: Input): number | undefined {
  return input.text('departmentid') === '-1' ? -1 : departmentField(state, input)
}

function listPatients(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const show = shownOf(input)
  return list(context, {
    key: 'patients',
    // Without any criterion all patients are listed (inferred: athenahealth may ask for one).
    items: findPatients(state, criteriaOf(state, input, context.now)),
    render: (id) => omit(patientRecord(state, id, show), input),
    defaultLimit: 10,
  })
}

/** What a caller can leave out of a list to have it sooner. */
const omissions = [
  ['omitbalances', ['balances']],
  ['omitphotoinformation', ['patientphoto', 'patientphotourl']],
  ['omitdefaultpharmacy', ['defaultpharmacyncpdpid']],
] as const

function omit(record: Record<string, unknown>, input: Input): Record<string, unknown> {
  for (const [flag, names] of omissions) if (input.flag(flag)) for (const name of names) delete record[name]
  return record
}

/** Documented default; there is no paging. */
const searchResultsDefault = 50

/** What `searchtype` may be; that there are types is documented, which there are is not. */
const searchTypes = [
  { searchtype: 'name', description: 'Patient name' },
  { searchtype: 'id', description: 'Patient ID' },
] as const

function searchByTerm(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['searchterm'])
  const type = searchTypeOf(input)
  const most = Math.max(1, input.integer('maxresults') ?? searchResultsDefault)
  // With the name of one of its users athenahealth looks up what that user may see; every simulated user may see all.
  const sight =
    input.text('athenanetuser') === undefined ? sightOf(input) : { ...sightOf(input), ignoreRestrictions: true }
  const found = searchPatients(state, { term: input.text('searchterm') ?? '', type, most, sight })
  const key = state.patients.traits.patientSearchKey
  return ok({ [key]: found.map((id) => patientRecord(state, id)), totalcount: found.length })
}

function searchTypeOf(input: Input): 'name' | 'id' | undefined {
  const sent = input.text('searchtype')?.toLowerCase()
  if (sent === undefined) return undefined
  const type = searchTypes.find(({ searchtype }) => searchtype === sent)
  if (type === undefined) throw new ReplyError(invalidEnum('searchtype', sent))
  return type.searchtype
}

function getPatient(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const id = survivorOf(state.patients, pathPatient(context))
  const department = departmentField(state, input)
  // Documented: access is looked up by department. Every simulated user may see every patient that can be found.
  if (input.flag('checkuseraccess') && department === undefined) throw new ReplyError(missingFields(['departmentid']))
  const show = shownOf(input)
  const copies = department === undefined ? localCopies(state, id) : copiesIn(state, id, department)
  return ok(copies.map((copy) => copyRecord(state, id, { copy, show })))
}

/** The copy the department works with, or where it has none the patient as registered (inferred). */
function copiesIn(state: PracticeState, id: number, department: number): readonly LocalCopy[] {
  const copy = localCopyIn(state, id, listed(state.departments, department))
  return [copy ?? listed(localCopies(state, id), 0)]
}

function copyRecord(state: PracticeState, id: number, { copy, show }: { copy: LocalCopy; show: Show }) {
  const record = patientRecord(state, id, show)
  if (copy.department.id !== record['departmentid']) {
    record['departmentid'] = copy.department.id
    record['primarydepartmentid'] = copy.department.id
  }
  if (show.localPatientId === true) record['localpatientid'] = copy.localPatientId
  return record
}

export const patientReadRoutes: readonly Route[] = [
  { method: 'GET', path: '/patients', handle: listPatients },
  { method: 'GET', path: '/patients/search', handle: searchByTerm },
  { method: 'GET', path: '/configuration/patients/searchtypes', handle: () => ok(searchTypes) },
  { method: 'GET', path: '/patients/{patientid}', handle: getPatient },
]
