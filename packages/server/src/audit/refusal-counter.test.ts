import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { memoryLog, silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { noSealing } from '../sealing/no-sealing.ts'
import { createAudit } from './audit.ts'
import type { AuditEvent } from './entry.ts'
import { createRefusalCounter, type Refusal } from './refusal-counter.ts'

const { db, owner } = await scratchDatabase()
const status: Refusal = {
  type: 'access',
  subtype: 'request-refused',
  actor: { kind: 'caller', id: 'unknown' },
  route: 'GET /aegis/v1/status',
  code: 'http.unauthorized',
  peer: 'loopback',
}

const written: Pick<AuditEvent, 'route' | 'records' | 'actor' | 'code' | 'peer'>[] = []
let isDown = false
beforeEach(() => {
  written.length = 0
  isDown = false
})

/** A counter whose entries are kept here. */
function open() {
  const clock = manualClock()
  const log = memoryLog()
  const record = async (event: AuditEvent) => {
    if (isDown) throw new AegisError('audit.unavailable')
    written.push(event)
  }
  return { refusals: createRefusalCounter({ audit: { record }, clock, log }), clock, log }
}

async function repeat(times: number, work: () => Promise<void>): Promise<void> {
  for (let time = 0; time < times; time++) await work()
}

const told = () => written.map(({ route, records }) => `${route ?? 'no route'}: ${records}`)

test('in the table an entry says when, for what, from where and why, and nothing else', async () => {
  const audit = createAudit({ db, sealing: noSealing, clock: systemClock, random: systemRandom })
  const refusals = createRefusalCounter({ audit, clock: systemClock, log: silentLog })
  await repeat(3, () => refusals.note(status))
  await refusals.note({ ...status, route: 'POST /aegis/v1/keys/revoke', peer: 'private' })
  await refusals.stop()
  await audit.stop()
  const rows = await owner.rows(
    `select practice_id, type, subtype, action, outcome, actor_kind, actor_id, route, code, peer, record_count, patients::text,
       detail, entity, abs(extract(epoch from occurred_at - aegis.now())) < 60 as now from audit.entry order by id`,
  )
  const first = {
    practice_id: 0,
    type: 'access',
    subtype: 'request-refused',
    action: 'E',
    outcome: 'failure',
    actor_kind: 'caller',
    actor_id: 'unknown',
    route: 'GET /aegis/v1/status',
    code: 'http.unauthorized',
    peer: 'loopback',
    record_count: 1,
    patients: '{}',
    detail: null,
    entity: null,
    now: true,
  }
  assert.deepEqual(rows, [
    first,
    { ...first, route: 'POST /aegis/v1/keys/revoke', peer: 'private' },
    { ...first, record_count: 2 },
  ])
})

test('the first of a kind is written at once, those that follow as their number once a minute', async () => {
  const { refusals, clock } = open()
  await repeat(1_000, () => refusals.note(status))
  await refusals.note({ ...status, route: 'POST /aegis/v1/sql' })
  assert.deepEqual(told(), ['GET /aegis/v1/status: 1', 'POST /aegis/v1/sql: 1'])
  await clock.advance(59_999)
  assert.equal(told().length, 2)
  await clock.advance(1)
  assert.deepEqual(told().slice(2), ['GET /aegis/v1/status: 999'])
  await repeat(5, () => refusals.note(status))
  assert.equal(told().length, 3, 'it goes on: once a minute, not at once')
  await clock.advance(60_000)
  assert.deepEqual(told().slice(3), ['GET /aegis/v1/status: 5'])
})

test('after a minute of quiet the next one is written at once again, and nothing waits meanwhile', async () => {
  const { refusals, clock } = open()
  await refusals.note(status)
  await clock.advance(60_000)
  assert.equal(clock.pending, 0)
  await refusals.note(status)
  assert.deepEqual(told(), ['GET /aegis/v1/status: 1', 'GET /aegis/v1/status: 1'])
})

test('a day of refusals of every kind without a pause is an entry a minute and kind, however many they are', async () => {
  const { refusals, clock } = open()
  for (let minute = 0; minute < 1_440; minute++) {
    await repeat(20, () => refusals.note(status))
    await clock.advance(60_000)
  }
  assert.equal(written.length, 1_441)
  const sum = written.reduce((total, { records = 0 }) => total + records, 0)
  assert.equal(sum, 1_440 * 20)
})

test('names that somebody invents do not make more entries: beyond sixty they are told together', async () => {
  const { refusals, clock } = open()
  for (let name = 0; name < 1_000; name++) {
    await refusals.note({ ...status, actor: { kind: 'caller', id: `name-${name}` } })
  }
  assert.equal(written.length, 61)
  const { actor, route, peer, code } = written.at(-1) ?? assert.fail()
  assert.deepEqual([actor.id, route, peer, code], ['several', undefined, undefined, 'http.unauthorized'])
  await clock.advance(60_000)
  assert.deepEqual(told().slice(61), ['no route: 939'])
})

test('what cannot be written is told when it can, and the one who is refused does not wait for it', async () => {
  const { refusals, clock, log } = open()
  isDown = true
  await repeat(3, () => refusals.note(status))
  await clock.advance(180_000)
  assert.deepEqual(
    log.events(),
    Array.from({ length: 4 }, () => 'audit.refusals-unwritten'),
  )
  isDown = false
  await clock.advance(60_000)
  assert.deepEqual(told(), ['GET /aegis/v1/status: 3'])
})

test('only the first of a minute waits for the log, so that a log that stands still holds up nobody else', async () => {
  const waiting: (() => void)[] = []
  const record = () => new Promise<void>((resolve) => waiting.push(resolve))
  const refusals = createRefusalCounter({ audit: { record }, clock: manualClock(), log: silentLog })
  const first = refusals.note(status)
  await repeat(100, () => refusals.note(status))
  assert.equal(waiting.length, 1)
  waiting[0]?.()
  await first
})

test('a stop writes what was counted', async () => {
  const { refusals, clock } = open()
  await repeat(4, () => refusals.note(status))
  await refusals.stop()
  assert.deepEqual(told(), ['GET /aegis/v1/status: 1', 'GET /aegis/v1/status: 3'])
  assert.equal(clock.pending, 0)
})

test('the figures are of all since the start, and of the last hour', async () => {
  const { refusals, clock } = open()
  await repeat(3, () => refusals.note(status))
  await clock.advance(30 * 60_000)
  await refusals.note({ ...status, code: 'http.wrong-host' })
  await clock.advance(29 * 60_000)
  const both = { 'http.unauthorized': 3, 'http.wrong-host': 1 }
  assert.deepEqual(Object.fromEntries(refusals.figures().lastHour), both)
  await clock.advance(60_000)
  assert.deepEqual(Object.fromEntries(refusals.figures().lastHour), { 'http.wrong-host': 1 })
  assert.deepEqual(Object.fromEntries(refusals.figures().sinceStart), both)
})
