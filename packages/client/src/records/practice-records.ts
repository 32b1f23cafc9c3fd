import { recordShape, type RecordShape } from '../wire/decode-record.ts'

/** Kinds of records of a practice's set-up. Field names are athenahealth's. */

const practiceInfoFields = recordShape('practiceid', {
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

/** What athenahealth says of a practice. */
export interface PracticeInfo extends TypeOf<typeof practiceInfoFields> {}
export const practiceInfoShape: RecordShape<PracticeInfo> = practiceInfoFields

const departmentFields = recordShape('departmentid', {
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
  clinicalproviderfax: 'text',
  portalurl: 'text',
  singleappointmentcontractmax: 'text',
  oneyearcontractmax: 'text',
  creditcardtypes: 'list',
  ecommercecreditcardtypes: 'list',
  ishospitaldepartment: 'boolean',
  servicedepartment: 'boolean',
  medicationhistoryconsent: 'boolean',
})

/** A site of a practice. `timezoneoffset` is the standard offset in hours, `timezone` the one of the moment. */
export interface Department extends TypeOf<typeof departmentFields> {}
export const departmentShape: RecordShape<Department> = departmentFields

const providerFields = recordShape('providerid', {
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
  federalidnumber: 'text',
  createencounterprovideridlist: 'list',
  otherproviderids: 'ids',
  otherprovideridlist: 'list',
  providergrouplist: 'list',
})

/** Somebody or something that is scheduled: a person, a machine or a room (`entitytype`). */
export interface Provider extends TypeOf<typeof providerFields> {}
export const providerShape: RecordShape<Provider> = providerFields

const appointmentTypeFields = recordShape('appointmenttypeid', {
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
export interface AppointmentType extends TypeOf<typeof appointmentTypeFields> {}
export const appointmentTypeShape: RecordShape<AppointmentType> = appointmentTypeFields

const appointmentReasonFields = recordShape('reasonid', {
  reason: 'text',
  description: 'text',
  reasontype: 'text',
  schedulingminhours: 'number',
  schedulingmaxdays: 'number',
})

/** What a patient may book for; see `appointments.open`. */
/** A reason for which patients book by themselves. */
export interface AppointmentReason extends TypeOf<typeof appointmentReasonFields> {}
export const appointmentReasonShape: RecordShape<AppointmentReason> = appointmentReasonFields

/** The record type a shape stands for. */
export type TypeOf<S> = S extends RecordShape<infer T> ? T : never
