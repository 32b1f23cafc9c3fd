import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { memoryLog, silentLog } from '../../testing/memory-log.ts'
import { mostInOneSecond } from '../../testing/most-in-one-second.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Db, Tx } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { createQuota } from './quota.ts'
import type { QuotaLimits } from './quota-limits.ts'

const database = await scratchDatabase()
const limits = { perSecond: 5, perDay: 50_000, tokensPerMinute: 5 }

interface Cable extends Db {
  /** Whatever is asked is refused at once. */
  cut: boolean
  /** Whatever is asked waits for this, without a word, and is done then. */
  silence: Promise<void> | undefined
  /** What was done for those who had waited so. */
  readonly doneLate: string[]
}

/** The database behind a wire that can be cut, or go silent. */
function cable(db: Db): Cable {
  const unavailable = () => Promise.reject(new AegisError('db.unavailable'))
  const noting = (tx: Tx): Tx => ({
    rows(statement, ...given) {
      wire.doneLate.push(statement.name)
      return tx.rows(statement, ...given)
    },
  })
  const wire: Cable = {
    cut: false,
    silence: undefined,
    doneLate: [],
    practice: (practice, work) => (wire.cut ? unavailable() : db.practice(practice, work)),
    async control(work) {
      if (wire.cut) return unavailable()
      if (!wire.silence) return db.control(work)
      await wire.silence
      return db.control((tx) => work(noting(tx)))
    },
    audit: (work) => (wire.cut ? unavailable() : db.audit(work)),
  }
  return wire
}

async function setUp(app: string, dayBlock: number, more: Partial<QuotaLimits> = {}) {
  const time = await lockstep(database)
  const log = memoryLog()
  const wires = [cable(time.db), cable(time.db)] as const
  const quotas = wires.map((db, i) =>
    createQuota({ db, clock: time.clock, log, holder: `${app}-${i}` }, { ...limits, dayBlock, ...more }),
  )
  const sends: { at: number; by: number }[] = []
  let ended = false
  /** Asks again as soon as it was served, until the test ends; a refused one comes back a second later. */
  const busy = async (by: number) => {
    while (!ended) {
      await quotas[by]
        ?.permission({ app, practice: 1, priority: 'feeds' })
        .then(() => sends.push({ at: time.clock.now(), by }))
        .catch((error) => {
          refusals.push(isAegisError(error) ? error.code : String(error))
          return time.clock.sleep(1_000)
        })
    }
  }
  const refusals: string[] = []
  const callers = [0, 0, 0, 1, 1, 1].map(busy)
  const end = async () => {
    ended = true
    const all = Promise.all(callers)
    await time.run(all)
    await Promise.all(quotas.map((quota) => quota.stop()))
  }
  return { time, wires, quotas, sends, refusals, log, end }
}

test('throttled while it has no database, a process pauses for 15 minutes at most, and tells the others when it can', async () => {
  const { time, wires, quotas, sends, end } = await setUp('throttled-alone', 400)
  await time.advance(4_000)
  wires[0].cut = true
  const throttledAt = time.clock.now()
  await assert.rejects(quotas[0]?.throttled('throttled-alone', { retryAfterMs: 86_400_000 }) ?? Promise.resolve())
  await time.advance(3_000)
  assert.deepEqual([...new Set(sends.filter(({ at }) => at > throttledAt).map(({ by }) => by))], [1])
  wires[0].cut = false
  await time.advance(917_000)
  const firstOf = (who: number) =>
    Math.min(...sends.filter(({ at, by }) => by === who && at > throttledAt + 5_000).map(({ at }) => at - throttledAt))
  for (const pausedMs of [firstOf(0), firstOf(1)]) {
    assert.ok(pausedMs >= 899_000 && pausedMs < 910_000, `${pausedMs} ms`)
  }
  await end()
})

test('what could not be told of one throttling is told still where another could be meanwhile', async () => {
  const app = 'throttled-twice'
  const { time, wires, quotas, sends, end } = await setUp(app, 400)
  const [one] = quotas
  assert.ok(one)
  await time.advance(4_000)
  wires[0].cut = true
  const throttledAt = time.clock.now()
  await assert.rejects(one.throttled(app, { retryAfterMs: 300_000 }))
  wires[0].cut = false
  await time.run(one.throttled(app))
  await time.advance(310_000)
  const during = sends.filter(({ at }) => at > throttledAt + 1_000 && at < throttledAt + 299_000)
  assert.deepEqual(during, [])
  assert.deepEqual(new Set(sends.filter(({ at }) => at > throttledAt + 299_000).map(({ by }) => by)), new Set([0, 1]))
  await end()
})

