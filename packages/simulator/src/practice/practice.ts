/** One simulated practice: its records and the changes they go through. */

/** The changed-data feeds that are simulated, by their path without `/changed`. */
export const feedNames = [
  'appointments',
  'patients',
  'providers',
  'claims',
  'referringproviders',
  'documents/patientcase',
  'labresults',
  'imagingresults',
  'prescriptions',
  'chart/healthhistory/problems',
  'chart/healthhistory/medication',
  'chart/healthhistory/allergies',
] as const
export type FeedName = (typeof feedNames)[number]

/** Kinds of records that can be listed and shown: those of the feeds and those that no feed tells of. */
export type RecordKind = FeedName | 'departments' | 'appointmenttypes' | 'documents'

/** A change in the practice as the changed-data feeds see it. */
export interface PracticeEvent {
  readonly feed: FeedName
  /** athenahealth's event name, e.g. `ScheduleAppointment`. */
  readonly name: string
  /** Id of the record within its feed. */
  readonly id: string
  readonly departmentId: string | undefined
  /** Virtual time, epoch ms. */
  readonly at: number
}

/** What a caller asks to see of patients with restricted records. */
export interface Sight {
  readonly ignoreRestrictions: boolean
  /** N, R or both; undefined when not asked about. */
  readonly confidentialityCodes: ReadonlySet<string> | undefined
}

/** What a record shows only when asked to (athenahealth's `show…` fields); absent means not shown. */
export interface Show {
  readonly fullSsn?: boolean
  readonly insurance?: boolean
  readonly customFields?: boolean
  /** Custom fields about privacy too. */
  readonly privacyCustomFields?: boolean
  readonly balanceDetails?: boolean
  /** The confidentiality code: N or R. */
  readonly confidentiality?: boolean
  readonly portalStatus?: boolean
  readonly localPatientId?: boolean
  readonly allPatientStatuses?: boolean
  readonly previousPatientIds?: boolean
  /** Of documents and problems: as their own call shows them, not as the feed does. */
  readonly alone?: boolean
  /** Of results: only those that the patient portal shows are there at all. */
  readonly portalOnly?: boolean
  // What appointments add.
  /** Who asks: details of patients that are not for them are left out. The practice's own staff if absent. */
  readonly sight?: Sight
  readonly copay?: boolean
  readonly patientDetail?: boolean
  readonly claimDetail?: boolean
  readonly expectedProcedures?: boolean
  readonly reminderCalls?: boolean
  readonly telehealth?: boolean
}

export interface Practice {
  readonly id: number
  /** Called for every change, in order, inside the mutation that made it. */
  onEvent(listener: (event: PracticeEvent) => void): void
  /**
   * The record as athenahealth shows it now in a feed or a GET by id (wire shape, typed era), or undefined when no such
   * id ever existed. Cancelled appointments, deleted slots (status `x` without a patient) and deleted patients still
   * have a shape; a merged patient answers as its survivor. `show` is for patients and results.
   */
  wireRecord(kind: RecordKind, id: string, show?: Show): Record<string, unknown> | undefined
  /** Tells of which records of a kind a caller may know; undefined, or without this function, of all. */
  sees?(kind: RecordKind, sight: Sight): ((id: string) => boolean) | undefined
  /**
   * Ids of every record of a kind that still answers as itself, in no particular order: without deleted slots, deleted
   * providers and merged patients, with cancelled appointments and deleted patients.
   */
  ids(kind: RecordKind): Iterable<string>
}

// Beside this contract the server uses three functions: `createPractice` (create-practice.ts), `startDay`
// (day/start-day.ts) and `applyChange(practice, change, now)` (apply-change.ts), which makes one change given as plain
// JSON and throws TypeError or RangeError with what is wrong about it; `SimulatorParts` in server/start-simulator.ts
// has their types. Events carry the time of the mutation, never before that of the one before.
