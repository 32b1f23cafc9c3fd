/** Answers of which less is left than was sent: nothing that they told, or hid, is lost for being believed too soon. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { leaseGoesOn } from '../../testing/feed-lease.ts'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { damage } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { addPractices } from './schedule.sql.ts'
import { runAdvanceFeed } from './schedule.ts'

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
  const key = { practice, feed: 'appointments' } as const
  await mirrored.deps.db.control(async (tx) => {
    await addPractices(tx, [practice], 'local')
    await leaseGoesOn(tx, key)
  })
  let told = 0
  const never = () => assert.fail('not of a job')
  const schedule = { instance: 'one', leaseTtlMs: minute, dayUsage: never, keepForFeeds: never }
  const onContested = () => {
    told += 1
  }
  await runAdvanceFeed({ ...schedule, sync: mirrored.deps, onContested }, key, new AbortController().signal)
  assert.equal(await stateOf(), 'contested')
  const lines = mirrored.log.lines.filter(({ event }) => event === 'sync.contested')
  assert.deepEqual(
    [told, lines.map(({ fields }) => fields)],
    [1, [key]],
    'whoever started it is told, and nobody is ended',
  )
})

test('who reads before our first read was carried out is met, though we have asked and were refused', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: { ...few, subscriptionCheckMs: 3 * minute } })
  let refused = 0
  const refuse: typeof mirrored.fetch = async (url, init, call) => {
    if (!call.consuming || call.route !== '/appointments/changed') return mirrored.toSimulator(url, init, call)
    refused += 1
    return Response.json({ error: 'Over QPS limit' }, { status: 429 })
  }
  mirrored.fetch = refuse
  await mirrored.bringUp()
  for (let minutes = 0; minutes < 5 && refused === 0; minutes += 1) await mirrored.run(1)
  assert.ok(refused > 0)
  mirrored.fetch = mirrored.toSimulator
  await takeCancellation(mirrored)
  mirrored.fetch = refuse
  await mirrored.advance(4 * minute)
  await assert.rejects(mirrored.step('appointments'), { code: 'sync.contested' })
  assert.equal((await mirrored.states()).find(({ feed }) => feed === 'appointments')?.state, 'contested')
})

test('who reads while a subscription that is partial is asked for again, before our first look, is met by it', async (t) => {
  const settings = { ...few, feeds: ['departments', 'appointments'] as const, settleMs: 2 * minute }
  const mirrored = await mirroredPractice(t, { patients: 6, settings })
  const stateOf = async () => (await mirrored.states()).find(({ feed }) => feed === 'appointments')?.state
  let asked = 0
  let looks = 0
  mirrored.fetch = async (url, init, call) => {
    if (call.route === '/appointments/changed' && !call.consuming) looks += 1
    if (looks === 1 && call.route === '/appointments/changed')
      return Response.json({ error: 'Forbidden' }, { status: 403 })
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/appointments/changed/subscription') return response
    if (call.method === 'POST') asked += 1
    if (asked === 0 || call.method === 'POST') return response
    const body = { ...((await response.json()) as Record<string, unknown>), status: 'PARTIAL' }
    return new Response(JSON.stringify(body), { headers: response.headers })
  }
  const goOnWhile = async (isSo: (state: string | undefined) => boolean) => {
    for (let turns = 0; turns < 30 && isSo(await stateOf()); turns += 1) {
      await mirrored.step().catch(() => undefined)
      await mirrored.advance(30_000)
    }
  }
  await goOnWhile((state) => state !== 'settling')
  assert.equal(asked, 2, 'it settles in part, and was asked for again')
  await takeCancellation(mirrored)
  // The first look is refused, so that the subscription is looked at, and asked for once more, before the second one.
  await goOnWhile((state) => state === 'settling')
  assert.deepEqual([asked, looks, await stateOf()], [3, 2, 'contested'])
})

const updated = (mirrored: MirroredPractice, patient: unknown, lastname: string) =>
  mirrored.change({ kind: 'updatepatient', patient, fields: { lastname } })

/** Every answer of the feed that holds this patient breaks off in the middle of the record. */
function breakOffAt(mirrored: MirroredPractice, patient: unknown): void {
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    const text = await response.text()
    const at = call.route === '/patients/changed' ? text.indexOf(`"patientid":"${String(patient)}"`) : -1
    return new Response(at > 0 ? text.slice(0, at + 5) : text, { status: response.status, headers: response.headers })
  }
}

const looking = { ...few, feeds: ['departments', 'patients'], subscriptionCheckMs: 4 * minute } as const

test('a record that cannot be read is passed by the look for a second reader, which stops no feed for it', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: looking })
  await mirrored.bringUp()
  const [bad, ...others] = [...mirrored.simulator.truth.records(practice, 'patients')]
  breakOffAt(mirrored, bad?.patientid)
  updated(mirrored, bad?.patientid, 'Marigold')
  await mirrored.run(2)
  for (const [index, { patientid }] of others.slice(0, 4).entries()) {
    await mirrored.run(3)
    updated(mirrored, patientid, `Clover-${index}`)
    await mirrored.run(2)
    assert.deepEqual(await mirrored.differences(), [])
  }
  const failed = mirrored.log.lines.filter(
    ({ event, fields }) => event === 'sync.step-failed' && fields.step !== 'drain',
  )
  assert.deepEqual(failed, [])
  // The drain's doubt has told of it: the look need not.
  assert.equal(mirrored.log.lines.filter(({ event }) => event === 'sync.gap').length, 1)
})

