/** Documents filed, changed, worked on, closed and deleted. */
import { chartOwners, openChart } from './chart-person.ts'
import { plainDocument, type ActionNote, type CaseDetails, type Document, type DocumentStatus } from './document.ts'
import type { DocumentClass } from './document-class.ts'
import { announceDocument, type Happening } from './document-events.ts'
import { usualType } from './document-type.ts'
import { chartDocuments, documentsOf, findDocument, keepNew } from './document-store.ts'
import type { Change } from './fill-slot.ts'
import { staffUsers } from './populate-schedule.ts'
import { listed, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { plainResult, type Analyte, type ResultDetails } from './result-details.ts'
import { begin } from './slot-changes.ts'

type Given = Omit<Document, 'id' | 'class' | 'createdAt' | 'createdBy' | 'modifiedAt' | 'modifiedBy' | 'deletedAt'>

/** Fields of a document as a writer gives them. */
export type DocumentFields = { readonly [Name in keyof Given]?: Given[Name] | undefined }

export interface NewDocument {
  readonly class: DocumentClass
  readonly subclass: string
  /** Undefined for one that is nobody's. */
  readonly patient: number | undefined
  /** Index. */
  readonly department: number
  readonly fields?: DocumentFields
  readonly actionNote?: string | undefined
}

/** Without the fields that are undefined: an absent one leaves what is there. */
function given<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  // The same names with the values that are there.
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> }
}

/** Files a document and answers its id. Refuses `unknown_patient`, `patient_gone`. */
export function addDocument(state: PracticeState, input: NewDocument, stamp: Stamp): number {
  const patient = input.patient === undefined ? undefined : openChart(state, input.patient)
  const change = begin(state, stamp)
  const { fields = {} } = input
  const { subclass } = input
  const core = { class: input.class, subclass, department: input.department, typeId: usualType(subclass).id }
  const id = documentsOf(state).nextId
  const plain = plainDocument({ ...core, id, patient, at: change.at, by: change.by })
  const assignedTo = fields.assignedTo ?? userOf(state, fields.provider) ?? ''
  const document: Document = { ...plain, ...given(fields), assignedTo }
  keepNew(state, withAction(document, input.actionNote, change))
  announceDocument(state, document, 'add')
  return id
}

/** Files a document that was made as a whole, such as one of a visit, at the time it is made. */
export function fileDocument(state: PracticeState, make: (id: number) => Document, stamp: Stamp): number {
  begin(state, stamp)
  const document = make(documentsOf(state).nextId)
  keepNew(state, document)
  announceDocument(state, document, 'add')
  return document.id
}

function userOf({ providers }: PracticeState, provider: number | undefined): string | undefined {
  return provider === undefined ? undefined : listed(providers, provider).userName
}

function withAction(document: Document, text: string | undefined, { at, by }: Change): Document {
  if (text === undefined) return document
  const { assignedTo, priority, status } = document
  const action: ActionNote = { text, at, by, assignedTo, priority, status }
  return { ...document, actions: [...document.actions, action] }
}

/** The document with this id that is not deleted and may be changed. Refuses `unknown_document`, `patient_gone`. */
function liveDocument(state: PracticeState, id: number): Document {
  const document = findDocument(state, id)
  if (document === undefined || document.status === 'DELETED') throw new Refusal('unknown_document')
  if (document.patient !== undefined) openChart(state, document.patient)
  return document
}

interface Edit {
  readonly stamp: Stamp
  readonly happening: Happening
  readonly edit: (document: Document, change: Change) => Document
}

function changeDocument(state: PracticeState, document: Document, { stamp, happening, edit }: Edit): void {
  const change = begin(state, stamp)
  const changed = { ...edit(document, change), modifiedAt: change.at, modifiedBy: change.by }
  documentsOf(state).kept.set(document.id, changed)
  announceDocument(state, changed, happening)
}

export interface DocumentEdit {
  readonly id: number
  readonly fields?: DocumentFields
  readonly result?: Partial<ResultDetails> | undefined
  readonly patientCase?: Partial<CaseDetails> | undefined
  /** Written below the note that is there unless `replace` says otherwise. */
  readonly internalNote?: string | undefined
  readonly replaceInternalNote?: boolean | undefined
  readonly actionNote?: string | undefined
}

/** Changes what a document says. Refuses `unknown_document`. */
export function updateDocument(state: PracticeState, input: DocumentEdit, stamp: Stamp): void {
  const { fields = {}, internalNote } = input
  const edit = (document: Document, change: Change): Document => {
    const { result, patientCase } = input
    const replaces = input.replaceInternalNote === true && internalNote !== undefined
    const changed: Document = {
      ...document,
      ...given(fields),
      assignedTo: fields.assignedTo ?? userOf(state, fields.provider) ?? document.assignedTo,
      internalNote: joinNotes(replaces ? undefined : document.internalNote, internalNote),
      result: result === undefined ? document.result : { ...(document.result ?? plainResult), ...given(result) },
      patientCase:
        document.patientCase === undefined ? undefined : { ...document.patientCase, ...given(patientCase ?? {}) },
    }
    return withAction(changed, input.actionNote, change)
  }
  changeDocument(state, liveDocument(state, input.id), { stamp, happening: 'update', edit })
}

