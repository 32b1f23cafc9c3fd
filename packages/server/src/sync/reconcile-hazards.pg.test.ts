/** What may go wrong while the mirror is checked, and what the checks themselves must not do. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { AthenaFetch } from '@aegis/client'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { checks, damage, found, passDays, reports, unexplained } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { defaultOffHours, offHours } from '../policy/off-hours.ts'

const hour = 3_600_000
const minute = 60_000
const small = { rereadDays: 3, snapshotPageSize: 20 }

/** Booked appointments of the coming days. */
function booked(mirrored: MirroredPractice): Record<string, unknown>[] {
  const now = mirrored.simulator.clock.now()
  return [...mirrored.simulator.truth.records(practice, 'appointments')].filter(
    (record) => record.appointmentstatus === 'f' && Date.parse(String(record.date)) > now + 24 * hour,
  )
}

type Answer = Record<string, unknown> & { appointments?: Record<string, unknown>[] }

/** Lists of booked appointments come as `spoil` leaves them. */
function spoilBooked(mirrored: MirroredPractice, spoil: (answer: Answer) => Answer): void {
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/appointments/booked') return response
    return new Response(JSON.stringify(spoil((await response.json()) as Answer)), { headers: response.headers })
  }
}

test('what a list leaves out is asked for by id and neither deleted nor a difference', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: small })
  await mirrored.bringUp()
  const hidden = String(booked(mirrored)[0]?.appointmentid)
  const asked: string[] = []
  spoilBooked(mirrored, ({ appointments = [], ...rest }) => ({
    ...rest,
    appointments: appointments.filter((record) => String(record.appointmentid) !== hidden),
  }))
  const spoiled = mirrored.fetch
  mirrored.fetch = (url, init, call) => {
    if (call.route === '/appointments/{appointmentid}') asked.push(new URL(url).pathname.split('/').at(-1) ?? '')
    return spoiled(url, init, call)
  }
  await passDays(mirrored, 8)
  assert.ok(asked.includes(hidden))
  assert.deepEqual(await unexplained(mirrored), [])
  await assertEqualsTruth(mirrored)
})

test('a list that is older than what the feed has brought takes nothing back', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: small })
  await mirrored.bringUp()
  const [visit] = booked(mirrored)
  const before = new Map<string, string>()
  const asSent = async (...[url, init, call]: Parameters<AthenaFetch>): Promise<Response> => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/appointments/booked') return response
    const text = before.get(url) ?? (await response.text())
    before.set(url, text)
    return new Response(text, { headers: response.headers })
  }
  // Every list is answered as it was when it was asked for first: with the visit as it was before it was cancelled.
  mirrored.fetch = asSent
  await mirrored.wantSnapshot('appointments')
  await mirrored.step('appointments')
  mirrored.change({ kind: 'cancel', appointment: visit?.appointmentid })
  await mirrored.run(2)
  await mirrored.advance(17 * hour)
  await mirrored.step()
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(8)
  assert.deepEqual(await unexplained(mirrored), [])
  await assertEqualsTruth(mirrored)
})

test('a change that was on its way when a check saw it first is explained', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { ...small, subscriptionCheckMs: 4 * minute } })
  await mirrored.bringUp()
  await mirrored.advance(17 * hour)
  await mirrored.step()
  // The drain is over; the check reads now.
  await damage(mirrored, sql('test.due', `update aegis.reconciliation_task set due_at = aegis.now()`))
  for (const { appointmentid } of booked(mirrored)) mirrored.change({ kind: 'cancel', appointment: appointmentid })
  await mirrored.step('appointments')
  await mirrored.run(14)
  const differing = (await found(mirrored)).filter((row) => row.what === 'differing')
  assert.ok(differing.length > 0)
  assert.deepEqual([...new Set(differing.map((row) => row.explanation))], ['feed'])
  await assertEqualsTruth(mirrored)
})

test('a record that is gone is explained, too, when the feed tells of it before it has been asked for twice', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: small })
  await mirrored.bringUp()
  await mirrored.advance(17 * hour)
  await mirrored.step()
  const gone = String(booked(mirrored)[0]?.appointmentid)
  spoilBooked(mirrored, ({ appointments = [], ...rest }) => ({
    ...rest,
    appointments: appointments.filter((record) => String(record.appointmentid) !== gone),
  }))
  const spoiled = mirrored.fetch
  let asked = 0
  mirrored.fetch = async (url, init, call) => {
    if (!new URL(url).pathname.endsWith(`/appointments/${gone}`)) return spoiled(url, init, call)
    asked += 1
    return Response.json({ error: 'not found' }, { status: 404 })
  }
  await damage(mirrored, sql('test.due', `update aegis.reconciliation_task set due_at = aegis.now()`))
  await mirrored.step('appointments')
  assert.equal(asked, 1)
  mirrored.change({ kind: 'cancel', appointment: gone })
  await mirrored.run(14)
  assert.ok(asked > 1)
  assert.deepEqual(await unexplained(mirrored), [])
})

