/** The problem list of a chart: what the seed gives a patient by age, and what was written since. */
import { chartDice, chartOwners, chartPerson, seededAuthor, type ChartPerson } from './chart-person.ts'
import { ChartSection, emptyNote, type Authored, type SectionNote } from './chart-section.ts'
import { chronicConditions, type Condition } from './chart-terms.ts'
import { practicePart } from './practice-part.ts'
import type { PracticeState } from './practice-state.ts'
import type { SeededRandom } from './seeded-random.ts'

export const lateralities = ['LEFT', 'RIGHT', 'BILATERAL'] as const
export type Laterality = (typeof lateralities)[number]
export const problemStatuses = ['CHRONIC', 'ACUTE'] as const
export type ProblemStatus = (typeof problemStatuses)[number]

export interface Problem extends Authored {
  readonly id: number
  readonly condition: Condition
  status: ProblemStatus | undefined
  laterality: Laterality | undefined
  note: string
  /** Day of onset. */
  startDay: number
  /** When and by whom it was made inactive; undefined while it is active. */
  ended: { readonly day: number; readonly by: string } | undefined
  /** Taken out of the chart as an error: never listed again. */
  removed: boolean
}

export interface ProblemList {
  readonly problems: Problem[]
  readonly note: SectionNote
}

/** A seeded patient has at most so many problems: the ids of one patient's are next to each other. */
const idsPerPatient = 8
/** Ids from here on are of problems written since; far above those of a million seeded patients. */
const firstWrittenId = 20_000_001
const salt = 0x5eed_c001
const oldestDays = 2500

export interface Problems {
  readonly lists: ChartSection<ProblemList>
  /** Owner of each problem written since. */
  readonly owners: Map<number, number>
  nextId: number
}

/** The problem lists of a practice. */
export const problemsOf = practicePart((state): Problems => {
  const lists = new ChartSection((patient) => seededList(state, patient))
  return { lists, owners: new Map(), nextId: firstWrittenId }
})

function seededList(state: PracticeState, patient: number): ProblemList {
  const person = chartPerson(state, patient)
  const list: ProblemList = { problems: [], note: emptyNote() }
  if (person === undefined) return list
  const random = chartDice(state, patient, salt)
  for (const condition of chronicConditions) {
    // Each condition takes the same dice whether it strikes or not.
    const struck = random.chance(likelihood(condition, person.age))
    const ended = random.chance(0.08)
    if (!struck || list.problems.length === idsPerPatient) continue
    list.problems.push(seededProblem(person, { condition, random, position: list.problems.length, ended }))
  }
  return list
}

/** Rare from its first age on, twice its share at eighty. */
function likelihood({ fromAge, share }: Condition, age: number): number {
  if (age < fromAge) return 0
  return Math.min(0.6, share * (0.5 + (1.5 * (age - fromAge)) / Math.max(20, 80 - fromAge)))
}

interface Struck {
  readonly condition: Condition
  readonly random: SeededRandom
  readonly position: number
  readonly ended: boolean
}

function seededProblem(person: ChartPerson, { condition, random, position, ended }: Struck): Problem {
  const lived = Math.max(2, person.openedDay - person.birthDay - Math.floor(condition.fromAge * 365.25))
  const startDay = person.openedDay - 1 - random.below(Math.min(oldestDays, lived))
  const author = seededAuthor(random, startDay)
  const endDay = startDay + random.below(person.openedDay - startDay)
  const closing = seededAuthor(random, endDay)
  const modified = ended ? closing : author
  return {
    id: person.patient * idsPerPatient + position,
    condition,
    status: 'CHRONIC',
    laterality: undefined,
    note: '',
    startDay,
    ended: ended ? { day: endDay, by: closing.by } : undefined,
    removed: false,
    createdAt: author.at,
    createdBy: author.by,
    modifiedAt: Math.max(author.at, modified.at),
    modifiedBy: modified.by,
  }
}

/** The problems of a chart with those of the patients merged into it; removed ones are left out. */
export function problemsIn(state: PracticeState, chart: number): Problem[] {
  const { lists } = problemsOf(state)
  return chartOwners(state, chart).flatMap((owner) => lists.read(owner).problems.filter(({ removed }) => !removed))
}

/** Whose list a problem is on, merged or not; undefined when no such problem ever was. */
export function problemOwner(state: PracticeState, id: number): number | undefined {
  const { owners } = problemsOf(state)
  if (id >= firstWrittenId) return owners.get(id)
  const patient = Math.floor(id / idsPerPatient)
  return patient >= 1 && patient <= state.patients.seeded ? patient : undefined
}

/** A problem and whose list it is on; undefined when it never was. Removed ones are still found. */
export function findProblem(
  state: PracticeState,
  id: number,
): { readonly owner: number; readonly problem: Problem } | undefined {
  const owner = problemOwner(state, id)
  if (owner === undefined) return undefined
  const problem = problemsOf(state)
    .lists.read(owner)
    .problems.find((candidate) => candidate.id === id)
  return problem === undefined ? undefined : { owner, problem }
}