/** A further note below those that are there. */
export function joinNotes(there: string | undefined, further: string | undefined): string | undefined {
  if (further === undefined) return there
  return there === undefined || there === '' ? further : `${there}\n${further}`
}

/** Notes what was done about a document. Refuses `unknown_document`. */
export function addAction(state: PracticeState, action: { readonly id: number; readonly text: string }, stamp: Stamp) {
  const edit = (document: Document, change: Change): Document => withAction(document, action.text, change)
  changeDocument(state, liveDocument(state, action.id), { stamp, happening: 'act', edit })
}

export interface Closing {
  readonly id: number
  readonly actionNote?: string | undefined
  readonly reason?: number | undefined
}

/** Refuses `unknown_document`, `closed_already`. */
export function closeDocument(state: PracticeState, { id, actionNote, reason }: Closing, stamp: Stamp): void {
  const found = liveDocument(state, id)
  if (found.status === 'CLOSED') throw new Refusal('closed_already')
  const edit = (document: Document, change: Change): Document => {
    const { patientCase } = document
    const closed: Document = {
      ...document,
      status: 'CLOSED',
      patientCase: patientCase === undefined ? undefined : { ...patientCase, closeReason: reason },
    }
    return withAction(closed, actionNote, change)
  }
  changeDocument(state, found, { stamp, happening: 'close', edit })
}

/** Refuses `unknown_document`, `not_closed`. */
export function reopenDocument(state: PracticeState, id: number, stamp: Stamp): void {
  const found = liveDocument(state, id)
  if (found.status !== 'CLOSED') throw new Refusal('not_closed')
  const edit = (document: Document): Document => ({ ...document, status: 'REVIEW' })
  changeDocument(state, found, { stamp, happening: 'reopen', edit })
}

export interface Step {
  readonly id: number
  readonly status: DocumentStatus
  readonly actionNote?: string | undefined
}

/**
 * Moves a document on in the office's work; NOTIFY means that the patient is told. A closed one must be reopened first.
 * Refuses `unknown_document`, `closed_already`.
 */
export function moveDocument(state: PracticeState, { id, status, actionNote }: Step, stamp: Stamp): void {
  const found = liveDocument(state, id)
  if (found.status === 'CLOSED') throw new Refusal('closed_already')
  const edit = (document: Document, change: Change): Document => withAction({ ...document, status }, actionNote, change)
  const happening = status === 'NOTIFY' ? 'notify' : 'update'
  changeDocument(state, found, { stamp, happening, edit })
}

/** Everybody a document can be assigned to. */
export function assignableUsers({ providers }: PracticeState): string[] {
  return [...staffUsers, ...providers.filter(({ deleted }) => !deleted).map(({ userName }) => userName)]
}

export interface Assignment {
  readonly id: number
  /** With its case. */
  readonly user: string
}

/** Refuses `unknown_document`, `unknown_user`. */
export function assignDocument(state: PracticeState, { id, user }: Assignment, stamp: Stamp): void {
  const found = liveDocument(state, id)
  if (!assignableUsers(state).includes(user)) throw new Refusal('unknown_user')
  const edit = (document: Document): Document => ({ ...document, assignedTo: user })
  changeDocument(state, found, { stamp, happening: 'update', edit })
}

/** A deleted document stays, to be seen with `showdeleted`. Refuses `unknown_document`. */
export function deleteDocument(state: PracticeState, id: number, stamp: Stamp): void {
  const edit = (document: Document, { at }: Change): Document => ({ ...document, status: 'DELETED', deletedAt: at })
  changeDocument(state, liveDocument(state, id), { stamp, happening: 'delete', edit })
}

/** An analyte as a writer gives it; with `id` it stands for one that is there. */
export type AnalyteFields = Omit<Analyte, 'id' | 'name'> & { readonly id?: number; readonly name: string | undefined }

/** The analytes with the given ones written over them or behind them (which of the two when is inferred). */
export function writeAnalytes(
  state: PracticeState,
  there: readonly Analyte[],
  written: readonly AnalyteFields[],
): Analyte[] {
  const documents = documentsOf(state)
  const analytes = [...there]
  for (const { id, name, ...fields } of written) {
    const known = analytes.findIndex((analyte) => analyte.id === id)
    const old = analytes[known]
    if (old !== undefined) analytes[known] = { ...old, ...given({ name, ...fields }) }
    else {
      analytes.push({ ...fields, id: documents.nextAnalyteId, name: name ?? '' })
      documents.nextAnalyteId += 1
    }
  }
  return analytes
}

/**
 * After a merge the documents that came along show their new patient: announces each that a feed tells of. `visits` are
 * the positions of the appointments that came along.
 */
export function announceMergedDocuments(
  state: PracticeState,
  { from, into }: { readonly from: number; readonly into: number },
  visits: readonly number[],
): void {
  const moved = new Set(chartOwners(state, from))
  for (const document of chartDocuments(state, into)) {
    const { patient, appointment, status } = document
    if (status === 'DELETED' || patient === undefined) continue
    const cameAlong = moved.has(patient) || (appointment !== undefined && visits.includes(appointment))
    if (cameAlong) announceDocument(state, document, 'update')
  }
}
