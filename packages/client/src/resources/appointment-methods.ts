import { openShape } from '../wire/decode-record.ts'
import { inferredList, inferredRecord, section, type MethodTable } from './method-table.ts'

const cancelReasonShape = openShape({
  appointmentcancelreasonid: 'id',
  name: 'text',
  noshow: 'boolean',
  slotavailable: 'boolean',
})
const confirmationShape = openShape({ appointmentconfirmationid: 'id', appointmentconfirmationname: 'text' })
const formShape = openShape({
  formid: 'id',
  formname: 'text',
  description: 'text',
  filledin: 'boolean',
  lastupdated: 'dateTime',
  percentcomplete: 'number',
  populated: 'text',
  totalcompletedsections: 'number',
  totalsections: 'number',
})

/** What goes with appointments, beside booking and visiting. */
export const appointmentMethods = {
  /** What a check-in still needs: groups of fields, `required` and `complete` or not. */
  checkInRequirements: 'GET /appointments/{appointmentid}/checkin',
  /** Gives a booking another provider, type or department; the answer is the bare value athenahealth sends. */
  updateBooked: 'PUT /appointments/booked/{appointmentid}',
  /** Reasons a booking can be cancelled for. */
  cancelReasons: inferredList('GET /appointmentcancelreasons', {
    key: 'appointmentcancelreasons',
    record: cancelReasonShape,
  }),
  /** Who waits for an earlier appointment. */
  waitlist: {
    /** Entries, by department, provider, type or patient. */
    list: 'GET /appointments/waitlist',
    /** One entry. */
    get: inferredRecord('GET /appointments/waitlist/{waitlistid}', 'GET /appointments/waitlist'),
    /** Puts a patient on the waitlist. */
    create: 'POST /appointments/waitlist',
    /** Changes an entry. */
    update: 'PUT /appointments/waitlist/{waitlistid}',
    /** Takes an entry off the list. */
    delete: 'DELETE /appointments/waitlist/{waitlistid}',
  },
  /** Reminders to make an appointment. */
  reminders: {
    /** Reminders of a department and a window of dates. */
    list: 'GET /appointments/appointmentreminders',
    /** One reminder. */
    get: 'GET /appointments/appointmentreminders/{appointmentreminderid}',
    /** Adds a reminder. */
    create: 'POST /appointments/appointmentreminders',
    /** Changes a reminder. */
    update: 'PUT /appointments/appointmentreminders/{appointmentreminderid}',
    /** Removes a reminder. */
    delete: 'DELETE /appointments/appointmentreminders/{appointmentreminderid}',
  },
  /** Whether the patient has said to come. */
  confirmation: {
    /** What the patient has said. */
    get: inferredRecord('GET /appointments/{appointmentid}/confirmationstatus', confirmationShape),
    /** Records what the patient has said. */
    put: 'PUT /appointments/{appointmentid}/confirmationstatus',
  },
  /** Insurances of a booking, where they differ from the patient's. */
  insurances: {
    /** The booking's insurances. */
    list: 'GET /appointments/{appointmentid}/insurances',
    /** Sets the booking's insurances. */
    update: 'PUT /appointments/{appointmentid}/insurances',
  },
  /** Fields the practice has added to appointments. */
  customFields: {
    /** The fields, with their options. */
    list: 'GET /appointments/customfields',
    /** Sets values of an appointment. */
    update: 'PUT /appointments/{appointmentid}/customfields',
  },
  /** Forms that patients fill in before a visit; they are locked at check-in. */
  healthHistoryForms: {
    /** Forms of an appointment, and how far each is filled in. */
    list: inferredList('GET /appointments/{appointmentid}/healthhistoryforms', {
      key: 'healthhistoryforms',
      record: formShape,
    }),
    /** The sections of one form, all of them. */
    get: section('GET /appointments/{appointmentid}/healthhistoryforms/{formid}'),
    /** Hands the whole form in, with answers (`healthhistoryform`: the sections as `get` gives them). */
    put: 'PUT /appointments/{appointmentid}/healthhistoryforms/{formid}',
  },
} as const satisfies MethodTable

/** Kinds of appointments, beside their list. */
export const appointmentTypeMethods = {
  /** One kind of appointment. */
  get: 'GET /appointmenttypes/{appointmenttypeid}',
  /** Adds a kind of appointment. */
  create: 'POST /appointmenttypes',
  /** Changes a kind of appointment. */
  update: 'PUT /appointmenttypes/{appointmenttypeid}',
} as const satisfies MethodTable

/** Reasons to book for, by who asks. */
export const appointmentReasonMethods = {
  /** What new patients may book for. */
  listForNewPatients: 'GET /patientappointmentreasons/newpatient',
  /** What known patients may book for. */
  listForExistingPatients: 'GET /patientappointmentreasons/existingpatient',
} as const satisfies MethodTable

/** Health history forms of the practice. */
export const healthHistoryFormMethods = {
  /** The practice's forms. */
  list: inferredList('GET /healthhistoryforms', { key: 'healthhistoryforms', record: formShape }),
  /** One form, empty. */
  get: inferredRecord('GET /healthhistoryforms/{formid}', formShape),
} as const satisfies MethodTable
