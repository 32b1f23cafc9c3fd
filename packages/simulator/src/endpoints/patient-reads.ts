/** Patients read: the list, the search by name, and one by id. */
import { stateOf } from '../practice/create-practice.ts'
import { findPatients, patientsUpcoming, searchPatients, type PatientCriteria } from '../practice/find-patients.ts'
import { patientRecord } from '../practice/patient-record.ts'
import type { Show } from '../practice/practice.ts'
import type { PracticeState } from '../practice/practice-state.ts'
import type { Input, Route, RouteContext } from '../route.ts'
import { list, ok, one } from '../server/reply.ts'
import { dateField, departmentField, pathPatient, providerField, requireFields } from './request-fields.ts'

/** Search fields that are compared with the record as it stands; the rest of the documented ones has columns. */
const recordFields: readonly string[] = `address1 address2 city state zip email homephone mobilephone workphone ssn sex
  middlename suffix preferredname maritalstatus race ethnicitycode language6392code primarydepartmentid registrationdate
  contactname contacthomephone contactmobilephone contactpreference contactrelationship employerphone guarantorfirstname
  guarantorlastname guarantordob guarantoremail guarantorphone guarantorssn guarantoraddress1 guarantorcity
  guarantorstate guarantorzip nextkinname nextkinphone nextkinrelationship guardianfirstname guardianlastname
  consenttocall consenttotext portalaccessgiven referralsourceid notes countrycode3166`.split(/\s+/)

/** What a patient is to show, by athenahealth's `show…` fields. */
export function shownOf(input: Input): Show {
  return {
    fullSsn: input.flag('showfullssn'),
    insurance: input.flag('showinsurance'),
    customFields: input.flag('showcustomfields'),
    portalStatus: input.flag('showportalstatus'),
    localPatientId: input.flag('showlocalpatientid'),
    allPatientStatuses: input.flag('showallpatientdepartmentstatus'),
    previousPatientIds: input.flag('showpreviouspatientids'),
  }
}

function criteriaOf(state: PracticeState, input: Input, now: number): PatientCriteria {
  const fields: Record<string, string> = {}
  for (const name of recordFields) {
    const value = input.text(name)
    if (value !== undefined) fields[name] = value
  }
  const department = departmentField(state, input, 'appointmentdepartmentid')
  const provider = providerField(state, input, 'appointmentproviderid')
  const hours = input.integer('upcomingappointmenthours')
  const upcoming = department !== undefined || provider !== undefined || hours !== undefined
  return {
    department: registrationDepartment(state, input),
    givenName: input.text('firstname'),
    surname: input.text('lastname'),
    birthDay: dateField(input, 'dob'),
    status: input.text('status'),
    provider: providerField(state, input, 'primaryproviderid'),
    anyPhone: input.text('anyphone'),
    among: upcoming ? patientsUpcoming(state, { now, hours: hours ?? 24, department, provider }) : undefined,
    fields,
  }
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
    render: (id) => {
      const record = patientRecord(state, id, show)
      if (input.flag('omitbalances')) delete record['balances']
      if (input.flag('omitphotoinformation')) delete record['patientphoto']
      return record
    },
    defaultLimit: 10,
  })
}

/** Documented default; there is no paging. */
const searchResultsDefault = 50

function searchByTerm(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  requireFields(context.input, ['searchterm'])
  const most = Math.max(1, context.input.integer('maxresults') ?? searchResultsDefault)
  const found = searchPatients(state, context.input.text('searchterm') ?? '', most)
  // The envelope's key is not documented; inferred from GET /patients.
  return ok({ patients: found.map((id) => patientRecord(state, id)), totalcount: found.length })
}

function getPatient(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  return one(patientRecord(state, pathPatient(context), shownOf(context.input)))
}

export const patientReadRoutes: readonly Route[] = [
  { method: 'GET', path: '/patients', handle: listPatients },
  { method: 'GET', path: '/patients/search', handle: searchByTerm },
  { method: 'GET', path: '/patients/{patientid}', handle: getPatient },
]
