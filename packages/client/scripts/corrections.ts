import type { Envelope } from '../src/catalogue/catalogue-entry.ts'
import type { WireKind } from '../src/wire/coerce.ts'

/** What is known of single endpoints beyond, or against, the facts file. By `METHOD /path`. */
export interface Correction {
  readonly envelope?: Envelope
  readonly nested?: boolean
  readonly fields?: Readonly<Record<string, WireKind>>
  /** `none`: recorded or documented to take no limit and offset. */
  readonly paging?: 'none'
}

export const corrections: Readonly<Record<string, Correction>> = {
  // Answers `1`, or a text that says why not.
  'PUT /appointments/booked/{appointmentid}': { envelope: 'scalar' },
  // A list of field names, no records.
  'GET /departments/{departmentid}/checkinrequired': { envelope: 'object', fields: { fieldlist: 'list' } },
  // Answers `success`, or the notes as they are then: recordings of two eras.
  'POST /appointments/{appointmentid}/notes': { envelope: 'object', fields: { notes: 'list', totalcount: 'number' } },
  // A list of the form's sections, though the path names one form.
  'GET /appointments/{appointmentid}/healthhistoryforms/{formid}': { envelope: 'array', paging: 'none' },
  'GET /chart/{patientid}/medications': { nested: true, paging: 'none' },
  // Takes `maxresults` instead.
  'GET /patients/search': { paging: 'none' },
  'GET /patients/enhancedbestmatch': { paging: 'none' },
  // Read by clients of others, without a recorded answer.
  'GET /ping': { envelope: 'object', fields: { pong: 'text' } },
  'GET /patients/{patientid}/photo': { envelope: 'object', fields: { image: 'text' } },
  'GET /patients/{patientid}/driverslicense': { envelope: 'object', fields: { image: 'text' } },
  'POST /appointments/{appointmentid}/checkout': {
    envelope: 'object',
    fields: { success: 'boolean', errormessage: 'text' },
  },
  // Its one recording is a refusal; athenahealth's documents name the id.
  'POST /chart/{patientid}/problems': { fields: { problemid: 'id' } },
  'POST /claims': { envelope: 'object', fields: { success: 'boolean', claimids: 'ids' } },
  // What a check-in needs: not a list of the practice's.
  'GET /appointments/{appointmentid}/checkin': { paging: 'none' },
}

/** Members beside a list, where the facts name them without their values. */
export const aroundKinds: Readonly<Record<string, WireKind>> = {
  totalcount: 'number',
  next: 'text',
  previous: 'text',
  status: 'text',
  nkda: 'boolean',
  nomedicationsreported: 'boolean',
  patientdownloadconsent: 'boolean',
  patientneedsdownloadconsent: 'boolean',
  sectionnote: 'text',
  lastupdated: 'dateTime',
  lastmodifiedby: 'text',
  lastmodifieddatetime: 'dateTime',
  notelastmodifiedby: 'text',
  notelastmodifieddatetime: 'dateTime',
}

/** Fields that only ever held a date alone; other dates may come with a time and stay text as received. */
export const plainDateFields: ReadonlySet<string> = new Set([
  'analytedate',
  'approximatedate',
  'billedservicedate',
  'claimcreateddate',
  'date',
  'deceaseddate',
  'dob',
  'documentdate',
  'guarantordob',
  'insurancepolicyholderdob',
  'labresultdate',
  'registrationdate',
])

/** Fields whose name or recorded type would lead astray. */
export const fieldKinds: Readonly<Record<string, WireKind>> = {
  npi: 'id',
  npinumber: 'id',
  snomedcode: 'id',
  diagnosissnomed: 'id',
  // Numbers in some recordings, words in others.
  priority: 'text',
  populated: 'text',
  deaschedule: 'text',
  checkboxesconfigured: 'text',
  frozen: 'boolean',
  acceptfax: 'boolean',
  isreviewedbyprovider: 'boolean',
  departmentids: 'ids',
}
