/** What athenahealth says it does not have: when that is believed. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import type { WireRecord } from '../../testing/oracle.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { wishFor } from '../records/record-name.ts'
import { noteWishes } from './note-wishes.ts'
import { readPracticePictures } from './read-practice-status.ts'
import { postponeRefetches } from './refetch.sql.ts'

/** The first page of patients is lost on its way, so that they are asked for by id; `byId` answers in athenahealth's place. */
function losePage(mirrored: MirroredPractice, byId: () => Response | undefined): void {
  let broken = false
  mirrored.fetch = async (url, init, call) => {
    if (!broken && call.route === '/patients/changed' && call.consuming) {
      broken = true
      await mirrored.toSimulator(url, init, call)
      return new Response('', { status: 504 })
    }
    const answer = call.route === '/patients/{patientid}' ? byId() : undefined
    return answer ?? mirrored.toSimulator(url, init, call)
  }
}

test('one answer that a record does not exist deletes nothing', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const patients = [...mirrored.simulator.truth.records(practice, 'patients')]
  mirrored.change({ kind: 'updatepatient', patient: patients[0]?.patientid, fields: { lastname: 'Larch' } })
  let mistaken = 0
  losePage(mirrored, () => {
    if (mistaken > 0) return undefined
    mistaken += 1
    return Response.json({ error: 'The patient does not exist.' }, { status: 404 })
  })
  await mirrored.run(2)
  assert.equal(mistaken, 1)
  assert.deepEqual(
    (await mirrored.opened('patient')).filter((record) => record.state !== 'present'),
    [],
  )
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
})

const ownNone = () => Response.json({ error: 'The patient does not exist.' }, { status: 404 })
const ownWords = (status: number) => () => new Response('<html>No</html>', { status })

/** Two patients are to be asked for by id. */
async function withTwoWished(t: Parameters<typeof mirroredPractice>[0]) {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const [, doubted, other] = [...mirrored.simulator.truth.records(practice, 'patients')]
  await wishForPatients(mirrored, [doubted, other])
  return { mirrored, doubted, other }
}

function wishForPatients({ deps }: MirroredPractice, patients: readonly (WireRecord | undefined)[]): Promise<void> {
  return deps.db.practice(practice, async (tx) => {
    const keys = await deps.sealing.practice(tx, practice)
    const ids = patients.map((record) => String(record?.patientid))
    const wishes = ids.map((id) => wishFor(recordKinds.patient, keys, { id }) ?? assert.fail())
    await noteWishes(tx, keys, { practice, wishes })
  })
}

for (const [title, answer] of [
  ['says in its own words is not there', ownWords(404)],
  ['refuses in its own words', ownWords(403)],
] as const) {
  test(`a record that a gateway ${title} stays in doubt, and holds up neither others nor the feed`, async (t) => {
    const { mirrored, doubted, other } = await withTwoWished(t)
    let asked = 0
    mirrored.fetch = (url, init, call) => {
      if (!new URL(url).pathname.endsWith(`/patients/${String(doubted?.patientid)}`))
        return mirrored.toSimulator(url, init, call)
      asked += 1
      return Promise.resolve(answer())
    }
    await mirrored.run(2)
    mirrored.change({ kind: 'updatepatient', patient: other?.patientid, fields: { lastname: 'Larch' } })
    await mirrored.run(2)
    assert.equal(asked, 1)
    assert.equal((await mirrored.trouble()).inDoubt, 1)
    assert.equal((await unfoundPatients(mirrored)).unfound, undefined)
    await assertEqualsTruth(mirrored)
    const unsettled = []
    for (const hours of [22, 3, 25]) {
      await mirrored.advance(hours * 60 * 60_000)
      await mirrored.step('patients')
      unsettled.push((await unfoundPatients(mirrored)).unsettled?.count)
    }
    assert.deepEqual(unsettled, [undefined, 1, 1])
    mirrored.fetch = mirrored.toSimulator
    await mirrored.advance(25 * 60 * 60_000)
    await mirrored.step('patients')
    assert.equal((await unfoundPatients(mirrored)).unsettled, undefined)
  })
}

