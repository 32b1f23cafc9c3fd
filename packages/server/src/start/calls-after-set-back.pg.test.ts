/** The database's clock is set back while calls are made, and a process notices it as in production. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { mostInOneSecond } from '../../testing/most-in-one-second.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { followClock } from '../clock/followed-clock.ts'
import { createQuota } from '../quota/quota.ts'
import type { QuotaLimits } from '../quota/quota-limits.ts'
import { acceptedClock } from './accept-clock.ts'

const database = await scratchDatabase()
const perSecond = 5
const minute = 60_000
const day = 24 * 60 * minute
let apps = 0

/** Two processes whose callers ask again as soon as they were served, or were told that it took too long. */
async function busyProcesses(limits: Partial<QuotaLimits>) {
  apps += 1
  const time = await lockstep(database, Date.UTC(2026, 0, 5, 12) + apps * day)
  const app = `set-back/${apps}`
  const sends: number[] = []
  const refused: unknown[] = []
  const ending = new AbortController()
  const read = () => acceptedClock({ db: time.db, log: silentLog })
  const processes = await Promise.all(
    [3_000_000, -50_000].map(async (aheadMs) => {
      const machine = time.machineClock({ aheadMs })
      const clock = await followClock({ machine, read })
      const deps = { db: time.db, clock, wall: () => machine.now(), log: silentLog, holder: `${app}/${aheadMs}` }
      return { clock, quota: createQuota(deps, { perSecond, perDay: 500_000, tokensPerMinute: 5, ...limits }) }
    }),
  )
  const busy = async (of: (typeof processes)[number], practice: number) => {
    while (!ending.signal.aborted) {
      await of.quota.permission({ app, practice, priority: 'interactive', deadlineMs: 10_000 }).then(
        () => sends.push(time.clock.now()),
        (error: unknown) => refused.push(error),
      )
    }
  }
  const callers = processes.flatMap((each) => [1, 2, 3].map((practice) => busy(each, practice)))
  const end = async () => {
    ending.abort()
    await time.run(Promise.all(callers))
    for (const { clock } of processes) clock.stop()
    await time.run(Promise.all(processes.map(({ quota }) => quota.stop())))
  }
  return { time, app, quota: processes[0]?.quota, sends, refused, end }
}

const cases: readonly [title: string, backMs: number, isPaused: boolean, limits: Partial<QuotaLimits>][] = [
  ['by seconds', 9_000, false, {}],
  ['by more seconds', 14_000, false, {}],
  ['by most of a minute', 45_000, false, {}],
  ['by minutes during a pause', 14 * minute, true, {}],
  ['by hours', 9 * 60 * minute, false, {}],
  ['by most of a minute, with a limit per practice', 45_000, false, { perPracticePerSecond: 3 }],
  ['by hours, with a limit per practice', 9 * 60 * minute, false, { perPracticePerSecond: 3 }],
]
for (const [title, backMs, isPaused, limits] of cases) {
  test(`nobody waits in vain, and no second holds a call too many, when the clock is set back ${title}`, async () => {
    const { time, app, quota, sends, refused, end } = await busyProcesses(limits)
    await time.advance(6_000)
    if (isPaused) await time.during(quota?.throttled(app) ?? Promise.resolve())
    await time.setDatabaseClock(-backMs)
    const setAt = time.clock.now()
    await time.advance(30_000)
    const waitedMs = Math.min(...sends.filter((at) => at > setAt + 500)) - setAt
    assert.ok(waitedMs < 10_000, `${waitedMs} ms`)
    assert.deepEqual(refused, [])
    assert.ok(mostInOneSecond(sends) <= perSecond, `${mostInOneSecond(sends)} in a second`)
    assert.ok(sends.filter((at) => at > setAt + 20_000).length > 9 * 0.9 * perSecond, 'then as fast as before')
    await end()
  })
}
