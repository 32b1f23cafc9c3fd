import { openShape } from '../wire/decode-record.ts'
import { download, imageWrite, inferredRecord, type MethodTable } from './method-table.ts'

const imageShape = openShape({ image: 'text' })

/** What belongs to a patient, beside the patient's own record. */
export const patientMethods = {
  /** Patients by the value of a field the practice has added. */
  listByCustomField: 'GET /patients/customfields/{customfieldid}/{customfieldvalue}',
  /** Fields the practice has added, with this patient's values. */
  customFields: {
    /** Values of all fields. */
    list: 'GET /patients/{patientid}/customfields',
    /** Sets values: `customfields` is a list of objects with a `customfieldid` and a `customfieldvalue` or an `optionid`. */
    update: 'PUT /patients/{patientid}/customfields',
  },
  /** A patient's own appointments. */
  appointments: {
    /** Appointments to come; `showpast` and `showcancelled` add others. */
    list: 'GET /patients/{patientid}/appointments',
    /** One of the patient's appointments. */
    get: inferredRecord(
      'GET /patients/{patientid}/appointments/{appointmentid}',
      'GET /patients/{patientid}/appointments',
    ),
  },
  /** Who pays. */
  insurances: {
    /** Insurances in force; `showcancelled` adds ended ones. */
    list: 'GET /patients/{patientid}/insurances',
    /** Adds an insurance. `sequencenumber` 1 is the primary one; a secondary one needs a primary. */
    create: 'POST /patients/{patientid}/insurances',
    /** Changes an insurance. */
    update: 'PUT /patients/{patientid}/insurances/{insuranceid}',
    /** Ends an insurance. */
    delete: 'DELETE /patients/{patientid}/insurances/{insuranceid}',
    /** Makes an ended insurance valid again. */
    reactivate: 'POST /patients/{patientid}/insurances/{insuranceid}/reactivate',
    /** Changes the insurance of a rank (`sequencenumber`). */
    updateByRank: 'PUT /patients/{patientid}/insurances',
    /** Ends the insurance of a rank (`sequencenumber`). */
    deleteByRank: 'DELETE /patients/{patientid}/insurances',
    /** The card of an insurance. */
    card: {
      /** The card's picture, Base64 in `image`. */
      get: 'GET /patients/{patientid}/insurances/{insuranceid}/image',
      /** Stores the picture. */
      create: imageWrite('POST /patients/{patientid}/insurances/{insuranceid}/image'),
      /** Replaces the picture. */
      put: imageWrite('PUT /patients/{patientid}/insurances/{insuranceid}/image'),
      /** Removes the picture. */
      delete: 'DELETE /patients/{patientid}/insurances/{insuranceid}/image',
    },
  },
  /** A picture of the patient. An image athenahealth refuses is sent once more, percent-encoded, as it advises. */
  photo: {
    /** The photo, Base64 in `image`. */
    get: inferredRecord('GET /patients/{patientid}/photo', imageShape),
    /** The photo as a JPEG file; send `jpegoutput`. */
    download: download('GET /patients/{patientid}/photo', 'image/jpeg'),
    /** Stores a photo. */
    create: imageWrite('POST /patients/{patientid}/photo'),
    /** Replaces the photo. */
    put: imageWrite('PUT /patients/{patientid}/photo'),
    /** Removes the photo. */
    delete: 'DELETE /patients/{patientid}/photo',
  },
  /** A picture of the patient's driver's license. */
  driversLicense: {
    /** The picture, Base64 in `image`. */
    get: inferredRecord('GET /patients/{patientid}/driverslicense', imageShape),
    /** Stores the picture. */
    create: imageWrite('POST /patients/{patientid}/driverslicense'),
    /** Replaces the picture. */
    put: imageWrite('PUT /patients/{patientid}/driverslicense'),
    /** Removes the picture. */
    delete: 'DELETE /patients/{patientid}/driverslicense',
  },
  /** Papers on privacy: which a patient has signed, and when. */
  privacyVerification: {
    /** Whether the papers of a department are signed and still valid. */
    get: 'GET /patients/{patientid}/privacyinformationverified',
    /** Records that papers were signed. */
    record: 'POST /patients/{patientid}/privacyinformationverified',
  },
  /** The chart as a CCDA document. */
  ccda: {
    /** The document inside JSON; the name of its member, `ccda`, is inferred. */
    get: inferredRecord('GET /patients/{patientid}/ccda', openShape({ ccda: 'text' })),
    /** The document itself. */
    xml: download('GET /patients/{patientid}/ccda', 'application/xml'),
    /** Hands a document in; somebody at the practice reconciles it with the chart. */
    put: 'PUT /patients/{patientid}/ccda',
  },
  /** Records a payment taken at the desk. */
  recordPayment: 'POST /patients/{patientid}/recordpayment',
} as const satisfies MethodTable
