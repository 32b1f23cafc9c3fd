import { openShape } from '../wire/decode-record.ts'
import type { TypeOf } from './practice-records.ts'

/** What documents of every class have in common, as far as answers about single classes have been seen. */
const documentFields = {
  documentclass: 'text',
  documentsubclass: 'text',
  documentsource: 'text',
  documentroute: 'text',
  documentdate: 'date',
  documenttypeid: 'id',
  documentdescription: 'text',
  description: 'text',
  subject: 'text',
  status: 'text',
  priority: 'text',
  assignedto: 'text',
  providerid: 'id',
  providerusername: 'text',
  departmentid: 'id',
  appointmentid: 'id',
  encounterid: 'id',
  patientid: 'id',
  tietoorderid: 'id',
  internalnote: 'text',
  actionnote: 'text',
  createddate: 'dateTime',
  createddatetime: 'dateTime',
  createduser: 'text',
  lastmodifieddate: 'dateTime',
  lastmodifieddatetime: 'dateTime',
  lastmodifieduser: 'text',
  observationdate: 'dateTime',
  observationdatetime: 'dateTime',
  pages: 'list',
} as const

const plainDocumentShape = openShape(documentFields)
/**
 * A document of a patient. Its id stands under a name of its class: `adminid`, `labresultid`. `lastmodifieddatetime` and its
 * like have an offset of their own: wireInstant gives the instant.
 */
export type PatientDocument = TypeOf<typeof plainDocumentShape>

/** A document among those of all classes: its id stands under the name of its class too. */
export const anyDocumentShape = openShape({
  ...documentFields,
  documentid: 'id',
  appointmentrequestid: 'id',
  adminid: 'id',
  clinicaldocumentid: 'id',
  encounterdocumentid: 'id',
  imagingresultid: 'id',
  labresultid: 'id',
  letterid: 'id',
  medicalrecordid: 'id',
  orderid: 'id',
  patientcaseid: 'id',
  phonemessageid: 'id',
  physicianauthid: 'id',
  prescriptionid: 'id',
  deleteddatetime: 'dateTime',
})

/** A document whose id stands under this name. */
export function documentShape<const Id extends string>(idField: Id) {
  // The border: the one computed member is the id's.
  return openShape({ ...documentFields, [idField]: 'id' } as typeof documentFields & { readonly [K in Id]: 'id' })
}

/** What a write of a record answers: whether it was done, and the record's id under this name. */
export function writtenShape<const Id extends string>(idField: Id) {
  const fields = { success: 'boolean', errormessage: 'text' } as const
  // The border: the one computed member is the id's.
  return openShape({ ...fields, [idField]: 'id' } as typeof fields & { readonly [K in Id]: 'id' })
}
