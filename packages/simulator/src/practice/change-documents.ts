/** Changes of documents, given as plain JSON. */
import { departmentOf, providerOf, type Fields, type Id, type Runner } from './change-fields.ts'
import {
  addAction,
  addDocument,
  assignDocument,
  closeDocument,
  deleteDocument,
  moveDocument,
  reopenDocument,
  updateDocument,
  type DocumentFields,
} from './document-changes.ts'
import { documentClasses, subclassOf, type DocumentClassRow } from './document-class.ts'
import { documentsOf } from './document-store.ts'
import { documentStatuses, plainCase, type DocumentStatus } from './document.ts'
import { drawAnalytes, labPanels } from './lab-panel.ts'
import type { PracticeState } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { plainResult } from './result-details.ts'
import { SeededRandom } from './seeded-random.ts'

/** What happens to documents. */
export type DocumentChange =
  | {
      readonly kind: 'adddocument'
      readonly patient: Id
      /** A subclass, or a class that has none: `ADMIN_CONSENT`, `IMAGINGRESULT`, `PRESCRIPTION_RENEWAL`. */
      readonly subclass: string
      /** The patient's own if absent. */
      readonly department?: Id
      readonly provider?: Id
      readonly subject?: string
      readonly note?: string
    }
  | {
      /** A result of a laboratory, with values drawn for it. */
      readonly kind: 'addlabresult'
      readonly patient: Id
      /** A `documenttypeid` of a laboratory result; a blood count if absent. */
      readonly type?: Id
      readonly department?: Id
      readonly provider?: Id
      readonly note?: string
      /** Whether the patient portal shows it. */
      readonly published?: boolean
    }
  | {
      readonly kind: 'addpatientcase'
      readonly patient: Id
      readonly subject?: string
      readonly department?: Id
      readonly provider?: Id
      readonly note?: string
    }
  | {
      readonly kind: 'updatedocument'
      readonly document: Id
      readonly note?: string
      readonly subject?: string
      readonly priority?: string
      /** One of athenahealth's statuses but CLOSED and DELETED; NOTIFY tells the patient. */
      readonly status?: string
    }
  | { readonly kind: 'closedocument' | 'reopendocument' | 'deletedocument'; readonly document: Id }
  | { readonly kind: 'assigndocument'; readonly document: Id; readonly user: string }
  | { readonly kind: 'adddocumentaction'; readonly document: Id; readonly text: string }

/** The class that a subclass or class names. */
function namedClass(subclass: string): DocumentClassRow {
  const row = documentClasses.find((candidate) => subclassOf(candidate, subclass) === subclass)
  if (row === undefined) throw new RangeError(`there is no subclass "${subclass}" of documents`)
  return row
}

function patientAndPlace(state: PracticeState, fields: Fields) {
  const patient = Number(fields.text('patient'))
  const named = fields.optional('department')
  const department = named === undefined ? state.patients.department.get(patient) : departmentOf(state, fields)
  return { patient, department }
}

function commonFields(state: PracticeState, fields: Fields): DocumentFields {
  return {
    provider: fields.optional('provider') === undefined ? undefined : providerOf(state, fields).index,
    internalNote: fields.optional('note'),
    subject: fields.optional('subject'),
  }
}

const add: Runner = (state, fields, stamp) => {
  const subclass = fields.text('subclass')
  const row = namedClass(subclass)
  const isResult = row.name === 'LABRESULT' || row.name === 'IMAGINGRESULT'
  const details: DocumentFields = {
    ...commonFields(state, fields),
    result: isResult ? plainResult : undefined,
    patientCase: row.name === 'PATIENTCASE' ? plainCase : undefined,
  }
  addDocument(state, { class: row.name, subclass, ...patientAndPlace(state, fields), fields: details }, stamp)
}

const addLabResult: Runner = (state, fields, stamp) => {
  const type = fields.optional('type')
  const panel = labPanels.find(({ typeId }) => type === undefined || String(typeId) === type)
  if (panel === undefined) throw new Refusal('unknown_document_type')
  const id = documentsOf(state).nextId
  const analytes = drawAnalytes(panel, new SeededRandom(state.seed ^ 0x5eed_00d4, id), id * 16)
  const details: DocumentFields = {
    ...commonFields(state, fields),
    typeId: panel.typeId,
    source: 'INTERFACE',
    route: 'INTERFACE',
    result: {
      ...plainResult,
      loinc: panel.loinc,
      resultStatus: 'final',
      publishedAt: fields.flag('published') === true ? stamp.at : undefined,
      analytes,
    },
  }
  const place = patientAndPlace(state, fields)
  addDocument(state, { class: 'LABRESULT', subclass: 'LABRESULT', ...place, fields: details }, stamp)
}

const addCase: Runner = (state, fields, stamp) => {
  const details = { ...commonFields(state, fields), source: 'PATIENT', route: 'PHONE', patientCase: plainCase }
  const place = patientAndPlace(state, fields)
  addDocument(state, { class: 'PATIENTCASE', subclass: 'PATIENTCASE', ...place, fields: details }, stamp)
}

function documentOf(fields: Fields): number {
  return Number(fields.text('document'))
}

function statusOf(fields: Fields): DocumentStatus | undefined {
  const text = fields.optional('status')
  const status = documentStatuses.find((known) => known === text)
  const isStep = status !== undefined && status !== 'CLOSED' && status !== 'DELETED'
  if (text !== undefined && !isStep) throw new RangeError('"status" must be a status but CLOSED and DELETED')
  return status
}

const update: Runner = (state, fields, stamp) => {
  const id = documentOf(fields)
  const status = statusOf(fields)
  const [internalNote, subject, priority] = ['note', 'subject', 'priority'].map((name) => fields.optional(name))
  const says = [internalNote, subject, priority].some((value) => value !== undefined)
  if (!says && status === undefined) throw new RangeError('give "note", "subject", "priority" or "status"')
  // The step first: it may be refused, and then nothing is changed.
  if (status !== undefined) moveDocument(state, { id, status }, stamp)
  if (says) updateDocument(state, { id, fields: { subject, priority }, internalNote }, stamp)
}

export const documentRunners: Readonly<Record<DocumentChange['kind'], Runner>> = {
  adddocument: add,
  addlabresult: addLabResult,
  addpatientcase: addCase,
  updatedocument: update,
  closedocument: (state, fields, stamp) => closeDocument(state, { id: documentOf(fields) }, stamp),
  reopendocument: (state, fields, stamp) => reopenDocument(state, documentOf(fields), stamp),
  deletedocument: (state, fields, stamp) => deleteDocument(state, documentOf(fields), stamp),
  assigndocument: (state, fields, stamp) =>
    assignDocument(state, { id: documentOf(fields), user: fields.text('user') }, stamp),
  adddocumentaction: (state, fields, stamp) =>
    addAction(state, { id: documentOf(fields), text: fields.text('text') }, stamp),
}