test('that the app is not active is said of no record', async (t) => {
  const { mirrored } = await withTwoWished(t)
  mirrored.fetch = (url, init, call) =>
    call.route === '/patients/{patientid}'
      ? Promise.resolve(new Response('<h1>Developer Inactive</h1>', { status: 403 }))
      : mirrored.toSimulator(url, init, call)
  await mirrored.run(2)
  const patients = (await mirrored.states()).find(({ feed }) => feed === 'patients')
  assert.equal(patients?.failure_code, 'configuration')
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(6)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

for (const [title, answer] of [
  ['says in its own words is not there', ownWords(404)],
  ['refuses in its own words', ownWords(403)],
  ['refuses', () => Response.json({ error: 'not for you' }, { status: 403 })],
] as const) {
  test(`that somebody ${title} whatever is asked for by id is told, and holds up no drain`, async (t) => {
    const { mirrored, other } = await withTwoWished(t)
    mirrored.fetch = (url, init, call) =>
      call.route === '/patients/{patientid}' ? Promise.resolve(answer()) : mirrored.toSimulator(url, init, call)
    await mirrored.run(12)
    mirrored.change({ kind: 'updatepatient', patient: other?.patientid, fields: { lastname: 'Larch' } })
    await mirrored.run(12)
    await assertEqualsTruth(mirrored)
    const { now, unfound } = await unfoundPatients(mirrored)
    assert.equal(unfound?.count, 2)
    assert.ok(now - unfound.since > 20 * 60_000)
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(30)
    assert.equal((await unfoundPatients(mirrored)).unfound, undefined)
  })
}

for (const [title, first, last] of [
  ['of what waited for an outage to end', ownWords(500), ownWords(403)],
  ['of what was missed before an outage', ownNone, ownNone],
] as const) {
  test(`that nothing is found is told from when it was not, ${title}`, async (t) => {
    const settings = { subscriptionCheckMs: 1_440 * 60_000 }
    const mirrored = await mirroredPractice(t, { settings })
    await mirrored.bringUp()
    const [, doubted] = [...mirrored.simulator.truth.records(practice, 'patients')]
    await wishForPatients(mirrored, [doubted])
    let answer: () => Response = first
    mirrored.fetch = (url, init, call) =>
      call.route === '/patients/{patientid}' ? Promise.resolve(answer()) : mirrored.toSimulator(url, init, call)
    await mirrored.advance(61_000)
    await mirrored.step('patients')
    answer = ownWords(500)
    await mirrored.advance(61_000)
    await mirrored.step('patients')
    await mirrored.advance(3 * 3_600_000)
    answer = last
    const since = mirrored.deps.clock.now()
    for (let minutes = 0; minutes < 60; minutes += 30) {
      await mirrored.step('patients')
      assert.deepEqual((await unfoundPatients(mirrored)).unfound, { count: 1, since })
      await mirrored.advance(30 * 60_000)
    }
  })
}

test('that nothing is found is told no more once anything is, whenever the others are asked for', async (t) => {
  const { mirrored, doubted, other } = await withTwoWished(t)
  let refused = '/patients/'
  mirrored.fetch = (url, init, call) =>
    call.route === '/patients/{patientid}' && url.includes(refused)
      ? Promise.resolve(ownWords(403)())
      : mirrored.toSimulator(url, init, call)
  await mirrored.run(12)
  assert.equal((await unfoundPatients(mirrored)).unfound?.count, 2)
  refused = `/patients/${String(doubted?.patientid)}`
  await wishForPatients(mirrored, [other])
  await mirrored.advance(61_000)
  await mirrored.step('patients')
  assert.equal((await mirrored.trouble()).inDoubt, 1)
  assert.equal((await unfoundPatients(mirrored)).unfound, undefined)
})

for (const [title, minutes] of [
  ['for minutes', 3],
  ['for most of an hour', 50],
] as const) {
  test(`a look-up that finds no record at all ${title} deletes none`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    const [patient, other] = [...mirrored.simulator.truth.records(practice, 'patients')]
    mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Larch' } })
    mirrored.change({ kind: 'updatepatient', patient: other?.patientid, fields: { lastname: 'Marigold' } })
    losePage(mirrored, () => Response.json({ error: 'The requested resource is not available.' }, { status: 404 }))
    await mirrored.run(minutes)
    const opened = await mirrored.opened('patient')
    assert.deepEqual(
      opened.filter((record) => record.state !== 'present'),
      [],
    )
    assert.ok(mirrored.log.events().includes('sync.finds-nothing'))
    const { now, unfound } = await unfoundPatients(mirrored)
    assert.equal(unfound?.count, 2)
    const forMinutes = (now - (unfound?.since ?? now)) / 60_000
    assert.ok(forMinutes > minutes / 2 - 2 && forMinutes < minutes + 3, `${forMinutes} minutes`)
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(12)
    await assertEqualsTruth(mirrored)
    assert.equal((await unfoundPatients(mirrored)).unfound, undefined)
  })
}

test('a record that is missed for the first time does not pass for one that is found', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const patients = [...mirrored.simulator.truth.records(practice, 'patients')]
    .slice(0, 3)
    .map(({ patientid }) => patientid)
  mirrored.fetch = async (url, init, call) =>
    call.route === '/patients/{patientid}'
      ? Response.json({ error: 'The requested resource is not available.' }, { status: 404 })
      : mirrored.toSimulator(url, init, call)
  // Each is asked for again when the next ones are asked for first, in any order.
  for (const asked of [[patients[1]], [patients[0], patients[2]]]) {
    await mirrored.deps.db.practice(practice, async (tx) => {
      const keys = await mirrored.deps.sealing.practice(tx, practice)
      const wishes = asked.map((id) => wishFor(recordKinds.patient, keys, { id: String(id) }) ?? assert.fail())
      await noteWishes(tx, keys, { practice, wishes })
    })
    await mirrored.advance(61_000)
    await mirrored.step('patients')
  }
  await mirrored.run(3)
  const opened = await mirrored.opened('patient')
  assert.deepEqual(
    opened.filter((record) => record.state !== 'present'),
    [],
  )
  assert.equal((await unfoundPatients(mirrored)).unfound?.count, 3)
})

