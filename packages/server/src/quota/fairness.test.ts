/** One practice floods the line; how long do the calls of another one take? */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Lockstep, lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { seededRandom } from '../../testing/seeded-random.ts'
import type { Db, Tx } from '../db/db.ts'
import type { Priority } from './priorities.ts'
import { createQuota, type Quota } from './quota.ts'

const database = await scratchDatabase()
/** What athenahealth takes to answer a call. */
const answerMs = 400
let apps = 0

interface Flood {
  /** On which process practice A floods; absent: it is quiet. */
  readonly on?: 'same process' | 'another process'
  readonly perSecond: number
  readonly priority: Priority
}

/** The 95th percentile of what 12 calls of practice B take, several a second: wait and answer. */
async function p95OfB({ on, perSecond, priority }: Flood): Promise<number> {
  const time = await lockstep(database)
  const app = `fair/${apps++}`
  const limits = { perSecond, perDay: 500_000, tokensPerMinute: 5 }
  const instance = (holder: string) => createQuota({ db: time.db, clock: time.clock, log: silentLog, holder }, limits)
  const [own, other] = [instance('one'), instance('two')]
  const flooded = on === 'another process' ? other : own
  const ending = new AbortController()
  const flood = on === undefined ? [] : [floodWith(flooded, { app, priority, time, signal: ending.signal })]
  const took: number[] = []
  const calls = async () => {
    await time.clock.sleep(1_500)
    for (let call = 0; call < 12; call += 1) {
      const from = time.clock.now()
      await own.permission({ app, practice: 2, priority })
      took.push(time.clock.now() - from + answerMs)
      // Not in step with the timetable.
      await time.clock.sleep(150 + ((call * 37) % 211))
    }
    ending.abort()
  }
  await time.run(Promise.all([calls(), ...flood]))
  await time.run(Promise.all([own.stop(), other.stop()]))
  return took.toSorted((a, b) => a - b)[Math.ceil(took.length * 0.95) - 1] ?? Number.NaN
}

/** 30 calls of practice A wait all the time. */
async function floodWith(
  quota: Quota,
  { app, priority, time, signal }: { app: string; priority: Priority; time: Lockstep; signal: AbortSignal },
): Promise<void> {
  const one = async () => {
    while (!signal.aborted) {
      await quota.permission({ app, practice: 1, priority, signal, deadlineMs: 3_600_000 }).catch(() => undefined)
      await time.clock.sleep(1, signal).catch(() => undefined)
    }
  }
  await Promise.all(Array.from({ length: 30 }, one))
}

const cases: readonly Required<Flood>[] = [
  { perSecond: 100, priority: 'feeds', on: 'same process' },
  { perSecond: 100, priority: 'interactive', on: 'another process' },
  { perSecond: 5, priority: 'feeds', on: 'same process' },
  { perSecond: 5, priority: 'feeds', on: 'another process' },
]
for (const flood of cases) {
  const { perSecond, priority, on } = flood
  test(`${priority} calls at ${perSecond} a second take less than twice as long while ${on} is flooded`, async () => {
    const alone = await p95OfB({ perSecond, priority })
    const flooded = await p95OfB(flood)
    assert.ok(flooded < 2 * alone, `${flooded} ms beside a flood, ${alone} ms alone`)
  })
}

test('with a limit per practice a call need not wait for the rest of another practice', async () => {
  const time = await lockstep(database)
  const app = `fair/${apps++}`
  const limits = { perSecond: 100, perDay: 500_000, tokensPerMinute: 5, perPracticePerSecond: 1 }
  const quota = createQuota({ db: time.db, clock: time.clock, log: silentLog, holder: 'one' }, limits)
  const ending = new AbortController()
  const flood = floodWith(quota, { app, priority: 'feeds', time, signal: ending.signal })
  const took: number[] = []
  const calls = async () => {
    for (let call = 0; call < 10; call += 1) {
      // Its own rest is over by then.
      await time.clock.sleep(1_500 + ((call * 37) % 211))
      const from = time.clock.now()
      await quota.permission({ app, practice: 2, priority: 'feeds' })
      if (call > 0) took.push(time.clock.now() - from)
    }
    ending.abort()
  }
  await time.run(Promise.all([calls(), flood]))
  await time.run(quota.stop())
  assert.ok(Math.max(...took) < 50, took.join())
})

test('with a limit per practice bulk work books as bulk work while an interactive call waits for the rest of another one', async () => {
  const time = await lockstep(database)
  const app = `fair/${apps++}`
  const limits = { perSecond: 100, perDay: 500_000, tokensPerMinute: 5, perPracticePerSecond: 0.5 }
  const aheadMs: unknown[] = []
  const watching = (tx: Tx): Tx => ({
    async rows<R extends object>(...[statement, values, options]: Parameters<Tx['rows']>) {
      if (statement.name === 'quota.book_instants') aheadMs.push(values?.[5])
      return tx.rows<R>(statement, values, options)
    },
  })
  const db: Db = { ...time.db, control: (work) => time.db.control((tx) => work(watching(tx))) }
  const quota = createQuota({ db, clock: time.clock, log: silentLog, holder: 'one' }, limits)
  const call = (practice: number, priority: Priority) => quota.permission({ app, practice, priority })
  await time.run(call(1, 'interactive'))
  // Its practice rests for two seconds; the others do not.
  const waiting = call(1, 'interactive')
  await database.owner.rows(
    'insert into control.quota_practice (app, practice_id, next_at) select $1, p, aegis.now() from generate_series(2, 4) p',
    [app],
  )
  aheadMs.length = 0
  await time.run(Promise.all([2, 3, 4].map((practice) => call(practice, 'bulk'))))
  assert.deepEqual([...new Set(aheadMs)], [100])
  await time.run(waiting)
  assert.equal(aheadMs.at(-1), 300)
  await time.run(quota.stop())
})

