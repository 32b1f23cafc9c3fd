/** What may explain a difference that a check has found, and what must not: an alarm is neither silenced nor made up. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { damage, unexplained } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'

const minute = 60_000
const day = 24 * 60 * minute
const settings = { subscriptionCheckMs: 4 * minute }

/** Lets the nightly checks be due now. */
function beginNight(mirrored: MirroredPractice): Promise<void> {
  const due = `update aegis.reconciliation_task set due_at = aegis.now() where task = 'nightly'`
  return damage(mirrored, sql('test.begin_night', due))
}

test('a booking beyond the window that the feed handed out and that is not here is a loss', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  const late = mirrored.simulator.clock.now() + 30 * day
  const [slot] = [...mirrored.simulator.truth.records(practice, 'appointments')].filter(
    (record) => record.appointmentstatus === 'o' && Date.parse(String(record.date)) > late,
  )
  const key = String(slot?.appointmentid)
  mirrored.change({ kind: 'book', appointment: key, patient: 6 })
  await mirrored.run(9)
  await damage(mirrored, sql('test.lose_booking', `delete from aegis.record where key = '${key}'`))
  await beginNight(mirrored)
  await mirrored.run(20)
  assert.ok((await unexplained(mirrored)).includes(`appointments missing-here ${key}`))
})
