/**
 * The arithmetic of calls per second. Permissions are instants on one timetable, evenly spaced and never saved up
 * (GCRA without burst). A call leaves at its instant or a little later, never earlier. With `limit` instants spanning
 * `limit × interval`, more than `limit` calls can fall into one second only if some left later than
 * `limit × interval − 1 s` after their instant. That is the slack; a permission that would use more than its part of
 * it is not used at all, so a stalled process cannot send what has piled up.
 */
export interface RatePlan {
  /** From one instant of the timetable to the next. */
  readonly intervalMs: number
  /** How late calls may leave before a sliding second can hold one too many. */
  readonly slackMs: number
  /** Our part of the slack; the rest is for the network between us and athenahealth. */
  readonly toleranceMs: number
  /** The most instants to book at once. */
  readonly batchMax: number
}

export interface RateLimit {
  /** Calls that the other side allows in any second. */
  readonly perSecond: number
  /** Share of it that is planned for, below 1. */
  readonly usableShare: number
}

/** Booked together, calls share one database statement; booked for longer, a more urgent call would wait behind them. */
const BATCH_MS = 100

const OWN_PART_OF_SLACK = 0.5

/** What of a limit a second can hold: calls are whole. Below 1 it is a call in more than a second. */
export function countedPerSecond(perSecond: number): number {
  return perSecond < 1 ? perSecond : Math.floor(perSecond)
}

/**
 * Calls a second that are planned for, and given: on average, where that is less than one. `marginSeconds`: by how much more than a
 * second a limit's calls are spaced since athenahealth throttled some.
 */
export function usablePerSecond({ perSecond, usableShare }: RateLimit, marginSeconds = 0): number {
  return (countedPerSecond(perSecond) * usableShare) / (1 + marginSeconds * usableShare)
}

/** The plan for a limit. Guarantees at least one call per `1 / usableShare` seconds, and batches within one window. */
export function ratePlan(limit: RateLimit): RatePlan {
  const intervalMs = 1000 / usablePerSecond(limit)
  const windowCalls = Math.max(1, countedPerSecond(limit.perSecond))
  const slackMs = windowCalls * intervalMs - 1000
  const batchMax = Math.max(1, Math.min(windowCalls, Math.floor(BATCH_MS / intervalMs)))
  return { intervalMs, slackMs, toleranceMs: slackMs * OWN_PART_OF_SLACK, batchMax }
}

/**
 * What a batch costs on the timetable. A process that cannot keep within the plan's tolerance (a stalling machine, a
 * simulator's clock run at high speed) asks for a wider one and pays for it in pauses: the instants after the batch
 * move by as much as its calls may be later than planned, which keeps every second within the limit all the same.
 */
export function batchCostMs(plan: RatePlan, count: number, toleranceMs: number): number {
  return count * plan.intervalMs + Math.max(0, toleranceMs - plan.toleranceMs)
}

/**
 * How far past an instant the timetable may be booked for a delay at that instant still to be paid for afterwards:
 * fewer than a window's calls must have been booked in between, for only later ones can be moved.
 */
export function payableUntilMs(plan: RatePlan, perSecond: number): number {
  return Math.max(1, countedPerSecond(perSecond)) * plan.intervalMs
}
