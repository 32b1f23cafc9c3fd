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
  /** Whether `departmentids` narrows a subscription. */
  readonly byDepartment: boolean
  /** Whether `departmentid` narrows a read; `byDepartment` if absent. */
  readonly readByDepartment?: boolean
  /** Further filters of a read: parameter → field of the record. */
  readonly filters: Readonly<Record<string, string>>
  /** Whether `showportalonly` narrows a read to records that the patient portal shows. */
  readonly portalOnly?: boolean
  /** The practice's name of an event → the name it has in this feed; the same if absent. */
  readonly renamed?: Readonly<Record<string, string>>
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
  {
    feed: 'claims',
    path: '/claims/changed',
    key: 'claims',
    // The first is recorded as all there is by default; that there are more is documented, which is not (inferred).
    events: ['UpdateClaim', 'DeleteClaim'],
    optional: { showadditionalevents: 'DeleteClaim' },
    byDepartment: false,
    readByDepartment: true,
    filters: { patientid: 'patientid' },
    // A new claim is announced like a changed one: otherwise nobody with the default events would hear of it (inferred).
    renamed: { CreateClaim: 'UpdateClaim' },
  },
  {
    feed: 'referringproviders',
    path: '/referringproviders/changed',
    key: 'referringproviders',
    // Not documented where we could read it: named after the events of the feed of providers, of which athenahealth's
    // webhooks have topics for referring providers too.
    events: ['ReferringProviderAdd', 'ReferringProviderUpdate', 'ReferringProviderDelete', 'ReferringProviderUndelete'],
    optional: {},
    byDepartment: false,
    filters: {},
  },
  {
    feed: 'documents/patientcase',
    path: '/documents/patientcase/changed',
    // The key is not confirmed, and a change of this feed that breaks clients is announced for autumn 2026.
    key: 'patientcases',
    // From one public client.
    events: ['PatientCaseAdd', 'PatientCaseUpdate', 'PatientCaseActionUpdate', 'PatientCaseNotifyPatient'],
    optional: {},
    byDepartment: false,
    filters: { patientids: 'patientid' },
  },
  {
    feed: 'labresults',
    path: '/labresults/changed',
    key: 'labresults',
    // Not documented where we could read it: named after the topics of athenahealth's webhooks (create, update, close).
    events: ['LabResultAdd', 'LabResultUpdate', 'LabResultClose', 'LabResultDelete'],
    optional: {},
    byDepartment: true,
    readByDepartment: false,
    filters: {},
    portalOnly: true,
  },
  {
    feed: 'imagingresults',
    path: '/imagingresults/changed',
    // Not confirmed; neither are the events, named as those of laboratory results are.
    key: 'imagingresults',
    events: [
      'ImagingResultAdd',
      'ImagingResultUpdate',
      'ImagingResultClose',
      'ImagingResultDelete',
      'ImagingResultReopen',
    ],
    optional: {},
    byDepartment: true,
    readByDepartment: false,
    filters: {},
    portalOnly: true,
  },
  {
    feed: 'prescriptions',
    path: '/prescriptions/changed',
    key: 'prescriptions',
    events: [
      'PrescriptionAdd',
      'PrescriptionUpdate',
      'PrescriptionDelete',
      'PrescriptionRefillAdd',
      'PrescriptionReopen',
      'PrescriptionPreApproval',
      'PrescriptionRefillUpdate',
    ],
    optional: {},
    byDepartment: true,
    readByDepartment: false,
    filters: {},
  },
  {
    feed: 'chart/healthhistory/problems',
    path: '/chart/healthhistory/problems/changed',
    key: 'problems',
    // Recorded; the deletion of a problem has no event that was seen.
    events: ['ProblemAdd', 'ProblemUpdate'],
    optional: {},
    byDepartment: true,
    readByDepartment: false,
    filters: { patientid: 'patientid' },
  },
  {
    feed: 'chart/healthhistory/medication',
    path: '/chart/healthhistory/medication/changed',
    key: 'medications',
    events: ['MedicationHxAdd', 'MedicationHxUpdate', 'MedicationHxDelete'],
    optional: {},
    byDepartment: true,
    readByDepartment: false,
    filters: { patientid: 'patientid' },
  },
  {
    feed: 'chart/healthhistory/allergies',
    path: '/chart/healthhistory/allergies/changed',
    key: 'allergies',
    events: ['AllergyAdd', 'AllergyUpdate'],
    optional: {},
    byDepartment: true,
    readByDepartment: false,
    filters: {},
  },
]
