/** Changes of which nobody was told: on days that no snapshot reads, and while a subscription was lost or unclear. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, breakDrain, endSubscription } from '../../testing/practice-life.ts'
import { sql } from '../db/db.ts'

const minute = 60_000
const day = 24 * 60 * minute
const settings = { subscriptionCheckMs: 3 * minute, bookedDaysBack: 2 }

type Wire = Record<string, unknown>

function visits(mirrored: MirroredPractice, isMeant: (record: Wire, days: number) => boolean): Wire[] {
  const now = mirrored.simulator.clock.now()
  return [...mirrored.simulator.truth.records(practice, 'appointments')].filter((record) =>
    isMeant(record, (Date.parse(String(record.date)) - now) / day),
  )
}

async function heldBody(mirrored: MirroredPractice, id: unknown): Promise<Wire | undefined> {
  return (await mirrored.opened('appointment')).find((record) => record.key === String(id))?.body
}

test('after a gap also visits of long ago and of far ahead are as they are at the practice', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  await mirrored.advance(12 * day)
  await mirrored.run(1)
  const held = new Set((await mirrored.opened('appointment')).map((record) => record.key))
  const [past] = visits(mirrored, (record, days) => {
    return record.appointmentstatus === 'f' && days < -5 && held.has(String(record.appointmentid))
  })
  const [ahead] = visits(mirrored, (record, days) => record.appointmentstatus === 'o' && days > 30)
  assert.ok(past && ahead)
  await endSubscription(mirrored, 'appointments')
  await mirrored.advance(2 * minute)
  mirrored.change({ kind: 'checkin', appointment: past.appointmentid })
  mirrored.change({ kind: 'book', appointment: ahead.appointmentid, patient: past.patientid })
  await mirrored.run(10)
  assert.ok(mirrored.log.lines.some((line) => line.event === 'sync.gap'))
  assert.deepEqual(await mirrored.gaps(), [])
  assert.equal((await heldBody(mirrored, past.appointmentid))?.appointmentstatus, '2')
  assert.equal((await heldBody(mirrored, ahead.appointmentid))?.patientid, past.patientid)
  await assertEqualsTruth(mirrored)
})

test('a list that athenahealth refuses to narrow to what changed holds up neither the snapshot nor the gap', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  mirrored.fetch = (url, init, call) =>
    new URL(url).searchParams.has('startlastmodified')
      ? Promise.resolve(new Response('{"error":"x"}', { status: 400 }))
      : mirrored.toSimulator(url, init, call)
  await endSubscription(mirrored, 'appointments')
  await mirrored.run(40)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.ok((await mirrored.trouble()).quarantined > 0, 'nobody is told')
  await assertEqualsTruth(mirrored)
})

/** The subscription of appointments is of unknown state so many minutes. */
function unclearFor(mirrored: MirroredPractice, minutes: number): void {
  const until = mirrored.simulator.clock.now() + minutes * minute
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    const isMeant = call.route === '/appointments/changed/subscription' && call.method === 'GET'
    if (!isMeant || mirrored.simulator.clock.now() >= until) return response
    const body = { ...((await response.json()) as Wire), status: 'UNKNOWN' }
    return new Response(JSON.stringify(body), { headers: response.headers })
  }
}

/** A cancellation that the mirror is to learn of. */
function cancelSoon(mirrored: MirroredPractice): void {
  const [visit] = visits(mirrored, (record, days) => record.appointmentstatus === 'f' && days > 1)
  mirrored.change({ kind: 'cancel', appointment: visit?.appointmentid })
}

for (const [title, minutes, gaps] of [
  ['unclear for a moment is asked for again, and no gap', 2, 0],
  ['unclear for longer than until the next look leaves a gap', 9, 1],
] as const) {
  test(`a subscription that is ${title}`, async (t) => {
    const mirrored = await mirroredPractice(t, { settings })
    await mirrored.bringUp()
    unclearFor(mirrored, minutes)
    cancelSoon(mirrored)
    await mirrored.run(18)
    assert.equal(mirrored.log.lines.filter((line) => line.event === 'sync.gap').length, gaps)
    assert.deepEqual(await mirrored.gaps(), [])
    assert.ok((await mirrored.states()).every((row) => row.unclear_since === null))
    await assertEqualsTruth(mirrored)
  })
}

