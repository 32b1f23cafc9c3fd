import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import { stretchMax } from '../pacing/drain-price.ts'
import { priorityRules } from '../quota/priorities.ts'
import type { QuotaUsage } from '../quota/quota-usage.ts'
import { feedNames } from './feed-name.ts'
import { hasChangedFeed } from './feed-table.ts'
import { countScheduled } from './schedule.sql.ts'
import type { SyncSettings } from './sync-settings.ts'

type LookSettings = Pick<SyncSettings, 'retentionMs' | 'inboxKeepMs'>

export type PollSettings = Pick<SyncSettings, 'pollIntervalMs' | 'subscriptionCheckMs'>

/** What the day's calls have to do for feeds. */
export interface DayFacts {
  /** Feeds that are polled, of all practices. */
  readonly feeds: number
  readonly perDayLimit: number
  readonly leftToday: number
  /** Until the count begins anew. */
  readonly msLeft: number
  /** Calls that are planned for in a second. Absent: as many as are wanted. */
  readonly usablePerSecond?: number
}

/**
 * Of what feeds may use, this part is for polls. The rest is for pages beyond the first, for records asked for by id and
 * for the comparison at night: what of it is not used comes back to the polls in the course of the day.
 */
export const pollShare = 0.9

/** How far back a look can see: our own pages, and athenahealth's, are there for no longer. */
export function lookReachMs({ retentionMs, inboxKeepMs }: LookSettings): number {
  return Math.min(retentionMs, inboxKeepMs / 2)
}

/**
 * Time between two looks at a subscription, ms (pure). They are put off with the polls, but not for so long that the next one
 * cannot reach back to the last: what was processed in between would be forgotten.
 */
export function checkEveryMs(
  { subscriptionCheckMs, ...reach }: Pick<SyncSettings, 'subscriptionCheckMs'> & LookSettings,
  stretch: number,
): number {
  return Math.max(subscriptionCheckMs, Math.min(subscriptionCheckMs * stretch, lookReachMs(reach) / 2))
}

/**
 * How many times the interval between two polls has to be so that the calls left last until the day is over, and polls fit into
 * the seconds (pure); 1 where all can be polled as often as configured. The same for every feed: nobody is read at the cost
 * of another.
 */
export function pollStretch(facts: DayFacts, settings: PollSettings): number {
  const { feeds, usablePerSecond = Number.POSITIVE_INFINITY } = facts
  const ofDay = stretchFor(callsWanted(facts, settings), callsForDrains(facts))
  const ofSecond = stretchFor(
    callsWanted({ feeds, msLeft: 1_000 }, settings),
    callsPerSecondForDrains({ usablePerSecond }),
  )
  return Math.max(ofDay, ofSecond)
}

function stretchFor(wanted: number, free: number): number {
  if (wanted <= free) return 1
  return free > 0 ? Math.min(stretchMax, wanted / free) : stretchMax
}

/** Calls until the day ends with which every feed is polled as often as configured. */
export function callsWanted({ feeds, msLeft }: Pick<DayFacts, 'feeds' | 'msLeft'>, settings: PollSettings): number {
  return feeds * (msLeft / settings.pollIntervalMs) * callsPerPoll(settings)
}

/** Calls left today that are planned for drains. */
export function callsForDrains({ perDayLimit, leftToday }: Pick<DayFacts, 'perDayLimit' | 'leftToday'>): number {
  return (leftToday - perDayLimit * priorityRules.feeds.dayFloorShare) * pollShare
}

/** The same in a second: what it has besides is for what comes of drains, and for whoever else calls. */
export function callsPerSecondForDrains({ usablePerSecond }: { readonly usablePerSecond: number }): number {
  return usablePerSecond * pollShare
}

/** Calls that have to be left to feeds for so many to be planned for. */
export function callsToKeep(needed: number): number {
  return needed / pollShare
}

/** Two looks at the subscription, now and then, are part of it. */
function callsPerPoll({ pollIntervalMs, subscriptionCheckMs }: PollSettings): number {
  return 1 + (2 * pollIntervalMs) / Math.max(subscriptionCheckMs, pollIntervalMs)
}

/** Between two looks at how the day's calls stand. */
export const paceCheckMs = 30_000

/** How things stand with polls: what is read how often. */
export interface PollPace {
  readonly feeds: number
  /** See `pollStretch`. */
  readonly stretch: number
  /** When the count of the day begins anew, epoch ms. */
  readonly until: number
}

/** A pace as it was just worked out, with what every feed needs until the day ends to be polled as often as configured. */
export interface FreshPace extends PollPace {
  readonly needed: number
}

/** How the day's calls stand, and how many of them a second may have, where that is known. */
export type CallsLeft = Pick<QuotaUsage, 'perDayLimit' | 'leftToday' | 'resumesAt'> &
  Partial<Pick<QuotaUsage, 'usablePerSecond'>>

/** Works out the stretch from the day's count and the feeds there are. */
export async function readPollPace(
  { db, clock }: { db: Pick<Db, 'control'>; clock: Clock },
  usage: CallsLeft,
  settings: PollSettings,
): Promise<FreshPace> {
  const feeds = await db.control((tx) => countScheduled(tx, feedNames.filter(hasChangedFeed)))
  const { resumesAt, ...calls } = usage
  const msLeft = Math.max(0, resumesAt - clock.now())
  const stretch = pollStretch({ feeds, msLeft, ...calls }, settings)
  return { feeds, stretch, until: resumesAt, needed: callsWanted({ feeds, msLeft }, settings) }
}
