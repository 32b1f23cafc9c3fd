/** Which patients a search means: by columns where possible, by the whole record only for what is left. */
import { daysBetween, statusOf } from './appointment-table.ts'
import type { WireRecord } from './blank-patient.ts'
import { patientRecord } from './patient-record.ts'
import { patientStatus, type NameTable, type PatientTable } from './patient-table.ts'
import { startOf } from './populate-schedule.ts'
import type { Sight } from './practice.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { limitsSight, seesPatient } from './restricted-patients.ts'
import { wallTime } from './zone-time.ts'

/** Rows of patient ids in ascending order, to page through. */
export interface PatientRows {
  readonly length: number
  slice(from: number, to: number): readonly number[]
}

/** Criteria that must all hold; names compare without case, numbers by digits only. */
export interface PatientCriteria {
  /** Department index; undefined for any. */
  readonly department?: number | undefined
  readonly givenName?: string | undefined
  /** The name the patient goes by: the preferred one, else the first. */
  readonly usedName?: string | undefined
  readonly surname?: string | undefined
  readonly birthDay?: number | undefined
  readonly status?: string | undefined
  /** Provider index of the primary provider. */
  readonly provider?: number | undefined
  /** Any of the patient's numbers. */
  readonly anyPhone?: string | undefined
  /** Has one of these ids; from a search of appointments. */
  readonly among?: ReadonlySet<number> | undefined
  /** Leaves out patients with restricted records whom the caller may not know of; absent for the practice's staff. */
  readonly sight?: Sight | undefined
  /** Wire fields to compare with the record, e.g. `zip`. */
  readonly fields: Readonly<Record<string, string>>
}

const phoneFields = ['homephone', 'mobilephone', 'workphone', 'contacthomephone', 'contactmobilephone'] as const

/** All patients that meet the criteria; deleted ones only when `status` asks for them. */
export function findPatients(state: PracticeState, criteria: PatientCriteria): PatientRows {
  const { patients } = state
  const rows = criteria.department === undefined ? patients.live : patients.byDepartment[criteria.department]
  if (rows === undefined) return []
  const tests = columnTests(state, criteria)
  if (tests === undefined) return []
  const wantsDeleted = criteria.status?.toLowerCase() === 'deleted'
  const needsRecord =
    Object.keys(criteria.fields).length > 0 || criteria.anyPhone !== undefined || criteria.usedName !== undefined
  if (tests.length === 0 && !wantsDeleted && !needsRecord) return rows
  const holds: Test = (id) => tests.every((test) => test(id)) && (!needsRecord || recordMeets(state, id, criteria))
  return wantsDeleted ? everyId(patients.count).filter(holds) : rows.filter(holds)
}

const everyId = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

type Test = (id: number) => boolean

/** The tests on columns; undefined when a name is not in the practice at all. */
function columnTests(state: PracticeState, criteria: PatientCriteria): Test[] | undefined {
  const { patients } = state
  const tests: Test[] = []
  for (const [text, table, column] of [
    [criteria.surname, patients.surnames, patients.surname],
    [criteria.givenName, patients.givenNames, patients.givenName],
  ] as const) {
    if (text === undefined) continue
    const numbers = namesEqual(table, text)
    if (numbers.size === 0) return undefined
    const isMeant = new Uint8Array(table.texts.length)
    for (const number of numbers) isMeant[number] = 1
    tests.push((id) => isMeant[column.get(id)] === 1)
  }
  return [...tests, ...plainTests(state, criteria)]
}

/** The tests that need no look-up of names. */
function plainTests({ patients }: PracticeState, criteria: PatientCriteria): Test[] {
  const { birthDay, status, provider, among, department, sight } = criteria
  const tests: Test[] = []
  if (birthDay !== undefined) tests.push((id) => patients.birthDay.get(id) === birthDay)
  if (provider !== undefined) tests.push((id) => patients.provider.get(id) === provider + 1)
  if (among !== undefined) tests.push((id) => among.has(id))
  if (status !== undefined) tests.push((id) => patientStatus(patients, id) === status.toLowerCase())
  if (sight !== undefined && limitsSight(patients, sight)) tests.push((id) => seesPatient(patients, id, sight))
  if (status?.toLowerCase() === 'deleted' && department !== undefined) {
    tests.push((id) => patients.department.get(id) === department)
  }
  return tests
}

/** Numbers of the names that are equal without case; several spellings may exist. */
export function namesEqual(table: NameTable, text: string): Set<number> {
  const wanted = text.trim().toLowerCase()
  return numbersOf(table, (name) => name.toLowerCase() === wanted)
}

function numbersOf(table: NameTable, matches: (name: string) => boolean): Set<number> {
  const numbers = new Set<number>()
  for (const [number, name] of table.texts.entries()) if (matches(name)) numbers.add(number)
  return numbers
}

