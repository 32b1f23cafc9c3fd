import { openShape } from '../wire/decode-record.ts'
import { inferredList, inferredRecord, section, type MethodTable } from './method-table.ts'

const vaccineShape = openShape({
  vaccineid: 'id',
  cvx: 'id',
  description: 'text',
  status: 'text',
  administerdate: 'dateTime',
  vaccinetype: 'text',
})

/**
 * A patient's chart. Nearly every call needs `departmentid`: a patient may have several charts. In an app that patients use
 * athenahealth wants `PATIENTFACINGCALL` and `THIRDPARTYUSERNAME` sent.
 */
export const chartMethods = {
  /** The departments whose charts the patient has. */
  list: 'GET /chart/{patientid}/patientchartlist',
  /** Problems, with what stands around them. */
  problems: {
    /** All problems, and the section's note. */
    get: section('GET /chart/{patientid}/problems'),
    /** Adds a problem by its SNOMED code. */
    create: 'POST /chart/{patientid}/problems',
    /** Changes a problem. */
    update: 'PUT /chart/{patientid}/problems/{problemid}',
    /** Ends a problem, or removes it with `remove`. */
    delete: 'DELETE /chart/{patientid}/problems/{problemid}',
    /** Says that there are none, or takes that back. */
    updateSection: 'PUT /chart/{patientid}/problems',
    /** Sets the section's note. */
    updateNote: 'PUT /chart/{patientid}/problems/sectionnote',
  },
  /** Medications, with what stands around them. */
  medications: {
    /** All medications, each a list of its versions. */
    get: 'GET /chart/{patientid}/medications',
    /** Adds a medication by its id among athenahealth's. */
    create: 'POST /chart/{patientid}/medications',
    /** Changes a medication's entry (`medicationentryid`). */
    update: 'PUT /chart/{patientid}/medications/{medicationentryid}',
    /** Removes a medication's entry. */
    delete: 'DELETE /chart/{patientid}/medications/{medicationentryid}',
    /** Says that there are none, or sets the section's note. */
    updateSection: 'PUT /chart/{patientid}/medications',
  },
  /** Allergies, with what stands around them. */
  allergies: {
    /** All allergies, the section's note, and whether none are known (`nkda`). */
    get: section('GET /chart/{patientid}/allergies'),
    /** Adds and changes allergies (`allergies`: a list), or says that none are known. */
    update: 'PUT /chart/{patientid}/allergies',
  },
  /** Vital signs. */
  vitals: {
    /** Kinds of vitals with their readings. */
    list: 'GET /chart/{patientid}/vitals',
    /** Adds readings; `vitals` is a list of lists, one a reading. Weights in grams, heights in centimetres. */
    create: 'POST /chart/{patientid}/vitals',
    /** Changes a reading. */
    update: 'PUT /chart/{patientid}/vitals/{vitalid}',
    /** Removes a reading. */
    delete: 'DELETE /chart/{patientid}/vitals/{vitalid}',
  },
  /** Vaccines. */
  vaccines: {
    /** Vaccines given elsewhere and here. */
    list: inferredList('GET /chart/{patientid}/vaccines', { key: 'vaccines', record: vaccineShape }),
    /** Adds a vaccine by its CVX code. */
    create: 'POST /chart/{patientid}/vaccines',
    /** Changes a vaccine. */
    update: 'PUT /chart/{patientid}/vaccines/{vaccineid}',
    /** Removes a vaccine. */
    delete: 'DELETE /chart/{patientid}/vaccines/{vaccineid}',
  },
  /** Questions on illnesses. */
  medicalHistory: {
    /** Questions with their answers. */
    get: section('GET /chart/{patientid}/medicalhistory'),
    /** Sets answers (`questions`: a list). */
    update: 'PUT /chart/{patientid}/medicalhistory',
  },
  /** Questions on the way of life. */
  socialHistory: {
    /** Questions with their answers, and the templates they come from. */
    get: 'GET /chart/{patientid}/socialhistory',
    /** Sets answers (`questions`: a list). */
    update: 'PUT /chart/{patientid}/socialhistory',
  },
  /** Illnesses in the family. */
  familyHistory: {
    /** Relatives with their problems. */
    get: inferredRecord('GET /chart/{patientid}/familyhistory', openShape({ relatives: 'list', sectionnote: 'text' })),
    /** Changes relatives. */
    update: 'PUT /chart/{patientid}/familyhistory',
  },
  /** Surgery. */
  surgicalHistory: {
    /** Procedures. */
    get: inferredRecord(
      'GET /chart/{patientid}/surgicalhistory',
      openShape({ procedures: 'list', sectionnote: 'text' }),
    ),
    /** Adds procedures. */
    create: 'POST /chart/{patientid}/surgicalhistory',
    /** Changes procedures. */
    update: 'PUT /chart/{patientid}/surgicalhistory',
  },
  /** Lab results in the chart. */
  labResults: {
    /** Results, newest facts of each. */
    list: 'GET /chart/{patientid}/labresults',
  },
  /** Single values of lab results. */
  analytes: {
    /** Values over time. */
    list: 'GET /chart/{patientid}/analytes',
  },
  /** A patient's encounters; what is in one is under `encounters`. */
  encounters: {
    /** Encounters; by default open and closed visits. */
    list: 'GET /chart/{patientid}/encounters',
  },
} as const satisfies MethodTable

/** Encounters by their id. */
export const encounterMethods = {
  /** One encounter. */
  get: 'GET /chart/encounter/{encounterid}',
  /** Changes an encounter. */
  update: 'PUT /chart/encounter/{encounterid}',
  /** The summary as HTML in `summaryhtml`. */
  summary: 'GET /chart/encounters/{encounterid}/summary',
  /** Diagnoses of an encounter. */
  diagnoses: {
    /** All diagnoses. */
    list: 'GET /chart/encounter/{encounterid}/diagnoses',
    /** Adds a diagnosis by its SNOMED code. */
    create: 'POST /chart/encounter/{encounterid}/diagnoses',
    /** Changes a diagnosis. */
    update: 'PUT /chart/encounter/{encounterid}/diagnoses/{diagnosisid}',
    /** Removes a diagnosis. */
    delete: 'DELETE /chart/encounter/{encounterid}/diagnoses/{diagnosisid}',
  },
  /** Orders of an encounter. */
  orders: {
    /** Orders by diagnosis. */
    list: 'GET /chart/encounter/{encounterid}/orders',
    /** One order. */
    get: 'GET /chart/encounter/{encounterid}/orders/{orderid}',
  },
  /** Vital signs taken in an encounter. */
  vitals: {
    /** Kinds of vitals with their readings. */
    list: inferredList('GET /chart/encounter/{encounterid}/vitals', {
      key: 'vitals',
      record: 'GET /chart/{patientid}/vitals',
    }),
    /** Adds readings. */
    create: 'POST /chart/encounter/{encounterid}/vitals',
    /** Changes a reading. */
    update: 'PUT /chart/encounter/{encounterid}/vitals/{vitalid}',
    /** Removes a reading. */
    delete: 'DELETE /chart/encounter/{encounterid}/vitals/{vitalid}',
  },
  /** The assessment of an encounter. */
  assessment: {
    /** Its text. */
    get: inferredRecord('GET /chart/encounter/{encounterid}/assessment', openShape({ assessmenttext: 'text' })),
    /** Sets its text. */
    update: 'PUT /chart/encounter/{encounterid}/assessment',
  },
} as const satisfies MethodTable
