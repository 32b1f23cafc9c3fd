/** Documents as athenahealth shows them: in the list of all, in the list of a class, and alone. */
import { appointmentId } from './appointment-table.ts'
import { encounterOf } from './appointment-encounter.ts'
import type { WireRecord } from './blank-patient.ts'
import { dateText } from './calendar-date.ts'
import { documentClass, type DocumentClass } from './document-class.ts'
import { chartOfDocument } from './document-store.ts'
import { documentTypeById } from './document-type.ts'
import type { Document } from './document.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { eastern, instantOf, isoText, wallText, wallTime } from './zone-time.ts'

/** What a document shows only when asked to. */
export interface DocumentShow {
  /** Who made it, as its uploader said. */
  readonly entity?: boolean
  /** Its file's type, size and name. */
  readonly metadata?: boolean
}

/** The record without the fields that are undefined: athenahealth leaves out what it has not. */
export function present(fields: WireRecord): WireRecord {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''))
}

/** `MM/DD/YYYY` of an instant in the East, where athenahealth keeps its records. */
export function easternDate(at: number): string {
  return dateText(wallTime(eastern, at).day)
}

/** The type's name, or what the document is about where that is known better. */
export function descriptionOf({ description, typeId }: Document): string {
  return description ?? documentTypeById(typeId)?.description ?? ''
}

/** Id of the encounter of the document's visit. */
export function encounterIdOf(state: PracticeState, { appointment }: Document): string | undefined {
  return appointment === undefined ? undefined : encounterOf(state, appointment)?.id
}

/** The day of the document's visit, else the day it was made. */
export function encounterDateOf(state: PracticeState, { appointment, createdAt }: Document): string {
  return appointment === undefined ? easternDate(createdAt) : dateText(state.appointments.day.get(appointment))
}

/** When something was observed, as it was written down: on the department's clock. */
export interface Observed {
  readonly date: string
  /** Date and time without an offset, and with the department's. */
  readonly wall: string
  readonly iso: string
}

/** Undefined when no day is given; without a time midnight is meant. */
export function observedTexts(state: PracticeState, document: Document): Observed | undefined {
  const { observedDay, observedMinutes = 0, department } = document
  if (observedDay === undefined) return undefined
  const { zone } = listed(state.departments, department)
  const at = instantOf(zone, { day: observedDay, seconds: observedMinutes * 60 })
  return { date: dateText(observedDay), wall: wallText(zone, at), iso: isoText(zone, at) }
}

/** Id of the provider and, where shown, the user name. */
function providerFields(state: PracticeState, provider: number | undefined): WireRecord {
  if (provider === undefined) return {}
  const { id, userName } = listed(state.providers, provider)
  return { providerid: Number(id), providerusername: userName }
}

/** Who uploaded a document and what its file is, where asked for. */
function askedFields({ entity, file }: Document, show: DocumentShow): WireRecord {
  const fields: WireRecord = {}
  // Documented: the entity's id stands in the place of the user.
  if (show.entity === true && entity !== undefined) {
    Object.assign(fields, { entityid: entity.id, entitytype: entity.type, createduser: entity.id })
  }
  if (show.metadata === true && file !== undefined) {
    Object.assign(fields, { filetype: file.contentType, filesize: file.sizeBytes, originalfilename: file.name })
  }
  return fields
}

/** What every class shows, named as recorded for admin documents. */
export function classFields(state: PracticeState, document: Document): WireRecord {
  const { createdAt, modifiedAt, deletedAt } = document
  return {
    [documentClass(document.class).idField]: document.id,
    priority: document.priority,
    assignedto: document.assignedTo,
    documentclass: document.class,
    createddate: easternDate(createdAt),
    createddatetime: isoText(eastern, createdAt),
    createduser: document.createdBy,
    lastmodifieddate: easternDate(modifiedAt),
    lastmodifieddatetime: isoText(eastern, modifiedAt),
    deleteddatetime: deletedAt === undefined ? undefined : isoText(eastern, deletedAt),
    departmentid: listed(state.departments, document.department).id,
    documenttypeid: document.typeId,
    description: descriptionOf(document),
    documentroute: document.route,
    documentsource: document.source,
    internalnote: document.internalNote,
    status: document.status,
    ...providerFields(state, document.provider),
  }
}

/** What is recorded for encounter documents and taken over for the classes no recording is known of. */
function furtherFields(state: PracticeState, document: Document): WireRecord {
  const { appointment, subject, clinicalProvider, documentDay } = document
  const observed = observedTexts(state, document)
  const patientid = chartOfDocument(state, document)
  return {
    patientid,
    documentsubclass: document.subclass,
    lastmodifieduser: document.modifiedBy,
    appointmentid: appointment === undefined ? undefined : Number(appointmentId(appointment)),
    encounterid: encounterIdOf(state, document),
    clinicalproviderid: clinicalProvider,
    documentdate: documentDay === undefined ? undefined : dateText(documentDay),
    observationdate: observed?.date,
    observationdatetime: observed?.iso,
    documentdata: document.text,
    subject,
  }
}

