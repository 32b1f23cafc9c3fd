/** What may go wrong between athenahealth and the mirror beyond single faults: two at a time, late, lost, taken away. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, breakDrain, endSubscription } from '../../testing/practice-life.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'
import { contextOf } from '../upstream/call-context.ts'
import { advanceFeed } from './advance-feed.ts'
import { doubtIntent, openIntents } from './intent.sql.ts'

const minute = 60_000
const held = { practice, feed: 'appointments' } as const
const route = '/appointments/changed'

/** Future appointments of a status, soonest first. */
function future(mirrored: MirroredPractice, status: 'o' | 'f'): string[] {
  const now = mirrored.simulator.clock.now()
  return [...mirrored.simulator.truth.records(practice, 'appointments')]
    .filter((record) => record.appointmentstatus === status && Date.parse(String(record.date)) > now)
    .map((record) => String(record.appointmentid))
}

function cancelOne(mirrored: MirroredPractice): void {
  mirrored.change({ kind: 'cancel', appointment: future(mirrored, 'f')[0] })
}

/** A consuming read made by somebody else with our app's token. */
async function consumeAsOurApp(mirrored: MirroredPractice): Promise<number> {
  const page = await mirrored.deps.upstream.practice(practice).feeds.appointments.drainPage({ limit: 1_000 })
  return page.items.length
}

test('nothing is lost when a read is in doubt and then the subscription is lost', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  cancelOne(mirrored)
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    return call.consuming && call.route === route ? new Response('', { status: 504 }) : response
  }
  await mirrored.advance(minute)
  await mirrored.step('appointments')
  mirrored.fetch = mirrored.toSimulator
  await endSubscription(mirrored, 'appointments')
  let calls = 0
  mirrored.fetch = (url, init, call) => {
    calls += 1
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.run(6)
  assert.ok(calls < 200, `the feed asked ${calls} times instead of waiting`)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})

test('a snapshot under way when the subscription is lost does not count as the one after it', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.wantSnapshot('appointments')
  mirrored.fetch = async (url, init, call) =>
    call.route === '/appointments/open' ? new Response('', { status: 503 }) : mirrored.toSimulator(url, init, call)
  await mirrored.advance(1_000)
  await mirrored.step('appointments')
  await endSubscription(mirrored, 'appointments')
  cancelOne(mirrored)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(8)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})

test('a read that athenahealth carries out minutes after it was given up loses nothing', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { subscriptionCheckMs: 4 * minute } })
  await mirrored.bringUp()
  let late: (() => Promise<unknown>) | undefined
  mirrored.fetch = async (url, init, call) => {
    if (late || !call.consuming || call.route !== route) return mirrored.toSimulator(url, init, call)
    late = () => mirrored.toSimulator(url, { ...init, signal: new AbortController().signal }, call)
    throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } })
  }
  await mirrored.step()
  await mirrored.advance(minute + 1_000)
  // After the replay and just before the next drain, as late as can be.
  let done = false
  const carriedOut = mirrored.fetch
  mirrored.fetch = async (url, init, call) => {
    if (!done && late && call.consuming && call.route === route) {
      done = true
      cancelOne(mirrored)
      await late()
    }
    return carriedOut(url, init, call)
  }
  await mirrored.run(8)
  assert.ok(done)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})

test('what a second consumer takes between two drains is found, read again and alarmed', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { subscriptionCheckMs: 4 * minute } })
  await mirrored.bringUp()
  await mirrored.run(5)
  cancelOne(mirrored)
  assert.ok((await consumeAsOurApp(mirrored)) > 0)
  let alarmed = false
  for (let round = 0; round < 6; round += 1) {
    await mirrored.run(1)
    alarmed ||= mirrored.log.lines.some((line) => line.event === 'sync.gap')
  }
  assert.ok(alarmed, 'nobody was told')
  await assertEqualsTruth(mirrored)
})

test('our own reads are not taken for those of a second consumer', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { subscriptionCheckMs: 3 * minute, feedPageSize: 2 } })
  await mirrored.bringUp()
  let reads = 0
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming || call.route !== route) return response
    reads += 1
    return reads % 3 === 2 ? new Response('', { status: 504 }) : response
  }
  for (let round = 0; round < 8; round += 1) {
    const booked = future(mirrored, 'f')
    for (const appointment of booked.slice(0, 3)) mirrored.change({ kind: 'cancel', appointment })
    await mirrored.run(1)
  }
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(6)
  assert.deepEqual(
    mirrored.log.lines.filter((line) => line.event === 'sync.gap'),
    [],
  )
  await assertEqualsTruth(mirrored)
})

