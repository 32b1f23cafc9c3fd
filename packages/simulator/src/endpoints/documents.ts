/** Documents of every class: the list of a patient's, the general upload, and the types there are. */
import { appointmentAt, statusOf } from '../practice/appointment-table.ts'
import { appointmentOfEncounter } from '../practice/appointment-encounter.ts'
import { stateOf } from '../practice/create-practice.ts'
import { addDocument } from '../practice/document-changes.ts'
import { uploadClass } from '../practice/document-class.ts'
import { keepFile } from '../practice/document-page.ts'
import { documentRecord } from '../practice/document-record.ts'
import { documentTypes } from '../practice/document-type.ts'
import { survivorOf } from '../practice/patient-table.ts'
import type { PracticeState } from '../practice/practice-state.ts'
import { Refusal } from '../practice/refusal.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidData, invalidEnum, list, missingFields, ok } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { wasSent } from './chart-requests.ts'
import { attachmentOf } from './document-attachment.ts'
import { entityField, documentPatient, documentShow, listedDocuments, requiredDepartment } from './document-requests.ts'
import { providerField, requireFields, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

function listDocuments(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const show = documentShow(context.input)
  return list(context, {
    key: 'documents',
    items: listedDocuments(context),
    render: (document) => documentRecord(state, document, show),
    defaultLimit: 1000,
  })
}

/**
 * The visit a document belongs to, by its appointment or encounter; undefined when neither was sent. It must be the
 * patient's, and its check-in complete (documented).
 */
export function visitField(state: PracticeState, input: Input, patient: number): number | undefined {
  const appointment = input.integer('appointmentid')
  const encounter = input.integer('encounterid')
  if (appointment === undefined && encounter === undefined) return undefined
  const position =
    appointment === undefined
      ? appointmentOfEncounter(state, encounter ?? 0)
      : appointmentAt(state.appointments, appointment)
  if (position === undefined || statusOf(state.appointments, position) === 'deleted') {
    throw new Refusal(appointment === undefined ? 'unknown_encounter' : 'unknown_appointment')
  }
  if (survivorOf(state.patients, state.appointments.patient.get(position)) !== patient) {
    throw new Refusal('other_patient')
  }
  if (state.appointments.checkedInAt.get(position) === 0) throw new Refusal('not_checked_in')
  return position
}

function uploadDocument(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  const patient = documentPatient(context, [])
  const provider = providerField(state, input)
  input.integer('appointmentid')
  requireUpload(input)
  const subclass = input.text('documentsubclass') ?? ''
  const row = uploadClass(subclass)
  if (row === undefined) throw new ReplyError(invalidEnum('documentsubclass', subclass))
  const attachment = attachmentOf(input)
  if (attachment === undefined) throw new ReplyError(missingFields(['attachmentcontents']))
  const appointment = visitField(state, input, patient)
  // Documented: a department that is sent goes before that of the appointment.
  const department =
    input.text('departmentid') === undefined && appointment !== undefined
      ? state.appointments.department.get(appointment)
      : requiredDepartment(state, input)
  if (row.name === 'ENCOUNTERDOCUMENT' && appointment === undefined) {
    throw new ReplyError(missingFields(['appointmentid']))
  }
  const fields = {
    provider,
    entity: entityField(input),
    appointment,
    internalNote: input.text('internalnote'),
    file: attachment.file,
    status: input.flag('autoclose') ? ('CLOSED' as const) : undefined,
  }
  keepFile(state, attachment.file, attachment.bytes)
  const actionNote = input.text('actionnote')
  const document = { class: row.name, subclass, patient, department, fields, actionNote }
  // Recorded: only the id, as text.
  return ok({ documentid: String(addDocument(state, document, stampOf(context))) })
}

/** The file, the subclass, and a department or an appointment to take it from. */
function requireUpload(input: Input): void {
  const hasFile = input.part('attachmentcontents') !== undefined || wasSent(input, 'attachmentcontents')
  const missing = [
    ...(hasFile ? [] : ['attachmentcontents']),
    ...(wasSent(input, 'documentsubclass') ? [] : ['documentsubclass']),
    ...(wasSent(input, 'departmentid') || wasSent(input, 'appointmentid') ? [] : ['departmentid']),
  ]
  if (missing.length > 0) throw new ReplyError(missingFields(missing))
}

/** Words in any order, each anywhere in the name, as athenahealth's other searches do; the names of the fields are ours. */
function listTypes(context: RouteContext): Answer {
  const { input } = context
  requireFields(input, ['searchvalue'])
  const words = (input.text('searchvalue') ?? '').toLowerCase().split(/\s+/)
  if (words.join('').length < 2) throw new ReplyError(invalidData('The searchvalue field needs two characters.'))
  const subclass = input.text('documentsubclass')
  const found = documentTypes.filter(
    (type) =>
      (subclass === undefined || type.subclass === subclass) &&
      words.every((word) => type.description.toLowerCase().includes(word)),
  )
  return list(context, {
    key: 'documenttypes',
    items: found,
    render: ({ id, description, subclass }) => ({ documenttypeid: id, description, documentsubclass: subclass }),
    defaultLimit: 100,
    maxLimit: 500,
  })
}

export const documentRoutes: readonly Route[] = [
  { method: 'GET', path: '/patients/{patientid}/documents', handle: orError(listDocuments) },
  { method: 'POST', path: '/patients/{patientid}/documents', handle: orError(uploadDocument) },
  { method: 'GET', path: '/documenttypes', handle: orError(listTypes) },
]
