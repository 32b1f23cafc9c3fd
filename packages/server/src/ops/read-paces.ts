import type { Db } from '../db/db.ts'
import { chosenPaces } from '../pacing/pacing.sql.ts'
import { readPlan } from '../pacing/plan.sql.ts'
import { stretchMax } from '../pacing/drain-price.ts'
import type { Clock } from '../clock/clock.ts'
import type { QuotaUsage } from '../quota/quota-usage.ts'
import { type PollPace, readPollPace } from '../sync/poll-stretch.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import { alarmTable } from './alarm-table.ts'
import { inWords } from './explain-feed.ts'
import type { StatusFilter } from './operations.ts'
import type { Alarm } from './status-report.ts'

/** How often a feed is read, as chosen after its last drain, and how long a change is expected to wait for that. */
export interface ChosenPace {
  readonly everyMs: number
  readonly waitMs: number
}

/** How often feeds are read now. */
export interface Paces {
  /** Feeds that are read, over all practices. */
  readonly feeds: number
  /** Between two readings of a feed: of each, or on average where it is chosen for each alone. */
  readonly everyMs: number
  /** What was chosen for a feed; undefined where all are read alike. */
  readonly of: (practice: number, feed: string) => ChosenPace | undefined
  readonly alarms: readonly Alarm[]
}

interface PacesDeps {
  readonly db: Db
  readonly clock: Clock
  readonly settings: SyncSettings
}

/** Reads how often feeds are read, of all practices or of one. */
export async function readPaces(deps: PacesDeps, usage: QuotaUsage, only: StatusFilter): Promise<Paces> {
  const { settings, db } = deps
  const alike = await readPollPace(deps, usage, settings)
  const leftMs = alike.until - deps.clock.now()
  if (!settings.pacing.isAdaptive) {
    const { pollIntervalMs: leastMs } = settings
    const everyMs = Math.min(leastMs * alike.stretch, Math.max(leastMs, leftMs))
    return { feeds: alike.feeds, everyMs, of: () => undefined, alarms: paceAlarms(alike, { boundMs: leastMs, leftMs }) }
  }
  const { stretch, rows } = await db.control(async (tx) => ({
    stretch: (await readPlan(tx))?.stretch ?? 1,
    rows: await chosenPaces(tx, only.practice ?? null),
  }))
  const chosen = new Map(
    rows.map((row) => [`${row.practice}/${row.feed}`, { everyMs: row.every_ms, waitMs: row.wait_ms }]),
  )
  return {
    feeds: alike.feeds,
    everyMs: averageOf([...chosen.values()]) ?? settings.pollIntervalMs,
    of: (practice, feed) => chosen.get(`${practice}/${feed}`),
    alarms: paceAlarms({ ...alike, stretch }, { boundMs: settings.pacing.latestMs, leftMs, isAdaptive: true }),
  }
}

/** As many readings as there are, spread evenly. */
function averageOf(paces: readonly ChosenPace[]): number | undefined {
  if (paces.length === 0) return undefined
  return paces.length / paces.reduce((sum, { everyMs }) => sum + 1 / Math.max(1, everyMs), 0)
}

/** Whether feeds are read so much less often than they should be that it is to be said. */
export function isWorthAWord(stretch: number): boolean {
  return stretch >= 1.05
}

/** How often feeds should be read. */
interface PaceBound {
  readonly boundMs: number
  /** Until the calls are counted anew. */
  readonly leftMs: number
  /** Whether it is the most for each feed alone. Default: for all alike. */
  readonly isAdaptive?: boolean
}

/** That calls do not do for reading every feed as often as it should be (pure). */
export function paceAlarms(
  { feeds, stretch }: Pick<PollPace, 'feeds' | 'stretch'>,
  { boundMs, leftMs, isAdaptive = false }: PaceBound,
): Alarm[] {
  if (!isWorthAWord(stretch)) return []
  const bound = `every ${inWords(boundMs)} ${isAdaptive ? 'at least (sync.latest)' : '(sync.pollInterval)'}`
  const given = isAdaptive ? `it may take ${inWords(boundMs * stretch)}` : `it takes ${inWords(boundMs * stretch)}`
  // No feed is put off past the new day of calls, and where none are left, none is read before.
  const isForToday = stretch < stretchMax && boundMs * stretch < leftMs
  const what = isForToday ? given : `some wait until the calls are counted anew in ${inWords(leftMs)}`
  return [
    {
      level: 'warning',
      code: 'sync.polls-stretched',
      message: `There are not enough calls for reading each of ${feeds} feeds ${bound}: ${what}.`,
      remedy: alarmTable['sync.polls-stretched'].remedy,
    },
  ]
}
