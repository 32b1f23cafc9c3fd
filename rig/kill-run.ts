import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Simulator, startSimulator } from '@aegis/simulator'
import { furtherFeeds } from '../packages/server/src/sync/feed-name.ts'
import { type Difference, oracleKinds } from '../packages/server/testing/oracle.ts'
import { AegisProcess } from './aegis-process.ts'
import { compareWithTruth } from './compare-with-truth.ts'
import { seededRandom } from './seeded-random.ts'

export interface KillRunOptions {
  readonly seed: number
  readonly kills: number
  readonly patients: number
}

export interface KillRunResult {
  readonly kills: Readonly<Record<Victim, number>>
  readonly differences: readonly Difference[]
  /** Which feed pages carried the records that differ, for whoever looks for the reason. */
  readonly journeys: readonly string[]
  readonly defects: readonly string[]
  /** What of athenahealth's rules was broken, as the simulator counted; empty when none was. */
  readonly broken: readonly string[]
  /** Smallest distance between the starts of two drains of one feed, virtual ms. */
  readonly drainDistanceMinMs: number | undefined
  /** Most calls in any sliding virtual second. */
  readonly perSecondMost: number
  readonly changes: number
}

type Victim = 'aegis' | 'postgres' | 'both'

const practice = 195900
const scope = { bookedDaysBack: 7, bookedDaysAhead: 30, claimsMonthsBack: 24, kinds: oracleKinds }
/** The simulated practice lives this much faster than we do. */
const speed = 20
/** 10:00 Eastern on a working day: the practice changes every few seconds. */
const tuesdayMorning = Date.UTC(2026, 2, 3, 15)
const quietTimeoutMs = 180_000

/**
 * One run: a simulated practice lives through its day while Aegis, its PostgreSQL or both are killed again and again,
 * first during the first load, then during a running day. At the end the practice rests, Aegis catches up, and the
 * mirror must equal the truth.
 */
