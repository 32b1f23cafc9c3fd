import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Lockstep, lockstep, type MachineClock } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { mostInOneSecond } from '../../testing/most-in-one-second.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { seededRandom } from '../../testing/seeded-random.ts'
import { followClock } from '../clock/followed-clock.ts'
import { readSqlClock } from '../db/sql-clock.sql.ts'
import { createQuota, type Quota } from './quota.ts'
import type { QuotaLimits } from './quota-limits.ts'

const database = await scratchDatabase()
const hour = 3_600_000
let apps = 0

/** Two processes of one app, each with a machine of its own, whose callers ask again as soon as they are served. */
async function twoMachines(perSecond: number, more: { isFollowed?: true; limits?: Partial<QuotaLimits> } = {}) {
  const time = await lockstep(database)
  const app = `clocks-set-${apps++}`
  const clocks = [time.machineClock({ aheadMs: 7_000_000 }), time.machineClock({ aheadMs: -3_000_000 })] as const
  const limits = { perSecond, perDay: 500_000, tokensPerMinute: 5, ...more.limits }
  // As in production: the database's time, counted on by the machine's steady clock.
  const followed = more.isFollowed
    ? await Promise.all(clocks.map((machine) => followClock({ machine, read: () => time.db.control(readSqlClock) })))
    : []
  const quotas = clocks.map((machine, i) => {
    const clock = followed[i] ?? machine
    return createQuota({ db: time.db, clock, wall: () => machine.now(), log: silentLog, holder: `${app}-${i}` }, limits)
  })
  /** When calls left, in true time. */
  const sends: number[] = []
  let wanted = { from: Number.POSITIVE_INFINITY, resolve: () => {} }
  let ended = false
  const busy = async (quota: Quota) => {
    while (!ended) {
      await quota.permission({ app, practice: 1, priority: 'interactive' })
      sends.push(time.clock.now())
      if (sends.length >= wanted.from) wanted.resolve()
    }
  }
  const callers = quotas.flatMap((quota) => Array.from({ length: 4 }, () => busy(quota)))
  /** Resolves when so many more calls have left. */
  const furtherCalls = (count: number) =>
    new Promise<void>((resolve) => {
      wanted = { from: sends.length + count, resolve }
    })
  const end = async () => {
    ended = true
    await time.run(Promise.all(callers))
    for (const clock of followed) clock.stop()
    await Promise.all(quotas.map((quota) => quota.stop()))
  }
  return { time, clocks, sends, furtherCalls, end }
}

type Disturb = (time: Lockstep, clocks: readonly [MachineClock, MachineClock], ms: number) => void | Promise<void>

const disturbances: [string, readonly number[], Disturb][] = [
  ["a process's clock is set ahead", [5 * hour], (_, [one], ms) => one.set(ms)],
  ["a process's clock is set back", [-150, -50_000], (_, [one], ms) => one.set(ms)],
  ['a machine sleeps', [400, 5 * hour], (_, [one], ms) => one.sleepThrough(ms)],
  ["the database's clock is set ahead", [150, 5 * hour], (time, _, ms) => time.setDatabaseClock(ms)],
  ["the database's clock is set back", [-400, -9 * hour], (time, _, ms) => time.setDatabaseClock(ms)],
]

const perSecond = 4
const kinds = [
  ['', {}],
  [', where time is the database’s', { isFollowed: true }],
  [', with a limit per practice', { limits: { perPracticePerSecond: 3 } }],
] as const

for (const [what, sizes, disturb] of disturbances) {
  for (const [how, kind] of kinds) {
    for (const ms of sizes) {
      test(`no second holds more than ${perSecond} when ${what}, by ${ms} ms${how}`, async () => {
        const { time, clocks, sends, furtherCalls, end } = await twoMachines(perSecond, kind)
        const random = seededRandom(perSecond + ms)
        await time.advance(3_000)
        for (let times = 0; times < 3; times++) {
          await disturb(time, clocks, ms)
          await time.advance(1_000 * random.fraction())
        }
        await time.advance(2_000)
        assert.ok(mostInOneSecond(sends) <= perSecond, `${mostInOneSecond(sends)} in a second`)
        await time.run(furtherCalls(2 * perSecond), 70_000)
        assert.ok(mostInOneSecond(sends) <= perSecond, `${mostInOneSecond(sends)} in a second afterwards`)
        await end()
      })
    }
  }
}