test('one of two processes loses the database: it calls on a small share, and no second holds one too many', async () => {
  const { time, wires, sends, refusals, log, end } = await setUp('cut-off', 2_000)
  await time.advance(4_000)
  wires[0].cut = true
  const cutAt = time.clock.now()
  await time.advance(50_000)
  const during = sends.filter(({ at, by }) => by === 0 && at > cutAt + 500)
  assert.ok(during.length >= 20 && during.length <= 28, `${during.length} calls in 50 s without the database`)
  assert.ok((during[0]?.at ?? 0) >= cutAt + 20_000, 'it waits until the others count it out')
  wires[0].cut = false
  const backAt = time.clock.now()
  await time.advance(15_000)
  assert.deepEqual([refusals, log.events().filter((event) => event === 'quota.unreachable').length], [[], 1])
  assert.ok(sends.filter(({ at, by }) => by === 0 && at > backAt + 5_000).length > 20, 'then it calls as before')
  assert.ok(mostInOneSecond(sends.map(({ at }) => at)) <= 5)
  await end()
})

for (const becomes of ['answers in the end', 'is given up in the end'] as const) {
  test(`a database that does not answer, and ${becomes}, is not waited for: the small share begins all the same`, async () => {
    const app = `silent ${becomes}`
    const { time, wires, sends, log, end } = await setUp(app, 2_000)
    const [wire] = wires
    await time.advance(4_000)
    const back = Promise.withResolvers<void>()
    wire.silence = back.promise
    const silentAt = time.clock.now()
    await time.advance(50_000)
    const during = sends.filter(({ at, by }) => by === 0 && at > silentAt + 500)
    assert.ok(during.length >= 20 && during.length <= 28, `${during.length} calls in 50 s without an answer`)
    assert.ok((during[0]?.at ?? 0) >= silentAt + 20_000, 'it waits until the others count it out')
    if (becomes === 'answers in the end') back.resolve()
    else back.reject(new AegisError('db.unavailable'))
    wire.silence = undefined
    const backAt = time.clock.now()
    await time.advance(15_000)
    const booked = wire.doneLate.filter((name) => name === 'quota.book_instants')
    assert.ok(booked.length <= 1, `${booked.length} bookings had been under way`)
    assert.equal(log.events().filter((event) => event === 'quota.unreachable').length, 1)
    assert.ok(sends.filter(({ at, by }) => by === 0 && at > backAt + 5_000).length > 20, 'then it calls as before')
    assert.ok(mostInOneSecond(sends.map(({ at }) => at)) <= 5)
    await end()
    const [day] = await database.owner.rows<{ reserved: number }>(
      'select reserved from control.quota_day where app = $1',
      [app],
    )
    assert.equal(day?.reserved, sends.length, 'no call is counted twice, and none is lost')
  })
}

/** A process alone, whose database answers nothing until `answer` is called. */
async function aloneWithout(app: string, more: Partial<QuotaLimits> = {}) {
  const time = await lockstep(database)
  const wire = cable(time.db)
  const deps = { db: wire, clock: time.clock, log: silentLog, holder: 'alone' }
  const quota = createQuota(deps, { ...limits, dayBlock: 500, ...more })
  const call = () => quota.permission({ app, practice: 1, priority: 'feeds' }).then(() => time.clock.now())
  const goSilent = () => {
    const back = Promise.withResolvers<void>()
    wire.silence = back.promise
    return (error?: Error) => {
      wire.silence = undefined
      if (error) back.reject(error)
      else back.resolve()
    }
  }
  return { time, wire, quota, call, goSilent }
}

test('what was booked and is answered late leaves no sooner than a second after a call of the share', async () => {
  const { time, wire, quota, call, goSilent } = await aloneWithout('late')
  await time.run(call())
  const answer = goSilent()
  const [first, second] = [call(), call()]
  const sharedAt = await time.run(first)
  answer()
  const nextAt = await time.run(second)
  assert.ok(wire.doneLate.includes('quota.book_instants'))
  assert.ok(nextAt - sharedAt >= 1_000, `${nextAt - sharedAt} ms`)
  await time.run(quota.stop())
})

