/** The path of data from athenahealth into the mirror, and everything that may go wrong on it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice } from '../../testing/mirrored-practice.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'

async function assertEqualsTruth(mirrored: MirroredPractice): Promise<void> {
  assert.deepEqual(await mirrored.differences(), [])
  assert.deepEqual(mirrored.simulator.truth.defects(), [])
}

/** One appointment of each sort changes, patients and providers too. */
function liveThrough(mirrored: MirroredPractice): void {
  const appointments = [...mirrored.simulator.truth.records(195900, 'appointments')]
  const future = appointments.filter((record) => Date.parse(String(record.date)) > mirrored.simulator.clock.now())
  const booked = future.filter((record) => record.appointmentstatus === 'f')
  const open = future.filter((record) => record.appointmentstatus === 'o')
  const [patient, other] = [...mirrored.simulator.truth.records(195900, 'patients')]
  mirrored.change({ kind: 'cancel', appointment: booked[0]?.appointmentid })
  mirrored.change({ kind: 'book', appointment: open[0]?.appointmentid, patient: patient?.patientid })
  mirrored.change({ kind: 'updatepatient', patient: other?.patientid, fields: { lastname: 'Marigold' } })
}

test('a practice is mirrored from nothing and then kept equal to the truth', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  assert.deepEqual(
    (await mirrored.states()).map((row) => row.failure_code),
    [null, null, null, null, null],
  )
  await assertEqualsTruth(mirrored)
  liveThrough(mirrored)
  await mirrored.run(2)
  await assertEqualsTruth(mirrored)
})

const minute = 60_000

/** Lets the call whose number (from 1) it is to consume a page of appointments fail after the simulator did its part. */
function breakDrain(mirrored: MirroredPractice, spoil: (response: Response) => Response | Promise<Response>): void {
  let broken = false
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (broken || !call.consuming || call.route !== '/appointments/changed') return response
    broken = true
    return spoil(response)
  }
}

/** Each fault strikes once, after the practice has changed; `heal` mends what does not heal by time. */
const faults: readonly [
  title: string,
  strike: (mirrored: MirroredPractice) => void,
  heal?: (mirrored: MirroredPractice) => void,
][] = [
  ['the token is revoked', ({ simulator }) => simulator.truth.revokeTokens()],
  [
    'athenahealth throttles with 429',
    (mirrored) => {
      let refusals = 5
      mirrored.fetch = async (url, init, call) =>
        call.consuming && refusals-- > 0
          ? new Response('{"error":"slow down"}', { status: 429, headers: { 'retry-after': '2' } })
          : mirrored.toSimulator(url, init, call)
    },
  ],
  [
    'the page is cut off',
    (mirrored) => breakDrain(mirrored, async (response) => new Response((await response.text()).slice(0, 200))),
  ],
  ['the page is HTML', (mirrored) => breakDrain(mirrored, () => new Response('<html>busy</html>', { status: 502 }))],
  [
    'the connection breaks after athenahealth has answered',
    (mirrored) =>
      breakDrain(mirrored, () => {
        throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } })
      }),
  ],
  ['the page comes twice', repeatPage],
  [
    "the day's quota is gone until midnight GMT",
    (mirrored) => {
      const midnight = Date.UTC(2026, 2, 3)
      mirrored.fetch = (url, init, call) => {
        if (mirrored.deps.clock.now() >= midnight) return mirrored.toSimulator(url, init, call)
        throw new AegisError('quota.day-exhausted', { until: midnight })
      }
    },
    (mirrored) => mirrored.simulator.clock.jumpTo(Date.UTC(2026, 2, 3)),
  ],
  ['the subscription is lost', (mirrored) => void unsubscribe(mirrored)],
]

function repeatPage(mirrored: MirroredPractice): void {
  let text: string | undefined
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming || call.route !== '/appointments/changed') return response
    const body = await response.text()
    const answer = new Response(text ?? body, response)
    if (text === undefined && !body.includes('"totalcount":0')) text = body
    else text = ''
    return text === '' ? new Response(body, response) : answer
  }
}

async function unsubscribe(mirrored: MirroredPractice): Promise<void> {
  await mirrored.deps.upstream.practice(195900).feeds.appointments.unsubscribe()
}

for (const [title, strike, heal] of faults) {
  test(`nothing is lost when ${title}`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    liveThrough(mirrored)
    strike(mirrored)
    await mirrored.run(2)
    heal?.(mirrored)
    await mirrored.run(6)
    assert.deepEqual(await mirrored.gaps(), [])
    await assertEqualsTruth(mirrored)
  })
}

/** Every point between two durable steps of sync, in the order in which a life passes them. */
const points = [
  'sync.before-step',
  'sync.snapshot-page',
  'sync.after-snapshot-store',
  'sync.before-applied',
  'sync.before-snapshot-finished',
  'sync.intent-open',
  'sync.after-consume',
  'sync.before-intent-closed',
  'sync.after-store',
  'sync.after-apply',
  'sync.after-replay',
  'sync.before-replay-closed',
  'sync.after-refetch',
]

/** Stands for the end of the process: whoever catches it has let a dead process go on. */
class Killed extends Error {}

for (const point of points) {
  test(`nothing is lost when the process ends at ${point}`, async (t) => {
    const mirrored = await mirroredPractice(t)
    let hits = 0
    const remove = setFailpointHook((name) => {
      if (name === point && (hits += 1) % 7 === 3) throw new Killed(point)
    })
    t.after(remove)
    for (let round = 0; round < 14; round += 1) {
      if (round === 6 || round === 8) liveThrough(mirrored)
      if (round === 7) breakDrain(mirrored, () => new Response('', { status: 504 }))
      await mirrored.step().catch((error) => {
        if (!(error instanceof Killed)) throw error
      })
      await mirrored.advance(minute + 1_000)
    }
    remove()
    await mirrored.run(3)
    await assertEqualsTruth(mirrored)
  })
}