test('an event that athenahealth does not subscribe leaves a gap, until all are and everything was read since', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  await mirrored.deps.upstream.practice(practice).feeds.appointments.unsubscribe({ eventName: 'CancelAppointment' })
  const stuck = { order: true, list: false }
  mirrored.fetch = (url, init, call) => {
    if (stuck.list && call.route === '/appointments/open') return Promise.resolve(new Response('', { status: 503 }))
    return stuck.order && call.route === '/appointments/changed/subscription' && call.method === 'POST'
      ? Promise.resolve(new Response('{"success":true}'))
      : mirrored.toSimulator(url, init, call)
  }
  await mirrored.run(20)
  const [checkedIn] = visits(mirrored, (record, days) => record.appointmentstatus === 'f' && days < 1)
  mirrored.change({ kind: 'checkin', appointment: checkedIn?.appointmentid })
  await mirrored.run(2)
  assert.equal((await heldBody(mirrored, checkedIn?.appointmentid))?.appointmentstatus, '2', 'what comes is read')
  assert.deepEqual(await gapsEver(mirrored), [['subscription-lost', true]])
  stuck.order = false
  const { subscribed_at: askedAt } = await stateOf(mirrored)
  while ((await stateOf(mirrored)).subscribed_at === askedAt) await mirrored.run(1)
  // Not yet subscribed, and already read in a snapshot that is not at its end.
  stuck.list = true
  await mirrored.wantSnapshot('appointments')
  await mirrored.step()
  cancelSoon(mirrored)
  while ((await stateOf(mirrored)).partial_since !== null) await mirrored.run(1)
  stuck.list = false
  assert.equal(finished(mirrored), 1)
  await mirrored.run(6)
  assert.deepEqual(await gapsEver(mirrored), [['subscription-lost', false]])
  assert.equal(finished(mirrored), 2, 'what was being read did not count')
  await assertEqualsTruth(mirrored)
})

const gapsSql = sql('test.gaps_ever', 'select cause, closed_at is null as open from aegis.gap where practice_id = $1')

async function gapsEver({ deps }: MirroredPractice): Promise<unknown[]> {
  return (await deps.db.practice(practice, (tx) => tx.rows(gapsSql, [practice]))).map((gap) => Object.values(gap))
}

async function stateOf(mirrored: MirroredPractice) {
  const state = (await mirrored.states()).find(({ feed }) => feed === 'appointments')
  assert.ok(state)
  return state
}

/** Snapshots of appointments that came to their end, without the first look. */
function finished({ log }: MirroredPractice): number {
  return log.lines.filter(
    ({ event, fields }) =>
      event === 'sync.snapshot-finished' && fields?.feed === 'appointments' && fields.phase === 'authoritative',
  ).length
}

for (const errorBodies of ['html', 'text'] as const) {
  for (const [when, isInDoubt] of [
    ['', false],
    [' while a read is in doubt', true],
  ] as const) {
    test(`a subscription lost${when} is found where a gateway puts ${errorBodies} of its own in the place of refusals`, async (t) => {
      const simulator = { quirks: { errorBodies } }
      const mirrored = await mirroredPractice(t, { settings: { ...settings, subscriptionCheckMs: day }, simulator })
      await mirrored.bringUp()
      if (isInDoubt) {
        breakDrain(mirrored, () => new Response('', { status: 504 }))
        await mirrored.step('appointments')
      }
      await endSubscription(mirrored, 'appointments')
      await mirrored.advance(2 * minute)
      cancelSoon(mirrored)
      await mirrored.run(14)
      assert.equal(mirrored.log.lines.filter((line) => line.event === 'sync.gap').length, 1)
      assert.deepEqual(await mirrored.gaps(), [])
      assert.ok((await mirrored.states()).every((row) => row.failure_code === null))
      await assertEqualsTruth(mirrored)
    })
  }
}

