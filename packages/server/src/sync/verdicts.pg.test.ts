/** What may explain a difference that a check has found, and what must not: an alarm is neither silenced nor made up. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { damage, found, passDays, unexplained } from '../../testing/reconciled-practice.ts'
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

test('a change of days later does not explain what a check found: the feed had been read to its end meanwhile', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { rereadDays: 6, snapshotPageSize: 3 } })
  await mirrored.bringUp()
  await damage(mirrored, sql('test.lose_patients', `delete from aegis.record where kind = 'patient'`))
  await passDays(mirrored, 1)
  const lost = new Set((await found(mirrored)).filter(({ feed }) => feed === 'patients').map(({ key }) => key))
  assert.notEqual(lost.size, 0)
  for (const { patientid } of mirrored.simulator.truth.records(practice, 'patients'))
    mirrored.change({ kind: 'updatepatient', patient: patientid, fields: { lastname: 'Marigold' } })
  await mirrored.run(2)
  const explanations = (await found(mirrored)).filter(({ key }) => lost.has(key)).map((one) => one.explanation)
  assert.deepEqual([...new Set(explanations)], [null])
})
