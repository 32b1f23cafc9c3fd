import { defaultPacingSettings, type PacingSettings } from '../pacing/pacing-settings.ts'
import { defaultRangeLimits, type RangeRules, rangesOf } from '../policy/intensive-calls.ts'
import { defaultOffHours, type OffHours } from '../policy/off-hours.ts'
import { coreFeeds, type FeedName } from './feed-name.ts'

/** How sync behaves; times in milliseconds of the installation's clock. Defaults suit production. */
export interface SyncSettings {
  /** What is mirrored: what always is, and what is wanted beside it. */
  readonly feeds: readonly FeedName[]
  /**
   * Departments that are mirrored, by practice id, in ascending order; a practice that is not named is mirrored as a whole.
   * Only feeds that athenahealth can limit are (`isLimitable`).
   */
  readonly departments: Readonly<Record<string, readonly string[]>>
  /** Whether what athenahealth lists by patient only is read once for every patient, or only what changes is mirrored. */
  readonly loadByPatient: boolean
  /** Months of claims that a snapshot reads, and months per request: athenahealth asks for 3 to 6. */
  readonly claimsMonthsBack: number
  readonly claimsWindowMonths: number
  /** Between the starts of two drains of one feed: athenahealth asks for no more than one a minute. */
  readonly pollIntervalMs: number
  /** How it is chosen when to drain a feed, never sooner than `pollIntervalMs`. */
  readonly pacing: PacingSettings
  /** From "active" to the authoritative snapshot: subscriptions take up to 15 minutes to take hold everywhere. */
  readonly settleMs: number
  /** Between the first looks at a subscription that is not active: see `troubledCheckMs`. */
  readonly activationCheckMs: number
  /** Between two looks at an active subscription: lost or partial ones are found within this, where calls are plenty (`checkEveryMs`). */
  readonly subscriptionCheckMs: number
  /** On both sides of a replayed window; twice the measured skew is used where that is more. */
  readonly replayMarginMs: number
  /**
   * An intent open for longer than this is a gap: how long athenahealth keeps processed messages is not published, and
   * a window replayed too late comes back empty without saying so. Too short costs a snapshot, too long loses records.
   */
  readonly retentionMs: number
  /**
   * A feed that was not read to its end for longer than this has a gap: that messages are deleted in the end is published of
   * processed ones alone, and of those that nobody has read nothing is. Longer than a weekend, so that a machine which stood
   * still over one costs no snapshot.
   */
  readonly unreadRetentionMs: number
  /** Between two readings of the kinds that have no feed (departments, appointment types). */
  readonly refreshMs: number
  /** How far back a second deployment on the same app is looked for before the first consuming read. */
  readonly foreignWindowMs: number
  /** Proceed although another consumer of the same app was seen: the operator has stopped the other one. */
  readonly takeOver: boolean
  /** Records asked for per page of a feed and of a snapshot (athenahealth: at most 5,000). */
  readonly feedPageSize: number
  readonly snapshotPageSize: number
  /** Days of booked appointments and open slots that a snapshot reads, relative to today. */
  readonly bookedDaysBack: number
  readonly bookedDaysAhead: number
  readonly slotDaysAhead: number
  /** Days per booked request, where the policy allows as many. */
  readonly bookedWindowDays: number
  /** The policy's: no list is asked for in wider ranges. */
  readonly ranges: RangeRules
  /** By how long a dead or paused holder of a feed holds up the next one. In the machine's time, also beside a simulator. */
  readonly leaseMs: number
  /** The same for booked appointments that changed since a gap began: wide, because those of a quarter of a year fit into one answer. */
  readonly changedWindowDays: number
  /** Applied pages are kept this long, then deleted. */
  readonly inboxKeepMs: number
  /** When lists are read through to check the mirror: the same hours as the policy's. */
  readonly offHours: OffHours
  /** Every patient is read again within so many days, a part each night. */
  readonly rereadDays: number
  /**
   * How long after a check found a difference the feed may still bring the record, so that it was only on its way. How far
   * athenahealth's feeds are behind its lists is not published; too short raises an alarm for nothing.
   */
  readonly reconcileGraceMs: number
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

export const defaultSyncSettings: SyncSettings = {
  feeds: coreFeeds,
  departments: {},
  loadByPatient: true,
  claimsMonthsBack: 24,
  claimsWindowMonths: 3,
  pollIntervalMs: minute,
  pacing: defaultPacingSettings,
  settleMs: 15 * minute,
  activationCheckMs: 30 * second,
  subscriptionCheckMs: 15 * minute,
  replayMarginMs: 2 * minute,
  retentionMs: 4 * hour,
  unreadRetentionMs: 72 * hour,
  refreshMs: 24 * hour,
  foreignWindowMs: 15 * minute,
  takeOver: false,
  feedPageSize: 1_000,
  snapshotPageSize: 1_000,
  bookedDaysBack: 7,
  bookedDaysAhead: 90,
  slotDaysAhead: 30,
  bookedWindowDays: 7,
  ranges: { ...defaultRangeLimits, bookedDaysMaxOf: {} },
  leaseMs: 30 * second,
  changedWindowDays: 90,
  inboxKeepMs: 24 * hour,
  offHours: defaultOffHours,
  rereadDays: 28,
  reconcileGraceMs: 5 * minute,
}

/** The settings as they are for one practice: windows no wider than its policy lets them be asked for (pure). */
export function settingsOf(settings: SyncSettings, practice: number): SyncSettings {
  const { bookedDaysMax } = rangesOf(settings.ranges, practice)
  const { bookedWindowDays, changedWindowDays } = settings
  return {
    ...settings,
    bookedWindowDays: Math.min(bookedWindowDays, bookedDaysMax),
    changedWindowDays: Math.min(changedWindowDays, bookedDaysMax),
  }
}
