/** The practice of runs with real processes: simulated, living through its day, mirrored by Aegis as a user would set it up. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Simulator, type SimulatorOptions, startSimulator } from '@aegis/simulator'
import { coreFeeds, type FeedName, furtherFeeds } from '../packages/server/src/sync/feed-name.ts'
import { hasChangedFeed } from '../packages/server/src/sync/feed-table.ts'
import { oracleKinds } from '../packages/server/testing/oracle.ts'
import type { AegisProcess, StatusReport } from './aegis-process.ts'
import { TrueVersions } from './true-versions.ts'

export const practice = 195900
/** `core`: only what is always mirrored, for runs that have little time. */
export type Mirrored = 'core' | 'all'
export const scopes = {
  all: { bookedDaysBack: 7, bookedDaysAhead: 30, claimsMonthsBack: 24, kinds: oracleKinds },
  core: { bookedDaysBack: 7, bookedDaysAhead: 30, claimsMonthsBack: 24, kinds: coreFeeds },
} as const

/** As athenahealth counts them. */
export interface Limits {
  readonly perSecond: number
  readonly tokensPerMinute: number
}
export const productionLimits: Limits = { perSecond: 100, tokensPerMinute: 50 }

/** What `sync.feeds` names beside the core. */
export function feedsOf(mirrored: Mirrored): readonly FeedName[] {
  return mirrored === 'all' ? furtherFeeds : []
}

/** 10:00 Eastern on a working day: the practice changes every few seconds. */
const tuesdayMorning = Date.UTC(2026, 2, 3, 15)
/**
 * So long nothing may come of the work: more than the hour, three minutes here, for which a feed is held off that ended with
 * many processes in a row. And so long it may take in all, on a machine with much else to do: clearly less than a step of
 * `.ci/run`, which would be ended without a word.
 */
const standstillMs = 300_000
const restMsMax = 900_000

/** Starts athenahealth with the one practice, which lives 20 times faster than we do unless `options` say otherwise. */
export function startPractice(
  { seed, patients }: { seed: number; patients: number },
  options: Pick<SimulatorOptions, 'speed' | 'startAt' | 'activationLagMs' | 'limits'> = {},
): Promise<Simulator> {
  return startSimulator({
    seed,
    practices: [{ id: practice, patients, restrictions: 'filtered' }],
    limits: 'production',
    speed: 20,
    startAt: tuesdayMorning,
    day: true,
    activationLagMs: 60_000,
    ...options,
  })
}

/** Feeds that answer slowly, so that a moment at which something happens to a process is often one at which it reads. */
export const slowFeeds = ['patients', 'appointments', 'providers']
/** In the practice's time: a tenth of the time between two reads. */
const slowMs = 6_000

export function slowDown(simulator: Simulator): void {
  simulator.faults.add(slowFeeds.map((feed) => ({ kind: 'slow', delayMs: slowMs, when: { path: `/${feed}/changed` } })))
}

/** Every version of its records that is mirrored, from now on: to be followed before Aegis starts. */
export function followVersions(simulator: Simulator, mirrored: Mirrored = 'all'): TrueVersions {
  return new TrueVersions(simulator, { practice, feeds: scopes[mirrored].kinds })
}

interface Configured {
  readonly url: string
  readonly clock?: 'simulator' | 'system'
  readonly mirrored?: Mirrored
  readonly limits?: Limits
}

/** Written as an operator would write it; the secret in a file of its own. */
export function writeConfig(
  directory: string,
  { url, clock = 'simulator', mirrored = 'all', limits = productionLimits }: Configured,
): string {
  const secretFile = join(directory, 'secret')
  writeFileSync(secretFile, 'demo-secret\n', { mode: 0o600 })
  const file = join(directory, 'aegis.yaml')
  const lines = [
    'environment: local',
    `clock: ${clock}`,
    `practices: [${practice}]`,
    'athena:',
    '  clientId: demo-client',
    `  secretFile: ${secretFile}`,
    `  baseUrl: ${url}`,
    `limits: { perSecond: ${limits.perSecond}, perDay: 500000, tokensPerMinute: ${limits.tokensPerMinute} }`,
    'policy: { offHours: always }',
    'sync:',
    `  feeds: [${feedsOf(mirrored).join(', ')}]`,
    // In the machine's time a minute is a minute.
    `  settle: ${clock === 'system' ? '5s' : '1m'}`,
    '  activationCheck: 10s',
    `  bookedDaysBack: ${scopes.all.bookedDaysBack}`,
    `  bookedDaysAhead: ${scopes.all.bookedDaysAhead}`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

/**
 * Lets the practice rest and waits until Aegis has caught up: everything live, nothing open, everything looked at since. How long
 * that takes is the machine's to say: as long as something comes of it that was not there before, it is waited for; what goes
 * to and fro comes to nothing.
 */
export async function comeToRest(
  aegis: AegisProcess,
  simulator: Simulator,
  practices: readonly number[] = [practice],
): Promise<void> {
  simulator.days.pause()
  const restedAt = simulator.clock.now()
  const startedAt = performance.now()
  let movedAt = startedAt
  let last: readonly PracticeReport[] = []
  const seen = new Set<string>()
  while (performance.now() < Math.min(movedAt + standstillMs, startedAt + restMsMax)) {
    await sleep(250)
    const report = await aegis.status().catch(() => undefined)
    if (!report) continue
    last = report.practices
    const left = last.map((one) => leftOf(one, { now: Date.parse(report.now), restedAt }))
    const isAll = last.length === practices.length && last.every((one) => practices.includes(one.practice))
    if (isAll && left.every(({ count }) => count === 0)) return
    const text = JSON.stringify(left.map(({ progress }) => progress))
    if (!seen.has(text)) movedAt = performance.now()
    seen.add(text)
  }
  throw new Error(`Aegis did not catch up: ${JSON.stringify(last)}`)
}

type PracticeReport = StatusReport['practices'][number]
interface Rest {
  readonly now: number
  readonly restedAt: number
}

/** How much of a practice is still to be done, and what of it tells that something comes of the work. */
function leftOf({ feeds, openIntents, waitingPages, inDoubt, records }: PracticeReport, rest: Rest) {
  const late = feeds.filter((feed) => !isCaughtUp(feed, rest))
  const count = late.length + openIntents + waitingPages + inDoubt
  return { count, progress: [inDoubt, records, late.map(({ feed, state, gaps }) => [feed, state, gaps.length])] }
}

function isCaughtUp(
  { feed, state, explanation, lagMs, gaps }: PracticeReport['feeds'][number],
  { now, restedAt }: Rest,
): boolean {
  if (!hasChangedFeed(feed)) return lagMs !== null
  const seenAt = now - (lagMs ?? Number.POSITIVE_INFINITY)
  // What is read patient by patient is live before it has been read for the first time.
  return state === 'live' && /^live\b/.test(explanation) && gaps.length === 0 && seenAt > restedAt
}
