import { recordShape, type RecordShape } from '../wire/decode-record.ts'

/** Kinds of records of a practice's set-up. Field names are athenahealth's. */

export const practiceInfoShape = recordShape('practiceid', {
  name: 'text',
  publicnames: 'list',
  golivedate: 'date',
  experiencemode: 'text',
  hasclinicals: 'boolean',
  hascollector: 'boolean',
  hascommunicator: 'boolean',
  iscoordinatorreceiver: 'boolean',
  iscoordinatorsender: 'boolean',
  ccmenabled: 'boolean',
  nsaenabled: 'boolean',
})
export type PracticeInfo = TypeOf<typeof practiceInfoShape>

export const departmentShape = recordShape('departmentid', {
  name: 'text',
  patientdepartmentname: 'text',
  address: 'text',
  address2: 'text',
  city: 'text',
  state: 'text',
  zip: 'text',
  phone: 'text',
  fax: 'text',
  latitude: 'text',
  longitude: 'text',
  clinicals: 'text',
  timezone: 'number',
  timezonename: 'text',
  timezoneoffset: 'number',
  doesnotobservedst: 'boolean',
  chartsharinggroupid: 'id',
  providergroupid: 'id',
  providergroupname: 'text',
  providerlist: 'ids',
  placeofservicetypeid: 'id',
  placeofservicetypename: 'text',
  placeofservicefacility: 'boolean',
  communicatorbrandid: 'id',
  creditcardtypes: 'list',
  ecommercecreditcardtypes: 'list',
  ishospitaldepartment: 'boolean',
  servicedepartment: 'boolean',
  medicationhistoryconsent: 'boolean',
})
/** A site of a practice. `timezoneoffset` is the standard offset in hours, `timezone` the one of the moment. */
export type Department = TypeOf<typeof departmentShape>

export const providerShape = recordShape('providerid', {
  firstname: 'text',
  lastname: 'text',
  displayname: 'text',
  schedulingname: 'text',
  entitytype: 'text',
  sex: 'text',
  npi: 'id',
  specialty: 'text',
  specialtyid: 'id',
  providertype: 'text',
  providertypeid: 'id',
  providerusername: 'text',
  homedepartment: 'text',
  ansinamecode: 'text',
  ansispecialtycode: 'text',
  scheduleresourcetype: 'text',
  supervisingproviderid: 'id',
  supervisingproviderusername: 'text',
  acceptingnewpatients: 'boolean',
  billable: 'boolean',
  createencounteroncheckin: 'boolean',
  hideinportal: 'boolean',
  otherprovideridlist: 'list',
  providergrouplist: 'list',
})
export type Provider = TypeOf<typeof providerShape>

export const appointmentTypeShape = recordShape('appointmenttypeid', {
  name: 'text',
  shortname: 'text',
  patientdisplayname: 'text',
  duration: 'number',
  generic: 'boolean',
  patient: 'boolean',
  templatetypeonly: 'boolean',
  createencounteroncheckin: 'boolean',
})
/** `duration` is in minutes. */
export type AppointmentType = TypeOf<typeof appointmentTypeShape>

export const appointmentReasonShape = recordShape('reasonid', {
  reason: 'text',
  description: 'text',
  reasontype: 'text',
  schedulingminhours: 'number',
  schedulingmaxdays: 'number',
})
/** What a patient may book for; see `appointments.open`. */
export type AppointmentReason = TypeOf<typeof appointmentReasonShape>

/** The record type a shape stands for. */
export type TypeOf<S> = S extends RecordShape<infer T> ? T : never
