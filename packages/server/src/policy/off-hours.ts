import { instantsOf, type WallTime, wallTimeAt } from './wall-time.ts'

/** When large pulls may run: always (the demo), or daily between two wall times of a zone, over midnight if need be. */
export type OffHours = 'always' | OffHoursWindow

export interface OffHoursWindow {
  /** IANA name, e.g. `America/New_York`. */
  readonly timeZone: string
  /** `HH:MM`, 24 hours. */
  readonly from: string
  /** `HH:MM`; not later than `from` means on the next day. */
  readonly to: string
}

/**
 * athenahealth's Best Practices page says 8pm-6am EST in one place and 9PM-8AM EST in another, and "EST" is used for
 * both winter and summer time. These hours lie inside both, under either reading, all year (page read 2026-11).
 */
export const defaultOffHours: OffHoursWindow = { timeZone: 'America/New_York', from: '22:00', to: '06:00' }

/** Whether the window is open, and when the current one, else the next one, opens and closes (epoch ms). */
export interface OffHoursState {
  readonly open: boolean
  readonly opensAt: number
  readonly closesAt: number
}

const ALWAYS: OffHoursState = { open: true, opensAt: Number.NEGATIVE_INFINITY, closesAt: Number.POSITIVE_INFINITY }

/**
 * Where `now` (epoch ms) stands to the off-hours window. Open from `opensAt` on, closed again at `closesAt` itself.
 * Follows the zone's clock through daylight saving: a window over the change lasts an hour less or more. Where the
 * change makes an edge ambiguous or skips it, the shorter window counts: opening late or closing early only delays
 * work, the opposite would burden athenahealth in its busy hours.
 */
export function offHours(now: number, config: OffHours): OffHoursState {
  if (config === 'always') return ALWAYS
  const today = wallTimeAt(config.timeZone, now)
  for (const dayOffset of [-1, 0, 1, 2]) {
    const window = windowOf(config, shifted(today, dayOffset))
    if (window.opensAt < window.closesAt && now < window.closesAt) return { open: now >= window.opensAt, ...window }
  }
  throw new RangeError('an off-hours window must open and close within two days')
}

/** Minutes since midnight of `HH:MM`; undefined when it is not a time of day. For checking a configuration. */
export function minutesOf(time: string): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time)
  return match ? Number(match[1]) * 60 + Number(match[2]) : undefined
}

function windowOf(config: OffHoursWindow, day: WallTime): { opensAt: number; closesAt: number } {
  const from = checkedMinutes(config.from)
  const to = checkedMinutes(config.to)
  const closingDay = to <= from ? shifted(day, 1) : day
  return {
    opensAt: Math.max(...instantsOf(config.timeZone, atMinutes(day, from))),
    closesAt: Math.min(...instantsOf(config.timeZone, atMinutes(closingDay, to))),
  }
}

function checkedMinutes(time: string): number {
  const minutes = minutesOf(time)
  if (minutes === undefined) throw new RangeError('an off-hours time must be HH:MM')
  return minutes
}

function atMinutes(day: WallTime, minutes: number): WallTime {
  return { ...day, hour: Math.floor(minutes / 60), minute: minutes % 60 }
}

/** The calendar day `days` later; the time of day is of no account. */
function shifted(day: WallTime, days: number): WallTime {
  const date = new Date(Date.UTC(day.year, day.month - 1, day.day + days))
  return { ...day, year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}
