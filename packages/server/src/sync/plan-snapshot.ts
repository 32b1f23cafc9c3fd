import { isReadAgain } from './is-read-again.ts'
import { dayAfter, easternTime, noDepartment, type PlannedSegment, type Segment } from './segment.ts'
import type { SyncSettings } from './sync-settings.ts'

/** What the plan of a snapshot rests on. */
export interface PlanFacts {
  /** Of a snapshot: whether it is the first look or the one that counts. */
  readonly phase?: 'provisional' | 'authoritative'
  /** Latest local dates of the appointments we hold, and of the open slots among them. */
  readonly heldUntil: { readonly any: string | null; readonly open: string | null }
  /** Earliest local date of the appointments we hold. */
  readonly heldFrom: string | null
  /** Since when changes may have been missed, epoch ms; undefined where none were. */
  readonly missedSince?: number | undefined
  /** Lists and windows of the feed in which something could not be read, which is set aside still. */
  readonly setAside?: readonly PlannedSegment[]
  /** Epoch ms. */
  readonly now: number
  readonly departments: readonly string[]
  /** Whether these departments are all that is to be read, and not just all that are open. */
  readonly limited?: boolean
  readonly settings: SyncSettings
}

/** Patients are listed department by department: a list of all of them cannot be asked for. */
export function planPatients({ departments, limited }: Pick<PlanFacts, 'departments' | 'limited'>): readonly Segment[] {
  return [...departments, ...(limited ? [] : [noDepartment])].map((departmentId) => ({
    list: 'patients',
    departmentId,
  }))
}

const dayMs = 86_400_000

/** Days from today to a date YYYY-MM-DD. */
export function daysTo(date: string, now: number): number {
  return Math.ceil((Date.parse(date) - now) / dayMs)
}

/** The date YYYY-MM-DD some days from now, in UTC: the windows are wide enough that a department's zone does not matter. */
export function dateIn(days: number, now: number): string {
  return new Date(now + days * dayMs).toISOString().slice(0, 10)
}

/**
 * Days before and after today that lists of appointments reach at most. For what is held of other days, such as a mistyped
 * year or the end of all calendars, there would be a list for each week until then: it is asked for by id instead.
 */
export const listedDays = { back: 20 * 366, ahead: 2 * 366 }

/**
 * The days that are promised, and beyond them up to the last that we hold anything of: a feed brings appointments of any
 * day, and what it may have missed of them, nobody else would show (see `listedDays`). After a gap also what changed meanwhile before and
 * after those days, and always the days of what could not be read and is set aside.
 */
export function planAppointments(facts: PlanFacts): readonly Segment[] {
  const { now, settings, heldUntil } = facts
  const reach = (promised: number, until: string | null) =>
    Math.max(promised, until === null ? 0 : Math.min(daysTo(until, now), listedDays.ahead))
  const lastDay = reach(settings.bookedDaysAhead, heldUntil.any)
  const lastOpen = reach(settings.slotDaysAhead, heldUntil.open)
  const plan = [
    ...bookedSegments(facts, { first: -settings.bookedDaysBack, last: lastDay }),
    ...openSegments(facts, { first: -1, last: lastOpen }),
    ...changedSegments(facts, lastDay),
  ]
  return withSetAside(facts, plan, (place, days) => {
    if (place.list !== 'booked') return []
    const { modifiedSince } = place
    if (modifiedSince !== undefined) return changedWindows(facts, { ...days, modifiedSince })
    // Days to come are read when they come near: up to the last day of such a list all is taken to be known.
    return days.last > lastDay ? [] : bookedSegments(facts, days)
  })
}

/** When what a list is narrowed to begins: what is listed since the earliest time shows what is listed since a later one too. */
const sinceOf = (place: PlannedSegment): string => ('modifiedSince' in place ? (place.modifiedSince ?? '') : '')

/** A plan, and beyond it the days of what is set aside that it would not read again. */
function withSetAside(
  { setAside = [], now }: Pick<PlanFacts, 'setAside' | 'now'>,
  plan: readonly Segment[],
  listsOf: (place: PlannedSegment, days: { first: number; last: number }) => readonly Segment[],
): readonly Segment[] {
  const all = [...plan]
  // Else lists that athenahealth refuses to narrow would be more after each gap.
  for (const place of setAside.toSorted((a, b) => sinceOf(a).localeCompare(sinceOf(b)))) {
    if (!('from' in place) || isReadAgain(place, all)) continue
    all.push(...listsOf(place, { first: daysTo(place.from, now), last: daysTo(place.to, now) }))
  }
  return all
}

