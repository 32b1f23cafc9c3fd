import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { sql } from './db.ts'
import { readSqlClock, resetSqlClock, slaveSqlClock } from './sql-clock.sql.ts'

const { db } = await scratchDatabase()
const machine = sql('test.machine_time', 'select clock_timestamp() as now_ms')

async function both(): Promise<{ ours: number; machines: number }> {
  return db.control(async (tx) => {
    const ours = await readSqlClock(tx)
    const [row] = await tx.rows<{ now_ms: number }>(machine)
    return { ours, machines: row?.now_ms ?? 0 }
  })
}

test("without a simulator it is the machine's time, and moves on within a transaction", async () => {
  const { ours, machines } = await both()
  assert.ok(ours <= machines && machines - ours < 60_000)
})

test("slaved to a simulator it is that one's time at that one's speed", async () => {
  const nowMs = Date.UTC(2031, 6, 4)
  await db.control((tx) => slaveSqlClock(tx, { nowMs, speed: 1e-9 }))
  const { ours } = await both()
  assert.ok(Math.abs(ours - nowMs) < 1)
  await db.control((tx) => slaveSqlClock(tx, { nowMs, speed: 100_000 }))
  const before = await both()
  const after = await both()
  const ratio = (after.ours - before.ours) / (after.machines - before.machines)
  assert.ok(ratio > 20_000, "it runs much faster than the machine's")
})

test("it runs across the change to summer time without a jump, whatever the session's time zone", async () => {
  // A day before New York's clocks change; at this speed two days pass in a moment.
  const zone = sql('test.zone', "select set_config('TimeZone', 'America/New_York', true)")
  const nowMs = Date.UTC(2026, 2, 7, 12)
  await db.control(async (tx) => {
    await slaveSqlClock(tx, { nowMs, speed: 1e-9 })
    const utc = await readSqlClock(tx)
    await tx.rows(zone)
    assert.ok(Math.abs((await readSqlClock(tx)) - utc) < 1)
  })
})

test('every role may read it, and a speed that is none is refused', async () => {
  assert.ok((await db.practice(1, readSqlClock)) > 0)
  assert.ok((await db.audit(readSqlClock)) > 0)
  await assert.rejects(db.control((tx) => slaveSqlClock(tx, { nowMs: 0, speed: 0 })))
})

test("given the machine's time again it is that", async () => {
  await db.control(resetSqlClock)
  const { ours, machines } = await both()
  assert.ok(Math.abs(ours - machines) < 60_000)
})
