/** What happens to patients: registered, sometimes twice, changed, merged, and gone. */
import { clockText, dateText } from '../practice/calendar-date.ts'
import { mergePatients } from '../practice/merge-patients.ts'
import { addPatient, setCustomFields, updatePatient } from '../practice/patient-changes.ts'
import { patientRecord } from '../practice/patient-record.ts'
import { femaleNames, maleNames, streetKinds, streets, surnames } from '../practice/person-names.ts'
import { listed } from '../practice/practice-state.ts'
import { updateProvider } from '../practice/provider-changes.ts'
import { wallTime } from '../practice/zone-time.ts'
import { bookSlot, type Action } from './calendar-actions.ts'
import { schedule, staffStamp, type Day } from './day.ts'
import { pickPatient, pickRow } from './pick-rows.ts'

const duplicateShare = 0.25

/** A number of the department's town that no telephone has. */
export function phone({ state, random }: Day, department: number): string {
  return `${listed(state.departments, department).areaCode}55501${String(random.below(100)).padStart(2, '0')}`
}

/** A street of the town, with a number. */
export function inventedStreet({ random }: Day): string {
  return `${random.between(1, 980)} ${random.pick(streets)} ${random.pick(streetKinds)}`
}

/** Registers someone new, who soon books; now and then it is someone known whose registration was not found. */
export const register: Action = (day, department) => {
  if (day.random.chance(duplicateShare)) return registerAgain(day, department)
  const { state, random } = day
  const { city, zip, zone, state: region } = listed(state.departments, department)
  const female = random.chance(0.52)
  const firstname = random.pick(female ? femaleNames : maleNames)
  const lastname = random.pick(surnames)
  const id = addPatient(
    state,
    {
      firstname,
      lastname,
      sex: female ? 'F' : 'M',
      dob: dateText(wallTime(zone, day.clock.now()).day - random.between(30, 33_000)),
      departmentid: listed(state.departments, department).id,
      address1: inventedStreet(day),
      city,
      state: region,
      zip,
      mobilephone: phone(day, department),
      email: `${firstname}.${lastname}.${random.below(100_000)}@example.com`.toLowerCase(),
    },
    staffStamp(day),
  )
  bookSoon(day, department, id)
  return true
}

/** Lets somebody new book within minutes. */
export function bookSoon(day: Day, department: number, patient: number): void {
  schedule(day, day.clock.now() + day.random.between(30, 240) * 1000, () => {
    const position = pickRow(day, department, 'open')
    if (position !== undefined) bookSlot(day, position, patient)
  })
}

/** The same person with a shortened first name and another number: a duplicate to be merged later. */
function registerAgain(day: Day, department: number): boolean {
  const { state } = day
  const into = pickPatient(day, department)
  if (into === undefined) return false
  const known = patientRecord(state, into)
  const text = (name: string): string => {
    const value = known[name]
    return typeof value === 'string' ? value : ''
  }
  const from = addPatient(
    state,
    {
      firstname: text('firstname').slice(0, 3),
      lastname: text('lastname'),
      dob: text('dob'),
      departmentid: text('departmentid'),
      ...(known['sex'] === undefined ? {} : { sex: text('sex') }),
      homephone: phone(day, department),
    },
    staffStamp(day),
  )
  day.duplicates.push({ from, into })
  bookSoon(day, department, from)
  return true
}

export const mergeDuplicate: Action = (day) => {
  const pair = day.duplicates.shift()
  if (pair === undefined) return false
  mergePatients(day.state, pair, staffStamp(day))
  return true
}

type Edit = (day: Day, of: { readonly id: number; readonly department: number }) => Readonly<Record<string, string>>

/** What patients have changed at the desk, by how often they do. */
const edits: readonly (readonly [weight: number, edit: Edit])[] = [
  [24, (day, { department }) => ({ mobilephone: phone(day, department), consenttotext: 'true' })],
  [5, (day, { department }) => ({ workphone: phone(day, department) })],
  [20, ({ random }, { id }) => ({ email: `patient.${id}.${random.below(1000)}@example.com` })],
  [
    14,
    ({ random }) => ({
      contactname: `${random.pick(femaleNames)} ${random.pick(surnames)}`,
      contactrelationship: 'FRIEND',
    }),
  ],
  [9, ({ random }) => ({ notes: `Prefers appointments after ${clockText(random.between(9, 16) * 60)}.` })],
  [20, ({ random }) => ({ contactpreference_appointment_sms: String(random.chance(0.5)), portalaccessgiven: 'true' })],
]

export const editPatient: Action = (day, department) => {
  const id = pickPatient(day, department)
  if (id === undefined) return false
  const fields = day.random.pickWeighted(edits)(day, { id, department })
  updatePatient(day.state, { id, fields }, staffStamp(day))
  return true
}

/** Rarely a patient leaves; rarer still the registration was a mistake. */
export const retirePatient: Action = (day, department) => {
  const id = pickPatient(day, department)
  if (id === undefined) return false
  const status = day.random.chance(0.3) ? 'deleted' : 'inactive'
  updatePatient(day.state, { id, fields: { status } }, staffStamp(day))
  return true
}

export const setCustomField: Action = (day, department) => {
  const patient = pickPatient(day, department)
  if (patient === undefined) return false
  setCustomFields(day.state, { patient, values: { 22: day.random.pick(['Pick up', 'Delivery']) } }, staffStamp(day))
  return true
}

/** A provider opens or closes the list for new patients. */
export const toggleNewPatients: Action = (day) => {
  const provider = day.random.pick(day.state.providers)
  if (provider.deleted) return false
  updateProvider(day.state, { provider, acceptingNewPatients: !provider.acceptingNewPatients }, staffStamp(day))
  return true
}