/** Digits of a number or code, without a leading country 1 of a telephone. */
export function digitsOf(text: string): string {
  const digits = text.replace(/\D/g, '')
  return digits.length === 11 && digits.startsWith('1') ? digits.slice(1) : digits
}

function recordMeets(state: PracticeState, id: number, criteria: PatientCriteria): boolean {
  const record = patientRecord(state, id, { fullSsn: true })
  const { anyPhone, usedName } = criteria
  if (usedName !== undefined && !goesBy(record, usedName)) return false
  if (anyPhone !== undefined && !phoneFields.some((name) => record[name] === digitsOf(anyPhone))) return false
  return Object.entries(criteria.fields).every(([name, wanted]) => fieldMeets(record, name, wanted))
}

function goesBy(record: WireRecord, name: string): boolean {
  const used = record['preferredname'] ?? record['firstname']
  return typeof used === 'string' && used.toLowerCase() === name.trim().toLowerCase()
}

function fieldMeets(record: WireRecord, name: string, wanted: string): boolean {
  const value = record[name]
  if (Array.isArray(value)) return value.includes(wanted)
  if (typeof value === 'number') return value === Number(wanted)
  if (typeof value === 'boolean') return value === /^(true|t|yes|y|1)$/i.test(wanted)
  if (typeof value !== 'string') return false
  // athenahealth compares the first five characters of a zip.
  if (name.endsWith('zip')) return value.slice(0, 5) === wanted.slice(0, 5)
  if (name.endsWith('phone') || name.endsWith('ssn')) return value === digitsOf(wanted)
  return value.toLowerCase() === wanted.trim().toLowerCase()
}

export interface UpcomingQuery {
  readonly now: number
  /** Hours ahead, 24 at most; results of the two hours before count too (documented). */
  readonly hours: number
  readonly department: number | undefined
  readonly provider: number | undefined
}

/** Patients with a booked appointment in the hours ahead. */
export function patientsUpcoming(state: PracticeState, query: UpcomingQuery): Set<number> {
  const { appointments: table } = state
  const from = query.now - 2 * 3_600_000
  const to = query.now + Math.min(24, query.hours) * 3_600_000
  const today = Math.floor(query.now / 86_400_000)
  const found = new Set<number>()
  for (const position of daysBetween(table, today - 1, today + 1).flat()) {
    if (statusOf(table, position) !== 'f') continue
    if (query.department !== undefined && table.department.get(position) !== query.department) continue
    if (query.provider !== undefined && table.provider.get(position) !== query.provider) continue
    const startsAt = startOf(state, position)
    if (startsAt >= from && startsAt <= to) found.add(table.patient.get(position))
  }
  return found
}

export interface TermSearch {
  readonly term: string
  /** What the term is; by its looks if absent. */
  readonly type: 'name' | 'id' | undefined
  readonly most: number
  readonly sight: Sight
}

/** Patients whose id is the term, or whose names begin with its words ("last, first", "first last" or one name). */
export function searchPatients(state: PracticeState, { term, type, most, sight }: TermSearch): number[] {
  const { patients } = state
  const text = term.trim().toLowerCase()
  if (type === 'id' || (type === undefined && /^\d+$/.test(text))) {
    const id = Number(text)
    return patients.live.has(id) && seesPatient(patients, id, sight) ? [id] : []
  }
  const meets = nameTest(patients, text)
  if (meets === undefined) return []
  let left = most
  return patients.live.filter((id) => {
    if (left === 0 || !meets(id) || !seesPatient(patients, id, sight)) return false
    left -= 1
    return true
  })
}

function nameTest(patients: PatientTable, text: string): Test | undefined {
  const [first, second] = text.split(/[\s,]+/).filter((word) => word !== '')
  if (first === undefined) return undefined
  const surnames = [first, second].map((word) => startingWith(patients.surnames, word))
  const givenNames = [first, second].map((word) => startingWith(patients.givenNames, word))
  return (id) => {
    const surname = patients.surname.get(id)
    const given = patients.givenName.get(id)
    const fits = (one: number, other: number): boolean =>
      listed(surnames, one).has(surname) && listed(givenNames, other).has(given)
    return second === undefined
      ? listed(surnames, 0).has(surname) || listed(givenNames, 0).has(given)
      : fits(0, 1) || fits(1, 0)
  }
}

function startingWith(table: NameTable, prefix: string | undefined): Set<number> {
  return prefix === undefined ? new Set() : numbersOf(table, (name) => name.toLowerCase().startsWith(prefix))
}

/** Local day in a department now. */
export function todayIn(state: PracticeState, department: number, now: number): number {
  return wallTime(listed(state.departments, department).zone, now).day
}