test('a merge that was on its way when a check saw it first is explained, though the feed names the survivor alone', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { ...small, subscriptionCheckMs: 4 * minute } })
  await mirrored.bringUp()
  const [from, into] = [3, 4]
  mirrored.change({ kind: 'updatepatient', patient: from, fields: { lastname: 'Marigold' } })
  await mirrored.run(1)
  await damage(mirrored, sql('test.due', `update aegis.reconciliation_task set due_at = aegis.now()`))
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.step('patients')
  await mirrored.run(14)
  const gone = (await found(mirrored)).filter((row) => row.what === 'gone-there')
  assert.deepEqual(
    gone.map((row) => row.explanation),
    ['feed'],
  )
  await assertEqualsTruth(mirrored)
})

/** Refuses large lists outside the off-hours as the policy does, and lets only so many through in one night. */
function allowPerNight(mirrored: MirroredPractice, most: number) {
  const seen: { url: string; at: number }[] = []
  let night = 0
  let left = most
  mirrored.fetch = (url, init, call) => {
    const now = mirrored.simulator.clock.now()
    const window = offHours(now, defaultOffHours)
    if (call.route !== '/appointments/booked') return mirrored.toSimulator(url, init, call)
    if (window.opensAt !== night) [night, left] = [window.opensAt, most]
    // What is left of the night was too short for more.
    if (!window.open || left === 0) {
      const until = window.open ? offHours(window.closesAt, defaultOffHours).opensAt : window.opensAt
      throw new AegisError('policy.off-hours', { call: 'GET /appointments/booked', until })
    }
    left -= 1
    seen.push({ url, at: now })
    return mirrored.toSimulator(url, init, call)
  }
  return seen
}

test('the weekly snapshot stops when the night is over and goes on the next, until it is complete', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { ...small, bookedWindowDays: 1 } })
  await mirrored.bringUp()
  // Only the weekly one, so that it has the nights for itself.
  await mirrored.advance(minute)
  await mirrored.step()
  await damage(
    mirrored,
    sql('test.weekly', `delete from aegis.reconciliation_task where task = 'nightly' and feed = 'appointments'`),
  )
  const seen = allowPerNight(mirrored, 9)
  await passDays(mirrored, 7)
  const weekly = (await reports(mirrored)).filter((row) => row.task === 'weekly')
  assert.equal(weekly.length, 1)
  const nights = new Set(seen.map(({ at }) => Math.floor(at / (24 * hour))))
  assert.ok(nights.size >= 3, `read in ${nights.size} nights`)
  const pages = seen.map(({ url }) => url)
  assert.equal(new Set(pages).size, pages.length, 'a page was read twice')
  assert.deepEqual(
    (await checks(mirrored)).filter(({ failures }) => failures > 0),
    [],
  )
})

test('a check gives way to drains and never waits longer for its turn than until the next one', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: small })
  await mirrored.bringUp()
  const contexts: { priority?: string; purpose?: string; waitMs?: number; large?: unknown }[] = []
  mirrored.fetch = (url, init, call) => {
    contexts.push({ ...(call.context as object | undefined) })
    return mirrored.toSimulator(url, init, call)
  }
  await passDays(mirrored, 1)
  const ours = contexts.filter(({ purpose }) => purpose === 'sync.reconcile')
  assert.ok(ours.length > 0)
  for (const { priority, waitMs = Infinity } of ours) {
    assert.equal(priority, 'reconciliation')
    assert.ok(waitMs <= mirrored.deps.settings.pollIntervalMs)
  }
})

test('a check that fails is put off, told and held up nothing else', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: small })
  await mirrored.bringUp()
  mirrored.fetch = (url, init, call) =>
    call.route === '/appointments/booked'
      ? Promise.resolve(new Response('{"error":"x"}', { status: 503 }))
      : mirrored.toSimulator(url, init, call)
  await mirrored.advance(18 * hour)
  await mirrored.run(10)
  const failing = (await checks(mirrored)).filter(({ failures }) => failures > 0)
  assert.deepEqual(
    failing.map(({ feed, failure_code }) => [feed, failure_code]),
    [['appointments', 'server-error']],
  )
  const states = await mirrored.states()
  assert.ok(states.every((row) => row.failure_code === null))
  mirrored.fetch = mirrored.toSimulator
  await passDays(mirrored, 1)
  assert.deepEqual(
    (await checks(mirrored)).filter(({ failures }) => failures > 0),
    [],
  )
})

test('a nightly replay begins where the last one ended, however long the rest of that check took', async (t) => {
  const settings = { feeds: ['departments', 'providers'], subscriptionCheckMs: 30 * 24 * hour } as const
  const mirrored = await mirroredPractice(t, { patients: 6, settings })
  await mirrored.bringUp()
  const replays: { from: number; to: number }[] = []
  mirrored.fetch = async (url, init, call) => {
    if (call.route === '/providers/changed' && !call.consuming) {
      const [from = '', to = ''] = ['start', 'end'].map(
        (end) => new URL(url).searchParams.get(`showprocessed${end}datetime`) ?? '',
      )
      replays.push({ from: Date.parse(from), to: Date.parse(to) })
    }
    if (call.route === '/providers' && replays.length > 0) await mirrored.advance(10 * minute)
    return mirrored.toSimulator(url, init, call)
  }
  await passDays(mirrored, 3)
  assert.ok(replays.length >= 3, JSON.stringify(replays))
  for (const [index, { from }] of replays.entries())
    assert.ok(index === 0 || from <= (replays[index - 1]?.to ?? 0), `replay ${index} leaves a hole`)
})
