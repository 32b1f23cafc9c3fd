/** Problems as athenahealth shows them: in a chart, and in the feed of changed problems. */
import type { WireRecord } from './blank-patient.ts'
import { dateText } from './calendar-date.ts'
import { survivorOf } from './patient-table.ts'
import type { PracticeState } from './practice-state.ts'
import { findProblem, problemOwner, problemsIn, problemsOf, type Problem } from './problem-list.ts'
import type { RecordReader } from './record-readers.ts'
import { eastern, isoText, wallTime } from './zone-time.ts'

export interface ProblemShow {
  /** Adds the ICD-10 code that fits best. */
  readonly diagnosisInfo: boolean
}

function dayText(at: number): string {
  return dateText(wallTime(eastern, at).day)
}

/** The recorded row of a chart's problem list. */
export function problemRecord(problem: Problem, show: ProblemShow): WireRecord {
  const { condition, ended } = problem
  const start: WireRecord = {
    eventtype: 'START',
    startdate: dateText(problem.startDay),
    onsetdate: dateText(problem.startDay),
    createddate: dayText(problem.createdAt),
    createdby: problem.createdBy,
  }
  if (problem.laterality !== undefined) start['laterality'] = problem.laterality
  if (problem.note !== '') start['note'] = problem.note
  if (problem.status !== undefined) start['status'] = problem.status
  const record: WireRecord = {
    problemid: problem.id,
    name: condition.name,
    code: String(condition.snomed),
    codeset: 'SNOMED',
    lastmodifiedby: problem.modifiedBy,
    lastmodifieddatetime: isoText(eastern, problem.modifiedAt),
    events: ended === undefined ? [start] : [start, endEvent(ended)],
  }
  if (show.diagnosisInfo && condition.icd10 !== '') record['bestmatchicd10code'] = condition.icd10
  if (ended !== undefined) {
    record['deactivateddate'] = dateText(ended.day)
    record['deactivateduser'] = ended.by
  }
  return record
}

function endEvent(ended: { readonly day: number; readonly by: string }): WireRecord {
  const date = dateText(ended.day)
  return { eventtype: 'END', startdate: date, createddate: date, createdby: ended.by }
}

/** The envelope of a chart's list without its rows: when and by whom it was last changed, and its note. */
export function problemListState(state: PracticeState, chart: number): WireRecord {
  const latest = problemsIn(state, chart).toSorted((a, b) => b.modifiedAt - a.modifiedAt)[0]
  const { note } = problemsOf(state).lists.read(chart)
  const record: WireRecord = {}
  if (latest !== undefined) {
    record['lastmodifiedby'] = latest.modifiedBy
    record['lastmodifieddatetime'] = isoText(eastern, latest.modifiedAt)
    record['lastupdated'] = dayText(latest.modifiedAt)
  }
  if (note.modifiedAt === undefined) return record
  record['sectionnote'] = note.text
  record['notelastmodifiedby'] = note.modifiedBy
  record['notelastmodifieddatetime'] = isoText(eastern, note.modifiedAt)
  return record
}

/** The shorter record of the feed, as recorded: with its patient, without who wrote it. */
function changedProblem(state: PracticeState, owner: number, { id, condition, startDay, ended }: Problem): WireRecord {
  const start = { eventtype: 'START', startdate: dateText(startDay) }
  return {
    patientid: survivorOf(state.patients, owner),
    problemid: id,
    name: condition.name,
    code: String(condition.snomed),
    codeset: 'SNOMED',
    events: ended === undefined ? [start] : [start, { eventtype: 'END', startdate: dateText(ended.day) }],
  }
}

/** Id of the patient a problem was written for; 0 when there never was one. */
export function patientOfProblem(state: PracticeState, id: string): number {
  return problemOwner(state, Number(id)) ?? 0
}

/** The problems of the feed; one that was removed still has a shape (inferred: the feed has no event of its own for it). */
export const problemReader: RecordReader = {
  *ids(state) {
    const { lists } = problemsOf(state)
    for (let patient = 1; patient <= state.patients.count; patient += 1) {
      for (const { id, removed } of lists.read(patient).problems) if (!removed) yield String(id)
    }
  },
  record(state, id, show) {
    const found = /^\d+$/.test(id) ? findProblem(state, Number(id)) : undefined
    if (found === undefined || show?.alone !== true) {
      return found === undefined ? undefined : changedProblem(state, found.owner, found.problem)
    }
    const patientid = survivorOf(state.patients, found.owner)
    return { patientid, ...problemRecord(found.problem, { diagnosisInfo: false }) }
  },
}
