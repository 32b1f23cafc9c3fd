import { hourMs, hourParts, hoursOfWeek } from './hour-of-week.ts'

/**
 * What was seen of one feed's changes: by hour of the week, and of late. Old weeks fade, so the counts are sums of what
 * counts, not of what was.
 */
export interface SeenChanges {
  /** Changes, by hour of the week. */
  readonly changes: readonly number[]
  /** Hours for which it was looked, by hour of the week. */
  readonly hours: readonly number[]
  /** Changes of the last hours, and how many had been expected. */
  readonly lately: { readonly changes: number; readonly expected: number }
}

/** Changes an hour, by hour of the week: how the feed of a typical practice changes. */
export type Profile = readonly number[]

/** What a drain told. */
export interface Drained {
  /** From the drain before to this one, epoch ms. */
  readonly from: number
  readonly to: number
  readonly changes: number
}

/** What is believed of a feed: its practice's zone, what was seen, and what is typical. */
export interface Belief {
  readonly zone: string
  readonly seen: SeenChanges
  readonly profile: Profile
}

/**
 * How much is believed before anything was seen, in changes: of the size of a practice against the typical one (sizes differ
 * by orders of magnitude, so hardly anything), of an hour of the week against the practice's size times the profile, and
 * of today against the week.
 */
const weights = { size: 0.5, hour: 6, lately: 12 }

/** An hour of the week seen again counts for so much less: about the last five weeks are remembered. */
const weekFades = 0.8

/** What lies so long ago counts half for today. */
const latelyHalfMs = 2 * hourMs

/** The longest bound of a feed is a day: after a longer time Aegis was stopped, or could not call. */
const spanMsMax = 48 * hourMs

/** More changes than this at a time are a wave (an import, a merge of practices), which says little of the next week. */
const waveMin = 10
const waveFactor = 20

export const nothingSeen: SeenChanges = {
  changes: Array.from<number>({ length: hoursOfWeek }).fill(0),
  hours: Array.from<number>({ length: hoursOfWeek }).fill(0),
  lately: { changes: 0, expected: 0 },
}

/** How often a feed changes against a typical one: 1 is as often. */
export function relativeSize({ seen, profile }: Pick<Belief, 'seen' | 'profile'>): number {
  let changes = weights.size
  let expected = weights.size
  for (let hour = 0; hour < hoursOfWeek; hour += 1) {
    changes += seen.changes[hour] ?? 0
    expected += (seen.hours[hour] ?? 0) * (profile[hour] ?? 0)
  }
  return changes / expected
}

/**
 * Expected changes an hour in an hour of the week: the mean of a gamma distribution, as counts of a Poisson process leave it.
 * What it begins with is the practice's size times the profile.
 */
export function hourlyRates({ seen, profile }: Pick<Belief, 'seen' | 'profile'>): (hour: number) => number {
  const size = relativeSize({ seen, profile })
  return (hour) => {
    const typical = Math.max(size * (profile[hour] ?? 0), rateMin)
    return (weights.hour + (seen.changes[hour] ?? 0)) / (weights.hour / typical + (seen.hours[hour] ?? 0))
  }
}

/** Once in a quarter of a year: nothing is believed never to change. */
const rateMin = 1 / 2_200

/** How much busier today is than the same hours of other weeks. */
export function busyLately({ lately }: SeenChanges): number {
  return (weights.lately + lately.changes) / (weights.lately + lately.expected)
}

/** What is known after a drain. A stretch of time that makes no sense (a clock was set) teaches nothing. */
export function noteDrain(belief: Belief, drained: Drained): SeenChanges {
  const { seen, zone } = belief
  const { from, to } = drained
  if (!(to > from) || to - from > spanMsMax) return seen
  const rateOf = hourlyRates(belief)
  const parts = [...hourParts(zone, from, to)].map((part) => {
    const hours = (part.to - part.from) / hourMs
    const faded = 0.5 ** ((to - part.to) / latelyHalfMs)
    return { hour: part.hour, hours, expected: hours * rateOf(part.hour), faded }
  })
  const expected = parts.reduce((sum, part) => sum + part.expected, 0)
  const counted = Math.min(drained.changes, waveMin + waveFactor * expected)
  const changes = [...seen.changes]
  const hours = [...seen.hours]
  for (const part of parts) {
    const fade = weekFades ** part.hours
    changes[part.hour] = (changes[part.hour] ?? 0) * fade + (counted * part.expected) / expected
    hours[part.hour] = (hours[part.hour] ?? 0) * fade + part.hours
  }
  const fade = 0.5 ** ((to - from) / latelyHalfMs)
  // Of a long stretch only the end is of late.
  const late = parts.reduce((sum, part) => sum + part.expected * part.faded, 0)
  const lately = {
    changes: seen.lately.changes * fade + (counted * late) / expected,
    expected: seen.lately.expected * fade + late,
  }
  return { changes, hours, lately }
}
