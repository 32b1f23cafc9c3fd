/**
 * The documents of a practice. Those of the past are worked out anew for each look; kept are only those that were
 * written or changed since the practice was made, and the files that were uploaded.
 */
import { appointmentsOf } from './appointment-table.ts'
import { chartOwners } from './chart-person.ts'
import type { Document } from './document.ts'
import { documentHistory, firstHistoryId, historyIdsPerPatient } from './document-history.ts'
import { documentIdsPerVisit, visitDocuments, type VisitDocument } from './document-of-visit.ts'
import { survivorOf } from './patient-table.ts'
import { practicePart } from './practice-part.ts'
import { listed, type PracticeState } from './practice-state.ts'

/** Id of the first document of a visit before the practice was made, and of the first one written since. */
const firstVisitId = 60_000_000
const firstWrittenId = 100_000_000
/** Ids of analytes that were written; those of the past are sixteen times their document's and more. */
const firstWrittenAnalyte = 1_000_000

interface Documents {
  /** What was written or changed, by id. */
  readonly kept: Map<number, Document>
  /** Ids of what was written, by the patient it was filed for; 0 for what is nobody's. */
  readonly written: Map<number, number[]>
  /** Bytes of uploaded files by their digest. */
  readonly files: Map<string, Buffer>
  nextId: number
  nextAnalyteId: number
}

export const documentsOf = practicePart(
  (): Documents => ({
    kept: new Map(),
    written: new Map(),
    files: new Map(),
    nextId: firstWrittenId,
    nextAnalyteId: firstWrittenAnalyte,
  }),
)

/** Files a document that is new, under `nextId`. */
export function keepNew(state: PracticeState, document: Document): void {
  const documents = documentsOf(state)
  documents.kept.set(document.id, document)
  const owner = document.patient ?? 0
  const ids = documents.written.get(owner)
  if (ids === undefined) documents.written.set(owner, [document.id])
  else ids.push(document.id)
  documents.nextId = document.id + 1
}

/** The chart a document is in: that of its patient, or of who survived a merge. */
export function chartOfDocument({ patients }: PracticeState, { patient }: Document): number | undefined {
  return patient === undefined ? undefined : survivorOf(patients, patient)
}

/**
 * What is kept of a document that was there when the practice was made. One of a visit passes with the visit to the survivor of a
 * merge, and back: whoever changed it meanwhile has not filed it for the survivor.
 */
function keptOf(state: PracticeState, id: number): Document | undefined {
  const kept = documentsOf(state).kept.get(id)
  if (kept === undefined || id < firstVisitId || id >= firstWrittenId) return kept
  return { ...kept, patient: state.appointments.patient.get(positionOfVisit(id)) }
}

function positionOfVisit(id: number): number {
  return Math.floor((id - firstVisitId) / documentIdsPerVisit)
}

/** A visit's document as it stands at a time, when nobody but the visit's provider has touched it since. */
function asOf(state: PracticeState, { planned, made, at }: Untouched): Document {
  const { signedAt } = planned
  if (signedAt === undefined || signedAt > at) return made
  const by = made.provider === undefined ? made.createdBy : listed(state.providers, made.provider).userName
  return { ...made, status: 'CLOSED', modifiedAt: signedAt, modifiedBy: by }
}

interface Untouched {
  readonly planned: VisitDocument
  readonly made: Document
  readonly at: number
}

/** The documents that had come of a visit by the time the practice was made; those that come later are written. */
function seededOf(state: PracticeState, position: number): Document[] {
  const { appointments: table, openedAt } = state
  if (table.checkedOutAt.get(position) * 1000 >= openedAt) return []
  const patient = table.patient.get(position)
  return visitDocuments(state, position)
    .filter(({ dueAt }) => dueAt <= openedAt)
    .map((planned) => {
      const made = planned.make(firstVisitId + position * documentIdsPerVisit + planned.number, patient)
      return asOf(state, { planned, made, at: openedAt })
    })
}

/** Every document of a chart, with those of the patients merged into it and with deleted ones, in order of their ids. */
export function chartDocuments(state: PracticeState, chart: number): Document[] {
  const { kept, written } = documentsOf(state)
  const owners = chartOwners(state, chart)
  const seeded = [
    ...owners.flatMap((owner) => documentHistory(state, owner)),
    // Appointments have passed to the survivor.
    ...[...appointmentsOf(state, chart)].flatMap((position) => seededOf(state, position)),
  ]
  const since = owners.flatMap((owner) => (written.get(owner) ?? []).flatMap((id) => kept.get(id) ?? []))
  return [...seeded.map((document) => keptOf(state, document.id) ?? document), ...since].sort((a, b) => a.id - b.id)
}

/** What was filed for nobody, with deleted ones. */
export function looseDocuments(state: PracticeState): Document[] {
  const { kept, written } = documentsOf(state)
  return (written.get(0) ?? []).flatMap((id) => kept.get(id) ?? [])
}

/** Everything written or changed since the practice was made. */
export function keptDocuments(state: PracticeState): Iterable<Document> {
  return documentsOf(state).kept.values()
}

/** A document by its id, deleted or not; undefined when there never was one. */
export function findDocument(state: PracticeState, id: number): Document | undefined {
  const kept = keptOf(state, id)
  if (kept !== undefined || !Number.isInteger(id) || id >= firstWrittenId) return kept
  if (id >= firstVisitId) {
    const position = positionOfVisit(id)
    return position < state.appointments.count ? seededOf(state, position).find((one) => one.id === id) : undefined
  }
  const patient = Math.floor((id - firstHistoryId) / historyIdsPerPatient)
  return patient < 1 ? undefined : documentHistory(state, patient).find((one) => one.id === id)
}

/** Id of the patient a document is about; 0 when it is nobody's or there never was one. */
export function patientOfDocument(state: PracticeState, id: string): number {
  const document = findDocument(state, Number(id))
  return (document === undefined ? undefined : chartOfDocument(state, document)) ?? 0
}

/** Every document of the practice, deleted or not, one chart at a time. */
export function* allDocuments(state: PracticeState): IterableIterator<Document> {
  const { patients } = state
  for (let patient = 1; patient <= patients.count; patient += 1) {
    if (survivorOf(patients, patient) === patient) yield* chartDocuments(state, patient)
  }
  yield* looseDocuments(state)
}