test('what a second reader took and nobody can read is a gap', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: { ...looking, replayMarginMs: 1_000 } })
  await mirrored.bringUp()
  await mirrored.run(5)
  const [bad] = mirrored.simulator.truth.records(practice, 'patients')
  updated(mirrored, bad?.patientid, 'Marigold')
  assert.equal((await mirrored.deps.upstream.practice(practice).feeds.patients.drainPage({ limit: 9 })).items.length, 1)
  breakOffAt(mirrored, bad?.patientid)
  await mirrored.run(8)
  const gaps = mirrored.log.lines.filter(({ event }) => event === 'sync.gap').map(({ fields }) => fields.cause)
  assert.deepEqual(gaps, ['unreadable'])
  // The snapshot that the gap asked for has read the patient from the list.
  assert.deepEqual(await mirrored.differences(), [])
  assert.deepEqual(await mirrored.gaps(), [])
})

test('a page of ours that cannot be opened any more stops neither the look for a second reader nor the feed', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: looking })
  await mirrored.bringUp()
  const [first, second] = [...mirrored.simulator.truth.records(practice, 'patients')]
  updated(mirrored, first?.patientid, 'Marigold')
  await mirrored.run(1)
  const damaged = `update aegis.inbox_page set sealed = sealed || '\\x00' where feed = 'patients' and run_id is null`
  await damage(mirrored, sql('test.damage_pages', damaged))
  await mirrored.run(5)
  updated(mirrored, second?.patientid, 'Clover')
  await mirrored.run(2)
  assert.deepEqual(await mirrored.differences(), [])
  assert.deepEqual(
    mirrored.log.lines.filter(({ event }) => event === 'sync.step-failed'),
    [],
  )
  // Whose it was cannot be told any more: all is read again, and nobody is accused.
  const gaps = mirrored.log.lines.filter(({ event }) => event === 'sync.gap').map(({ fields }) => fields.cause)
  assert.deepEqual([...new Set(gaps)], ['unreadable'])
})

test('a look that fails is put off and holds up no drain, however long it fails', async (t) => {
  const settings = { ...looking, subscriptionCheckMs: 2 * minute, retentionMs: 12 * minute }
  const mirrored = await mirroredPractice(t, { patients: 6, settings })
  await mirrored.bringUp()
  let looks = 0
  mirrored.fetch = async (url, init, call) => {
    if (call.route !== '/patients/changed' || call.consuming) return mirrored.toSimulator(url, init, call)
    looks += 1
    return new Response('{"error":"x"}', { status: 400 })
  }
  const [patient] = mirrored.simulator.truth.records(practice, 'patients')
  for (let round = 0; round < 4; round += 1) {
    updated(mirrored, patient?.patientid, `Clover-${round}`)
    await mirrored.run(5)
    assert.deepEqual(await mirrored.differences(), [])
  }
  assert.ok(looks > 3 && looks < 15, `${looks} looks`)
  assert.deepEqual(await mirrored.gaps(), [])
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(5)
  assert.deepEqual(await mirrored.gaps(), [])
})

const asked: readonly [title: string, method: string, answer: () => Response][] = [
  ['tells the state of a subscription', 'GET', () => Response.json({ error: 'x' }, { status: 500 })],
  ['takes other departments', 'POST', () => Response.json({ error: 'Invalid department.' }, { status: 400 })],
]

for (const [title, method, answer] of asked) {
  test(`a live feed is read also while athenahealth never ${title}`, async (t) => {
    const mirrored = await mirroredPractice(t, { patients: 9, settings: { departments: {} } })
    await mirrored.bringUp()
    let refused = 0
    mirrored.fetch = async (url, init, call) => {
      if (call.method !== method || !call.route.endsWith('/subscription')) return mirrored.toSimulator(url, init, call)
      refused += 1
      return answer()
    }
    if (method === 'POST') await mirrored.limitTo(['1', '999'])
    await mirrored.advance(16 * minute)
    await mirrored.run(2)
    const [patient] = mirrored.simulator.truth.records(practice, 'patients')
    updated(mirrored, patient?.patientid, 'Clover')
    await mirrored.run(3)
    assert.ok(refused > 0)
    assert.deepEqual(await mirrored.differences(), [])
    const feed = (await mirrored.states()).find((one) => one.feed === 'patients')
    assert.deepEqual([feed?.state, feed?.failures, feed?.subscription_put_off_until === null], ['live', 0, false])
  })
}

test('what a second reader takes while a look lasts is seen by the next one', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: looking })
  await mirrored.bringUp()
  await mirrored.run(5)
  const [patient] = mirrored.simulator.truth.records(practice, 'patients')
  let lasted = false
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (lasted || call.route !== '/patients/changed' || call.consuming) return response
    lasted = true
    await mirrored.advance(4 * minute)
    updated(mirrored, patient?.patientid, 'Clover')
    await mirrored.deps.upstream.practice(practice).feeds.patients.drainPage({ limit: 1_000 })
    await mirrored.advance(4 * minute)
    return response
  }
  await mirrored.run(12)
  assert.ok(lasted)
  assert.deepEqual(await mirrored.differences(), [])
  assert.ok(mirrored.log.lines.some(({ event, fields }) => event === 'sync.gap' && fields.cause === 'foreign-consumer'))
})