test('a holder that was paused before its read went out loses nothing to the next holder', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.advance(minute)
  const signal = new AbortController().signal
  let paused = false
  mirrored.fetch = async (url, init, call) => {
    if (!paused && call.consuming && call.route === route) {
      paused = true
      const next = { practice, feed: 'appointments', fence: '1000' } as const
      await advanceFeed(mirrored.deps, next, signal)
      await mirrored.advance(2 * minute)
      await advanceFeed(mirrored.deps, next, signal)
      cancelOne(mirrored)
    }
    return mirrored.toSimulator(url, init, call)
  }
  await assert.rejects(mirrored.step('appointments'), { code: 'lease.lost' })
  mirrored.fenceFrom(1_001)
  await mirrored.run(4)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})

test('a read that goes out while the next holder replays is in doubt again, and replayed itself', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  breakDrain(mirrored, () => new Response('', { status: 504 }))
  await mirrored.advance(minute)
  await mirrored.step('appointments')
  mirrored.fetch = mirrored.toSimulator
  let late = 0
  const remove = setFailpointHook(async (name) => {
    if (name !== 'sync.before-replay-closed' || late > 0) return
    cancelOne(mirrored)
    const inDoubt = await mirrored.deps.db.practice(practice, (tx) => openIntents(tx, held))
    for (const { intent_id: id } of inDoubt) {
      await mirrored.deps.db.practice(practice, (tx) => doubtIntent(tx, held, id))
    }
    late = await consumeAsOurApp(mirrored)
  })
  t.after(remove)
  await mirrored.run(4)
  assert.ok(late > 0)
  await assertEqualsTruth(mirrored)
})

test('a consuming read that waits for its turn is not sent once the lease is lost', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.advance(minute)
  const lost = new AbortController()
  const next = { ...held, fence: '1000' }
  let sent = 0
  mirrored.fetch = async (url, init, call) => {
    if (!call.consuming) return mirrored.toSimulator(url, init, call)
    // Where the permission would be waited for.
    lost.abort(new AegisError('lease.lost'))
    const { unless } = contextOf(call)
    if (unless?.aborted) throw new AegisError('upstream.given-up')
    sent += 1
    return mirrored.toSimulator(url, init, call)
  }
  await advanceFeed(mirrored.deps, next, lost.signal).catch(() => undefined)
  assert.equal(sent, 0)
  mirrored.fetch = mirrored.toSimulator
  mirrored.fenceFrom(1_001)
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
})

test('what vanished between the first look and the subscription does not stay in the mirror', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.step()
  const [slot] = future(mirrored, 'o')
  const [from, into, gone] = [...mirrored.simulator.truth.records(practice, 'patients')].map((one) => one.patientid)
  await endSubscription(mirrored, 'appointments')
  await mirrored.deps.upstream.practice(practice).feeds.patients.unsubscribe()
  mirrored.change({ kind: 'deleteslot', appointment: slot })
  mirrored.change({ kind: 'deletepatient', patient: gone })
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.deps.upstream.practice(practice).feeds.appointments.subscribe()
  await mirrored.deps.upstream.practice(practice).feeds.patients.subscribe()
  await mirrored.run(9)
  await assertEqualsTruth(mirrored)
})

test('a department that appears later is read with all that was in it, and its times get their zone', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 40 })
  const [hidden] = [...mirrored.simulator.truth.records(practice, 'departments')].map((one) => one.departmentid)
  let hide = true
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!hide || call.route !== '/departments') return response
    const body = (await response.json()) as { departments: { departmentid: string }[] }
    const departments = body.departments.filter((one) => one.departmentid !== hidden)
    return Response.json({ ...body, departments, totalcount: departments.length })
  }
  await mirrored.bringUp()
  assert.ok((await mirrored.differences()).some((one) => one.kind === 'patients' && one.what === 'missing'))
  hide = false
  await mirrored.advance(15 * minute)
  // An appointment there is changed: that alone makes us look for departments.
  const there = [...mirrored.simulator.truth.records(practice, 'appointments')].find(
    (one) => one.departmentid === hidden && future(mirrored, 'f').includes(String(one.appointmentid)),
  )
  mirrored.change({ kind: 'cancel', appointment: there?.appointmentid })
  await mirrored.run(4)
  await assertEqualsTruth(mirrored)
  assert.deepEqual(await mirrored.rowsWithoutStart(), [])
})

test('a failure of the database for a moment sets no good record aside', async (t) => {
  const mirrored = await mirroredPractice(t)
  let failures = 0
  mirrored.onStatement(({ name }) => {
    if (name === 'records.write' && (failures += 1) <= 4)
      throw new AegisError('db.statement-failed', { sqlstate: '40P01' })
  })
  await mirrored.bringUp()
  assert.ok(failures > 4)
  assert.equal((await mirrored.trouble()).quarantined, 0)
  await assertEqualsTruth(mirrored)
})

