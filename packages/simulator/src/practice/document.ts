/** A document of a chart or an office: results, letters, forms, messages and patient cases are all documents. */
import type { DocumentClass } from './document-class.ts'
import type { ResultDetails } from './result-details.ts'

/** athenahealth's statuses. */
export const documentStatuses = [
  'ADMINISTER',
  'CLOSED',
  'DATAENTRY',
  'DELETED',
  'DISPENSE',
  'FOLLOWUP',
  'HOLD',
  'NOTIFY',
  'PEND',
  'PENDING',
  'PENDINGLABEL',
  'PERFORM',
  'REVIEW',
  'SCHEDULE',
  'SCHEDULED',
  'SUBMIT',
  'SUBMITTED',
] as const
export type DocumentStatus = (typeof documentStatuses)[number]

/** What was done about a document, and how it stood then. */
export interface ActionNote {
  readonly text: string
  readonly at: number
  readonly by: string
  readonly assignedTo: string
  readonly priority: string
  readonly status: DocumentStatus
}

/** A file that was uploaded; its bytes are kept apart. */
export interface DocumentFile {
  /** `Content-Type` it is given back with. */
  readonly contentType: string
  readonly sizeBytes: number
  /** SHA-256 in hexadecimal digits. */
  readonly digest: string
  /** Without extension, as the uploader named it. */
  readonly name: string | undefined
  readonly pages: number
}

/** What is particular to a patient case. */
export interface CaseDetails {
  readonly callbackName: string | undefined
  readonly callbackNumber: string | undefined
  readonly callbackNumberType: string | undefined
  readonly outboundOnly: boolean
  readonly closeReason: number | undefined
}

/** A case of which nothing is known but the document. */
export const plainCase: CaseDetails = {
  callbackName: undefined,
  callbackNumber: undefined,
  callbackNumberType: undefined,
  outboundOnly: false,
  closeReason: undefined,
}

/** Who made a document, as its uploader says. */
export interface Entity {
  readonly id: string
  readonly type: string
}

/** A document as it stands; it is never changed, a changed one takes its place. */
export interface Document {
  readonly id: number
  readonly class: DocumentClass
  readonly subclass: string
  /** The patient it was filed for; undefined for one that is nobody's. */
  readonly patient: number | undefined
  /** Indexes of department and provider. */
  readonly department: number
  readonly provider: number | undefined
  /** Position of its appointment. */
  readonly appointment: number | undefined
  readonly typeId: number
  /** What it is about where that is finer than its type: the medicine of a prescription. */
  readonly description: string | undefined
  readonly source: string
  readonly route: string
  readonly status: DocumentStatus
  readonly priority: string
  readonly assignedTo: string
  readonly createdAt: number
  readonly createdBy: string
  readonly modifiedAt: number
  readonly modifiedBy: string
  /** Epoch ms, undefined unless deleted. */
  readonly deletedAt: number | undefined
  /** Day number and minutes after midnight on the department's clock. */
  readonly observedDay: number | undefined
  readonly observedMinutes: number | undefined
  readonly documentDay: number | undefined
  readonly subject: string | undefined
  readonly internalNote: string | undefined
  /** Text kept with it (`documentdata`). */
  readonly text: string | undefined
  readonly clinicalProvider: number | undefined
  readonly entity: Entity | undefined
  readonly actions: readonly ActionNote[]
  readonly file: DocumentFile | undefined
  readonly result: ResultDetails | undefined
  readonly patientCase: CaseDetails | undefined
}

/** What every document is made with; all else is absent until said. */
export type DocumentCore = Pick<Document, 'id' | 'class' | 'subclass' | 'patient' | 'department' | 'typeId'> & {
  readonly at: number
  readonly by: string
}

/** A document of which nothing more is known: open, of normal priority, made by upload. */
export function plainDocument({ at, by, ...core }: DocumentCore): Document {
  return {
    ...core,
    provider: undefined,
    appointment: undefined,
    description: undefined,
    source: 'UPLOAD',
    route: 'FAX',
    status: 'REVIEW',
    priority: '2',
    assignedTo: '',
    createdAt: at,
    createdBy: by,
    modifiedAt: at,
    modifiedBy: by,
    deletedAt: undefined,
    observedDay: undefined,
    observedMinutes: undefined,
    documentDay: undefined,
    subject: undefined,
    internalNote: undefined,
    text: undefined,
    clinicalProvider: undefined,
    entity: undefined,
    actions: [],
    file: undefined,
    result: undefined,
    patientCase: undefined,
  }
}

/** Whether nothing is left to be done about it. */
export function isSettled({ status }: Document): boolean {
  return status === 'CLOSED' || status === 'DELETED'
}
