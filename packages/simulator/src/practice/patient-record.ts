/** A patient as athenahealth shows it: the seeded person, what was written since, and what the caller asked to see. */
import { blankPatient, type WireRecord } from './blank-patient.ts'
import { clockText, dateText } from './calendar-date.ts'
import { appointmentsOf } from './appointment-table.ts'
import { femaleNames } from './person-names.ts'
import { maritalName, patientInsurances, patientProfile, raceName, type PatientCore } from './patient-profile.ts'
import {
  givenNameOf,
  patientStatus,
  seededIdentity,
  surnameOf,
  survivorOf,
  type PatientFields,
} from './patient-table.ts'
import type { Show } from './practice.ts'
import { listed, type PracticeState } from './practice-state.ts'

/** Request fields whose answer has another name. */
const answeredAs: Readonly<Record<string, string>> = {
  donotcallyn: 'donotcall',
  hasmobileyn: 'hasmobile',
  homeboundyn: 'homebound',
  onlinestatementonlyyn: 'onlinestatementonly',
}

const booleanFields = new Set([
  'consenttocall',
  'consenttotext',
  'donotcall',
  'guarantoraddresssameaspatient',
  'hasmobile',
  'homebound',
  'onlinestatementonly',
  'portalaccessgiven',
  'povertylevelfamilysizedeclined',
  'povertylevelincomedeclined',
  'povertylevelincomerangedeclined',
])

/** Fields kept in columns or computed: never copied from what was written. */
const ownedByTable = new Set(['firstname', 'lastname', 'dob', 'departmentid', 'primaryproviderid', 'status'])

function coreOf(state: PracticeState, id: number): PatientCore {
  const { patients } = state
  return {
    seed: patients.seed,
    id,
    givenName: givenNameOf(patients, id),
    surname: surnameOf(patients, id),
    female: patients.givenName.get(id) < femaleNames.length,
    birthDay: patients.birthDay.get(id),
    openedDay: patients.openedDay,
    department: listed(state.departments, patients.department.get(id)),
  }
}

/**
 * The wire record of patient `id` (typed era). A merged patient answers as its survivor, whose `patientid` differs from
 * the one asked for (inferred: athenahealth's documentation only says that the previous ids can be shown).
 */
export function patientRecord(state: PracticeState, asked: number, show: Show = {}): WireRecord {
  const { patients } = state
  const id = survivorOf(patients, asked)
  const core = coreOf(state, id)
  const record = id <= patients.seeded ? patientProfile(seededCore(state, core)) : { ...blankPatient }
  const edits = patients.edits.get(id)
  if (edits !== undefined) applyEdits(record, edits)
  const provider = patients.provider.get(id)
  record['patientid'] = String(id)
  record['firstname'] = core.givenName
  record['lastname'] = core.surname
  record['dob'] = dateText(core.birthDay)
  record['departmentid'] = core.department.id
  record['primarydepartmentid'] = edits?.['primarydepartmentid'] ?? core.department.id
  record['primaryproviderid'] = provider === 0 ? '' : listed(state.providers, provider - 1).id
  record['status'] = patientStatus(patients, id)
  record['registrationdate'] ||= dateText(patients.openedDay)
  if (show.fullSsn !== true) maskNumbers(record)
  addVisits(state, id, record)
  addShown(state, core, { record, show })
  return record
}

/** The identity the profile was seeded with: guarantor, address and e-mail do not follow a later change of name. */
function seededCore(state: PracticeState, core: PatientCore): PatientCore {
  const { patients, departments } = state
  const { seed, openedDay } = patients
  const identity = seededIdentity({ seed, openedDay, departments, providersByDepartment: [] }, core.id)
  return {
    ...core,
    givenName: listed(patients.givenNames.texts, identity.givenName),
    surname: listed(patients.surnames.texts, identity.surname),
    female: identity.givenName < femaleNames.length,
    birthDay: identity.birthDay,
    department: listed(departments, identity.department),
  }
}

