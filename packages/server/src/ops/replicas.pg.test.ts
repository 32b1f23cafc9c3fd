/** Several processes on one database: who is there, who is gone, and what is done about it. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { memoryLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { slaveSqlClock } from '../db/sql-clock.sql.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { type KeptReplica, keepReplica, silentMaxMs } from './keep-replica.ts'
import { readReplicas } from './read-replicas.ts'
import type { Alarm } from './status-report.ts'
import { forgetReplicas, type ReplicaFacts } from './replica.sql.ts'

const { db, owner } = await scratchDatabase()
const ttlMs = 30_000
let clock: ManualClock
let closed: (readonly string[])[]
/** What processes find wrong with themselves, by home. */
const troubles = new Map<string, Alarm[]>()

beforeEach(async () => {
  clock = manualClock()
  closed = []
  await owner.rows('delete from control.replica')
  await moveSqlClock(0)
})

function moveSqlClock(aheadMs: number): Promise<void> {
  return db.control((tx) => slaveSqlClock(tx, { nowMs: clock.now() + aheadMs, speed: 1e-9 }))
}

function facts(number: number, changes: Partial<ReplicaFacts> = {}): ReplicaFacts {
  const uuid = (kind: number) => `00000000-0000-0000-000${kind}-00000000000${number}`
  const ids = { homeId: uuid(1), instance: uuid(2), writerId: uuid(3) }
  const place = `host:/srv/${number}`
  return { ...ids, role: 'worker', place, version: '1', practices: 3, practicesDigest: 'same', ...changes }
}

function keep(of: ReplicaFacts): Promise<KeptReplica> {
  const closeOrphans = async (live: readonly string[], options?: { youngMs: number }) => {
    assert.equal(options?.youngMs, 300_000, 'the doctor is on no list')
    closed.push(live)
    return 0
  }
  return keepReplica({ db, audit: { closeOrphans }, clock, log: memoryLog() }, of, {
    ttlMs,
    alarms: () => troubles.get(of.homeId) ?? [],
  })
}

/** Moves both clocks on and waits until the process has said that it lives. */
async function pass(ms: number): Promise<void> {
  const looks = closed.length
  await moveSqlClock(ms)
  await clock.advance(ms)
  for (let waited = 0; waited < 400 && closed.length === looks; waited += 1)
    await new Promise((resolve) => setTimeout(resolve, 5))
}

const shown = async () => {
  const { replicas, alarms } = await readReplicas(db, { ttlMs, homeId: '' })
  return {
    live: replicas.filter(({ live }) => live).length,
    all: replicas.length,
    codes: alarms.map(({ code }) => code),
  }
}

describe('processes on one database', () => {
  test('are known while they live, and not after a stop', async () => {
    const [one, two] = [await keep(facts(1)), await keep(facts(2))]
    assert.deepEqual(await shown(), { live: 2, all: 2, codes: [] })
    await one.stop()
    assert.deepEqual(await shown(), { live: 1, all: 1, codes: [] })
    await two.stop()
    assert.equal(clock.pending, 0)
  })

  test('close what a silent one left open, and say that it is silent', async () => {
    await owner.rows(
      `insert into control.replica select $1, $2, $3, 'worker', 'host:/dead', '1', 3, 'same', aegis.now(), aegis.now()`,
      [facts(9).homeId, facts(9).instance, facts(9).writerId],
    )
    const one = await keep(facts(1))
    await pass(ttlMs / 3)
    assert.deepEqual(closed.at(-1)?.toSorted(), [facts(1).writerId, facts(9).writerId])
    for (let third = 0; third < 3; third += 1) await pass(ttlMs / 3)
    assert.deepEqual(closed.at(-1), [facts(1).writerId])
    assert.deepEqual(await shown(), { live: 1, all: 2, codes: ['ops.replica-silent'] })
    await one.stop()
  })

  test('with different lists of practices are told of', async () => {
    const kept = [await keep(facts(1)), await keep(facts(2, { practices: 4, practicesDigest: 'other' }))]
    const { alarms } = await readReplicas(db, { ttlMs, homeId: '' })
    assert.match(
      alarms[0]?.message ?? '',
      /different practices, feeds or departments \(practices: host:\/srv\/1: 3, host:\/srv\/2: 4\)/,
    )
    for (const one of kept) await one.stop()
  })

  test('show what one of them finds wrong with itself, with its place, as long as it lives', async () => {
    const [one, two] = [facts(1), facts(2)]
    const kept = [await keep(one), await keep(two)]
    const told = async (homeId: string) => (await readReplicas(db, { ttlMs, homeId })).alarms
    const message = 'The key server does not answer, for 12 s.'
    const alarm: Alarm = { level: 'warning', code: 'key-server.unreachable', message, remedy: 'Start it.' }
    troubles.set(one.homeId, [alarm])
    await pass(ttlMs / 3)
    assert.deepEqual(await told(two.homeId), [{ ...alarm, message: `host:/srv/1: ${message}` }])
    assert.deepEqual(await told(one.homeId), [], 'it knows better itself')
    await moveSqlClock(2 * ttlMs)
    const ofSilent = await told(two.homeId)
    assert.ok(!ofSilent.some(({ code }) => code === alarm.code), 'what a dead one said is not so any more')
    troubles.clear()
    await pass(ttlMs / 3)
    await moveSqlClock(0)
    assert.deepEqual(await told(two.homeId), [])
    for (const each of kept) await each.stop()
  })

  test('forgotten after an hour of silence are there again when they wake', async () => {
    const one = await keep(facts(1))
    await moveSqlClock(silentMaxMs + 1_000)
    await db.control((tx) => forgetReplicas(tx, silentMaxMs))
    assert.equal((await shown()).all, 0)
    await pass(ttlMs / 3)
    const ended = await Promise.race([one.replaced, new Promise((resolve) => setImmediate(resolve, 'lives'))])
    assert.equal(ended, 'lives')
    assert.deepEqual(await shown(), { live: 1, all: 1, codes: [] })
    await one.stop()
  })

  test('on copies of one home: the older one ends', async () => {
    const older = await keep(facts(1))
    const newer = await keep(facts(1, { instance: facts(2).instance, place: 'host:/copy' }))
    await pass(ttlMs / 3)
    assert.ok(isAegisError(await older.replaced, 'start.home-copied'))
    await older.stop()
    assert.deepEqual(await shown(), { live: 1, all: 1, codes: [] })
    await newer.stop()
  })
})
