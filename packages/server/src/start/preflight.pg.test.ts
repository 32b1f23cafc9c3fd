import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { AthenaError } from '@aegis/client'
import { memoryLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { listPractices } from '../sync/schedule.sql.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { preflight } from './preflight.ts'

const { db, owner } = await scratchDatabase()

/** An athenahealth that refuses some practices, on machines whose clocks are so far apart. */
async function start(
  practices: readonly number[],
  world: { refused?: number[]; skewMs?: number; offMs?: number; waits?: boolean },
) {
  const log = memoryLog()
  const practice = (id: number) => ({
    async practiceInfo() {
      if (world.waits) throw new AegisError('key-server.credential-waiting', { credential: 1, beginsAt: '2026-03-01' })
      if (world.refused?.includes(id)) throw new AthenaError('unknown-practice')
      return { value: {} }
    },
  })
  // What preflight uses of it.
  const upstream = { practice, certainSkewMs: () => world.skewMs ?? 0 } as unknown as Upstream
  const deps = { db, log, upstream, machineOffMs: () => world.offMs ?? 0 }
  await preflight(deps, { practices, environment: 'local', clock: 'system' })
  const known = await db.control((tx) => listPractices(tx))
  return { verified: known.flatMap((row) => (row.verified_at === null ? [] : [row.practice])), events: log.events() }
}

beforeEach(() => owner.rows('delete from control.practice'))

test('at the first start a practice that athenahealth does not know is told, by name', async () => {
  await assert.rejects(start([1, 2], { refused: [2] }), {
    code: 'start.practice-unknown',
    detail: { practice: 2, answer: 'unknown-practice' },
  })
  assert.deepEqual((await start([1], {})).verified, [1])
})

test('one that is added later and refused keeps no other from being mirrored', async () => {
  await start([1], {})
  const { verified, events } = await start([1, 2, 3], { refused: [2] })
  assert.deepEqual(verified, [1, 3])
  assert.deepEqual(events, ['aegis.practice-unverified', 'aegis.practices-verified'])
  assert.deepEqual((await start([1, 2, 3], {})).verified, [1, 2, 3], 'it is asked about again at the next start')
})

const clocks: readonly [title: string, world: { skewMs?: number; offMs?: number }, code: string][] = [
  ["the database's clock and athenahealth's", { skewMs: 2_001 }, 'upstream.clock-skew'],
  ["this machine's clock and the database's", { offMs: 2_001 }, 'clock.database-skew'],
]
for (const [title, world, code] of clocks) {
  test(`a first start is refused where ${title} differ, and a later one is not`, async () => {
    await assert.rejects(start([1], world), { code })
    await start([1], {})
    assert.deepEqual((await start([1, 2], world)).verified, [1, 2])
    assert.deepEqual((await start([1, 2], world)).verified, [1, 2])
  })
}

test('a credential that is still to begin ends no start: its public key is to be fetched here meanwhile', async () => {
  const { verified, events } = await start([1, 2], { waits: true })
  assert.deepEqual([verified, events], [[], ['aegis.credential-waiting']])
  assert.deepEqual((await start([1, 2], {})).verified, [1, 2], 'they are asked about at the next start')
  assert.deepEqual((await start([1, 2, 3], { waits: true })).verified, [1, 2])
})
