/** What the office works on beside the charts: documents that are nobody's, and prescriptions. */
import { stateOf } from '../practice/create-practice.ts'
import { assignableUsers, updateDocument } from '../practice/document-changes.ts'
import { documentClass, type DocumentClass, type DocumentClassRow } from '../practice/document-class.ts'
import { classRecord } from '../practice/document-record.ts'
import { chartOfDocument, keptDocuments } from '../practice/document-store.ts'
import { Refusal } from '../practice/refusal.ts'
import type { Route, RouteContext } from '../route.ts'
import { list, one } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { changeClass, fileClass } from './class-documents.ts'
import { pageRecords } from './document-pages.ts'
import {
  latestFirst,
  looseDocument,
  pathDocument,
  requiredDepartment,
  seesOwner,
  wantedDocuments,
  written,
  writtenFields,
} from './document-requests.ts'
import { providerField, requireFields, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

/**
 * What waits in a department; closed and deleted ones only when asked for (documented). With `showdocumentswithpatientid`
 * also what was filed for patients since the simulator began.
 */
function listLoose(context: RouteContext, row: DocumentClassRow, required: readonly string[]): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, required)
  const department = requiredDepartment(state, input)
  const provider = providerField(state, input)
  const withPatients = input.flag('showdocumentswithpatientid')
  const showClosed = input.flag('showclosed') || input.text('status')?.toUpperCase() === 'CLOSED'
  const isWanted = wantedDocuments(state, input)
  const found = [...keptDocuments(state)].filter(
    (document) =>
      document.class === row.name &&
      document.department === department &&
      (document.patient === undefined || (withPatients && seesOwner(context, chartOfDocument(state, document)))) &&
      (provider === undefined || document.provider === provider) &&
      (showClosed || document.status !== 'CLOSED') &&
      isWanted(document),
  )
  return list(context, {
    key: row.listKey,
    items: latestFirst(found),
    render: (document) => classRecord(state, document),
  })
}

function getLoose(context: RouteContext, row: DocumentClassRow): Answer {
  const document = looseDocument(context, row)
  return one({ ...classRecord(stateOf(context.practice), document), pages: pageRecords(context, document) })
}

function changeLoose(context: RouteContext, row: DocumentClassRow): Answer {
  writtenFields(stateOf(context.practice), context.input, row)
  looseDocument(context, row)
  return changeClass(context, row)
}

function createLoose(context: RouteContext, row: DocumentClassRow, required: readonly string[]): Answer {
  requireFields(context.input, required)
  return fileClass(context, row, undefined)
}

interface Needs {
  readonly list: readonly string[]
  readonly create: readonly string[]
}

function routesOf(name: DocumentClass, needs: Needs): Route[] {
  const row = documentClass(name)
  const all = `/documents/${row.segment}`
  const single = `${all}/{${row.idField}}`
  return [
    { method: 'GET', path: all, handle: orError((context) => listLoose(context, row, needs.list)) },
    { method: 'POST', path: all, handle: orError((context) => createLoose(context, row, needs.create)) },
    { method: 'GET', path: single, handle: orError((context) => getLoose(context, row)) },
    { method: 'PUT', path: single, handle: orError((context) => changeLoose(context, row)) },
  ]
}

const prescription = documentClass('PRESCRIPTION')

/** The line breaks that the notes of a prescription may hold are kept as they are sent. */
function changePrescription(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['departmentid'])
  requiredDepartment(state, input)
  const { id } = pathDocument(context, prescription)
  const assignedTo = input.text('assignedto')
  if (assignedTo !== undefined && !assignableUsers(state).includes(assignedTo)) throw new Refusal('unknown_user')
  const edit = {
    id,
    fields: { assignedTo, text: input.text('note') },
    internalNote: input.text('internalnote'),
    actionNote: input.text('actionnote'),
  }
  updateDocument(state, edit, stampOf(context))
  return written(prescription, id)
}

export const officeDocumentRoutes: readonly Route[] = [
  ...routesOf('ADMIN', {
    list: ['departmentid', 'documentsubclass', 'startdate', 'enddate'],
    create: ['departmentid', 'documentsubclass'],
  }),
  ...routesOf('PHONEMESSAGE', { list: ['departmentid', 'startdate', 'enddate'], create: ['departmentid'] }),
  {
    method: 'PUT',
    path: '/patients/{patientid}/documents/prescriptions/{prescriptionid}',
    handle: orError(changePrescription),
  },
]
