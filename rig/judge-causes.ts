import type { FaultKind, RequestEntry } from '@aegis/simulator'
import { sql } from '../packages/server/src/db/db.ts'
import type { GapCause } from '../packages/server/src/sync/gap.sql.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import { kindRules, oracleKinds } from '../packages/server/testing/oracle.ts'
import type { HeldMirror } from './held-mirror.ts'
import { allRequests } from './judge-limits.ts'

/** Faults that make a gap of each cause unavoidable: without one of them it is a gap too many. */
const causes: Readonly<Record<GapCause, readonly FaultKind[]>> = {
  'subscription-lost': ['unsubscribed', 'partial'],
  // An answer in doubt whose window cannot be asked for any more, because time has passed.
  'retention-passed': ['clock-jump'],
  // No life has as many changes.
  'replay-too-long': [],
  'foreign-consumer': ['lost-page', 'repeated-page'],
  unreadable: ['truncated', 'oversized', 'html'],
  // Nobody asks.
  'asked-for': [],
}

/**
 * A replay gives a record up for unreadable when the page with it cannot be read, nor the record alone, nor once more when
 * others were: an answer that is broken once is read again, and nothing is missed. All of it is asked for in one go.
 */
const giveUp = { failures: 3, withinMs: 15 * 60_000 }

/**
 * A doubt whose replays all end with a failure grows older than what is kept, and a replay of many pages meets one almost surely. So
 * many show that it was not for want of asking.
 */
const heldUp = { failures: 4, withinMs: 5 * 3_600_000 }
const failing: ReadonlySet<FaultKind> = new Set(['truncated', 'html', 'oversized', 'slow'])

/** A fault begins with its request and the gap with its answer, whose time the mirror may take for a little earlier. */
const nearMs = 60_000

const shortestDrainMs = 60_000

/** A gap that was ever open. Times are epoch ms. */
export interface GapEver {
  readonly feed: string
  readonly cause: GapCause
  /** From when on changes may have been missed; null where nothing was read before, so that nobody knows. */
  readonly from: number | null
  readonly opened: number
  /** When something was last lost in it. */
  readonly last: number
  /** Null while it is open. */
  readonly closed: number | null
}

/** Something after which there may be a gap: one in each feed that it can hit, and no more. */
export interface Excuse {
  readonly at: number
  readonly cause: GapCause
  /** Absent: it hits all feeds. */
  readonly feed: string | undefined
  /** Of a page that came again, as it does also where the feed is subscribed no longer: when one of its own came last. */
  readonly repeatedSince?: number
}

/** Gaps without a cause among the faults that fired or in calls that were used up, and drains that came too soon after each other. */
export async function judgeCauses(
  mirrored: MirroredPractice,
  life: { usedUp(gap: GapEver): boolean; readonly excuses: readonly Excuse[] },
): Promise<string[]> {
  const excuses = [...excusesOf(allRequests(mirrored.simulator)), ...life.excuses]
  const gaps = (await gapsEver({ db: mirrored.deps.db, practice })).filter(
    (gap) => !(gap.cause === 'retention-passed' && life.usedUp(gap)),
  )
  return [...gapsTooMany(gaps, excuses), ...drainsTooSoon(mirrored)]
}

/** Drains of a feed that came sooner after each other than athenahealth allows. */
export function drainsTooSoon({ simulator }: Pick<MirroredPractice, 'simulator'>): string[] {
  return simulator.truth
    .windows()
    .drains.flatMap(({ feed, minimumMs }) =>
      minimumMs !== undefined && minimumMs < shortestDrainMs ? [`I6 drains of ${feed} ${minimumMs} ms apart`] : [],
    )
}

type Asked = Pick<RequestEntry, 'at' | 'route' | 'status' | 'fields' | 'fault'>

/** What requests may be the reason for, by the faults that they met. */
export function excusesOf(requests: readonly Asked[]): Excuse[] {
  const ownPages = new Map<string, number>()
  const single = requests.flatMap((request) => {
    const feed = drainedBy(request)
    if (feed === undefined || request.fault?.kind !== 'repeated-page') {
      if (feed !== undefined && request.status === 200) ownPages.set(feed, request.at)
      return excuseOf(request)
    }
    return excuseOf(request).map((excuse) => ({ ...excuse, repeatedSince: ownPages.get(feed) ?? 0 }))
  })
  const [broken, others] = [single.filter(isOfUnreadable), single.filter((excuse) => !isOfUnreadable(excuse))]
  const ofFeeds = (some: readonly Excuse[], most: typeof giveUp) =>
    [...Map.groupBy(some, ({ feed }) => feed).values()].flatMap((one) => lastOfEach(one, most))
  return [...others, ...ofFeeds(broken, giveUp), ...ofFeeds(requests.flatMap(failedReplay), heldUp)]
}

