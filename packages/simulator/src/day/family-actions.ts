/** What changes in the lives of households: they move, people marry, children are born. */
import { dateText } from '../practice/calendar-date.ts'
import { householdOf } from '../practice/household.ts'
import { addPatient, updatePatient } from '../practice/patient-changes.ts'
import { patientRecord } from '../practice/patient-record.ts'
import { patientStatus } from '../practice/patient-table.ts'
import { femaleNames, maleNames } from '../practice/person-names.ts'
import { listed } from '../practice/practice-state.ts'
import { setRestricted } from '../practice/restricted-patients.ts'
import { inventedEmail } from '../practice/seeded-person.ts'
import type { Action } from './calendar-actions.ts'
import { staffStamp, type Day } from './day.ts'
import { bookSoon, inventedStreet, phone } from './patient-actions.ts'
import { localDay, pickPatient } from './pick-rows.ts'

const adultDays = 6575
const daysToRegisterMost = 14
const hyphenShare = 0.2
const ownNameShare = 0.25

/** The active members of a patient's household that are registered here, the patient among them. */
function membersOf({ state }: Day, patient: number): number[] {
  const { patients } = state
  if (patient > patients.seeded) return [patient]
  const { first, size } = householdOf(patients.seed, patient)
  return Array.from({ length: size }, (_, index) => first + index).filter(
    (id) => id <= patients.seeded && patientStatus(patients, id) === 'active',
  )
}

function isAdult(day: Day, patient: number, department: number): boolean {
  return localDay(day, department) - day.state.patients.birthDay.get(patient) >= adultDays
}

/** A household moves to another street of the town, or gets another line: everybody's record changes at the same time. */
export const moveHouse: Action = (day, department) => {
  const patient = pickPatient(day, department)
  if (patient === undefined) return false
  const address = { address1: inventedStreet(day), address2: '' }
  const line = { homephone: phone(day, department) }
  const fields = day.random.chance(0.5) ? { ...address, ...line } : day.random.chance(0.5) ? address : line
  const stamp = staffStamp(day)
  for (const id of membersOf(day, patient)) updatePatient(day.state, { id, fields }, stamp)
  return true
}

function textOf(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name]
  return typeof value === 'string' ? value : ''
}

const adultsTried = 8

/** An adult of the department who is not married. */
function pickUnmarried(day: Day, department: number): number | undefined {
  for (let attempt = 0; attempt < adultsTried; attempt += 1) {
    const id = pickPatient(day, department)
    if (id === undefined || !isAdult(day, id, department)) continue
    if (patientRecord(day.state, id)['maritalstatus'] !== 'M') return id
  }
  return undefined
}

/** Two patients marry; mostly one of them takes or adds the other's name. */
export const marry: Action = (day, department) => {
  const { state, random } = day
  const [one, other] = [pickUnmarried(day, department), pickUnmarried(day, department)]
  if (one === undefined || other === undefined || one === other) return false
  const [record, partner] = [patientRecord(state, one), patientRecord(state, other)]
  const stamp = staffStamp(day)
  const wed = { maritalstatus: 'M' }
  updatePatient(state, { id: other, fields: wed }, stamp)
  const [own, taken] = [textOf(record, 'lastname'), textOf(partner, 'lastname')]
  if (random.chance(ownNameShare) || own.includes('-')) {
    updatePatient(state, { id: one, fields: wed }, stamp)
    return true
  }
  // Twice 30 characters are the most a hyphenated name of two seeded ones has; the field takes 30 in all.
  const hyphenated = `${own}-${taken}`
  const lastname = random.chance(hyphenShare) && hyphenated.length <= 30 ? hyphenated : taken
  const email = inventedEmail(textOf(record, 'firstname'), lastname, one)
  updatePatient(state, { id: one, fields: { ...wed, lastname, email } }, stamp)
  return true
}

/** A child of a patient is registered within days of its birth, and soon has its first visit. */
export const registerNewborn: Action = (day, department) => {
  const { state, random } = day
  const parent = pickPatient(day, department)
  if (parent === undefined || !isAdult(day, parent, department)) return false
  const record = patientRecord(state, parent)
  const female = random.chance(0.49)
  const shared = ['address1', 'city', 'state', 'zip', 'homephone'].flatMap((name) => {
    const value = textOf(record, name)
    return value === '' ? [] : [[name, value] as const]
  })
  const child = addPatient(
    state,
    {
      ...Object.fromEntries(shared),
      firstname: random.pick(female ? femaleNames : maleNames),
      lastname: textOf(record, 'lastname'),
      sex: female ? 'F' : 'M',
      dob: dateText(localDay(day, department) - random.between(1, daysToRegisterMost)),
      departmentid: listed(state.departments, department).id,
      guarantorfirstname: textOf(record, 'firstname'),
      guarantorlastname: textOf(record, 'lastname'),
      guarantorrelationshiptopatient: '3',
    },
    staffStamp(day),
  )
  bookSoon(day, department, child)
  return true
}

/** Somebody asks that few people see the chart, a member of the staff for instance, or no longer minds. */
export const restrictChart: Action = (day, department) => {
  const patient = pickPatient(day, department)
  if (patient === undefined) return false
  const restricted = day.state.patients.restricted.get(patient) === 0
  setRestricted(day.state, { patient, restricted }, staffStamp(day))
  return true
}
