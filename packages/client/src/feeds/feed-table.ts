/** What is known of a changed-data feed. Paths are under the practice. */
export interface FeedEntry {
  /** The consuming list. */
  readonly path: string
  readonly subscriptionPath: string
  readonly eventsPath: string
  /** The member of an answer that holds the records. */
  readonly key: string
  /** Whether an answer of athenahealth's with that member has been seen. */
  readonly keyConfirmed: boolean
  /** The field that identifies a record; null where it is not known. */
  readonly idField: string | null
  /** Whether a subscription can be limited to departments. */
  readonly subscribesDepartments: boolean
  /** Whether a read can be limited to departments (it must then be the subscription's). */
  readonly filtersDepartments: boolean
  /** Events seen; athenahealth may have more. Ask `events()` for the whole list. */
  readonly events: readonly string[]
}

/**
 * The 24 changed-data feeds (athenahealth's documents and recorded answers, read 2026-11). Each knows subscription,
 * events, a consuming read and a read of what was processed.
 */
export const feedTable = {
  appointments: feed('/appointments/changed', {
    key: 'appointments',
    keyConfirmed: true,
    idField: 'appointmentid',
    subscribesDepartments: true,
    filtersDepartments: true,
    events: [
      'ScheduleAppointment',
      'CheckIn',
      'CheckOut',
      'UpdateAppointment',
      'CancelAppointment',
      'FreezeAppointment',
      'UnfreezeAppointment',
      'DeleteAppointment',
      'AddAppointmentSlot',
      'UpdateReminderCall',
      'UpdateSuggestedOverbooking',
    ],
  }),
  patients: feed('/patients/changed', {
    key: 'patients',
    keyConfirmed: true,
    idField: 'patientid',
    subscribesDepartments: true,
    filtersDepartments: true,
    events: ['AddPatient', 'DeletePatient', 'UpdatePatient', 'MergePatient', 'UpdatePatientCustomField'],
  }),
  providers: feed('/providers/changed', {
    key: 'providers',
    keyConfirmed: true,
    idField: 'providerid',
    subscribesDepartments: false,
    filtersDepartments: false,
    events: ['ProviderAdd', 'ProviderUpdate', 'ProviderDelete', 'ProviderUndelete'],
  }),
  claims: feed('/claims/changed', {
    key: 'claims',
    keyConfirmed: true,
    idField: 'claimid',
    subscribesDepartments: false,
    filtersDepartments: true,
    events: ['UpdateClaim'],
  }),
  'chart/healthhistory/problems': feed('/chart/healthhistory/problems/changed', {
    key: 'problems',
    keyConfirmed: true,
    idField: 'problemid',
    subscribesDepartments: true,
    filtersDepartments: false,
    events: ['ProblemAdd', 'ProblemUpdate'],
  }),
  'chart/healthhistory/allergies': feed('/chart/healthhistory/allergies/changed', {
    key: 'allergies',
    keyConfirmed: true,
    idField: 'allergenid',
    subscribesDepartments: true,
    filtersDepartments: false,
    events: ['AllergyAdd', 'AllergyUpdate'],
  }),
  'chart/healthhistory/medication': feed('/chart/healthhistory/medication/changed', {
    key: 'medications',
    keyConfirmed: true,
    idField: 'medicationentryid',
    subscribesDepartments: true,
    filtersDepartments: false,
    events: ['MedicationHxAdd', 'MedicationHxUpdate', 'MedicationHxDelete'],
  }),
  'chart/healthhistory/vaccine': feed('/chart/healthhistory/vaccine/changed', {
    key: 'vaccines',
    keyConfirmed: false,
    idField: 'vaccineid',
    subscribesDepartments: true,
    filtersDepartments: false,
    events: ['HxVaccineAdd', 'HxVaccineUpdate', 'HxVaccineDelete'],
  }),
  'chart/healthhistory/familyhistory': feed('/chart/healthhistory/familyhistory/changed', {
    key: 'familyhistory',
    keyConfirmed: false,
    idField: null,
    subscribesDepartments: false,
    filtersDepartments: false,
    events: [],
  }),
  prescriptions: feed('/prescriptions/changed', {
    key: 'prescriptions',
    keyConfirmed: true,
    idField: 'documentid',
    subscribesDepartments: true,
    filtersDepartments: false,
    events: [
      'PrescriptionAdd',
      'PrescriptionUpdate',
      'PrescriptionDelete',
      'PrescriptionRefillAdd',
      'PrescriptionReopen',
      'PrescriptionPreApproval',
      'PrescriptionRefillUpdate',
    ],
  }),
  labresults: feed('/labresults/changed', {
    key: 'labresults',
    keyConfirmed: true,
    idField: 'labresultid',
    subscribesDepartments: true,
    filtersDepartments: false,
    events: [],
  }),
  imagingresults: feed('/imagingresults/changed', {
    key: 'imagingresults',
    keyConfirmed: false,
    idField: 'imagingresultid',
    subscribesDepartments: true,
    filtersDepartments: false,
    events: [],
  }),
  orders: feed('/orders/changed', {
    key: 'orders',
    keyConfirmed: true,
    idField: 'documentid',
    subscribesDepartments: true,
    filtersDepartments: true,
    events: [],
  }),
  'orders/signedoff': feed('/orders/signedoff', {
    key: 'orders',
    keyConfirmed: false,
    idField: 'orderid',
    subscribesDepartments: true,
    filtersDepartments: true,
    events: ['OrderSignOffNotify'],
  }),
  'documents/patientcase': feed('/documents/patientcase/changed', {
    key: 'patientcases',
    keyConfirmed: false,
    idField: 'patientcaseid',
    subscribesDepartments: false,
    filtersDepartments: false,
    events: ['PatientCaseAdd', 'PatientCaseUpdate', 'PatientCaseActionUpdate', 'PatientCaseNotifyPatient'],
  }),
  referringproviders: feed('/referringproviders/changed', {
    key: 'referringproviders',
    keyConfirmed: true,
    idField: 'referringproviderid',
    subscribesDepartments: false,
    filtersDepartments: false,
    events: [],
  }),
  referringprovidernumbers: feed('/referringprovidernumbers/changed', {
    key: 'referringprovidernumbers',
    keyConfirmed: false,
    idField: null,
    subscribesDepartments: false,
    filtersDepartments: false,
    events: [],
  }),
  providernumbers: feed('/providernumbers/changed', {
    key: 'providernumbers',
    keyConfirmed: false,
    idField: null,
    subscribesDepartments: false,
    filtersDepartments: false,
    events: [],
  }),
  ccmenrollmentstatus: feed('/ccmenrollmentstatus/changed', {
    key: 'ccmenrollmentstatus',
    keyConfirmed: false,
    idField: null,
    subscribesDepartments: false,
    filtersDepartments: false,
    events: [],
  }),
  chargecodes: feed('/chargecodes/changed', {
    key: 'chargecodes',
    keyConfirmed: false,
    idField: null,
    subscribesDepartments: false,
    filtersDepartments: false,
    events: [],
  }),
  visits: feed('/visits/changed', {
    key: 'visits',
    keyConfirmed: false,
    idField: 'visitid',
    subscribesDepartments: true,
    filtersDepartments: true,
    events: [],
  }),
  orcase: feed('/orcase/changed', {
    key: 'orcases',
    keyConfirmed: false,
    idField: null,
    subscribesDepartments: false,
    filtersDepartments: false,
    events: [],
  }),
  stays: feed('/stays/changed', {
    key: 'stays',
    keyConfirmed: false,
    idField: 'stayid',
    subscribesDepartments: false,
    filtersDepartments: false,
    events: [],
  }),
  surgerycases: feed('/surgerycases/changed', {
    key: 'surgerycases',
    keyConfirmed: false,
    idField: null,
    subscribesDepartments: false,
    filtersDepartments: true,
    events: [],
  }),
} as const satisfies Record<string, FeedEntry>

/** The name of a feed, as in its path. */
export type FeedName = keyof typeof feedTable

/** Subscriptions hang below the list's path, for all feeds. Path and key are kept as they are written: they make types. */
function feed<const P extends string, const K extends string>(
  path: P,
  entry: Omit<FeedEntry, 'path' | 'subscriptionPath' | 'eventsPath'> & { readonly key: K },
): FeedEntry & { readonly path: P; readonly key: K } {
  return { path, subscriptionPath: `${path}/subscription`, eventsPath: `${path}/subscription/events`, ...entry }
}
