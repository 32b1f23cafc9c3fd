/** A patient as athenahealth shows it: the seeded person, what was written since, and what the caller asked to see. */
import { blankPatient, type WireRecord } from './blank-patient.ts'
import { clockText, dateText } from './calendar-date.ts'
import { appointmentsOf } from './appointment-table.ts'
import { countryCode } from './country-codes.ts'
import { shownInsurances } from './patient-insurances.ts'
import { hasImage } from './patient-images.ts'
import { localCopies, localPatientId } from './local-copies.ts'
import { maritalName, patientProfile, showRaces } from './patient-profile.ts'
import { patientWriteFields, shownName } from './patient-write-fields.ts'
import { isPrivacyVerified } from './privacy-signatures.ts'
import { givenNameOf, patientStatus, surnameOf, survivorOf, type PatientFields } from './patient-table.ts'
import type { Show } from './practice.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { wallTime } from './zone-time.ts'

/** Fields kept in columns or computed: never copied from what was written. */
const ownedByTable = new Set(['firstname', 'lastname', 'dob', 'departmentid', 'primaryproviderid', 'status'])

/**
 * The wire record of patient `id` (typed era). A merged patient answers as its survivor, whose `patientid` differs from
 * the one asked for (inferred: athenahealth's documentation only says that the previous ids can be shown).
 */
export function patientRecord(state: PracticeState, asked: number, show: Show = {}): WireRecord {
  const { patients } = state
  const id = survivorOf(patients, asked)
  const record = id <= patients.seeded ? patientProfile(patients.population, id) : { ...blankPatient }
  const edits = patients.edits.get(id)
  if (edits !== undefined) applyEdits(record, edits)
  const provider = patients.provider.get(id)
  const department = listed(state.departments, patients.department.get(id))
  record['patientid'] = String(id)
  record['firstname'] = givenNameOf(patients, id)
  record['lastname'] = surnameOf(patients, id)
  record['dob'] = dateText(patients.birthDay.get(id))
  record['departmentid'] = department.id
  record['primarydepartmentid'] = edits?.['primarydepartmentid'] ?? department.id
  record['primaryproviderid'] = provider === 0 ? '' : listed(state.providers, provider - 1).id
  record['status'] = patientStatus(patients, id)
  record['registrationdate'] ||= dateText(patients.openedDay)
  settleAddress(record)
  addPapers(state, id, record)
  if (show.fullSsn !== true) maskNumbers(record)
  addVisits(state, id, record)
  addShown(state, id, { record, show })
  return record
}

function applyEdits(record: WireRecord, edits: PatientFields): void {
  for (const [name, value] of Object.entries(edits)) {
    const shown = shownName(name)
    if (ownedByTable.has(shown)) continue
    if (value === '') delete record[shown]
    else record[shown] = shownValue(name, value)
  }
  showWhatFollows(record, edits)
}

/** Fields that say the same as an edited one in another way. */
function showWhatFollows(record: WireRecord, edits: PatientFields): void {
  const { race, maritalstatus, mobilephone = '', email } = edits
  if (race !== undefined) showRaces(record, race.split('\t'))
  if (maritalstatus !== undefined) record['maritalstatusname'] = maritalName(maritalstatus)
  if (mobilephone !== '') record['hasmobile'] = true
  if (email !== undefined) {
    record['emailexists'] = email !== ''
    if (email !== '') record['lastemail'] = email
  }
  for (const who of ['', 'guarantor'] as const) {
    const country = edits[`${who}countrycode3166`]
    if (country !== undefined) record[`${who}countrycode`] = countryCode(country)
  }
}

/** A value as answers show it: flags and numbers typed, ids as text, codes as a list. */
function shownValue(name: string, value: string): unknown {
  const kind = patientWriteFields[name]?.kind
  if (kind === 'flag') return value === 'true'
  if (kind === 'number') return Number(value)
  return kind === 'codes' ? value.split('\t') : value
}

const sharedAddress = ['address1', 'address2', 'city', 'state', 'zip', 'countrycode', 'countrycode3166'] as const

/** The guarantor's address while it is the patient's; and nobody gets texts who has no mobile number (documented). */
function settleAddress(record: WireRecord): void {
  if (record['mobilephone'] === undefined) record['consenttotext'] = false
  if (record['guarantoraddresssameaspatient'] !== true) return
  for (const name of sharedAddress) {
    if (record[name] === undefined) delete record[`guarantor${name}`]
    else record[`guarantor${name}`] = record[name]
  }
}

/** What is on file beside the fields: pictures, and whether the privacy notice was signed. */
function addPapers(state: PracticeState, id: number, record: WireRecord): void {
  for (const [kind, name] of [
    ['photo', 'patientphoto'],
    ['driverslicense', 'driverslicense'],
  ] as const) {
    if (!hasImage(state, { kind, owner: String(id) })) continue
    record[name] = true
    record[`${name}url`] = `/v1/${state.id}/patients/${id}/${kind}`
  }
  if (isPrivacyVerified(state, id)) record['privacyinformationverified'] = true
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

function addShown(state: PracticeState, id: number, { record, show }: Shown): void {
  const { patients } = state
  if (show.insurance === true) {
    const { zone } = listed(state.departments, patients.department.get(id))
    const today = wallTime(zone, state.now()).day
    record['insurances'] = shownInsurances(state, id, { today, fullSsn: show.fullSsn === true })
  }
  if (show.localPatientId === true) record['localpatientid'] = localPatientId(state, id)
  if (show.portalStatus === true) record['portalstatus'] = portalStatus(record)
  if (show.customFields === true) {
    record['customfields'] = customFieldValues(state, id, { withPrivacy: show.privacyCustomFields === true })
  }
  if (show.allPatientStatuses === true) {
    record['allpatientstatuses'] = localCopies(state, id).map(({ department }) => ({
      departmentid: department.id,
      status: record['status'],
    }))
  }
  // The claims behind a balance; without any the list is empty.
  if (show.balanceDetails === true) record['claimbalancedetails'] = []
  // Documented as a flag that comes with `ignorerestrictions`; its values are those of the filter of the same name.
  if (show.confidentiality === true) record['confidentialitycode'] = patients.restricted.get(id) === 1 ? 'R' : 'N'
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

/**
 * Custom field values as recorded within a patient's record: of a select field the value and its `optionid`. Fields about
 * privacy only when asked for.
 */
export function customFieldValues(state: PracticeState, id: number, options: { withPrivacy: boolean }): WireRecord[] {
  const values = state.patients.customFields.get(id) ?? {}
  return state.customFields.flatMap((field) => {
    const value = values[field.id]
    if (value === undefined || (field.privacy === true && !options.withPrivacy)) return []
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
