/** The medications of a chart: prescribed ones, and those a patient told of (athenahealth calls them historical). */
import { chartDice, chartOwners, chartPerson, seededAuthor, type ChartPerson } from './chart-person.ts'
import { ChartSection, emptyNote, type Authored, type SectionNote } from './chart-section.ts'
import { medications, type Medication } from './medication-terms.ts'
import { practicePart } from './practice-part.ts'
import type { PracticeState } from './practice-state.ts'
import { problemsOf, type Problem } from './problem-list.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface MedicationEntry extends Authored {
  readonly number: number
  readonly medication: Medication
  /** Told of, not prescribed here: only such entries are in the feed. */
  readonly historical: boolean
  /** User who prescribed it; empty for a historical one. */
  readonly prescribedBy: string
  startDay: number
  stopDay: number | undefined
  stopReason: string
  patientNote: string
  providerNote: string
  /** The patient's words on how it is taken. */
  sig: string
  hidden: boolean
  deleted: boolean
}

export interface MedicationList {
  readonly entries: MedicationEntry[]
  readonly note: SectionNote
  /** The box "no medications reported" is ticked. */
  noneReported: boolean
}

export interface Medications {
  readonly lists: ChartSection<MedicationList>
  /** Owner of each entry written since. */
  readonly owners: Map<number, number>
  nextNumber: number
}

const numbersPerPatient = 16
const firstWrittenNumber = 20_000_001
const salt = 0x5eed_c002

/** The medication lists of a practice. */
export const medicationsOf = practicePart((state): Medications => {
  const lists = new ChartSection((patient) => seededList(state, patient))
  return { lists, owners: new Map(), nextNumber: firstWrittenNumber }
})

/**
 * `medicationentryid`: recorded ones of historical medications begin with H; what others begin with is not known, C is
 * our guess.
 */
export function entryId({ historical, number }: MedicationEntry): string {
  return `${historical ? 'H' : 'C'}${number}`
}

function seededList(state: PracticeState, patient: number): MedicationList {
  const list: MedicationList = { entries: [], note: emptyNote(), noneReported: false }
  const person = chartPerson(state, patient)
  if (person === undefined) return list
  const random = chartDice(state, patient, salt)
  // From the seeded problems, not from those of today: what is written now must not change what was told before.
  for (const problem of problemsOf(state).lists.seeded(patient).problems) {
    const fitting = medications.filter(({ treats }) => treats.includes(problem.condition.snomed))
    if (fitting.length === 0 || !random.chance(0.7)) continue
    addSeeded(list, person, { random, medication: random.pick(fitting), problem })
  }
  if (person.age > 40 && random.chance(0.15)) addSeeded(list, person, { random, medication: random.pick(medications) })
  list.noneReported = list.entries.length === 0 && random.chance(0.6)
  return list
}

interface Given {
  readonly random: SeededRandom
  readonly medication: Medication
  readonly problem?: Problem
}

function addSeeded(list: MedicationList, person: ChartPerson, { random, medication, problem }: Given): void {
  const onset = problem?.startDay ?? person.openedDay - 900
  const startDay = onset + random.below(Math.max(1, Math.min(60, person.openedDay - onset)))
  const historical = random.chance(0.4)
  const author = seededAuthor(random, startDay)
  const stopped = problem?.ended !== undefined || random.chance(0.1)
  const stopDay = stopped ? startDay + random.below(Math.max(1, person.openedDay - startDay)) : undefined
  const modified = stopDay === undefined ? author : seededAuthor(random, stopDay)
  list.entries.push({
    number: person.patient * numbersPerPatient + list.entries.length,
    medication,
    historical,
    prescribedBy: historical ? '' : author.by,
    startDay,
    stopDay,
    stopReason: stopDay === undefined ? '' : 'Course completed',
    patientNote: '',
    providerNote: '',
    sig: medication.sig,
    hidden: false,
    deleted: false,
    createdAt: author.at,
    createdBy: author.by,
    modifiedAt: Math.max(author.at, modified.at),
    modifiedBy: modified.by,
  })
}

/** The entries of a chart with those of the patients merged into it; deleted ones are left out. */
export function medicationsIn(state: PracticeState, chart: number): MedicationEntry[] {
  const { lists } = medicationsOf(state)
  return chartOwners(state, chart).flatMap((owner) => lists.read(owner).entries.filter(({ deleted }) => !deleted))
}

/** An entry by its wire id, and whose list it is on; undefined when there never was one. Deleted ones are found. */
export function findEntry(
  state: PracticeState,
  id: string,
): { readonly owner: number; readonly entry: MedicationEntry } | undefined {
  const match = /^[HC](\d{1,15})$/.exec(id)
  if (match === null) return undefined
  const { lists, owners } = medicationsOf(state)
  const number = Number(match[1])
  const seeded = Math.floor(number / numbersPerPatient)
  const owner = number >= firstWrittenNumber ? owners.get(number) : seeded <= state.patients.seeded ? seeded : undefined
  if (owner === undefined || owner < 1) return undefined
  const entry = lists.read(owner).entries.find((candidate) => entryId(candidate) === id)
  return entry === undefined ? undefined : { owner, entry }
}