test('what is not asked for any more today is not told as not found', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const [patient] = [...mirrored.simulator.truth.records(practice, 'patients')]
  mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Larch' } })
  losePage(mirrored, () => Response.json({ error: 'The requested resource is not available.' }, { status: 404 }))
  await mirrored.run(3)
  assert.equal((await unfoundPatients(mirrored)).unfound?.count, 1)
  await mirrored.advance(11 * 60_000)
  const feed = { practice, feed: 'patients' } as const
  await mirrored.deps.db.practice(practice, (tx) => postponeRefetches(tx, feed, 6 * 3_600_000))
  assert.equal((await unfoundPatients(mirrored)).unfound, undefined)
})

test('a record that is refused is asked for the more rarely the longer it is', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9 })
  await mirrored.bringUp()
  let asked = 0
  mirrored.fetch = (url, init, call) => {
    if (call.route !== '/patients/{patientid}') return mirrored.toSimulator(url, init, call)
    if (new URL(url).pathname.endsWith('/patients/6')) asked += 1
    return Promise.resolve(Response.json({ error: 'not for you' }, { status: 403 }))
  }
  await mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    const wish = wishFor(recordKinds.patient, keys, { id: '6' }) ?? assert.fail()
    await noteWishes(tx, keys, { practice, wishes: [wish] })
  })
  for (let times = 0; times < 36; times += 1) {
    await mirrored.stepFeed('patients')
    await mirrored.advance(5 * 60_000)
  }
  assert.ok(asked > 3 && asked < 8, `${asked} times in three hours`)
})

