/** The practice of runs with real processes: simulated, living through its day, mirrored by Aegis as a user would set it up. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Simulator, type SimulatorOptions, startSimulator } from '@aegis/simulator'
import { coreFeeds, furtherFeeds } from '../packages/server/src/sync/feed-name.ts'
import { hasChangedFeed } from '../packages/server/src/sync/feed-table.ts'
import { oracleKinds } from '../packages/server/testing/oracle.ts'
import type { AegisProcess } from './aegis-process.ts'

export const practice = 195900
/** `core`: only what is always mirrored, for runs that have little time. */
export type Mirrored = 'core' | 'all'
export const scopes = {
  all: { bookedDaysBack: 7, bookedDaysAhead: 30, claimsMonthsBack: 24, kinds: oracleKinds },
  core: { bookedDaysBack: 7, bookedDaysAhead: 30, claimsMonthsBack: 24, kinds: coreFeeds },
} as const

/** 10:00 Eastern on a working day: the practice changes every few seconds. */
const tuesdayMorning = Date.UTC(2026, 2, 3, 15)
const quietTimeoutMs = 180_000

/** Starts athenahealth with the one practice, which lives 20 times faster than we do unless `options` say otherwise. */
export function startPractice(
  { seed, patients }: { seed: number; patients: number },
  options: Pick<SimulatorOptions, 'speed' | 'startAt' | 'activationLagMs'> = {},
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

/** Written as an operator would write it; the secret in a file of its own. */
export function writeConfig(
  directory: string,
  { url, clock = 'simulator', mirrored = 'all' }: { url: string; clock?: 'simulator' | 'system'; mirrored?: Mirrored },
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
    'limits: { perSecond: 100, perDay: 500000, tokensPerMinute: 50 }',
    'policy: { offHours: always }',
    'sync:',
    `  feeds: [${mirrored === 'all' ? furtherFeeds.join(', ') : ''}]`,
    // In the machine's time a minute is a minute.
    `  settle: ${clock === 'system' ? '5s' : '1m'}`,
    '  activationCheck: 10s',
    `  bookedDaysBack: ${scopes.all.bookedDaysBack}`,
    `  bookedDaysAhead: ${scopes.all.bookedDaysAhead}`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

/** Lets the practice rest and waits until Aegis has caught up: everything live, nothing open, everything looked at since. */
export async function comeToRest(aegis: AegisProcess, simulator: Simulator): Promise<void> {
  simulator.days.pause()
  const restedAt = simulator.clock.now()
  let last: unknown
  for (const until = Date.now() + quietTimeoutMs; Date.now() < until; await sleep(250)) {
    const report = await aegis.status().catch(() => undefined)
    const [found] = report?.practices ?? []
    last = found
    if (!report || !found || found.openIntents + found.waitingPages + found.inDoubt > 0) continue
    const caughtUp = found.feeds.every(({ state, explanation, lagMs, gaps, feed }) => {
      const seenAt = Date.parse(report.now) - (lagMs ?? Number.POSITIVE_INFINITY)
      // What is read patient by patient is live before it has been read for the first time.
      const isLive = state === 'live' && /^live\b/.test(explanation)
      return hasChangedFeed(feed) ? isLive && gaps.length === 0 && seenAt > restedAt : lagMs !== null
    })
    if (caughtUp) return
  }
  throw new Error(`Aegis did not catch up: ${JSON.stringify(last)}`)
}