type ClassShape = (state: PracticeState, document: Document) => WireRecord

const adminShape: ClassShape = (_, { documentDay, createdAt }) => ({
  documentdate: dateText(documentDay ?? wallTime(eastern, createdAt).day),
})

const encounterShape: ClassShape = (state, document) => ({
  ...furtherFields(state, document),
  ...adminShape(state, document),
  // Recorded without whoever made it.
  createduser: undefined,
  // Recorded as a number here and in the list of all classes, as text elsewhere.
  priority: Number(document.priority),
})

const resultShape: ClassShape = (state, document) => {
  const { result } = document
  return {
    ...furtherFields(state, document),
    externalaccessionid: result?.accessionId,
    internalaccessionidentifier: result?.internalAccessionId,
    facilityid: result?.facilityId,
    tietoorderid: result?.orderId,
    interpretation: result?.interpretation,
    patientnote: result?.patientNote,
    reportstatus: result?.reportStatus,
    resultstatus: result?.resultStatus,
  }
}

/** As one public client reads it. */
const caseShape: ClassShape = (state, document) => {
  const { patientCase } = document
  return {
    ...furtherFields(state, document),
    priority: Number(document.priority),
    documentdescription: descriptionOf(document),
    callbackname: patientCase?.callbackName,
    callbacknumber: patientCase?.callbackNumber,
    callbacknumbertype: patientCase?.callbackNumberType,
    outboundonly: patientCase?.outboundOnly,
    createddocuments: [],
  }
}

/** Recorded, but without user names: a prescription shows its provider's NPI. */
const prescriptionShape: ClassShape = (state, document) => {
  const { provider } = document
  return {
    documentdescription: descriptionOf(document),
    documentsubclass: document.subclass,
    encounterdate: encounterDateOf(state, document),
    encounterid: encounterIdOf(state, document),
    externalnote: document.text,
    ordertype: 'PRESCRIPTION',
    orderingmode: document.subclass === 'PRESCRIPTION_RENEWAL' ? undefined : 'PRESCRIBE',
    providernpi: provider === undefined ? undefined : String(listed(state.providers, provider).npi),
    description: undefined,
    createduser: undefined,
    lastmodifieddate: undefined,
    providerusername: undefined,
  }
}

const shapes: Partial<Readonly<Record<DocumentClass, ClassShape>>> = {
  ADMIN: adminShape,
  ENCOUNTERDOCUMENT: encounterShape,
  LABRESULT: resultShape,
  IMAGINGRESULT: resultShape,
  PATIENTCASE: caseShape,
  PRESCRIPTION: prescriptionShape,
}

/** A row of the list of its class. */
export function classRecord(state: PracticeState, document: Document, show: DocumentShow = {}): WireRecord {
  const shape = shapes[document.class] ?? furtherFields
  return present({
    ...classFields(state, document),
    ...shape(state, document),
    ...askedFields(document, show),
  })
}

/** A row of the list of all of a patient's documents (fields as recorded). */
export function documentRecord(state: PracticeState, document: Document, show: DocumentShow = {}): WireRecord {
  const { createdAt, modifiedAt, deletedAt, appointment } = document
  return present({
    documentid: String(document.id),
    [documentClass(document.class).idField]: document.id,
    documentclass: document.class,
    documentsubclass: document.subclass,
    documentdescription: descriptionOf(document),
    documentroute: document.route,
    documentsource: document.source,
    priority: Number(document.priority),
    assignedto: document.assignedTo,
    status: document.status,
    subject: document.subject,
    internalnote: document.internalNote,
    departmentid: listed(state.departments, document.department).id,
    appointmentid: appointment === undefined ? undefined : Number(appointmentId(appointment)),
    createddate: easternDate(createdAt),
    createddatetime: isoText(eastern, createdAt),
    lastmodifieddatetime: isoText(eastern, modifiedAt),
    deleteddatetime: deletedAt === undefined ? undefined : isoText(eastern, deletedAt),
    ...askedFields(document, show),
  })
}

/** A row of the list of a patient's cases (fields as recorded). */
export function caseRow(document: Document): WireRecord {
  return present({
    patientcaseid: String(document.id),
    patientcasetype: document.subclass,
    subject: document.subject,
    description: descriptionOf(document),
    createddate: easternDate(document.createdAt),
    status: document.status,
  })
}

/** What was done about a document, earliest first (the fields are inferred). */
export function actionRecords(document: Document): WireRecord[] {
  return document.actions.map(({ text, at, by, assignedTo, priority, status }) => ({
    actionnote: text,
    assignedto: assignedTo,
    createddatetime: isoText(eastern, at),
    createduser: by,
    priority,
    status,
  }))
}

/** Days since a document was made, to compare with the days a list is asked for. */
export function createdDay({ createdAt }: Document): number {
  return wallTime(eastern, createdAt).day
}
