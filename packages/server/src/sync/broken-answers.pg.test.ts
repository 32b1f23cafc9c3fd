/** Answers of which less is left than was sent: nothing that they told, or hid, is lost for being believed too soon. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'

/** What is tested here needs no weeks of appointments. */
const few = { bookedDaysBack: 1, bookedDaysAhead: 2, slotDaysAhead: 1 }

test('a drain that is answered with an empty list and an error beside it is in doubt, and loses nothing', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  const [patient] = mirrored.simulator.truth.records(practice, 'patients')
  mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Marigold' } })
  let taken = 0
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming || call.route !== '/patients/changed' || taken > 0) return response
    taken += 1
    return new Response('{"patients":[],"error":"Internal timeout."}', { headers: response.headers })
  }
  await mirrored.run(4)
  assert.equal(taken, 1)
  assert.deepEqual(await mirrored.differences(), [])
})
