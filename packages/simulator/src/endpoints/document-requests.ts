/** What requests about documents have in common: which document, which of a list, what is written. */
import { chartOf } from '../practice/chart-person.ts'
import { parseClock } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'
import type { DocumentFields } from '../practice/document-changes.ts'
import type { DocumentClassRow } from '../practice/document-class.ts'
import { createdDay, encounterIdOf, type DocumentShow } from '../practice/document-record.ts'
import { chartDocuments, chartOfDocument, findDocument } from '../practice/document-store.ts'
import { documentTypeById } from '../practice/document-type.ts'
import type { Document } from '../practice/document.ts'
import type { PracticeState } from '../practice/practice-state.ts'
import { Refusal } from '../practice/refusal.ts'
import { seesPatient } from '../practice/restricted-patients.ts'
import { ReplyError, type Input, type Reply, type RouteContext } from '../route.ts'
import { invalid, invalidEnum, missingFields, success } from '../server/reply.ts'
import { requirePresent } from './chart-requests.ts'
import { sightOf } from './patient-sight.ts'
import { dateField, departmentField, pathNumber, pathPatient, providerField } from './request-fields.ts'

/**
 * The document of the path, which must be of the class and in the chart of the path's patient if it has one; else 404. A
 * restricted patient's is not there for who does not ignore restrictions.
 */
export function pathDocument(context: RouteContext, row: DocumentClassRow): Document {
  const state = stateOf(context.practice)
  const patient = context.path['patientid'] === undefined ? undefined : chartOf(state, pathPatient(context))
  const document = findDocument(state, pathNumber(context, row.idField))
  if (document?.class !== row.name) throw new Refusal('unknown_document')
  const owner = chartOfDocument(state, document)
  const isThere = context.path['patientid'] === undefined ? seesOwner(context, owner) : owner === patient
  if (!isThere) throw new Refusal('unknown_document')
  return document
}

/** Whether a caller may know of a document that its path names without its patient. */
export function seesOwner({ practice, input }: RouteContext, owner: number | undefined): boolean {
  return owner === undefined || seesPatient(stateOf(practice).patients, owner, sightOf(input))
}

/** The same for a document that is to be nobody's. */
export function looseDocument(context: RouteContext, row: DocumentClassRow): Document {
  const document = pathDocument(context, row)
  if (document.patient !== undefined) throw new Refusal('unknown_document')
  return document
}

/**
 * Id of the patient of the path, the survivor if it was merged; 400 when a required field was not sent, or the
 * department is unknown.
 */
export function documentPatient(context: RouteContext, required: readonly string[]): number {
  const state = stateOf(context.practice)
  const patient = pathPatient(context)
  requirePresent(context.input, required)
  departmentField(state, context.input)
  return chartOf(state, patient)
}

/** Index of the department a document is filed under; it must be sent. */
export function requiredDepartment(state: PracticeState, input: Input): number {
  const department = departmentField(state, input)
  if (department === undefined) throw new ReplyError(missingFields(['departmentid']))
  return department
}

export function documentShow(input: Input): DocumentShow {
  return { entity: input.flag('getentityinfo'), metadata: input.flag('showmetadata') }
}

/** The documents of a patient that a list is asked for, latest first (inferred). */
export function listedDocuments(context: RouteContext): Document[] {
  const state = stateOf(context.practice)
  const { input } = context
  const patient = documentPatient(context, ['departmentid'])
  const isWanted = wantedDocuments(state, input)
  return latestFirst(chartDocuments(state, patient).filter(isWanted))
}

export function latestFirst(documents: Document[]): Document[] {
  return documents.sort((a, b) => b.createdAt - a.createdAt || b.id - a.id)
}

/**
 * What the filters of a list leave. The department chooses the chart, and one department's documents are in the charts
 * of all (inferred). Declined orders are not simulated, so `showdeclinedorders` changes nothing.
 */
export function wantedDocuments(state: PracticeState, input: Input): (document: Document) => boolean {
  const classes = new Set(input.list('documentclass').map((name) => name.toUpperCase()))
  const subclass = input.text('documentsubclass')
  const status = input.text('status')?.toUpperCase()
  const encounter = input.integer('encounterid')
  const inRange = dayRange(input)
  // Documented for documents that are nobody's: asking for a status shows it.
  const showDeleted = input.flag('showdeleted') || status === 'DELETED'
  return (document) =>
    (showDeleted || document.status !== 'DELETED') &&
    (classes.size === 0 || classes.has(document.class)) &&
    (subclass === undefined || isSubclass(document, subclass)) &&
    (status === undefined || document.status === status) &&
    (encounter === undefined || encounterIdOf(state, document) === String(encounter)) &&
    inRange(createdDay(document))
}

/** Whether a day lies from `startdate` to `enddate`, as far as they are given. */
export function dayRange(input: Input): (day: number) => boolean {
  const from = dateField(input, 'startdate') ?? Number.NEGATIVE_INFINITY
  const until = dateField(input, 'enddate') ?? Number.POSITIVE_INFINITY
  return (day) => day >= from && day <= until
}

function isSubclass({ class: name, subclass }: Document, wanted: string): boolean {
  return subclass === wanted || subclass === `${name}_${wanted}`
}

const priorities = ['1', '2']

/** The fields every class takes, as far as they were sent. 400 for one that cannot be taken. */
export function writtenFields(state: PracticeState, input: Input, row: DocumentClassRow): DocumentFields {
  const priority = input.text('priority')
  if (priority !== undefined && !priorities.includes(priority)) {
    throw new ReplyError(invalidEnum('priority', priority))
  }
  return {
    provider: providerField(state, input),
    typeId: typeField(input, row),
    priority,
    observedDay: dateField(input, 'observationdate'),
    observedMinutes: timeField(input, 'observationtime'),
    documentDay: dateField(input, 'documentdate'),
    text: input.text('documentdata'),
    clinicalProvider: input.integer('clinicalproviderid'),
    entity: entityField(input),
  }
}

/** Id of a document type of the class. Refuses `unknown_document_type`. */
function typeField(input: Input, row: DocumentClassRow): number | undefined {
  const id = input.integer('documenttypeid')
  if (id === undefined) return undefined
  const type = documentTypeById(id)
  const suits = type?.subclass === row.name || type?.subclass.startsWith(`${row.name}_`)
  if (!suits) throw new Refusal('unknown_document_type')
  return id
}

/** Minutes after midnight of an `HH:MM` field; undefined when absent, 400 when it is no time. */
function timeField(input: Input, name: string): number | undefined {
  const text = input.text(name)
  if (text === undefined) return undefined
  const minutes = parseClock(text)
  if (minutes === undefined) throw new ReplyError(invalid('time', text))
  return minutes
}

/** Documented: neither comes without the other. */
export function entityField(input: Input): { id: string; type: string } | undefined {
  const id = input.text('entityid')
  const type = input.text('entitytype')
  if (id === undefined && type === undefined) return undefined
  if (id === undefined) throw new ReplyError(missingFields(['entityid']))
  if (type === undefined) throw new ReplyError(missingFields(['entitytype']))
  return { id, type }
}

/** The answer of a write: the document's id under its class's name (recorded for several). */
export function written(row: DocumentClassRow, id: number): Reply {
  return success({ [row.idField]: id })
}
