const DAY_MS = 86_400_000

/**
 * athenahealth counts a call on the day it arrives and starts anew at 00:00 GMT. Our clock and its clock differ, and a
 * call is on its way for a while: within this time of midnight, on either side, a call is charged to both days.
 */
export const MIDNIGHT_GUARD_MS = 120_000

/** The quota day of an instant: its UTC date, `YYYY-MM-DD`. No time zone and no daylight saving has a part in it. */
export function quotaDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** The days a call sent at `at` is charged to: one, or two around midnight GMT, in order. */
export function chargedDays(at: number): [string] | [string, string] {
  const before = quotaDay(at - MIDNIGHT_GUARD_MS)
  const after = quotaDay(at + MIDNIGHT_GUARD_MS)
  return before === after ? [before] : [before, after]
}

/** As `chargedDays`, where it is not known exactly when a call is sent; each day once, in order. */
export function daysCharged(instants: readonly number[]): readonly string[] {
  return [...new Set(instants.flatMap(chargedDays))].sort()
}

/** When calls are possible again once `day` is used up: the guard after its midnight, epoch ms. */
export function dayResumesAt(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) + DAY_MS + MIDNIGHT_GUARD_MS
}

/** The limit of a day: the configured one, or a lower one that athenahealth named that day. */
export function limitInForce(configured: number, upstream: number | null): number {
  return Math.min(configured, upstream ?? configured)
}

/**
 * How many calls to reserve at once of `unreserved` ones. Blocks shrink towards the end of the day, so that what a
 * killed process had reserved and never used stays small beside what was left.
 */
export function blockOf(dayBlock: number, unreserved: number): number {
  const wanted = Math.min(dayBlock, Math.max(1, Math.floor(unreserved / 8)))
  return Math.max(0, Math.min(wanted, unreserved))
}

/** The size of a block unless configured: 200 of production's 500,000, 20 of preview's 50,000, 1 of very few. */
export function defaultDayBlock(perDay: number): number {
  return Math.min(200, Math.max(1, Math.round(perDay / 2_500)))
}