for (const [title, isMeant] of [
  ['reads', (route: string | undefined) => route === '/appointments/changed'],
  ['all that is asked', (route: string | undefined) => route?.startsWith('/appointments/changed')],
] as const) {
  test(`a gateway that refuses ${title} of a feed that is subscribed costs a look each time, and no gap`, async (t) => {
    const mirrored = await mirroredPractice(t, { settings: { ...settings, subscriptionCheckMs: day } })
    await mirrored.bringUp()
    cancelSoon(mirrored)
    const calls: string[] = []
    mirrored.fetch = (url, init, call) => {
      if (call.route?.startsWith('/appointments/changed')) calls.push(`${call.method} ${call.route}`)
      return isMeant(call.route)
        ? Promise.resolve(new Response('<html>Forbidden</html>', { status: 403 }))
        : mirrored.toSimulator(url, init, call)
    }
    await mirrored.run(14)
    const look = 'GET /appointments/changed/subscription'
    const read = 'GET /appointments/changed'
    assert.deepEqual(calls, [read, look, read, look, read])
    assert.equal((await mirrored.states()).find(({ feed }) => feed === 'appointments')?.failure_code, 'configuration')
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(5)
    assert.ok(mirrored.log.lines.every((line) => line.event !== 'sync.gap'))
    await assertEqualsTruth(mirrored)
  })
}

test('a feed that settles goes live though a gateway refuses a look once, and to tell of the subscription for good', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  let refused = 0
  mirrored.fetch = (url, init, call) => {
    // The first read, and every status from then on.
    const isMeant = call.route === `/appointments/changed${refused === 0 ? '' : '/subscription'}`
    if (call.method !== 'GET' || !isMeant) return mirrored.toSimulator(url, init, call)
    refused += 1
    return Promise.resolve(new Response('<html>Forbidden</html>', { status: 403 }))
  }
  await mirrored.run(20)
  assert.ok(refused > 1)
  assert.equal((await mirrored.states()).find(({ feed }) => feed === 'appointments')?.state, 'live')
  await assertEqualsTruth(mirrored)
})

test('a slot thawed in a page that was lost is thawed, though a read of the slot itself does not tell', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  const [slot] = visits(mirrored, (record, days) => record.appointmentstatus === 'o' && days > 1 && days < 5)
  assert.ok(slot)
  mirrored.change({ kind: 'freeze', appointment: slot.appointmentid })
  await mirrored.bringUp()
  await assertEqualsTruth(mirrored)
  mirrored.change({ kind: 'unfreeze', appointment: slot.appointmentid })
  breakDrain(mirrored, () => new Response('', { status: 504 }))
  await mirrored.run(4)
  await assertEqualsTruth(mirrored)
})

test('the first read of all, whose answer was lost, is not taken for that of a second consumer', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  let lost = 0
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (lost > 0 || !call.consuming || call.route !== '/appointments/changed') return response
    lost = ((await response.json()) as { appointments: unknown[] }).appointments.length
    return new Response('', { status: 504 })
  }
  const booked = visits(mirrored, (record, days) => record.appointmentstatus === 'f' && days > 0)
  for (const { appointmentid: appointment } of booked.slice(0, 9)) {
    mirrored.change({ kind: 'cancel', appointment })
    await mirrored.advance(minute)
    await mirrored.step()
    if (lost > 0) break
  }
  assert.ok(lost > 0)
  // Long enough for the next look to come before the next read.
  await mirrored.advance(settings.subscriptionCheckMs + minute)
  await mirrored.run(6)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.ok(mirrored.log.lines.every(({ event }) => event !== 'sync.gap'))
  await assertEqualsTruth(mirrored)
})
