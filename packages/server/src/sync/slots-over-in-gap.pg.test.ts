import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, endSubscription } from '../../testing/practice-life.ts'

const minute = 60_000

type Slot = ReturnType<MirroredPractice['simulator']['truth']['records']> extends Iterable<infer One> ? One : never
const startsAt = ({ date, starttime }: Slot) => Date.parse(`${String(date)} ${String(starttime)} EST`)

/** The next open slot, in more than an hour, of a department or any. */
function nextSlot(mirrored: MirroredPractice, department?: string): { id: string; startsAt: number } {
  const from = mirrored.simulator.clock.now() + 60 * minute
  const [slot] = [...mirrored.simulator.truth.records(practice, 'appointments')]
    .filter(
      ({ appointmentstatus, departmentid }) =>
        appointmentstatus === 'o' && (department ?? String(departmentid)) === String(departmentid),
    )
    .filter((one) => startsAt(one) > from)
    .toSorted((one, other) => startsAt(one) - startsAt(other))
  assert.ok(slot)
  return { id: String(slot.appointmentid), startsAt: startsAt(slot) }
}

test('a slot that is taken away within a gap, and is over when the gap is closed, is open no more', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const slot = nextSlot(mirrored)
  await endSubscription(mirrored, 'appointments')
  await mirrored.advance(minute)
  mirrored.change({ kind: 'deleteslot', appointment: slot.id })
  await mirrored.advance(slot.startsAt - mirrored.simulator.clock.now() + minute)
  await mirrored.run(12)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})

test('so is one of a department that was off the list meanwhile, though the others were followed', async (t) => {
  const both = ['1', '21']
  const mirrored = await mirroredPractice(t, { settings: { departments: { [practice]: both } } })
  await mirrored.bringUp()
  await mirrored.run(2)
  const slot = nextSlot(mirrored, '21')
  await mirrored.limitTo(['1'])
  await mirrored.run(6)
  mirrored.change({ kind: 'deleteslot', appointment: slot.id })
  await mirrored.advance(slot.startsAt - mirrored.simulator.clock.now() + minute)
  await mirrored.run(4)
  await mirrored.limitTo(both)
  await mirrored.run(12)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.deepEqual(await mirrored.differences(both), [])
})
