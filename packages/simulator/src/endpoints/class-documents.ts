/** The documents of each class by itself: listed, filed, changed, noted on, closed and deleted. */
import { stateOf } from '../practice/create-practice.ts'
import {
  addAction,
  addDocument,
  closeDocument,
  deleteDocument,
  moveDocument,
  updateDocument,
} from '../practice/document-changes.ts'
import {
  documentClass,
  documentClasses,
  subclassOf,
  type DocumentClass,
  type DocumentClassRow,
} from '../practice/document-class.ts'
import { keepFile } from '../practice/document-page.ts'
import { actionRecords, classRecord } from '../practice/document-record.ts'
import { isPublished } from '../practice/document-readers.ts'
import { labDocumentRecord } from '../practice/lab-record.ts'
import type { DocumentStatus } from '../practice/document.ts'
import { plainResult } from '../practice/result-details.ts'
import { Refusal } from '../practice/refusal.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidEnum, list, missingFields, one, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { attachmentOf, type Attachment } from './document-attachment.ts'
import { pageRecords } from './document-pages.ts'
import {
  documentPatient,
  documentShow,
  listedDocuments,
  pathDocument,
  requiredDepartment,
  writtenFields,
  written,
} from './document-requests.ts'
import { visitField } from './documents.ts'
import { requireFields, stampOf } from './request-fields.ts'
import { resultFields, writtenResult } from './result-fields.ts'

type Answer = ReturnType<Route['handle']>
type Handler = (context: RouteContext, row: DocumentClassRow) => Answer

function isResult({ name }: DocumentClassRow): boolean {
  return name === 'LABRESULT' || name === 'IMAGINGRESULT'
}

const listClass: Handler = (context, row) => {
  const state = stateOf(context.practice)
  const { input } = context
  const show = documentShow(input)
  const portalOnly = isResult(row) && input.flag('showportalonly')
  return list(context, {
    key: row.listKey,
    items: listedDocuments(context).filter(
      (document) => document.class === row.name && (!portalOnly || isPublished(document)),
    ),
    render: (document) => classRecord(state, document, show),
  })
}

/** One document in an array (recorded for laboratory results), with its pages. */
export const getDocument: Handler = (context, row) => {
  const state = stateOf(context.practice)
  const document = pathDocument(context, row)
  const show = documentShow(context.input)
  const record = row.name === 'LABRESULT' ? labDocumentRecord : classRecord
  return one({ ...record(state, document, show), pages: pageRecords(context, document) })
}

/** The subclass that is written; that of the class where it has but one. 400 for another. */
export function subclassField(input: Input, row: DocumentClassRow): string {
  const text = input.text('documentsubclass')
  if (text === undefined) return row.name
  const subclass = subclassOf(row, text)
  if (subclass === undefined) throw new ReplyError(invalidEnum('documentsubclass', text))
  return subclass
}

/** How a document begins: closed when the caller wants no one to look at it, else to be reviewed. */
function firstStatus(row: DocumentClassRow, input: Input, attachment: Attachment | undefined): DocumentStatus {
  if (input.flag('autoclose')) return 'CLOSED'
  // Inferred: somebody has to read from the file what kind of result it is.
  const isUnread = row.name === 'LABRESULT' && attachment !== undefined && input.text('documenttypeid') === undefined
  return isUnread ? 'DATAENTRY' : 'REVIEW'
}

/**
 * Files a document for the patient of the path, or for nobody. As everywhere below, kinds of fields are checked before
 * what they name is looked for.
 */
export function fileClass(context: RouteContext, row: DocumentClassRow, patient: number | undefined): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  const department = requiredDepartment(state, input)
  const common = writtenFields(state, input, row)
  const result = isResult(row) ? resultFields(input) : undefined
  const appointment = patient === undefined ? undefined : visitOf(context, row, patient)
  const subclass = subclassField(input, row)
  const attachment = attachmentOf(input)
  const fields = {
    ...common,
    appointment,
    internalNote: input.text('internalnote'),
    file: attachment?.file,
    // What came without a file was written at a screen.
    source: attachment === undefined ? 'MANUAL' : undefined,
    status: firstStatus(row, input, attachment),
    result: result === undefined ? undefined : { ...plainResult, ...sent(writtenResult(state, result)) },
  }
  if (attachment !== undefined) keepFile(state, attachment.file, attachment.bytes)
  const document = { class: row.name, subclass, patient, department, fields }
  return written(row, addDocument(state, document, stampOf(context)))
}

/** Position of the visit that an encounter document names. */
function visitOf({ practice, input }: RouteContext, row: DocumentClassRow, patient: number): number | undefined {
  return row.name === 'ENCOUNTERDOCUMENT' ? visitField(stateOf(practice), input, patient) : undefined
}

