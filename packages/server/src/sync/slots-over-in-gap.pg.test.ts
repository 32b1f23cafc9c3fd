import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, endSubscription } from '../../testing/practice-life.ts'

const minute = 60_000

/** The id of an open slot to come. */
function nextSlot(mirrored: MirroredPractice): string {
  const now = mirrored.simulator.clock.now()
  const slot = [...mirrored.simulator.truth.records(practice, 'appointments')].find(
    (record) => record.appointmentstatus === 'o' && Date.parse(String(record.date)) > now,
  )
  return String(slot?.appointmentid)
}

test('a slot that is taken away within a gap, and is over when the gap is closed, is open no more', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const slot = nextSlot(mirrored)
  const record = [...mirrored.simulator.truth.records(practice, 'appointments')].find(
    (one) => one.appointmentid === slot,
  )
  await endSubscription(mirrored, 'appointments')
  await mirrored.advance(minute)
  mirrored.change({ kind: 'deleteslot', appointment: slot })
  const days = Math.ceil(
    (Date.parse(`${record?.date} ${record?.starttime} EST`) - mirrored.simulator.clock.now()) / (24 * 60 * minute),
  )
  assert.ok(days <= 1, `the slot is ${days} days ahead`)
  await mirrored.advance(24 * 60 * minute)
  await mirrored.run(12)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})