function applyEdits(record: WireRecord, edits: PatientFields): void {
  for (const [name, value] of Object.entries(edits)) {
    const shown = answeredAs[name] ?? name
    if (ownedByTable.has(shown)) continue
    if (shown === 'race') record['race'] = value === 'declined' ? [] : value.split(/[\t,]/)
    else record[shown] = booleanFields.has(shown) ? value === 'true' : value
  }
  if (edits['race'] !== undefined) record['racename'] = raceName(edits['race'])
  if (edits['maritalstatus'] !== undefined) record['maritalstatusname'] = maritalName(edits['maritalstatus'])
  if (edits['mobilephone'] !== undefined) record['hasmobile'] = true
  if (edits['email'] !== undefined) Object.assign(record, { emailexists: true, lastemail: edits['email'] })
}

function maskNumbers(record: WireRecord): void {
  for (const name of ['ssn', 'guarantorssn']) {
    const value = record[name]
    if (typeof value === 'string') record[name] = `*****${value.slice(-4)}`
  }
}

/** `firstappointment` and `lastappointment`: the visits that were checked out, in department-local time. */
function addVisits(state: PracticeState, id: number, record: WireRecord): void {
  const { patients, appointments } = state
  for (const [name, column] of [
    ['firstappointment', patients.firstVisit],
    ['lastappointment', patients.lastVisit],
  ] as const) {
    const position = column.get(id) - 1
    if (position < 0) continue
    record[name] = `${dateText(appointments.day.get(position))} ${clockText(appointments.start.get(position))}`
  }
}

interface Shown {
  readonly record: WireRecord
  readonly show: Show
}

function addShown(state: PracticeState, core: PatientCore, { record, show }: Shown): void {
  const { patients } = state
  const { id } = core
  if (show.insurance === true) record['insurances'] = id <= patients.seeded ? patientInsurances(core) : []
  if (show.localPatientId === true) record['localpatientid'] = String(id)
  if (show.portalStatus === true) record['portalstatus'] = portalStatus(record)
  if (show.customFields === true) record['customfields'] = customFieldValues(state, id)
  if (show.allPatientStatuses === true) {
    record['allpatientstatuses'] = [{ departmentid: core.department.id, status: record['status'] }]
  }
  // Inferred: the option is documented, the shape of what it adds is not.
  if (show.previousPatientIds === true) {
    record['previouspatientids'] = (patients.mergedFrom.get(id) ?? []).map((previous) => ({
      previouspatientid: String(previous),
    }))
  }
}

function portalStatus(record: WireRecord): WireRecord {
  const registered = record['portaltermsonfile'] === true
  return {
    noportal: false,
    status: registered ? 'REGISTERED' : 'NOTREGISTERED',
    registered,
    termsaccepted: registered,
    blockedfailedlogins: false,
    familyregistered: false,
    familyblockedfailedlogins: false,
    portalregistrationdate: registered ? record['registrationdate'] : '',
    entitytodisplay: 'PATIENT',
  }
}

/** Custom field values as recorded: a select field answers its `optionid`, any other its `customfieldvalue`. */
export function customFieldValues(state: PracticeState, id: number): WireRecord[] {
  const values = state.patients.customFields.get(id) ?? {}
  return state.customFields.flatMap((field) => {
    const value = values[field.id]
    if (value === undefined) return []
    const option = field.options.find((candidate) => candidate.value === value)
    return [{ customfieldid: field.id, customfieldvalue: value, ...(option ? { optionid: option.id } : {}) }]
  })
}

/** True when the patient has a booked or checked-in appointment on that day. */
export function hasAppointmentOn(state: PracticeState, patient: number, day: number): boolean {
  for (const position of appointmentsOf(state, patient)) {
    if (state.appointments.day.get(position) === day && state.appointments.status.get(position) !== 5) return true
  }
  return false
}
