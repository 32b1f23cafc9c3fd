import assert from 'node:assert/strict'
import { beforeEach, describe, type TestContext, test } from 'node:test'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { memoryLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { type Db, sql } from '../db/db.ts'
import { slaveSqlClock } from '../db/sql-clock.sql.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'
import { acquireLease, type Lease } from './acquire-lease.ts'
import { takeOverLeases } from './take-over-leases.ts'

const { db, owner } = await scratchDatabase()
const ttlMs = 30_000
let clock: ManualClock
let count = 0
let name: string

beforeEach(async () => {
  clock = manualClock()
  name = `test.lease-${++count}`
  await moveSqlClock(0)
  await owner.rows("update control.lease set expires_at = '-infinity'")
})

/** Sets the database's clock to so much after the test's, and stops it there. */
function moveSqlClock(aheadMs: number): Promise<void> {
  return db.control((tx) => slaveSqlClock(tx, { nowMs: clock.now() + aheadMs, speed: 1e-9 }))
}

/** Moves both clocks on. */
async function pass(ms: number): Promise<void> {
  await moveSqlClock(ms)
  await clock.advance(ms)
}

function acquire(holder: string, deps = {}): Promise<Lease | undefined> {
  return acquireLease({ db, clock, log: memoryLog(), ...deps }, { name, holder, ttlMs })
}

async function held(lease: Lease | undefined): Promise<Lease> {
  assert.ok(lease, 'the lease was free')
  return lease
}

async function expiresAtMs(): Promise<number> {
  const [row] = await owner.rows<{ at: number }>('select expires_at as at from control.lease where name = $1', [name])
  return row?.at ?? Number.NaN
}

/** Waits for what happens behind a timer: a renewal's way to the database and back. */
async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail('it did not happen')
}

/** Renewals stand still until they are let go on. */
function standStill(t: TestContext): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  t.after(setFailpointHook((point) => (point === 'leases.before-renewal' ? promise : undefined)))
  return resolve
}

/** The test's database; `asked`: what it was asked, and what came of it. */
function notingDb(): Pick<Db, 'control'> & { readonly asked: readonly Promise<unknown>[] } {
  const asked: Promise<unknown>[] = []
  const control: Db['control'] = (work) => {
    const answer = db.control(work)
    asked.push(answer)
    return answer
  }
  return { asked, control }
}

describe('two holders', () => {
  test('only one of many who ask at once gets the lease', async () => {
    const leases = await Promise.all(Array.from({ length: 12 }, (_, index) => acquire(`holder-${index}`)))
    assert.equal(leases.filter(Boolean).length, 1)
    for (const lease of leases) await lease?.release()
  })

  test('a released lease is free at once, and the next holder has a higher fence', async () => {
    const first = await held(await acquire('a'))
    assert.equal(await acquire('b'), undefined)
    await first.release()
    const second = await held(await acquire('b'))
    assert.ok(BigInt(second.fence) > BigInt(first.fence))
    assert.equal(first.lost.aborted, false)
    await second.release()
  })

  test('a lease stays held as long as it is renewed', async () => {
    const first = await held(await acquire('a'))
    for (let third = 0; third < 9; third++) {
      const before = await expiresAtMs()
      await pass(ttlMs / 3)
      await eventually(async () => (await expiresAtMs()) > before)
      assert.equal(await acquire('b'), undefined)
    }
    assert.equal(first.lost.aborted, false)
    await first.release()
    assert.equal(clock.pending, 0)
  })

  test('a release that comes late does not take the lease from its new holder', async () => {
    const first = await held(await acquire('a'))
    await moveSqlClock(ttlMs)
    const second = await held(await acquire('b'))
    await first.release()
    assert.equal(await acquire('c'), undefined)
    await second.release()
  })
})