test('what an unanswered booking did is given back, although nobody waits for it any more', async () => {
  for (const isStopped of [true, false]) {
    const app = `unanswered ${isStopped}`
    const { time, quota, goSilent } = await aloneWithout(app)
    const answer = goSilent()
    const asked = quota.permission({ app, practice: 1, priority: 'feeds', deadlineMs: 1_000 })
    await assert.rejects(time.run(asked), { code: 'quota.timeout' })
    const stopped = isStopped ? quota.stop() : Promise.resolve()
    await time.advance(20_000)
    answer()
    await time.run(stopped)
    await time.advance(20_000)
    const listed = await database.owner.rows('select from control.quota_holder where app = $1', [app])
    assert.equal(listed.length, 0, 'nobody leaves a call a second to it')
    await time.run(quota.stop())
    const days = await database.owner.rows<{ reserved: number }>(
      'select reserved from control.quota_day where app = $1',
      [app],
    )
    assert.deepEqual(days, [{ reserved: 0 }])
  }
})

type Alone = Awaited<ReturnType<typeof aloneWithout>>
const withoutShare: readonly [who: string, begin: (alone: Alone, app: string) => Promise<unknown>][] = [
  ['has just started', async () => undefined],
  ['was idle', ({ time, call }) => time.run(call()).then(() => time.advance(20_000))],
  [
    'is one of more than there are calls a second',
    async ({ time, call }, app) => {
      const other = createQuota({ db: time.db, clock: time.clock, log: silentLog, holder: 'other' }, limits)
      await time.run(other.permission({ app, practice: 1, priority: 'feeds' }))
      await time.run(call())
    },
  ],
]
for (const [who, begin] of withoutShare) {
  test(`a process that ${who} waits for a database that pauses, and sends away who waits when that gives up`, async () => {
    const app = `pausing ${who}`
    const alone = await aloneWithout(app, { perSecond: 1 })
    const { time, quota, call, goSilent } = alone
    await begin(alone, app)
    const answer = goSilent()
    const later = time.clock.sleep(2_500).then(call)
    const answered = time.clock.sleep(3_500).then(() => answer())
    await time.run(Promise.all([call(), later, answered]))
    await time.advance(20_000)
    const giveUp = goSilent()
    const refused = assert.rejects(call(), { code: 'quota.unreachable' }).then(() => time.clock.now())
    const impatient = quota.permission({ app, practice: 1, priority: 'feeds', deadlineMs: 5_000 })
    await assert.rejects(time.run(impatient), { code: 'quota.timeout' })
    await time.advance(40_000)
    const givenUpAt = time.clock.now()
    giveUp(new AegisError('db.unavailable'))
    assert.ok((await time.run(refused)) - givenUpAt < 1_000, 'nobody waits for what has failed')
    await time.run(quota.stop())
  })
}

test('nobody reaches the database: each process makes a call a second of those it had reserved', async () => {
  const { time, wires, sends, refusals, end } = await setUp('outage', 20)
  await time.advance(4_000)
  for (const wire of wires) wire.cut = true
  const cutAt = time.clock.now()
  await time.advance(60_000)
  const during = sends.filter(({ at }) => at > cutAt + 500).length
  // Each draws on what it had reserved for the day before: never more than a block, here 20.
  assert.ok(during >= 10 && during <= 40, `${during} calls on reserved ones`)
  assert.ok(mostInOneSecond(sends.map(({ at }) => at)) <= 5)
  assert.deepEqual([...new Set(refusals)], ['quota.unreachable'])
  for (const wire of wires) wire.cut = false
  await time.advance(10_000)
  assert.ok(sends.filter(({ at }) => at > cutAt + 60_000).length > 30)
  assert.ok(mostInOneSecond(sends.map(({ at }) => at)) <= 5)
  await end()
})

test('with a limit per practice nobody calls without the database: several might for one practice', async () => {
  const { time, wires, sends, refusals, end } = await setUp('outage-practice', 20, { perPracticePerSecond: 1 })
  await time.advance(10_000)
  for (const wire of wires) wire.cut = true
  const cutAt = time.clock.now()
  await time.advance(60_000)
  assert.equal(sends.filter(({ at }) => at > cutAt + 1_500).length, 0)
  assert.deepEqual([...new Set(refusals)], ['quota.unreachable'])
  for (const wire of wires) wire.cut = false
  await time.advance(10_000)
  assert.ok(sends.filter(({ at }) => at > cutAt + 60_000).length > 5)
  assert.equal(mostInOneSecond(sends.map(({ at }) => at)), 1)
  await end()
})

test('a process that never reached the database refuses at once', async () => {
  const time = await lockstep(database)
  const db = cable(time.db)
  db.cut = true
  const quota = createQuota({ db, clock: time.clock, log: silentLog, holder: 'alone' }, limits)
  const asked = quota.permission({ app: 'never', practice: 1, priority: 'interactive' })
  await assert.rejects(time.run(asked), { code: 'quota.unreachable' })
  await quota.stop()
})
