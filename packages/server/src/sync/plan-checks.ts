import { bookedSegments, daysTo, openSegments, type PlanFacts } from './plan-snapshot.ts'
import type { Segment } from './segment.ts'

/** What the plan of a check rests on. */
export interface CheckFacts extends PlanFacts {
  /** Times the check was completed before. */
  readonly turn: number
  /** Last days that a whole reading has shown, YYYY-MM-DD. */
  readonly shownUntil: { readonly booked: string | null; readonly open: string | null }
}

/** The window of booked appointments is read through in so many nights. */
const nights = 7

/**
 * Of booked appointments each night a seventh of the window, and the days that have come into it since they were last read,
 * of open slots too: what is promised of the coming weeks holds on every day. A part overlaps the next by a day, because
 * the window moves on by one from night to night.
 */
export function planNightlyAppointments(facts: CheckFacts): readonly Segment[] {
  const { settings, now, turn, shownUntil } = facts
  const { bookedDaysBack, bookedDaysAhead, slotDaysAhead } = settings
  const width = Math.ceil((bookedDaysBack + bookedDaysAhead + 1) / nights)
  const first = -bookedDaysBack + (turn % nights) * width
  const last = Math.min(first + width, bookedDaysAhead)
  const nextDay = (shown: string | null) => (shown === null ? Infinity : daysTo(shown, now) + 1)
  const newSlots = { first: nextDay(shownUntil.open), last: slotDaysAhead }
  return [
    ...bookedSegments(facts, { first, last }),
    ...bookedSegments(facts, { first: Math.max(nextDay(shownUntil.booked), last + 1), last: bookedDaysAhead }),
    ...openSegments(facts, newSlots),
  ]
}

/**
 * Pages to be read tonight so that a check of `pages` pages ends in time: what is left, spread over the nights that are
 * left. A night that was missed is made up for by the others.
 */
export function pagesTonight(run: { pages: number; beganAt: number; days: number }, now: number): number {
  const nightsGone = Math.floor((now - run.beganAt) / 86_400_000)
  return Math.max(1, Math.ceil(run.pages / Math.max(1, run.days - nightsGone)))
}
