/** Answers of which less is left than was sent: nothing that they told, or hid, is lost for being believed too soon. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'

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

const minute = 60_000

/** Every other replay of appointments is answered with nothing at all, as by a proxy that lost the rest. */
function hideEveryOtherReplay(mirrored: MirroredPractice): void {
  let replays = 0
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    const isReplay = call.route === '/appointments/changed' && !call.consuming
    return isReplay && replays++ % 2 === 0 ? new Response('{}', { headers: response.headers }) : response
  }
}

/** Somebody else with our app's credential takes the cancellation of a visit. */
async function takeCancellation(mirrored: MirroredPractice): Promise<void> {
  const visits = [...mirrored.simulator.truth.records(practice, 'appointments')]
  const visit = visits.find((record) => record.appointmentstatus === 'f')
  mirrored.change({ kind: 'cancel', appointment: visit?.appointmentid })
  const page = await mirrored.deps.upstream.practice(practice).feeds.appointments.drainPage({ limit: 1_000 })
  assert.ok(page.items.length > 0)
}

test('a look for a second reader does not believe the first answer that is empty without saying so', async (t) => {
  const settings = { ...few, subscriptionCheckMs: 4 * minute, replayMarginMs: 1_000 }
  const mirrored = await mirroredPractice(t, { patients: 6, settings })
  await mirrored.bringUp()
  await mirrored.run(5)
  await takeCancellation(mirrored)
  hideEveryOtherReplay(mirrored)
  await mirrored.run(8)
  assert.ok(mirrored.log.lines.some(({ event, fields }) => event === 'sync.gap' && fields.cause === 'foreign-consumer'))
  assert.deepEqual(await mirrored.differences(), [])
})

test('before the first drain an answer that is empty without saying so does not mean that nobody else reads', async (t) => {
  const mirrored = await mirroredPractice(t, {
    patients: 6,
    settings: { ...few, feeds: ['departments', 'appointments'] },
  })
  const stateOf = async () => (await mirrored.states()).find(({ feed }) => feed === 'appointments')?.state
  for (let minutes = 0; minutes < 5 && (await stateOf()) !== 'settling'; minutes += 1) {
    await mirrored.step()
    await mirrored.advance(30_000)
  }
  await takeCancellation(mirrored)
  hideEveryOtherReplay(mirrored)
  await mirrored.advance(minute)
  await assert.rejects(mirrored.step('appointments'), { code: 'sync.contested' })
  assert.equal(await stateOf(), 'contested')
})