describe('a holder that was paused', () => {
  test('finds on waking that another one took over: its signal aborts', async () => {
    const zombie = await held(await acquire('zombie'))
    // The zombie's clock stands still; the database's goes on past the end.
    await moveSqlClock(ttlMs)
    const next = await held(await acquire('next'))
    await clock.advance(ttlMs / 3)
    await eventually(() => zombie.lost.aborted)
    assert.ok(isAegisError(zombie.lost.reason, 'lease.lost'))
    assert.equal(next.lost.aborted, false)
    await next.release()
  })

  /** While the machine sleeps only its own clock goes on: no timer fires, and no other clock moves. */
  const sleeps: readonly [what: string, sleptMs: number, isLost: boolean][] = [
    ['past its end', ttlMs - 5_000, true],
    ['for a part of it', ttlMs - 5_002, false],
  ]
  for (const [what, sleptMs, isLost] of sleeps) {
    test(`${isLost ? 'finds at a look' : 'holds it still'} that its machine slept ${what}`, async () => {
      let slept = 0
      const sleeper = await held(await acquire('sleeper', { wall: () => clock.now() + slept }))
      await clock.advance(5_000)
      sleeper.look()
      assert.equal(sleeper.lost.aborted, false)
      slept += sleptMs + 1
      sleeper.look()
      assert.equal(sleeper.lost.aborted, isLost)
      await sleeper.release()
      assert.equal(clock.pending, 0)
    })
  }

  test('does not revive the lease past whose end its machine slept', async () => {
    let slept = 0
    const sleeper = await held(await acquire('sleeper', { wall: () => clock.now() + slept }))
    slept += ttlMs
    const before = await expiresAtMs()
    await clock.advance(ttlMs / 3)
    assert.equal(sleeper.lost.aborted, true)
    assert.equal(await expiresAtMs(), before)
  })

  test('counts time that passed since the last renewal only', async () => {
    let slept = 0
    const sleeper = await held(await acquire('sleeper', { wall: () => clock.now() + slept }))
    for (let third = 0; third < 6; third += 1) {
      const before = await expiresAtMs()
      slept += ttlMs / 2
      await pass(ttlMs / 3)
      await eventually(async () => (await expiresAtMs()) > before)
      sleeper.look()
      assert.equal(sleeper.lost.aborted, false)
    }
    await sleeper.release()
  })

  test('loses the lease past its end even if nobody took it', async (t) => {
    standStill(t)
    const zombie = await held(await acquire('zombie'))
    await clock.advance(ttlMs)
    assert.equal(zombie.lost.aborted, true)
    await zombie.release()
    assert.equal(clock.pending, 0)
  })

  /** A standby took over that never saw the lease, and counts on from where it was: another one has the same fence. */
  async function failOver(): Promise<number> {
    const text = "update control.lease set holder = 'new', expires_at = expires_at + interval '1 hour' where name = $1"
    await owner.rows(text, [name])
    return expiresAtMs()
  }

  test('does not end the lease of another one that was given the same fence, after a failover', async () => {
    const old = await held(await acquire('old'))
    const before = await failOver()
    await old.release()
    assert.equal(await expiresAtMs(), before)
  })

  test('does not extend the lease of another one that was given the same fence, after a failover', async () => {
    const old = await held(await acquire('old'))
    const before = await failOver()
    await pass(ttlMs / 3)
    await eventually(() => old.lost.aborted)
    assert.ok(isAegisError(old.lost.reason, 'lease.lost'))
    assert.equal(await expiresAtMs(), before)
  })

  test('is refused by a resource that keeps the fence', async () => {
    await owner.rows('create table control.thing (id integer primary key, fence bigint not null, written_by text)')
    await owner.rows("select control.share('control.thing')")
    await owner.rows("insert into control.thing values (1, 0, 'nobody')")
    const write = sql(
      'test.write_thing',
      'update control.thing set written_by = $1, fence = $2::bigint where id = 1 and fence <= $2::bigint returning id',
    )
    const writeAs = (lease: Lease, holder: string) => db.control((tx) => tx.rows(write, [holder, lease.fence]))
    const zombie = await held(await acquire('zombie'))
    assert.equal((await writeAs(zombie, 'zombie')).length, 1)
    await moveSqlClock(ttlMs)
    const next = await held(await acquire('next'))
    assert.equal((await writeAs(next, 'next')).length, 1)
    assert.equal((await writeAs(zombie, 'zombie')).length, 0)
    await Promise.all([zombie.release(), next.release()])
  })
})

