import type { FeedName } from '../practice/practice.ts'

/** What is particular to one changed-data feed; the machinery is the same for all. */
export interface FeedRow {
  readonly feed: FeedName
  /** Path of the list under `/v1/{practiceid}`; the subscription is at `{path}/subscription`. */
  readonly path: string
  /** Name of the array in the list. */
  readonly key: string
  /** Every event in the order the events list names them (recorded). */
  readonly events: readonly string[]
  /** Events that "all" leaves out unless the flag is sent: flag → event. */
  readonly optional: Readonly<Record<string, string>>
  /** Whether `departmentids` narrows a subscription and `departmentid` a read. */
  readonly byDepartment: boolean
  /** Further filters of a read: parameter → field of the record. */
  readonly filters: Readonly<Record<string, string>>
}

export const feedTable: readonly FeedRow[] = [
  {
    feed: 'appointments',
    path: '/appointments/changed',
    key: 'appointments',
    events: [
      'ScheduleAppointment',
      'CheckIn',
      'CheckOut',
      'UpdateAppointment',
      'CancelAppointment',
      'UpdateReminderCall',
      'UpdateSuggestedOverbooking',
      'FreezeAppointment',
      'UnfreezeAppointment',
      'DeleteAppointment',
      'AddAppointmentSlot',
    ],
    optional: { includeremindercall: 'UpdateReminderCall', includesuggestedoverbooking: 'UpdateSuggestedOverbooking' },
    byDepartment: true,
    filters: { patientid: 'patientid', providerid: 'providerid' },
  },
  {
    feed: 'patients',
    path: '/patients/changed',
    key: 'patients',
    events: ['AddPatient', 'DeletePatient', 'UpdatePatient', 'MergePatient', 'UpdatePatientCustomField'],
    optional: {},
    byDepartment: true,
    filters: { patientid: 'patientid' },
  },
  {
    feed: 'providers',
    path: '/providers/changed',
    key: 'providers',
    events: ['ProviderAdd', 'ProviderUpdate', 'ProviderDelete', 'ProviderUndelete'],
    optional: {},
    byDepartment: false,
    filters: {},
  },
]