function sent<T extends object>(fields: Partial<T>): Partial<T> {
  // The same names with the values that are there.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}

/** Changes the document of the path; notes go below those that are there unless they are to replace them. */
export const changeClass: Handler = (context, row) => {
  const state = stateOf(context.practice)
  const { input } = context
  if (row.name === 'ENCOUNTERDOCUMENT') {
    requireFields(input, ['departmentid'])
    requiredDepartment(state, input)
    for (const name of ['appointmentid', 'encounterid']) input.integer(name)
  }
  const common = writtenFields(state, input, row)
  const result = isResult(row) ? resultFields(input) : undefined
  const document = pathDocument(context, row)
  const { patient } = document
  const visit = patient === undefined ? undefined : visitOf(context, row, patient)
  const edit = {
    id: document.id,
    fields: { ...common, appointment: visit },
    result: result === undefined ? undefined : writtenResult(state, result, document),
    internalNote: input.text('internalnote'),
    replaceInternalNote: input.flag('replaceinternalnote'),
  }
  updateDocument(state, edit, stampOf(context))
  return written(row, document.id)
}

const removeDocument: Handler = (context, row) => {
  const { id } = pathDocument(context, row)
  deleteDocument(stateOf(context.practice), id, stampOf(context))
  return written(row, id)
}

const listActions: Handler = (context, row) =>
  list(context, { key: 'actions', items: actionRecords(pathDocument(context, row)) })

const noteAction: Handler = (context, row) => {
  const text = context.input.text('actionnote')
  if (text === undefined) throw new ReplyError(missingFields(['actionnote']))
  const { id } = pathDocument(context, row)
  addAction(stateOf(context.practice), { id, text }, stampOf(context))
  return success()
}

const closeResult: Handler = (context, row) => {
  const { input } = context
  const reason = input.integer('actionreasonid')
  const { id } = pathDocument(context, row)
  closeDocument(stateOf(context.practice), { id, actionNote: input.text('actionnote'), reason }, stampOf(context))
  return success()
}

/** What is written into the fields of a result is checked: now it waits for the provider's review. */
const completeDataEntry: Handler = (context, row) => {
  const { id, status } = pathDocument(context, row)
  if (status !== 'DATAENTRY') throw new Refusal('not_in_data_entry')
  const actionNote = context.input.text('actionnote')
  moveDocument(stateOf(context.practice), { id, status: 'REVIEW', actionNote }, stampOf(context))
  return success()
}

interface Rules {
  /** Fields a new one needs; undefined where the API files none. */
  readonly create?: readonly string[]
  readonly change?: boolean
  readonly remove?: boolean
  readonly actions?: boolean
}

const inSubclass = { create: ['departmentid', 'documentsubclass'], change: true, remove: true, actions: true }
const whole = { ...inSubclass, create: ['departmentid'] }

/** What the API does with each class; patient cases and prescriptions have endpoints of their own beside these. */
const rules: Readonly<Record<DocumentClass, Rules>> = {
  ADMIN: inSubclass,
  CLINICALDOCUMENT: inSubclass,
  ENCOUNTERDOCUMENT: inSubclass,
  IMAGINGRESULT: whole,
  LABRESULT: whole,
  LETTER: { actions: true },
  MEDICALRECORD: inSubclass,
  PATIENTCASE: { actions: true },
  PHONEMESSAGE: whole,
  PHYSICIANAUTH: inSubclass,
  PRESCRIPTION: {},
}

function routesOf(row: DocumentClassRow): Route[] {
  const { create, change, remove, actions } = rules[row.name]
  const all = `/patients/{patientid}/documents/${row.segment}`
  const single = `${all}/{${row.idField}}`
  const notes = `/documents/${row.segment}/{${row.idField}}/actions`
  const route = (method: Route['method'], path: string, handler: Handler): Route => ({
    method,
    path,
    handle: orError((context) => handler(context, row)),
  })
  const file: Handler = (context) => fileClass(context, row, documentPatient(context, create ?? []))
  return [
    route('GET', all, listClass),
    route('GET', single, getDocument),
    ...(create === undefined ? [] : [route('POST', all, file)]),
    ...(change === true ? [route('PUT', single, changeClass)] : []),
    ...(remove === true ? [route('DELETE', single, removeDocument)] : []),
    ...(actions === true ? [route('GET', notes, listActions), route('POST', notes, noteAction)] : []),
  ]
}

const lab = documentClass('LABRESULT')
const imaging = documentClass('IMAGINGRESULT')

export const classDocumentRoutes: readonly Route[] = [
  ...documentClasses.flatMap(routesOf),
  {
    method: 'PUT',
    path: '/documents/labresult/{labresultid}/close',
    handle: orError((context) => closeResult(context, lab)),
  },
  {
    method: 'PUT',
    path: '/documents/labresult/{documentid}/dataentrycompleted',
    handle: orError((context) => completeDataEntry(context, { ...lab, idField: 'documentid' })),
  },
  {
    method: 'PUT',
    path: '/documents/imagingresult/{imagingresultid}/close',
    handle: orError((context) => closeResult(context, imaging)),
  },
]