/** Lists of booked appointments for the days from `first` to `last`, relative to today. */
export function bookedSegments(
  facts: Pick<PlanFacts, 'now' | 'settings' | 'departments' | 'limited'>,
  { first, last }: { first: number; last: number },
): readonly Segment[] {
  const { now, settings } = facts
  return inWindows(settings.bookedWindowDays, { first, last }, (from, to) =>
    placesOf(facts).map((place) => ({ list: 'booked', from: dateIn(from, now), to: dateIn(to, now), ...place })),
  )
}

/** The whole practice, or each department: one that is refused then does not keep the others from being read. */
function placesOf({
  departments,
  limited,
}: Pick<PlanFacts, 'departments' | 'limited'>): readonly { departmentId?: string }[] {
  return limited ? departments.map((departmentId) => ({ departmentId })) : [{}]
}

/** Lists of the open slots of each department, one of it where its days may be asked for at once. */
export function openSegments(
  { now, departments, settings }: Pick<PlanFacts, 'now' | 'departments' | 'settings'>,
  days: { first: number; last: number },
): readonly Segment[] {
  return inWindows(settings.ranges.openDaysMax, days, (from, to) =>
    departments.map((departmentId) => ({ list: 'open', departmentId, from: dateIn(from, now), to: dateIn(to, now) })),
  )
}

/** How far ahead anybody books. */
const aheadMax = 365
/**
 * The parameter is documented as a time without saying of which zone, nor whether it is exact: a day more is asked for.
 * Lists of changes are short, so it costs nothing.
 */
const changedMarginMs = dayMs

/** What changed since something was missed, or could not be read, of all days that a snapshot does not read: a feed brings those too. */
function changedSegments(facts: PlanFacts, lastDay: number): readonly Segment[] {
  const { now, settings, missedSince = Infinity, setAside = [], heldFrom } = facts
  const since = Math.min(missedSince, ...setAside.flatMap((place) => (place.list === 'replay' ? [place.since] : [])))
  if (since === Infinity) return []
  const modifiedSince = easternTime(since - changedMarginMs)
  const lastBefore = -settings.bookedDaysBack - 1
  const firstHeld = heldFrom === null ? 0 : Math.max(daysTo(heldFrom, now), -listedDays.back)
  const first = Math.min(firstHeld, lastBefore - settings.changedWindowDays + 1)
  return [
    ...changedWindows(facts, { first, last: lastBefore, modifiedSince }),
    ...changedWindows(facts, { first: lastDay + 1, last: Math.max(aheadMax, lastDay), modifiedSince }),
  ]
}

function changedWindows(
  facts: PlanFacts,
  { first, last, modifiedSince }: { first: number; last: number; modifiedSince: string },
): readonly Segment[] {
  const { now, settings } = facts
  return inWindows(settings.changedWindowDays, { first, last }, (from, to) =>
    placesOf(facts).map((place) => ({
      list: 'booked',
      from: dateIn(from, now),
      to: dateIn(to, now),
      ...place,
      modifiedSince,
    })),
  )
}

function inWindows(
  width: number,
  { first, last }: { first: number; last: number },
  segment: (from: number, to: number) => readonly Segment[],
): Segment[] {
  const segments: Segment[] = []
  for (let day = first; day <= last; day += width) segments.push(...segment(day, Math.min(day + width - 1, last)))
  return segments
}

/**
 * Claims by the day of their creation, in windows as wide as athenahealth asks for, the youngest first: these are the ones
 * that people work on. Older ones than the setting says are mirrored once a feed tells of them, but for the days of what
 * could not be read.
 */
export function planClaims(facts: PlanFacts): readonly Segment[] {
  const { now, settings } = facts
  const segments: Segment[] = []
  // A day more, since the days are those of athenahealth's clock.
  const last = new Date(now + dayMs)
  for (let months = 0; months < settings.claimsMonthsBack; months += settings.claimsWindowMonths) {
    const before = monthsBefore(last, Math.min(months + settings.claimsWindowMonths, settings.claimsMonthsBack))
    segments.push({ list: 'claims', from: dayAfter(before), to: monthsBefore(last, months) })
  }
  return withSetAside(facts, segments, ({ list }, days) => (list === 'claims' ? claimWindows(facts, days) : []))
}

/** Claims of some days, in windows no wider than any others. */
function claimWindows({ now, settings }: PlanFacts, days: { first: number; last: number }): readonly Segment[] {
  return inWindows(settings.claimsWindowMonths * 28, days, (from, to) => [
    { list: 'claims', from: dateIn(from, now), to: dateIn(to, now) },
  ])
}

/** The date, YYYY-MM-DD, some months before an instant; the last of a month that is shorter. */
function monthsBefore(at: Date, months: number): string {
  const first = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - months, 1))
  const lastOfMonth = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
  first.setUTCDate(Math.min(at.getUTCDate(), lastOfMonth))
  return first.toISOString().slice(0, 10)
}