export async function killRun({ seed, kills, patients }: KillRunOptions): Promise<KillRunResult> {
  const random = seededRandom(seed)
  const directory = mkdtempSync(join(tmpdir(), 'aegis-rig-'))
  const simulator = await startSimulator({
    seed,
    practices: [{ id: practice, patients, restrictions: 'filtered' }],
    limits: 'production',
    speed,
    startAt: tuesdayMorning,
    day: true,
    activationLagMs: 60_000,
  })
  const options = { home: join(directory, 'home'), config: writeConfig(directory, simulator.url) }
  let aegis = new AegisProcess(options)
  const counts: Record<Victim, number> = { aegis: 0, postgres: 0, both: 0 }
  const forget = onInterrupt(() => {
    aegis.abandon()
    rmSync(directory, { recursive: true, force: true })
  })
  try {
    for (let killed = 0; killed < kills; killed += 1) {
      // The first kills meet the start, the migrations and the first load; later ones a running day.
      const loading = killed < kills / 2
      if (!loading || random() < 0.7) await aegis.ready()
      await sleep(random() * (loading ? 1_500 : 4_000))
      const victim = (['aegis', 'postgres', 'both'] as const)[Math.floor(random() * 3)] ?? 'aegis'
      await strike(aegis, victim)
      counts[victim] += 1
      if (!aegis.running) aegis = new AegisProcess(options)
    }
    await aegis.ready()
    await comeToRest(aegis, simulator)
    return await judge({ aegis, simulator, counts })
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n${aegis.said}`, {
      cause: error,
    })
  } finally {
    forget()
    await aegis.stop()
    await simulator.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Somebody stops the rig: what it started goes with it. Returns what takes this back. */
export function onInterrupt(clean: () => void): () => void {
  const interrupted = (signal: NodeJS.Signals) => {
    clean()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted)
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted)
  }
}

async function strike(aegis: AegisProcess, victim: Victim): Promise<void> {
  const postgres = aegis.postgresPid()
  if (victim !== 'postgres') await aegis.kill()
  if (victim !== 'aegis' && postgres !== undefined) {
    try {
      process.kill(postgres, 'SIGKILL')
    } catch {
      // It had ended by itself: there is nothing to kill.
    }
  }
}

/** Lets the practice rest and waits until Aegis has caught up: everything live, nothing open, everything looked at since. */
async function comeToRest(aegis: AegisProcess, simulator: Simulator): Promise<void> {
  simulator.days.pause()
  const restedAt = simulator.clock.now()
  let last: unknown
  for (const until = Date.now() + quietTimeoutMs; Date.now() < until; await sleep(250)) {
    const report = await aegis.status().catch(() => undefined)
    const [found] = report?.practices ?? []
    last = found
    if (!report || !found || found.openIntents + found.waitingPages + found.inDoubt > 0) continue
    const caughtUp = found.feeds.every(({ state, lagMs, gaps, feed }) => {
      const hasFeed = feed === 'appointments' || feed === 'patients' || feed === 'providers'
      const seenAt = Date.parse(report.now) - (lagMs ?? Number.POSITIVE_INFINITY)
      return hasFeed ? state === 'live' && gaps.length === 0 && seenAt > restedAt : lagMs !== null
    })
    if (caughtUp) return
  }
  throw new Error(`Aegis did not catch up: ${JSON.stringify(last)}`)
}

async function judge(parts: {
  aegis: AegisProcess
  simulator: Simulator
  counts: Record<Victim, number>
}): Promise<KillRunResult> {
  const { aegis, simulator, counts } = parts
  const differences = await compareWithTruth({ aegis, simulator, practice }, scope)
  const { rows } = await aegis.sql(practice, 'select count(*) from change')
  return {
    kills: counts,
    differences,
    journeys: differences.slice(0, 10).flatMap((difference) => journeyOf(simulator, difference)),
    defects: simulator.truth.defects(),
    ...judgeRates(simulator),
    changes: Number(rows[0]?.[0] ?? 0),
  }
}

/** The feed pages that carried a record, with their times: what was handed out and never arrived stands here. */
export function journeyOf(simulator: Simulator, { kind, id, what }: Difference): string[] {
  const lines: string[] = []
  for (let since = 0, more = true; more; ) {
    const { pages, next } = simulator.truth.pages({ since, limit: 1_000 })
    for (const page of pages) {
      if (page.feed !== kind || !page.ids.includes(id)) continue
      lines.push(
        `${kind} ${id} (${what}): ${page.mode} at ${new Date(page.at).toISOString()}, ${page.ids.length} records`,
      )
    }
    more = pages.length > 0
    since = next
  }
  return lines.length > 0 ? lines : [`${kind} ${id} (${what}): on no page of a feed`]
}

/** The limits, and a minute between two drains, as the other side counts them. */
export function judgeRates(
  simulator: Simulator,
  most = { perSecond: 100, tokensPerMinute: 50 },
): Pick<KillRunResult, 'broken' | 'drainDistanceMinMs' | 'perSecondMost'> {
  const { apps, drains } = simulator.truth.windows()
  const rates = Object.values(apps)
  const perSecondMost = Math.max(0, ...rates.map((rate) => rate.perSecond))
  const tokensMost = Math.max(0, ...rates.map((rate) => rate.tokensPerMinute))
  const distances = drains.flatMap(({ minimumMs }) => (minimumMs === undefined ? [] : [minimumMs]))
  const drainDistanceMinMs = distances.length > 0 ? Math.min(...distances) : undefined
  const broken = [
    ...(perSecondMost > most.perSecond ? [`${perSecondMost} calls in a second`] : []),
    ...(tokensMost > most.tokensPerMinute ? [`${tokensMost} token requests in a minute`] : []),
    ...(drainDistanceMinMs !== undefined && drainDistanceMinMs < 60_000
      ? [`drains ${drainDistanceMinMs} ms apart`]
      : []),
  ]
  return { broken, drainDistanceMinMs, perSecondMost }
}

/** Written as an operator would write it; the secret in a file of its own. */
function writeConfig(directory: string, url: string): string {
  const secretFile = join(directory, 'secret')
  writeFileSync(secretFile, 'demo-secret\n', { mode: 0o600 })
  const file = join(directory, 'aegis.yaml')
  const lines = [
    'environment: local',
    'clock: simulator',
    `practices: [${practice}]`,
    'athena:',
    '  clientId: demo-client',
    `  secretFile: ${secretFile}`,
    `  baseUrl: ${url}`,
    'limits: { perSecond: 100, perDay: 500000, tokensPerMinute: 50 }',
    'policy: { offHours: always }',
    'sync:',
    `  feeds: [${furtherFeeds.join(', ')}]`,
    '  settle: 1m',
    '  activationCheck: 10s',
    `  bookedDaysBack: ${scope.bookedDaysBack}`,
    `  bookedDaysAhead: ${scope.bookedDaysAhead}`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}