test('what could not be asked for during an outage of hours is asked for within half an hour of its end', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9 })
  await mirrored.bringUp()
  await mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    const wish = wishFor(recordKinds.patient, keys, { id: '6' }) ?? assert.fail()
    await noteWishes(tx, keys, { practice, wishes: [wish] })
  })
  mirrored.fetch = (url, init, call) =>
    call.route === '/patients/{patientid}'
      ? Promise.resolve(new Response('{"error":"x"}', { status: 500 }))
      : mirrored.toSimulator(url, init, call)
  for (let halfHours = 0; halfHours < 10; halfHours += 1) {
    await mirrored.stepFeed('patients')
    await mirrored.advance(30 * 60_000)
  }
  await mirrored.stepFeed('patients')
  assert.equal((await mirrored.trouble()).inDoubt, 1)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.advance(31 * 60_000)
  await mirrored.stepFeed('patients')
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

/** A practice with this many of its providers, or departments; by id athenahealth finds none while `broken`. */
async function withFew(t: Parameters<typeof mirroredPractice>[0], list: 'providers' | 'departments', most: number) {
  const mirrored = await mirroredPractice(t, { patients: 9 })
  const state = { broken: false, unlisted: false, asked: 0 }
  const known = new Set([...mirrored.simulator.truth.records(practice, list)].slice(0, most).map(idOf))
  mirrored.fetch = async (url, init, call) => {
    if (state.broken && call.route === `/${list}/{${list.slice(0, -1)}id}`) {
      state.asked += 1
      return Response.json([])
    }
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== `/${list}`) return response
    const body = (await response.json()) as Record<string, unknown>
    const isEmpty = state.broken && (list === 'departments' || state.unlisted)
    const records = (body[list] as WireRecord[]).filter((record) => !isEmpty && known.has(idOf(record)))
    return Response.json({ totalcount: records.length, [list]: records })
  }
  await mirrored.bringUp()
  return { mirrored, state }
}

const idOf = ({ providerid, departmentid }: WireRecord) => String(providerid ?? departmentid)

test('the only provider of a practice is not deleted by a look-up that finds nothing, until a day has passed', async (t) => {
  const { mirrored, state } = await withFew(t, 'providers', 1)
  const states = async () => (await mirrored.opened('provider')).map((provider) => provider.state)
  const [provider] = (await mirrored.opened('provider')).map(({ key }) => key)
  state.broken = true
  mirrored.change({ kind: 'deleteprovider', provider })
  await mirrored.run(50)
  assert.ok(state.asked > 2)
  assert.deepEqual(await states(), ['present'])
  assert.ok(mirrored.log.events().includes('sync.finds-nothing'))
  await mirrored.advance(24 * 3_600_000)
  await mirrored.run(1)
  assert.deepEqual(await states(), ['deleted'])
})

test('the only provider of a practice is deleted a day after it was gone, whatever checks run meanwhile', async (t) => {
  const { mirrored, state } = await withFew(t, 'providers', 1)
  const [provider] = (await mirrored.opened('provider')).map(({ key }) => key)
  state.broken = true
  state.unlisted = true
  mirrored.change({ kind: 'deleteprovider', provider })
  for (let halfHours = 0; halfHours < 60; halfHours += 1) {
    await mirrored.stepFeed('providers')
    await mirrored.advance(30 * 60_000)
  }
  assert.deepEqual(
    (await mirrored.opened('provider')).map((one) => one.state),
    ['deleted'],
  )
})

test('departments of which neither list nor look-up shows any are kept', async (t) => {
  const { mirrored, state } = await withFew(t, 'departments', 25)
  const before = await mirrored.opened('department')
  assert.ok(before.length > 1)
  state.broken = true
  await mirrored.wantSnapshot('departments')
  await mirrored.run(20)
  assert.ok(state.asked > before.length)
  assert.deepEqual(await mirrored.opened('department'), before)
})

/** What status has of patients that are not found by id. */
async function unfoundPatients({ deps, simulator }: MirroredPractice) {
  const now = simulator.clock.now()
  const pictures = await deps.db.practice(0, (tx) => readPracticePictures(tx, [practice], now))
  const { unfound, unsettled } = pictures.get(practice)?.feeds.find(({ feed }) => feed === 'patients') ?? {}
  return { now, unfound, unsettled }
}
