import { easternZone, wireInstant } from '@aegis/client'
import { hourOfWeek } from '../../packages/server/src/pacing/hour-of-week.ts'
import { defaultOffHours, offHours } from '../../packages/server/src/policy/off-hours.ts'
import { chargedDays, dayResumesAt } from '../../packages/server/src/quota/quota-day.ts'
import { nextNight } from '../../packages/server/src/sync/night.ts'
import { dateIn, planClaims } from '../../packages/server/src/sync/plan-snapshot.ts'
import { defaultSyncSettings } from '../../packages/server/src/sync/sync-settings.ts'
import { type Draw, drawFrom } from '../draw.ts'
import { standIn } from '../machine-zone.ts'
import type { Verdict } from '../verdict.ts'
import { clockIn, dayMs, isNight, nightly, type ShownTime, usDate, utcDate } from './plain-calendar.ts'

const minute = 60_000
const hour = 60 * minute

/** Days on which calendars go wrong, UTC. */
const days: readonly (readonly [name: string, at: number])[] = [
  ['spring forward', Date.UTC(2026, 2, 8)],
  ['fall back', Date.UTC(2026, 10, 1)],
  ['leap day', Date.UTC(2028, 1, 29)],
  ['year end', Date.UTC(2026, 11, 31)],
]
/** Zones of the machine; the last one changes by half an hour, in other months. */
const hosts = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'] as const

/** So many seeds are every day in every zone once. */
export const calendarSeeds = days.length * hosts.length

const practices = [195900, 195901, 7]

/**
 * F20: every minute of a day on which calendars go wrong, of the day before and of the one after, on a machine of some zone:
 * the hours for large pulls, the days of calls, the nights of checks, hours of the week, times that athenahealth writes, and the
 * windows of lists. Judged by a calendar of the rig's own, which asks no `Intl`.
 */
export async function calendarDrill(seed: number): Promise<Verdict> {
  const [name, noon] = days[(seed - 1) % days.length] ?? ['', 0]
  const host = hosts[Math.floor((seed - 1) / days.length) % hosts.length] ?? 'UTC'
  const standBack = standIn(host)
  try {
    const wrong = new Set<string>(hostShows(host))
    const [from, to] = [noon - dayMs, noon + 2 * dayMs]
    const draw = drawFrom(seed)
    for (let at = from; at < to; at += minute) for (const one of judgeMinute(at, draw)) wrong.add(one)
    for (const practice of practices) for (const one of judgeNights(practice, { from, to })) wrong.add(one)
    return { wrong: [...wrong].slice(0, 20), counts: { minutes: (to - from) / minute, [name]: 1, [host]: 1 } }
  } finally {
    standBack()
  }
}

/** That the process lives in the zone it was given. */
function hostShows(host: (typeof hosts)[number]): string[] {
  const january = { UTC: 0, 'America/New_York': 300, 'Asia/Kolkata': -330, 'Australia/Lord_Howe': -660 }[host]
  return new Date(Date.UTC(2026, 0, 15)).getTimezoneOffset() === january ? [] : [`this process is not in ${host}`]
}

function judgeMinute(start: number, draw: Draw): string[] {
  // Somewhere within the minute, and its first instant now and then.
  const at = start + (draw.chance(0.1) ? 0 : draw.between(0, minute - 1))
  const shown = clockIn('eastern', at)
  const judged = { hours: judgeOffHours(at, shown), calls: judgeCallDays(at), times: judgeTimes(at, shown) }
  const wrong = Object.entries(judged).flatMap(([what, right]) => (right ? [] : [what]))
  if (!judgeWeek(at)) wrong.push('hour of the week')
  if (!judgeLists(at)) wrong.push('days of lists')
  return wrong.map((what) => `${what} at ${new Date(at).toISOString()}`)
}

function judgeOffHours(at: number, shown: ShownTime): boolean {
  const { open, opensAt, closesAt } = offHours(at, defaultOffHours)
  const edges = [opensAt, closesAt].map((edge) => clockIn('eastern', edge).minuteOfDay)
  const within = open ? opensAt <= at && at < closesAt : at < opensAt && opensAt - at <= 16 * hour
  return (
    open === isNight(shown) &&
    within &&
    edges[0] === nightly.opens &&
    edges[1] === nightly.closes &&
    closesAt - opensAt <= 9 * hour
  )
}

function judgeCallDays(at: number): boolean {
  const guard = 2 * minute
  const charged = [...new Set([utcDate(at - guard), utcDate(at + guard)])]
  const nextMidnight = (Math.floor(at / dayMs) + 1) * dayMs
  return chargedDays(at).join() === charged.join() && dayResumesAt(utcDate(at)) === nextMidnight + guard
}

/** What athenahealth writes for this instant is read as this instant; of an hour that comes twice, as the first. */
function judgeTimes(at: number, shown: ShownTime): boolean {
  const second = at - (at % 1_000)
  const two = (value: number) => String(value).padStart(2, '0')
  const time = `${two(Math.floor(shown.minuteOfDay / 60))}:${two(shown.minuteOfDay % 60)}:${two((second / 1_000) % 60)}`
  const isAgain = clockIn('eastern', at - hour).minuteOfDay === shown.minuteOfDay
  return wireInstant(`${usDate(shown.day)} ${time}`, easternZone) === (isAgain ? second - hour : second)
}

function judgeWeek(at: number): boolean {
  const zones = { eastern: 'America/New_York', arizona: 'America/Phoenix', utc: 'UTC' } as const
  return (['eastern', 'arizona', 'utc'] as const).every((zone) => {
    const { weekday, minuteOfDay } = clockIn(zone, at)
    return hourOfWeek(zones[zone], at) === weekday * 24 + Math.floor(minuteOfDay / 60)
  })
}

/** Today is the UTC date, and claims are read in windows of which each ends the day before the one read before it. */
function judgeLists(at: number): boolean {
  const facts = {
    now: at,
    departments: [],
    settings: defaultSyncSettings,
    heldUntil: { any: null, open: null },
    heldFrom: null,
  }
  const windows = planClaims(facts).flatMap((segment) => (segment.list === 'claims' ? [segment] : []))
  const meets = windows.every(({ to }, index) => {
    const younger = windows[index - 1]
    return younger === undefined ? to >= utcDate(at) : to === utcDate(Date.parse(younger.from) - dayMs)
  })
  return dateIn(0, at) === utcDate(at) && meets
}

/** One check of each practice a night, none left out, at whatever minute it is asked for. */
function judgeNights(practice: number, { from, to }: { from: number; to: number }): string[] {
  const next = (at: number) => nextNight(at, { hours: defaultOffHours, practice })
  const wrong: string[] = []
  const nights: number[] = []
  for (let at = next(from); at < to; at = next(at)) nights.push(eveningOf(at))
  const first = nights[0] ?? 0
  if (nights.some((night, index) => night !== first + index)) wrong.push(`nights of ${practice}: ${nights.join()}`)
  for (let at = from; at < to; at += minute) {
    const due = next(at)
    if (!isNight(clockIn('eastern', due)) || due <= at || due > next(at + minute))
      wrong.push(`night after ${new Date(at).toISOString()}`)
  }
  return wrong
}

/** The day on whose evening a night begins. */
function eveningOf(at: number): number {
  const { day, minuteOfDay } = clockIn('eastern', at)
  return minuteOfDay < nightly.closes ? day - 1 : day
}