test('drains are a minute apart as athenahealth sees them, also when one waits for its turn', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  let waited = false
  mirrored.fetch = async (url, init, call) => {
    if (!waited && call.consuming && call.route === route) {
      waited = true
      await mirrored.advance(50_000)
    }
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.advance(minute)
  await mirrored.step()
  for (let round = 0; round < 4; round += 1) {
    await mirrored.advance(11_000)
    await mirrored.step()
  }
  const { drains } = mirrored.simulator.truth.windows()
  assert.ok(
    drains.every((drain) => (drain.minimumMs ?? minute) >= minute),
    JSON.stringify(drains),
  )
})

test('what is kept of a page that was read names no patient', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 60, settings: { snapshotPageSize: 8 } })
  let pages = 0
  mirrored.fetch = async (url, init, call) => {
    if (call.route === '/patients' && (pages += 1) >= 3) return new Response('', { status: 503 })
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.step()
  const anchors = await mirrored.anchors()
  assert.ok(anchors.length > 0)
  const ids = new Set([...mirrored.simulator.truth.records(practice, 'patients')].map((one) => one.patientid))
  assert.deepEqual(
    anchors.filter((anchor) => ids.has(anchor)),
    [],
  )
})

test('the snapshot that closes a gap uses the allowance for gaps, and a failing one holds up no drain', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.advance(minute)
  breakDrain(mirrored, () => new Response('', { status: 504 }))
  await mirrored.step('appointments')
  await mirrored.advance(5 * 60 * minute)
  const allowances = new Set<unknown>()
  let drains = 0
  mirrored.fetch = async (url, init, call) => {
    if (call.route === route && call.consuming) drains += 1
    if (call.route !== '/appointments/booked') return mirrored.toSimulator(url, init, call)
    allowances.add(Reflect.get(Object(call.context), 'large'))
    return drains < 5 ? new Response('', { status: 503 }) : mirrored.toSimulator(url, init, call)
  }
  await mirrored.run(3)
  assert.deepEqual(
    (await mirrored.gaps()).map((gap) => gap.cause),
    ['retention-passed'],
  )
  await mirrored.run(3)
  assert.deepEqual([[...allowances], await mirrored.gaps()], [['gap'], []])
  await assertEqualsTruth(mirrored)
})

test('a department that is closed is passed and alarmed, and the others are mirrored', async (t) => {
  const mirrored = await mirroredPractice(t)
  const [closed] = [...mirrored.simulator.truth.records(practice, 'departments')].map((one) => one.departmentid)
  mirrored.fetch = async (url, init, call) => {
    const asked = new URL(url).searchParams.get('departmentid')
    if (call.route !== '/appointments/open' || asked !== closed) return mirrored.toSimulator(url, init, call)
    return Response.json({ error: 'The department does not exist.' }, { status: 404 })
  }
  await mirrored.bringUp()
  await mirrored.run(3) // the refusal is not believed at once
  assert.deepEqual([...new Set((await mirrored.states()).map((row) => row.state))], ['live'])
  assert.ok((await mirrored.trouble()).quarantined > 0)
  await assertEqualsTruth(mirrored)
})

test('an appointment far ahead that changes within a gap is read again, however far the promised days reach', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const last = future(mirrored, 'o').at(-1)
  mirrored.change({ kind: 'book', appointment: last, patient: 7 })
  await mirrored.run(1)
  await endSubscription(mirrored, 'appointments')
  // Only then does it take hold: what changes now, no feed tells.
  await mirrored.advance(2 * minute)
  mirrored.change({ kind: 'cancel', appointment: last, reason: '4' })
  await mirrored.run(8)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})

test('a subscription that is lost before it has taken hold is asked for again', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.step()
  await endSubscription(mirrored, 'patients')
  await mirrored.run(9)
  assert.equal((await mirrored.states()).find(({ feed }) => feed === 'patients')?.state, 'live')
  await assertEqualsTruth(mirrored)
})

test('a patient merged between our read and the look at what was processed is no stranger', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { subscriptionCheckMs: minute } })
  await mirrored.bringUp()
  mirrored.change({ kind: 'updatepatient', patient: 4, fields: { city: 'Salem' } })
  await mirrored.run(1)
  mirrored.change({ kind: 'mergepatients', from: 4, into: 6 })
  await mirrored.run(5)
  assert.deepEqual(
    mirrored.log.events().filter((event) => event === 'sync.gap'),
    [],
  )
  await assertEqualsTruth(mirrored)
})

test('a process whose clock is ahead of the database does not drain a feed more than once a minute', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { subscriptionCheckMs: 24 * 60 * minute } })
  await mirrored.bringUp()
  await mirrored.advance(minute)
  // The database is not told: to the process it is ten minutes later than to everybody else.
  mirrored.simulator.clock.advance(10 * minute)
  let drains = 0
  mirrored.fetch = (url, init, call) => {
    if (call.consuming) drains += 1
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.step('appointments')
  assert.equal(drains, 1)
})
