/**
 * Who goes first, best first. interactive: a person waits. notifications: athenahealth told us of a change.
 * feeds: changed-data polls. reconciliation: checking the mirror. bulk: first loads and other large pulls.
 */
export const priorities = ['interactive', 'notifications', 'feeds', 'reconciliation', 'bulk'] as const

export type Priority = (typeof priorities)[number]

interface PriorityRule {
  /**
   * How far ahead the shared timetable may be booked for a call of this priority to join it, in ms. The shorter one
   * yields: while interactive calls keep the timetable booked past 100 ms, no replica books bulk calls at all. None is
   * long: so much a practice that floods one replica can delay another's calls on another one.
   */
  readonly bookAheadMs: number
  /** Share of the day's calls that this priority leaves untouched for those above it. */
  readonly dayFloorShare: number
}

/** A tenth of the day is for people alone: everything else stops before it, the least urgent first. */
export const priorityRules: Record<Priority, PriorityRule> = {
  interactive: { bookAheadMs: 300, dayFloorShare: 0 },
  notifications: { bookAheadMs: 250, dayFloorShare: 0.1 },
  feeds: { bookAheadMs: 200, dayFloorShare: 0.11 },
  reconciliation: { bookAheadMs: 150, dayFloorShare: 0.13 },
  bulk: { bookAheadMs: 100, dayFloorShare: 0.15 },
}
