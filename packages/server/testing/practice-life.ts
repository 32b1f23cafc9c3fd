/** What happens in and to a mirrored practice, for the tests of sync. */
import assert from 'node:assert/strict'
import { type MirroredPractice, practice } from './mirrored-practice.ts'

/** Fails unless the mirror holds what the simulator knows to be true. */
export async function assertEqualsTruth(mirrored: MirroredPractice): Promise<void> {
  assert.deepEqual(await mirrored.differences(), [])
  assert.deepEqual(mirrored.simulator.truth.defects(), [])
}

/** One appointment of each sort changes, patients and providers too. */
export function liveThrough(mirrored: MirroredPractice): void {
  const appointments = [...mirrored.simulator.truth.records(practice, 'appointments')]
  const future = appointments.filter((record) => Date.parse(String(record.date)) > mirrored.simulator.clock.now())
  const booked = future.filter((record) => record.appointmentstatus === 'f')
  const open = future.filter((record) => record.appointmentstatus === 'o')
  const [patient, other] = [...mirrored.simulator.truth.records(practice, 'patients')]
  mirrored.change({ kind: 'cancel', appointment: booked[0]?.appointmentid })
  mirrored.change({ kind: 'book', appointment: open[0]?.appointmentid, patient: patient?.patientid })
  mirrored.change({ kind: 'updatepatient', patient: other?.patientid, fields: { lastname: 'Marigold' } })
}

/** Ends a feed's subscription behind the mirror's back, with the events that "all" does not mean. Takes a minute to take hold. */
export async function endSubscription(mirrored: MirroredPractice, feed: 'appointments' | 'patients'): Promise<void> {
  const extra = feed === 'appointments' ? { includeremindercall: true, includesuggestedoverbooking: true } : {}
  await mirrored.deps.upstream.practice(practice).feeds[feed].unsubscribe({ extra })
}

/** Lets the call whose number (from 1) it is to consume a page of appointments fail after the simulator did its part. */
export function breakDrain(
  mirrored: MirroredPractice,
  spoil: (response: Response) => Response | Promise<Response>,
): void {
  let broken = false
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (broken || !call.consuming || call.route !== '/appointments/changed') return response
    broken = true
    return spoil(response)
  }
}
