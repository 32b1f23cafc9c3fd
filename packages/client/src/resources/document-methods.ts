import { anyDocumentShape, documentShape, writtenShape } from '../records/document.ts'
import { openShape } from '../wire/decode-record.ts'
import { download, inferredList, inferredRecord, type MethodTable } from './method-table.ts'

/** Classes of documents that can be filed, changed and removed. */
type FiledClass =
  | 'admin'
  | 'clinicaldocument'
  | 'encounterdocument'
  | 'imagingresult'
  | 'labresult'
  | 'medicalrecord'
  | 'phonemessage'
  | 'physicianauth'

/** Those of them whose original file can be had. */
type OriginalClass = Exclude<FiledClass, 'encounterdocument' | 'phonemessage' | 'physicianauth'>

type ReadClass = FiledClass | 'letter' | 'order' | 'prescription'

/** A list under the class’s plural is recorded of some classes and inferred of the others; so is a record alone. */
function readMethods<const C extends ReadClass>(name: C) {
  const record = documentShape(`${name}id`)
  return {
    /** Documents of the class. */
    list: inferredList(`GET /patients/{patientid}/documents/${name}`, { key: `${name}s`, record }),
    /** One document of the class: what is known of it, with its `pages`. */
    get: inferredRecord(`GET /patients/{patientid}/documents/${name}/{${name}id}`, record),
    /** The picture of one page; `filesize` chooses how large. */
    page: download(`GET /patients/{patientid}/documents/${name}/{${name}id}/pages/{pageid}`),
  } as const
}

function filedMethods<const C extends FiledClass>(name: C) {
  return {
    ...readMethods(name),
    /** Files a document of the class; `attachmentcontents` is sent as Base64 while it is read. At most 20 MB. */
    upload: inferredRecord(`POST /patients/{patientid}/documents/${name}`, writtenShape(`${name}id`)),
    /** Changes what is known of a document, and what is to be done with it. */
    update: inferredRecord(`PUT /patients/{patientid}/documents/${name}/{${name}id}`, writtenShape(`${name}id`)),
    /** Removes a document. */
    delete: `DELETE /patients/{patientid}/documents/${name}/{${name}id}`,
  } as const
}

function originalMethods<const C extends OriginalClass>(name: C) {
  return {
    ...filedMethods(name),
    /** The file as it was filed. */
    original: download(`GET /patients/{patientid}/documents/${name}/{${name}id}/originaldocument`),
  } as const
}

const patientCaseShape = documentShape('patientcaseid')
const actionShape = openShape({
  actionnote: 'text',
  status: 'text',
  assignedto: 'text',
  createduser: 'text',
  createddatetime: 'dateTime',
})

/** Patient cases: questions and requests that somebody at the practice works on. */
export const patientCaseMethods = {
  /** Cases of the patient. */
  list: inferredList('GET /patients/{patientid}/documents/patientcase', {
    key: 'patientcases',
    record: patientCaseShape,
  }),
  /** One case. */
  get: inferredRecord('GET /patients/{patientid}/documents/patientcase/{patientcaseid}', patientCaseShape),
  /** Opens a case; give `callbacknumber` or `callbacknumbertype`, not both. */
  create: 'POST /patients/{patientid}/documents/patientcase',
  /** Changes a case. */
  update: 'PUT /patients/{patientid}/documents/patientcase/{patientcaseid}',
  /** Gives a case to somebody. */
  assign: 'PUT /patients/{patientid}/documents/patientcase/{patientcaseid}/assign',
  /** Closes a case; `actionreasonid` says why. */
  close: 'PUT /patients/{patientid}/documents/patientcase/{patientcaseid}/close',
  /** Opens a closed case again. */
  reopen: 'PUT /patients/{patientid}/documents/patientcase/{patientcaseid}/reopen',
  /** What has been done about a case. */
  actions: inferredList('GET /documents/patientcase/{patientcaseid}/actions', { key: 'actions', record: actionShape }),
  /** Adds a note on what was done. */
  addAction: 'POST /documents/patientcase/{patientcaseid}/actions',
} as const satisfies MethodTable

/** Documents of a patient, all classes together and class by class; cases are apart. */
export const documentMethods = {
  /** Documents of every class. */
  list: inferredList('GET /patients/{patientid}/documents', { key: 'documents', record: anyDocumentShape }),
  /** Files a document of any subclass, as multipart with its bytes as they are. PDF suggested, at most 20 MB. */
  upload: 'POST /patients/{patientid}/documents',
  /** Papers of the front desk: consents, cards, letters. */
  admin: {
    ...originalMethods('admin'),
    /** Documents of the class. */
    list: 'GET /patients/{patientid}/documents/admin',
  },
  /** Clinical documents from elsewhere. */
  clinical: {
    ...originalMethods('clinicaldocument'),
    /** The XML of a document that came as a CCDA. */
    xml: download('GET /patients/{patientid}/documents/clinicaldocument/{documentid}/xml', 'application/xml'),
  },
  /** Papers of an encounter; filed after check-in only. */
  encounter: filedMethods('encounterdocument'),
  /** Results of imaging. */
  imagingResults: originalMethods('imagingresult'),
  /** Lab results as documents; `analytes` holds the values. */
  labResults: {
    ...originalMethods('labresult'),
    /** One lab result with its `observations` and `pages`. */
    get: 'GET /patients/{patientid}/documents/labresult/{labresultid}',
  },
  /** Letters to other practices. */
  letters: readMethods('letter'),
  /** Records of earlier care. */
  medicalRecords: originalMethods('medicalrecord'),
  /** Orders as documents. */
  orders: {
    ...readMethods('order'),
    /** Removes an order. */
    delete: 'DELETE /patients/{patientid}/documents/order/{orderid}',
  },
  /** Calls from and about the patient. */
  phoneMessages: filedMethods('phonemessage'),
  /** Authorizations asked of physicians. */
  physicianAuthorizations: filedMethods('physicianauth'),
  /** Prescriptions as documents. */
  prescriptions: {
    ...readMethods('prescription'),
    /** Documents of the class. */
    list: 'GET /patients/{patientid}/documents/prescription',
    /** Changes a prescription. */
    update: 'PUT /patients/{patientid}/documents/prescriptions/{prescriptionid}',
  },
} as const satisfies MethodTable
