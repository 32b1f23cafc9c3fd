/** Problems written into a chart, changed, made inactive and taken out again. */
import { chartDepartment, chartOwners, openChart } from './chart-person.ts'
import { conditionByCode } from './chart-terms.ts'
import { announce, type PracticeState, type Stamp } from './practice-state.ts'
import { findProblem, problemsOf, type Laterality, type Problem, type ProblemStatus } from './problem-list.ts'
import { survivorOf } from './patient-table.ts'
import { Refusal } from './refusal.ts'
import { begin } from './slot-changes.ts'
import { eastern, wallTime } from './zone-time.ts'

/** Announces a change of a problem under the department of the patient whose chart shows it. */
export function announceProblem(state: PracticeState, id: number, change: ProblemEvent): void {
  announce(state, {
    feed: 'chart/healthhistory/problems',
    name: change.name,
    id: String(id),
    departmentId: chartDepartment(state, change.chart),
  })
}

interface ProblemEvent {
  /** athenahealth has no event for the deletion of a problem: it is an update. */
  readonly name: 'ProblemAdd' | 'ProblemUpdate'
  readonly chart: number
}

export interface NewProblem {
  readonly patient: number
  readonly snomed: number
  readonly startDay?: number | undefined
  readonly status?: ProblemStatus | undefined
  readonly laterality?: Laterality | undefined
  readonly note?: string | undefined
}

/** Adds a problem and answers its id. Refuses `unknown_patient`, `patient_gone`, `unknown_condition`. */
export function addProblem(state: PracticeState, input: NewProblem, stamp: Stamp): number {
  const chart = openChart(state, input.patient)
  const condition = conditionByCode(input.snomed)
  if (condition === undefined) throw new Refusal('unknown_condition')
  const { at, by } = begin(state, stamp)
  const problems = problemsOf(state)
  const id = problems.nextId
  problems.nextId += 1
  problems.owners.set(id, chart)
  problems.lists.open(chart).problems.push({
    id,
    condition,
    status: input.status,
    laterality: input.laterality,
    note: input.note ?? '',
    startDay: input.startDay ?? wallTime(eastern, at).day,
    ended: undefined,
    removed: false,
    createdAt: at,
    createdBy: by,
    modifiedAt: at,
    modifiedBy: by,
  })
  announceProblem(state, id, { name: 'ProblemAdd', chart })
  return id
}

export interface ProblemEdit {
  readonly id: number
  readonly patient: number
  readonly startDay?: number | undefined
  readonly status?: ProblemStatus | undefined
  readonly laterality?: Laterality | undefined
  readonly note?: string | undefined
}

/** Refuses `unknown_patient`, `patient_gone`, and `unknown_problem` for one that is not in this patient's chart. */
export function updateProblem(state: PracticeState, edit: ProblemEdit, stamp: Stamp): void {
  changeProblem(state, edit, {
    stamp,
    apply: (problem) => {
      problem.startDay = edit.startDay ?? problem.startDay
      problem.status = edit.status ?? problem.status
      problem.laterality = edit.laterality ?? problem.laterality
      problem.note = edit.note ?? problem.note
    },
  })
}

export interface ProblemEnd {
  readonly id: number
  readonly patient: number
  /** Take it out of the chart as an error instead of making it inactive. */
  readonly remove: boolean
}

/** Refuses `unknown_patient`, `patient_gone`, `unknown_problem`. */
export function endProblem(state: PracticeState, { id, patient, remove }: ProblemEnd, stamp: Stamp): void {
  changeProblem(
    state,
    { id, patient },
    {
      stamp,
      apply: (problem, { at, by }) => {
        problem.ended ??= { day: wallTime(eastern, at).day, by }
        problem.removed = remove
      },
    },
  )
}

interface ProblemChange {
  readonly stamp: Stamp
  readonly apply: (problem: Problem, made: Stamp) => void
}

function changeProblem(
  state: PracticeState,
  which: { readonly id: number; readonly patient: number },
  { stamp, apply }: ProblemChange,
): void {
  const chart = openChart(state, which.patient)
  const found = findProblem(state, which.id)
  if (found === undefined || found.problem.removed || survivorOf(state.patients, found.owner) !== chart)
    throw new Refusal('unknown_problem')
  const made = begin(state, stamp)
  const problem = problemsOf(state)
    .lists.open(found.owner)
    .problems.find((candidate) => candidate.id === which.id)
  if (problem === undefined) throw new Refusal('unknown_problem')
  apply(problem, made)
  problem.modifiedAt = made.at
  problem.modifiedBy = made.by
  announceProblem(state, which.id, { name: 'ProblemUpdate', chart })
}

export interface SectionNoteEdit {
  readonly patient: number
  readonly text: string
  /** Write over what is there instead of below it. */
  readonly replace: boolean
}

/** Writes the note on the whole list; no feed tells of it. Refuses `unknown_patient`, `patient_gone`. */
export function noteProblems(state: PracticeState, { patient, text, replace }: SectionNoteEdit, stamp: Stamp): void {
  const chart = openChart(state, patient)
  const { at, by } = begin(state, stamp)
  const { note } = problemsOf(state).lists.open(chart)
  note.text = replace || note.text === '' ? text : `${note.text}\n${text}`
  note.modifiedAt = at
  note.modifiedBy = by
}

/** After a merge the problems that came along show their new patient: announces each of them. */
export function announceMergedProblems(state: PracticeState, from: number, into: number): void {
  const { lists } = problemsOf(state)
  for (const owner of chartOwners(state, from)) {
    for (const { id, removed } of lists.read(owner).problems) {
      if (!removed) announceProblem(state, id, { name: 'ProblemUpdate', chart: into })
    }
  }
}
