/**
 * All patients of a practice in columns. A seeded patient is a pure function of seed and id, so only what searches need
 * and what was changed since is kept: a million patients fit into some 40 MB.
 */
import { Column } from './column.ts'
import { householdOf, memberIdentity, type Household, type PopulationSeed, type SeededIdentity } from './household.ts'
import { givenNames, seededSurnames } from './person-names.ts'
import { defaultTraits, type PracticeTraits } from './practice-traits.ts'
import { SortedIds } from './sorted-ids.ts'

/** The order is the code in the status column; merged patients answer as their survivor. */
export const patientStatuses = ['active', 'inactive', 'prospective', 'deleted', 'merged'] as const
export type PatientStatus = (typeof patientStatuses)[number]

/** Names by number, so that a million patients share a few hundred strings. */
export interface NameTable {
  readonly texts: string[]
  readonly numbers: Map<string, number>
}

/** Fields as they were written by a caller, by athenahealth's field name in lower case. */
export type PatientFields = Readonly<Record<string, string>>

export interface PatientTable {
  readonly seed: number
  /** Day number on which the practice was made; seeded dates lie before it. */
  readonly openedDay: number
  /** What the seeded patients are drawn from. */
  readonly population: PopulationSeed
  readonly traits: PracticeTraits
  /** Ids 1 to `count` exist; those up to `seeded` come from the seed. */
  count: number
  readonly seeded: number
  readonly givenNames: NameTable
  readonly surnames: NameTable
  readonly givenName: Column
  readonly surname: Column
  /** Day number; before 1970 negative. */
  readonly birthDay: Column
  /** Index of the department of registration. */
  readonly department: Column
  /** Index of the primary provider + 1, 0 for none. */
  readonly provider: Column
  readonly status: Column
  /** 1 for a patient whose record is restricted. */
  readonly restricted: Column
  /** First and last appointment checked out: position in the appointment table + 1. */
  readonly firstVisit: Column
  readonly lastVisit: Column
  /** Head of the patient's chain of appointments: position + 1. */
  readonly appointments: Column
  readonly edits: Map<number, PatientFields>
  /** Custom field values by patient id, then custom field id. */
  readonly customFields: Map<number, Record<string, string>>
  readonly survivor: Map<number, number>
  readonly mergedFrom: Map<number, number[]>
  /** Patients that are neither deleted nor merged, in all and by department index. */
  readonly live: SortedIds
  readonly byDepartment: readonly SortedIds[]
}

export interface PatientSeed extends PopulationSeed {
  readonly count: number
  readonly traits?: Partial<PracticeTraits> | undefined
}

export function createPatientTable(options: PatientSeed): PatientTable {
  const { seed, count, openedDay, departments } = options
  const table: PatientTable = {
    seed,
    openedDay,
    population: options,
    traits: { ...defaultTraits, ...options.traits },
    count: 0,
    seeded: count,
    givenNames: nameTable(givenNames),
    surnames: nameTable(seededSurnames),
    givenName: new Column('u32', count),
    surname: new Column('u32', count),
    birthDay: new Column('i32', count),
    department: new Column('u16', count),
    provider: new Column('u16', count),
    status: new Column('u8', count),
    restricted: new Column('u8', count),
    firstVisit: new Column('u32', count),
    lastVisit: new Column('u32', count),
    appointments: new Column('u32', count),
    edits: new Map(),
    customFields: new Map(),
    survivor: new Map(),
    mergedFrom: new Map(),
    live: new SortedIds(count),
    byDepartment: departments.map((department) => new SortedIds(Math.ceil(count * department.share))),
  }
  while (table.count < count) seedHousehold(table, householdOf(seed, table.count + 1), options)
  return table
}

function seedHousehold(table: PatientTable, household: Household, options: PatientSeed): void {
  const last = Math.min(household.first + household.size - 1, options.count)
  for (let id = household.first; id <= last; id += 1) seedPatient(table, id, memberIdentity(options, household, id))
}

function seedPatient(table: PatientTable, id: number, identity: SeededIdentity): void {
  table.givenName.set(id, identity.givenName)
  table.surname.set(id, identity.surname)
  table.birthDay.set(id, identity.birthDay)
  table.department.set(id, identity.department)
  table.provider.set(id, identity.provider)
  table.status.set(id, identity.status)
  if (identity.restricted) table.restricted.set(id, 1)
  table.count = id
  table.live.add(id)
  table.byDepartment[identity.department]?.add(id)
}

export function nameTable(texts: readonly string[]): NameTable {
  const table: NameTable = { texts: [], numbers: new Map() }
  for (const text of texts) nameNumber(table, text)
  return table
}

/** The number of a name, case and all; a new name gets the next one. */
export function nameNumber(table: NameTable, text: string): number {
  const known = table.numbers.get(text)
  if (known !== undefined) return known
  const number = table.texts.push(text) - 1
  table.numbers.set(text, number)
  return number
}

export function patientExists(table: PatientTable, id: number): boolean {
  return Number.isInteger(id) && id >= 1 && id <= table.count
}

export function patientStatus(table: PatientTable, id: number): PatientStatus {
  return patientStatuses[table.status.get(id)] ?? 'active'
}

/** The patient itself, or the one it was merged into, however many merges ago. */
export function survivorOf(table: PatientTable, id: number): number {
  let current = id
  for (let next = table.survivor.get(current); next !== undefined; next = table.survivor.get(current)) current = next
  return current
}

export function givenNameOf(table: PatientTable, id: number): string {
  return table.givenNames.texts[table.givenName.get(id)] ?? ''
}

export function surnameOf(table: PatientTable, id: number): string {
  return table.surnames.texts[table.surname.get(id)] ?? ''
}

/** Puts the patient into or out of the lists that searches walk, after its status or department was set. */
export function relist(table: PatientTable, id: number, previousDepartment: number): void {
  const department = table.department.get(id)
  if (previousDepartment !== department) table.byDepartment[previousDepartment]?.delete(id)
  const status = patientStatus(table, id)
  if (status === 'deleted' || status === 'merged') {
    table.live.delete(id)
    table.byDepartment[department]?.delete(id)
  } else {
    table.live.add(id)
    table.byDepartment[department]?.add(id)
  }
}