for (const [who, weighted, of] of [
  ['a practice', { weights: { '1': 3 } }, (one: boolean) => ({ practice: one ? 1 : 2 })],
  ['a program', { callerWeights: { one: 3 } }, (one: boolean) => ({ practice: 1, caller: one ? 'one' : 'other' })],
] as const) {
  test(`${who} that is configured with weight 3 gets three calls for each of another`, async () => {
    const time = await lockstep(database)
    const app = `fair/${apps++}`
    const limits = { perSecond: 100, perDay: 500_000, tokensPerMinute: 5, ...weighted }
    const quota = createQuota({ db: time.db, clock: time.clock, log: silentLog, holder: 'one' }, limits)
    const served: boolean[] = []
    const call = async (one: boolean) => {
      await quota.permission({ app, priority: 'feeds', ...of(one) })
      served.push(one)
    }
    await time.run(Promise.all([...Array<boolean>(12).fill(false), ...Array<boolean>(12).fill(true)].map(call)))
    assert.equal(served.slice(0, 12).filter(Boolean).length, 9, served.join())
    await time.run(quota.stop())
  })
}

/** So many processes died a while ago: each may be cut off, and takes a call a second of the limit. */
async function addDead(app: string, { count, now }: { count: number; now: number }): Promise<void> {
  await database.owner.rows(
    `insert into control.quota_holder (app, holder, seen_at)
     select $1, 'dead-' || dead, to_timestamp($3::float8 / 1000) from generate_series(1, $2::integer) dead`,
    [app, count, now - 20_000],
  )
}

for (const { flooded, dead, perSecond, share } of [
  { flooded: 3, dead: 0, perSecond: 5, share: 0.12 },
  { flooded: 2, dead: 15, perSecond: 20, share: 0.18 },
]) {
  const title = `of ${flooded} flooded processes one whose timers are late by up to 20 ms gets a good part of its share`
  test(`${title}, ${dead} others that died notwithstanding`, async () => {
    const time = await lockstep(database)
    const app = `fair/${apps++}`
    const random = seededRandom(1)
    const late = time.machineClock({ lateMs: () => 20 * random.fraction() })
    const limits = { perSecond, perDay: 500_000, tokensPerMinute: 5 }
    const quotas = Array.from({ length: flooded }, (_, index) =>
      createQuota(
        { db: time.db, clock: index === 0 ? late : time.clock, log: silentLog, holder: String(index) },
        limits,
      ),
    )
    await addDead(app, { count: dead, now: time.clock.now() })
    const ending = new AbortController()
    const calls = quotas.map(() => 0)
    const floods = quotas.map(async (quota, index) => {
      for (; !ending.signal.aborted; calls[index] = (calls[index] ?? 0) + 1) {
        await quota.permission({ app, practice: 1, priority: 'feeds' })
      }
    })
    await time.advance(21_000)
    ending.abort()
    await time.run(Promise.all(floods))
    await time.run(Promise.all(quotas.map((quota) => quota.stop())))
    const [ofLate = 0, ...others] = calls
    const all = calls.reduce((sum, each) => sum + each, 0)
    assert.ok(ofLate > share * all, `${ofLate} calls, and ${others.join(' and ')} of the others`)
    assert.ok(all >= 0.93 * (perSecond - dead) * 20)
  })
}

test('a process that was quiet for a minute lets nobody go first for what it booked before', async () => {
  const time = await lockstep(database)
  const app = `fair/${apps++}`
  const limits = { perSecond: 5, perDay: 500_000, tokensPerMinute: 5 }
  const instance = (holder: string, clock = time.clock) =>
    createQuota({ db: time.db, clock, log: silentLog, holder }, limits)
  const call = (quota: Quota) => quota.permission({ app, practice: 1, priority: 'feeds' })
  const [quiet, ...nine] = Array.from({ length: 10 }, (_, index) => instance(String(index)))
  assert.ok(quiet)
  for (const quota of nine) await time.run(call(quota))
  await time.run(call(quiet))
  await time.run(Promise.all(nine.map((quota) => quota.stop())))
  await time.advance(60_000)
  // It has yet to hear that there is another one, and always asks first but for that its timers are late.
  const busy = instance('busy', time.machineClock({ lateMs: () => 5 }))
  const ending = new AbortController()
  const flood = floodWith(busy, { app, priority: 'feeds', time, signal: ending.signal })
  await time.advance(2_000)
  const from = time.clock.now()
  await time.run(call(quiet))
  const waitedMs = time.clock.now() - from
  ending.abort()
  await time.run(flood)
  await time.run(Promise.all([quiet.stop(), busy.stop()]))
  assert.ok(waitedMs < 500, `${waitedMs} ms`)
})
