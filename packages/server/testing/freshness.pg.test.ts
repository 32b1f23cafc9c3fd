import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { AegisError } from '../src/errors/aegis-error.ts'
import { setFailpointHook } from '../src/failpoints/failpoint.ts'
import { Freshness } from './freshness.ts'
import { mirroredPractice, practice } from './mirrored-practice.ts'

const second = 1_000

/** A live practice whose feed of patients was drained just now. */
async function begin(t: TestContext) {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.advance(61 * second)
  await mirrored.step()
  const freshness = await Freshness.of(mirrored)
  const [{ patientid: patient } = {}] = [...mirrored.simulator.truth.records(practice, 'patients')]
  const step = async (afterMs: number) => {
    await mirrored.advance(afterMs)
    await mirrored.stepFeed('patients')
    await freshness.stepped('patients')
  }
  const update = (lastname: string) => mirrored.change({ kind: 'updatepatient', patient, fields: { lastname } })
  return { mirrored, freshness, step, update }
}

test('a change waits through steps that do not read its feed, and is as old as it is when one does', async (t) => {
  const { mirrored, freshness, step, update } = await begin(t)
  await mirrored.advance(10 * second)
  update('Marigold')
  // Too soon after the last drain: a look, and nothing is read.
  await step(10 * second)
  assert.deepEqual([freshness.waiting, freshness.changes, freshness.at(0.5)], [1, 1, Number.POSITIVE_INFINITY])
  await step(41 * second)
  assert.deepEqual([freshness.waiting, freshness.changes, freshness.at(1)], [0, 1, 51 * second])
})

test('what was fetched and is not applied yet is not in the mirror', async (t) => {
  const { freshness, step, update } = await begin(t)
  update('Marigold')
  const unhook = setFailpointHook((name) => {
    if (name === 'sync.after-store') throw new AegisError('lease.lost', { practice, feed: 'patients' })
  })
  t.after(unhook)
  await assert.rejects(step(61 * second))
  await freshness.stepped('patients')
  assert.equal(freshness.waiting, 1)
  unhook()
  await step(1 * second)
  assert.deepEqual([freshness.waiting, freshness.at(1)], [0, 62 * second])
})

test('what is never read makes the mirror stale however soon all else is', async (t) => {
  const { mirrored, freshness, step, update } = await begin(t)
  const visits = [...mirrored.simulator.truth.records(practice, 'appointments')]
  const appointment = visits.find(({ appointmentstatus }) => appointmentstatus === 'f')?.appointmentid
  // Nobody reads the feed of appointments.
  mirrored.change({ kind: 'cancel', appointment })
  for (const lastname of ['Marigold', 'Fern', 'Aster']) update(lastname)
  await step(61 * second)
  assert.equal(freshness.at(0.5), 61 * second)
  assert.equal(freshness.at(0.95), Number.POSITIVE_INFINITY)
})

test('a patient who came and was merged between two reads lives on as the survivor', async (t) => {
  const { mirrored, freshness, step } = await begin(t)
  const fields = { departmentid: '1', firstname: 'Iris', lastname: 'Fern', dob: '02/03/1980' }
  mirrored.change({ kind: 'addpatient', fields })
  const from = [...mirrored.simulator.truth.records(practice, 'patients')].at(-1)?.patientid
  mirrored.change({ kind: 'mergepatients', from, into: 7 })
  assert.ok(freshness.waiting > 1)
  await step(61 * second)
  assert.equal(freshness.waiting, 0)
})