function failedReplay({ at, route, status, fields, fault }: Asked): Excuse[] {
  if (!fault || !fields.includes('showprocessedstartdatetime')) return []
  const isFailed = status !== 200 || failing.has(fault.kind)
  return isFailed ? [{ at, cause: 'retention-passed', feed: feedOfRoute(route) }] : []
}

const isOfUnreadable = ({ cause }: Excuse) => cause === 'unreadable'

/** Of failures of one feed, each last one of so many that follow soon after each other. */
function lastOfEach(failures: readonly Excuse[], most: typeof giveUp): Excuse[] {
  const found: Excuse[] = []
  let run: Excuse[] = []
  for (const excuse of failures) {
    run = [...run.filter(({ at }) => at >= excuse.at - most.withinMs), excuse]
    if (run.length < most.failures) continue
    found.push(excuse)
    run = []
  }
  return found
}

/** What a request may be the reason for, or have a part in: nothing, or one thing. */
function excuseOf({ at, route, status, fields, fault }: Asked): Excuse[] {
  if (!fault) return []
  const cause = (Object.keys(causes) as GapCause[]).find((one) => causes[one].includes(fault.kind)) // its keys
  if (cause === undefined) return []
  // A consuming read that is broken is replayed; and an answer that speaks of a failure is no list that cannot be read.
  if (cause === 'unreadable' && (status !== 200 || !fields.includes('showprocessedstartdatetime'))) return []
  // Time jumps for all of them, whichever request it was that saw it.
  const feed = fault.kind === 'clock-jump' ? undefined : feedOfRoute(route)
  // What an answer says or loses is missed by the feed that it was for, and by none where it was for none.
  if (feed === undefined && isOfAnswer(cause)) return []
  return [{ at, cause, feed }]
}

/** The feed that a request took the next changes of. */
function drainedBy({ route, fields }: Asked): string | undefined {
  return route.endsWith('/changed') && !fields.includes('showprocessedstartdatetime') ? feedOfRoute(route) : undefined
}

function isOfAnswer(cause: GapCause): boolean {
  return cause === 'unreadable' || cause === 'foreign-consumer'
}

/** The feed that a route reads or subscribes to; undefined for any other. */
function feedOfRoute(route: string): string | undefined {
  return oracleKinds.find((kind) => {
    const path = `/v1/{practiceid}/${kindRules[kind].truth}/changed`
    return route === path || route.startsWith(`${path}/`)
  })
}

/** Until when the mirror could be sure of a feed: a page that came again passed for one of a subscription that is there. */
function sureUntil({ feed: of, cause, from }: GapEver, excuses: readonly Excuse[]): number {
  if (from === null || cause !== 'subscription-lost') return from ?? 0
  const repeated = excuses.filter(({ feed, at }) => feed === of && Math.abs(at - from) <= nearMs)
  return Math.min(from, ...repeated.flatMap(({ repeatedSince }) => repeatedSince ?? []))
}

/** Gaps that no excuse is left for: each wants one of its own, which came while changes may have been missed. */
export function gapsTooMany(gaps: readonly GapEver[], excuses: readonly Excuse[]): string[] {
  const wrong: string[] = []
  for (const [of, some] of Map.groupBy(gaps, ({ feed, cause }) => `${feed} by ${cause}`)) {
    const [like] = some
    const left = excuses.filter(({ cause, feed = like?.feed }) => cause === like?.cause && feed === like.feed)
    // First those whose time ends first: if there is an excuse for each of them, this finds it.
    for (const gap of some.toSorted((one, other) => one.last - other.last)) {
      const from = sureUntil(gap, excuses)
      const found = left.findIndex(({ at }) => at >= from - nearMs && at <= gap.last + nearMs)
      if (found >= 0) left.splice(found, 1)
      else wrong.push(`a gap of ${of} at ${new Date(gap.opened).toISOString()}, and nothing that would make one`)
    }
  }
  return wrong
}

const ever = sql(
  'rig.gaps_ever',
  `select feed, cause, nullif(from_at, opened_at) as "from", opened_at as opened, last_at as last,
     closed_at as closed
   from aegis.gap where practice_id = $1 order by opened_at, gap_id`,
)

/** Gaps that were ever open. */
export function gapsEver({ db, practice: of }: HeldMirror): Promise<GapEver[]> {
  return db.practice(of, (tx) => tx.rows<GapEver>(ever, [of]))
}
