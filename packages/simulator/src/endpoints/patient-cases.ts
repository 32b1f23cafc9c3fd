/** Patient cases: what a patient called or wrote about, who works on it, and how it ends. */
import { stateOf } from '../practice/create-practice.ts'
import {
  addDocument,
  assignDocument,
  closeDocument,
  reopenDocument,
  updateDocument,
} from '../practice/document-changes.ts'
import { documentClass } from '../practice/document-class.ts'
import { caseRow } from '../practice/document-record.ts'
import { chartOfDocument, findDocument } from '../practice/document-store.ts'
import { plainCase, type CaseDetails } from '../practice/document.ts'
import { closeReasons } from '../practice/case-close-reason.ts'
import { Refusal } from '../practice/refusal.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidData, invalidEnum, list } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { subclassField } from './class-documents.ts'
import {
  documentPatient,
  listedDocuments,
  pathDocument,
  requiredDepartment,
  seesOwner,
  written,
  writtenFields,
} from './document-requests.ts'
import { requireFields, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

const row = documentClass('PATIENTCASE')

/**
 * Where a case came from. The recorded refusal of a word in lower case names the field SOURCE; which words there are is
 * not known beside PATIENT, so any in upper case is taken.
 */
function sourceField(input: Input): string | undefined {
  const source = input.text('documentsource')
  if (source !== undefined && !/^[A-Z]+$/.test(source)) throw new ReplyError(invalidEnum('source', source))
  return source
}

/** Documented: a number and a kind of number exclude each other. */
function callbackFields(input: Input): Partial<CaseDetails> {
  const callbackNumber = input.text('callbacknumber')
  const callbackNumberType = input.text('callbacknumbertype')
  if (callbackNumber !== undefined && callbackNumberType !== undefined) {
    throw new ReplyError(invalidData('The callbacknumber and callbacknumbertype fields are mutually exclusive.'))
  }
  const outboundOnly = input.text('outboundonly') === undefined ? {} : { outboundOnly: input.flag('outboundonly') }
  return { callbackName: input.text('callbackname'), callbackNumber, callbackNumberType, ...outboundOnly }
}

function createCase(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  const patient = documentPatient(context, ['departmentid', 'documentsource', 'documentsubclass'])
  const department = requiredDepartment(state, input)
  const common = writtenFields(state, input, row)
  const subclass = subclassField(input, row)
  const fields = {
    ...common,
    source: sourceField(input),
    route: 'PHONE',
    subject: input.text('subject'),
    internalNote: input.text('internalnote'),
    status: input.flag('autoclose') ? ('CLOSED' as const) : undefined,
    patientCase: { ...plainCase, ...callbackFields(input) },
  }
  return written(row, addDocument(state, { class: row.name, subclass, patient, department, fields }, stampOf(context)))
}

function changeCase(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  const common = writtenFields(state, input, row)
  const { id } = pathDocument(context, row)
  const subclass = input.text('documentsubclass') === undefined ? undefined : subclassField(input, row)
  const edit = {
    id,
    fields: {
      ...common,
      source: sourceField(input),
      subclass,
      subject: input.text('subject'),
    },
    patientCase: callbackFields(input),
    internalNote: input.text('internalnote'),
  }
  updateDocument(state, edit, stampOf(context))
  return written(row, id)
}

function assignCase(context: RouteContext): Answer {
  requireFields(context.input, ['username'])
  const { id } = pathDocument(context, row)
  assignDocument(stateOf(context.practice), { id, user: context.input.text('username') ?? '' }, stampOf(context))
  return written(row, id)
}

function closeCase(context: RouteContext): Answer {
  requireFields(context.input, ['actionreasonid'])
  const reason = context.input.integer('actionreasonid')
  const { id } = pathDocument(context, row)
  if (!closeReasons.some((known) => known.id === reason)) throw new Refusal('unknown_close_reason')
  closeDocument(stateOf(context.practice), { id, reason }, stampOf(context))
  return written(row, id)
}

function reopenCase(context: RouteContext): Answer {
  const { id } = pathDocument(context, row)
  reopenDocument(stateOf(context.practice), id, stampOf(context))
  return written(row, id)
}

/** A short list of the patient's cases, open and closed. */
function listCases(context: RouteContext): Answer {
  return list(context, {
    key: 'patientcases',
    items: listedDocuments(context).filter((document) => document.class === row.name),
    render: caseRow,
    defaultLimit: 1000,
  })
}

/** What a case can be closed with; the caller must be able to see the case. The names of the fields are ours. */
function listCloseReasons(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  requireFields(context.input, ['patientcaseid'])
  const found = findDocument(state, context.input.integer('patientcaseid') ?? 0)
  if (found?.class !== row.name || !seesOwner(context, chartOfDocument(state, found)))
    throw new Refusal('unknown_document')
  return list(context, {
    key: 'closereasons',
    items: closeReasons,
    render: ({ id, description }) => ({ actionreasonid: id, description }),
  })
}

const all = '/patients/{patientid}/documents/patientcase'
const single = `${all}/{patientcaseid}`

export const patientCaseRoutes: readonly Route[] = [
  { method: 'POST', path: all, handle: orError(createCase) },
  { method: 'PUT', path: single, handle: orError(changeCase) },
  { method: 'PUT', path: `${single}/assign`, handle: orError(assignCase) },
  { method: 'PUT', path: `${single}/close`, handle: orError(closeCase) },
  { method: 'PUT', path: `${single}/reopen`, handle: orError(reopenCase) },
  { method: 'GET', path: '/patients/{patientid}/patientcases', handle: orError(listCases) },
  { method: 'GET', path: '/reference/documents/patientcase/closereasons', handle: orError(listCloseReasons) },
]