describe('a renewal that began in time and arrives late', () => {
  test('does not extend what the next one holds', async (t) => {
    const goOn = standStill(t)
    const { asked, ...noting } = notingDb()
    const zombie = await held(await acquire('zombie', { db: noting }))
    assert.equal(asked.length, 1)
    await pass(ttlMs)
    const next = await held(await acquire('next'))
    const before = await expiresAtMs()
    await moveSqlClock(ttlMs / 10)
    goOn()
    await eventually(() => asked.length === 2)
    await asked[1]
    assert.deepEqual([zombie.lost.aborted, next.lost.aborted, await expiresAtMs()], [true, false, before])
    await next.release()
  })

  test('does not revive a lease that has ended, also where nobody took it', async (t) => {
    const goOn = standStill(t)
    const zombie = await held(await acquire('zombie'))
    await clock.advance(ttlMs / 3)
    const before = await expiresAtMs()
    await moveSqlClock(ttlMs)
    goOn()
    await eventually(() => zombie.lost.aborted)
    assert.ok(isAegisError(zombie.lost.reason, 'lease.lost'))
    assert.equal(await expiresAtMs(), before)
    const next = await held(await acquire('zombie'))
    assert.ok(BigInt(next.fence) > BigInt(zombie.fence))
    await next.release()
  })

  for (const restMs of [0, 1_000]) {
    test(`does not revive a lease that was given up meanwhile, with a rest of ${restMs} ms`, async (t) => {
      const goOn = standStill(t)
      const { asked, ...noting } = notingDb()
      const lease = await held(await acquire('a', { db: noting }))
      await pass(ttlMs / 3)
      await lease.release(restMs)
      const before = await expiresAtMs()
      goOn()
      await eventually(() => asked.length === 3)
      await asked[2]
      assert.equal(await expiresAtMs(), before)
      assert.equal(clock.pending, 0)
    })
  }
})

describe('a database that is away', () => {
  /** The test's database, until `away` is set. */
  function fragileDb(): Pick<Db, 'control'> & { away: boolean } {
    return {
      away: false,
      control(work) {
        return this.away ? Promise.reject(new AegisError('db.unavailable')) : db.control(work)
      },
    }
  }

  test('for a moment costs nothing: the renewal is tried again', async () => {
    const fragile = fragileDb()
    const log = memoryLog()
    const lease = await held(await acquire('a', { db: fragile, log }))
    const before = await expiresAtMs()
    fragile.away = true
    await pass(ttlMs / 3)
    await eventually(() => log.events().includes('lease.renewal-failed'))
    fragile.away = false
    await pass(ttlMs / 10)
    await eventually(async () => (await expiresAtMs()) > before)
    assert.equal(lease.lost.aborted, false)
    await lease.release()
  })

  test('for longer than the lease aborts the work', async () => {
    const fragile = fragileDb()
    const lease = await held(await acquire('a', { db: fragile }))
    fragile.away = true
    await clock.advance(ttlMs)
    assert.equal(lease.lost.aborted, true)
    assert.equal(clock.pending, 0)
  })

  test('at the release is no error: the lease ends by time', async () => {
    const fragile = fragileDb()
    const log = memoryLog()
    const lease = await held(await acquire('a', { db: fragile, log }))
    fragile.away = true
    await lease.release()
    assert.deepEqual(log.events(), ['lease.release-failed'])
    assert.equal(await acquire('b'), undefined)
    await moveSqlClock(ttlMs)
    await (await held(await acquire('b'))).release()
  })
})

describe('the sole instance at its start', () => {
  test('takes over what a killed process held, and that one cannot renew any more', async () => {
    const killed = await held(await acquire('before'))
    assert.equal(await takeOverLeases({ db }, { instance: 'after' }), 1)
    await clock.advance(ttlMs / 3)
    await eventually(() => killed.lost.aborted)
    const next = await held(await acquire('after'))
    assert.ok(BigInt(next.fence) > BigInt(killed.fence))
    assert.equal(await takeOverLeases({ db }, { instance: 'after' }), 0)
    await next.release()
  })
})
