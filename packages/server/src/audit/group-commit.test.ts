import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { EntryRow } from './audit.sql.ts'
import { GroupCommit } from './group-commit.ts'

const row = (id: number): EntryRow => ({
  practice_id: 1,
  id: String(id),
  attempt_id: null,
  writer_id: 'w',
  occurred_ms: 0,
  type: 'upstream',
  subtype: 'test',
  action: 'R',
  outcome: 'attempt',
  actor_kind: 'system',
  actor_id: 'test',
  purpose: null,
  entity: null,
  patients: [],
  record_count: null,
  route: null,
  request_id: null,
  code: null,
  peer: null,
  upstream_request_id: null,
  detail: null,
  version: 1,
})
const rows = (count: number) => Array.from({ length: count }, (_, id) => row(id))
const unavailable = (error: unknown) => isAegisError(error, 'audit.unavailable')

test('callers that come together share commits, each row is written once', async () => {
  const batches: number[] = []
  const written = new Set<string>()
  const commits = new GroupCommit({
    clock: manualClock(),
    write: async (batch) => {
      batches.push(batch.length)
      for (const { id } of batch) written.add(id)
      await new Promise((resolve) => setImmediate(resolve))
    },
  })
  await Promise.all(rows(2_500).map((entry) => commits.append(entry)))
  assert.equal(written.size, 2_500)
  assert.equal(
    batches.reduce((sum, size) => sum + size),
    2_500,
  )
  assert.ok(batches.length <= 4, String(batches))
})

test('a caller is let go only after its row was written', async () => {
  let finish = () => undefined as void
  const commits = new GroupCommit({
    clock: manualClock(),
    write: () =>
      new Promise((resolve) => {
        finish = resolve
      }),
  })
  let done = false
  const appended = commits.append(row(1)).then(() => {
    done = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(done, false)
  finish()
  await appended
  await commits.settled()
})

test('one row that the table refuses fails its caller only', async () => {
  const commits = new GroupCommit({
    clock: manualClock(),
    write: async (batch) => {
      if (batch.some(({ id }) => id === '7')) throw new AegisError('db.statement-failed')
    },
  })
  const results = await Promise.allSettled(rows(10).map((entry) => commits.append(entry)))
  assert.deepEqual(
    results.flatMap(({ status }, id) => (status === 'rejected' ? [id] : [])),
    [7],
  )
})

test('when the database is gone, every caller of the batch fails at once, without a try per row', async () => {
  let tries = 0
  const commits = new GroupCommit({
    clock: manualClock(),
    write: async () => {
      tries++
      throw new AegisError('db.unavailable')
    },
  })
  const results = await Promise.allSettled(rows(10).map((entry) => commits.append(entry)))
  assert.ok(results.every((result) => result.status === 'rejected' && unavailable(result.reason)))
  assert.equal(tries, 1)
})

test('a caller does not wait longer than five seconds, and a row given up before its turn is not written', async () => {
  const clock = manualClock()
  const written: string[] = []
  const stuck: (() => void)[] = []
  const commits = new GroupCommit({
    clock,
    write: (batch) => {
      written.push(...batch.map(({ id }) => id))
      return new Promise((resolve) => stuck.push(resolve))
    },
  })
  const first = [0, 1].map((id) => {
    const appended = commits.append(row(id))
    return assert.rejects(appended, unavailable)
  })
  await new Promise((resolve) => setImmediate(resolve))
  const second = commits.append(row(2))
  await new Promise((resolve) => setImmediate(resolve))
  const third = assert.rejects(commits.append(row(3)), unavailable)
  const late = assert.rejects(second, unavailable)
  await clock.advance(5_000)
  await Promise.all([...first, late, third])
  for (const release of stuck.splice(0)) release()
  await commits.settled()
  assert.deepEqual(written, ['0', '1', '2'])
  assert.equal(clock.pending, 0)
})

test('a log that is overrun refuses further callers', async () => {
  const stuck: (() => void)[] = []
  const commits = new GroupCommit({
    clock: manualClock(),
    write: () => new Promise((resolve) => stuck.push(resolve)),
  })
  const waiting = rows(20_000).map((entry) => commits.append(entry))
  await assert.rejects(commits.append(row(-1)), unavailable)
  const release = setInterval(() => stuck.splice(0).forEach((resolve) => resolve()), 0)
  await Promise.all(waiting)
  clearInterval(release)
})
