/** A practice of which only some departments are mirrored: what is asked for, what is held, and what a new list entails. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { AthenaFetch } from '@aegis/client'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import type { WireRecord } from '../../testing/oracle.ts'
import { assertEqualsTruth, liveThrough } from '../../testing/practice-life.ts'
import { damage, found, passUntilJudged, reports, unexplained } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { coreFeeds, type FeedName } from './feed-name.ts'
import { readPracticePictures } from './read-practice-status.ts'

type Test = Parameters<typeof mirroredPractice>[0]

/** What was sent to athenahealth: method, path below the practice, and parameters. */
interface Sent {
  readonly method: string
  readonly path: string
  readonly params: URLSearchParams
}

/** A practice of which the given departments are mirrored (null: all), live, and what it sends. */
async function limitedPractice(
  t: Test,
  departments: readonly string[] | null,
  { feeds = [], patients = 40 }: { feeds?: readonly FeedName[]; patients?: number } = {},
): Promise<{ mirrored: MirroredPractice; sent: Sent[] }> {
  const limits = departments === null ? {} : { departments: { [practice]: departments } }
  const mirrored = await mirroredPractice(t, { patients, settings: { feeds: [...coreFeeds, ...feeds], ...limits } })
  const sent: Sent[] = []
  mirrored.fetch = recorded(mirrored.toSimulator, sent)
  await mirrored.bringUp()
  await mirrored.run(2)
  return { mirrored, sent }
}

function recorded(fetch: AthenaFetch, sent: Sent[]): AthenaFetch {
  return (url, init, call) => {
    const { pathname, searchParams } = new URL(url)
    const form = typeof init.body === 'string' ? new URLSearchParams(init.body) : new URLSearchParams()
    const path = pathname.replace(`/v1/${practice}`, '')
    sent.push({ method: init.method ?? 'GET', path, params: new URLSearchParams([...searchParams, ...form]) })
    return fetch(url, init, call)
  }
}

/** The departments that requests of a sort named, each once. */
function named(sent: readonly Sent[], { method, path }: { method: string; path: RegExp }): (string | null)[] {
  const matching = sent.filter((one) => one.method === method && path.test(one.path))
  const parameter = method === 'POST' ? 'departmentids' : 'departmentid'
  return [...new Set(matching.map(({ params }) => params.get(parameter)))].sort((a, b) => Number(a) - Number(b))
}

const feedOf = (path: string) => ({ method: 'GET', path: new RegExp(`^/${path}/changed$`) })
const subscriptionOf = (path: string) => ({ method: 'POST', path: new RegExp(`^/${path}/changed/subscription$`) })
const listOf = (path: string) => ({ method: 'GET', path: new RegExp(`^/${path}$`) })

const truth = (mirrored: MirroredPractice, kind: 'patients' | 'appointments') => [
  ...mirrored.simulator.truth.records(practice, kind),
]
const inDepartment = (records: readonly WireRecord[], id: string) =>
  records.filter(({ departmentid }) => String(departmentid) === id)

/** The departments of the records of a kind that are held. */
async function heldIn(mirrored: MirroredPractice, kind: 'patient' | 'appointment' | 'labresult'): Promise<string[]> {
  return [...new Set((await mirrored.opened(kind)).map(({ body }) => String(body.departmentid)))].sort()
}

/** One booking of a department that is to come. */
function bookingIn(mirrored: MirroredPractice, department: string): string {
  const now = mirrored.simulator.clock.now()
  const booked = inDepartment(truth(mirrored, 'appointments'), department).find(
    ({ appointmentstatus, date }) => appointmentstatus === 'f' && Date.parse(String(date)) > now,
  )
  return String(booked?.appointmentid)
}

async function assertEqualsTruthIn(mirrored: MirroredPractice, departments: readonly string[]): Promise<void> {
  assert.deepEqual(await mirrored.differences(departments), [])
  assert.deepEqual(mirrored.simulator.truth.defects(), [])
}

const further: readonly FeedName[] = ['claims', 'patientcases', 'labresults', 'imagingresults', 'prescriptions']
const charts: readonly FeedName[] = ['problems', 'medications', 'allergies']
const only = ['1', '21'] as const

test('subscriptions, drains and lists name the departments, each feed as far as it can', async (t) => {
  const { mirrored, sent } = await limitedPractice(t, only, { feeds: [...further, ...charts] })
  for (const path of ['appointments', 'patients']) {
    assert.deepEqual(named(sent, subscriptionOf(path)), ['1,21'], path)
    assert.deepEqual(named(sent, feedOf(path)), ['1,21'], path)
  }
  const subscribed = ['labresults', 'imagingresults', 'prescriptions']
  const ofCharts = ['problems', 'medication', 'allergies'].map((part) => `chart/healthhistory/${part}`)
  for (const path of [...subscribed, ...ofCharts]) {
    assert.deepEqual(named(sent, subscriptionOf(path)), ['1,21'], path)
    assert.deepEqual(named(sent, feedOf(path)), [null], path)
  }
  for (const path of ['providers', 'claims', 'documents/patientcase']) {
    assert.deepEqual(named(sent, subscriptionOf(path)), [null], path)
    assert.deepEqual(named(sent, feedOf(path)), [null], path)
  }
  for (const path of ['patients', 'appointments/booked', 'appointments/open']) {
    assert.deepEqual(named(sent, listOf(path)), ['1', '21'], path)
  }
  assert.deepEqual(
    named(sent, listOf('chart/\\d+/problems')).filter((id) => !only.some((one) => one === id)),
    [],
  )
  await assertEqualsTruthIn(mirrored, only)
})

test('status says which feeds are limited, and to what', async (t) => {
  const { mirrored } = await limitedPractice(t, only, { patients: 9 })
  const { db, clock } = mirrored.deps
  const pictures = await db.practice(0, (tx) => readPracticePictures(tx, [practice], clock.now()))
  const limits = pictures.get(practice)?.feeds.map((feed) => [feed.feed, feed.departments, feed.subscribed_departments])
  assert.deepEqual(limits, [
    ['departments', null, null],
    ['appointmenttypes', null, null],
    ['providers', null, null],
    ['patients', only, only],
    ['appointments', only, only],
  ])
})

/** A practice limited to department 1 after an entry had come that stands in the chart of department 41 alone. */
async function chartElsewhere(t: Test) {
  const mirrored = await mirroredPractice(t, { patients: 40, settings: { feeds: [...coreFeeds, 'problems'] } })
  const chart = { lacks: 0 }
  // Each department has charts of its own: the first problem of a patient stands in that of department 1, all others elsewhere.
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route === '/departments') {
      const body = (await response.json()) as { departments: { departmentid: string }[] }
      const departments = body.departments.map((one) => ({ ...one, chartsharinggroupid: one.departmentid }))
      return Response.json({ ...body, departments })
    }
    if (call.route !== '/chart/{patientid}/problems') return response
    const department = new URL(url).searchParams.get('departmentid')
    const { problems } = (await response.json()) as { problems: object[] }
    if (department === '1') return Response.json({ problems: problems.slice(0, 1) })
    const isLacking = department !== '41' || chart.lacks > 0
    if (department === '41' && isLacking) chart.lacks -= 1
    return Response.json({ problems: isLacking ? [] : problems.slice(1) })
  }
  await mirrored.bringUp()
  await mirrored.run(2)
  const patient = String(inDepartment(truth(mirrored, 'patients'), '1').at(-1)?.patientid)
  const states = async () =>
    (await mirrored.opened('problem'))
      .filter(({ body }) => String(body.patientid) === patient)
      .map(({ state }) => state)
  for (const snomed of [38341003, 44054006]) mirrored.change({ kind: 'addproblem', patient, snomed })
  await mirrored.run(2)
  const before = await states()
  assert.equal(before.filter((state) => state === 'present').length > 1, true)
  await mirrored.limitTo(['1'])
  await mirrored.run(2)
  const problem = [...mirrored.simulator.truth.records(practice, 'chart/healthhistory/problems')].find(
    ({ patientid }) => String(patientid) === patient,
  )
  const touch = () => mirrored.change({ kind: 'updateproblem', patient, problem: problem?.problemid, note: 'Stable.' })
  return { mirrored, chart, states, before, touch }
}

test('an entry of a chart in another department is not taken for deleted', async (t) => {
  const { mirrored, states, before, touch } = await chartElsewhere(t)
  touch()
  await mirrored.run(5)
  assert.deepEqual(await states(), before)
})

test('an entry that its own chart lacks once is not taken for deleted, though those of the listed departments lack it', async (t) => {
  const { mirrored, chart, states, before, touch } = await chartElsewhere(t)
  chart.lacks = 1
  touch()
  await mirrored.run(5)
  assert.equal(chart.lacks, 0)
  assert.deepEqual(await states(), before)
})

test('what lies in the departments is followed, and nothing else of what can be limited comes', async (t) => {
  const { mirrored } = await limitedPractice(t, only, { feeds: [...further, ...charts] })
  assert.deepEqual(await heldIn(mirrored, 'patient'), only)
  assert.deepEqual(await heldIn(mirrored, 'appointment'), only)
  for (let time = 0; time < 2; time += 1) {
    liveThrough(mirrored)
    for (const department of ['1', '21', '41', '61']) {
      const patient = inDepartment(truth(mirrored, 'patients'), department).at(-1)?.patientid
      mirrored.change({ kind: 'cancel', appointment: bookingIn(mirrored, department) })
      mirrored.change({ kind: 'updatepatient', patient, fields: { lastname: 'Larkspur' } })
      mirrored.change({ kind: 'addlabresult', patient })
      mirrored.change({ kind: 'addproblem', patient, snomed: 38341003 })
    }
    await mirrored.run(4)
    await assertEqualsTruthIn(mirrored, only)
  }
  assert.deepEqual(await heldIn(mirrored, 'patient'), only)
  assert.deepEqual(await heldIn(mirrored, 'appointment'), only)
  const known = truth(mirrored, 'patients').filter(({ departmentid }) => only.some((id) => id === String(departmentid)))
  for (const kind of ['labresult', 'problem'] as const) {
    const strangers = (await mirrored.opened(kind)).filter(
      ({ body }) => !known.some(({ patientid }) => String(patientid) === String(body.patientid)),
    )
    assert.deepEqual(strangers, [], kind)
  }
  assert.deepEqual([await mirrored.gaps(), (await mirrored.trouble()).quarantined], [[], 0])
})

test('a lost answer is replayed for the same departments', async (t) => {
  const { mirrored, sent } = await limitedPractice(t, only)
  sent.length = 0
  const send = mirrored.fetch
  let lost = 0
  mirrored.fetch = async (url, init, call) => {
    const response = await send(url, init, call)
    if (!call.consuming || call.route !== '/appointments/changed' || lost > 0) return response
    lost += 1
    throw new TypeError('connection reset')
  }
  mirrored.change({ kind: 'cancel', appointment: bookingIn(mirrored, '21') })
  await mirrored.advance(61_000)
  await mirrored.run(3)
  const replays = sent.filter(
    ({ path, params }) => path === '/appointments/changed' && params.has('showprocessedenddatetime'),
  )
  assert.notEqual(replays.length, 0)
  assert.deepEqual(named(replays, feedOf('appointments')), ['1,21'])
  await assertEqualsTruthIn(mirrored, only)
})

test('a booking that moved to another department is asked for and kept, and is no unexplained difference', async (t) => {
  const { mirrored } = await limitedPractice(t, only)
  const appointment = bookingIn(mirrored, '21')
  mirrored.change({ kind: 'updateappointment', appointment, department: 41 })
  await mirrored.run(2)
  await passUntilJudged(mirrored, { task: 'weekly', daysMax: 9 })
  const held = (await mirrored.opened('appointment')).find(({ key }) => key === appointment)
  assert.deepEqual([held?.state, held?.body.departmentid], ['present', '41'])
  const differences = (await found(mirrored)).filter(({ key }) => key === appointment)
  assert.deepEqual(
    differences.map(({ what, explanation }) => [what, explanation]),
    [['differing', 'unannounced']],
  )
  assert.deepEqual(await unexplained(mirrored), [])
  assert.deepEqual((await reports(mirrored)).map((report) => report.gone_there).filter(Boolean), [])
  await assertEqualsTruthIn(mirrored, only)
})

test('a patient who was merged into one elsewhere is found to be, by a check', async (t) => {
  const { mirrored } = await limitedPractice(t, only)
  const from = inDepartment(truth(mirrored, 'patients'), '1')[0]?.patientid
  const into = inDepartment(truth(mirrored, 'patients'), '41')[0]?.patientid
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(2)
  await mirrored.wantSnapshot('patients')
  await mirrored.run(4)
  await assertEqualsTruthIn(mirrored, only)
  const states = (await mirrored.opened('patient')).filter(({ body }) => String(body.patientid) === String(from))
  assert.deepEqual(
    states.map(({ state }) => state),
    ['merged'],
  )
})

test('a department that is added is subscribed with all others and read by itself, while drains go on', async (t) => {
  const { mirrored, sent } = await limitedPractice(t, ['1'], { feeds: ['labresults'] })
  sent.length = 0
  await mirrored.limitTo(only)
  await mirrored.step()
  assert.deepEqual(named(sent, subscriptionOf('appointments')), ['1,21'])
  // Not told yet, since the subscription takes its time; the snapshot comes after that.
  mirrored.change({ kind: 'cancel', appointment: bookingIn(mirrored, '21') })
  mirrored.change({ kind: 'cancel', appointment: bookingIn(mirrored, '1') })
  await mirrored.advance(50_000)
  await mirrored.step()
  assert.deepEqual(named(sent, listOf('appointments/booked')), [])
  mirrored.change({ kind: 'cancel', appointment: bookingIn(mirrored, '21') })
  await mirrored.run(5)
  for (const path of ['patients', 'appointments/booked', 'appointments/open']) {
    assert.deepEqual(named(sent, listOf(path)), ['21'], path)
  }
  assert.deepEqual(named(sent, feedOf('appointments')), ['1,21'])
  await assertEqualsTruthIn(mirrored, only)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.deepEqual(
    (await mirrored.states()).map(({ state }) => state).filter((state) => state !== 'live' && state !== 'new'),
    [],
  )
  // A look at the departments does not find the others unread.
  sent.length = 0
  await mirrored.wantSnapshot('departments')
  await mirrored.run(3)
  assert.deepEqual(named(sent, listOf('patients')), [])
})

const checksDue = sql('test.checks_due', 'update aegis.reconciliation_task set due_at = aegis.now()')

test('a check that is due when a department is added comes after its snapshot, and what was there before is no difference', async (t) => {
  const { mirrored } = await limitedPractice(t, ['1'])
  await mirrored.limitTo(only)
  await damage(mirrored, checksDue)
  await mirrored.run(8)
  const read = (await reports(mirrored)).filter(({ feed }) => feed === 'appointments')
  assert.ok(read.length > 0)
  assert.deepEqual(await found(mirrored), [])
  await assertEqualsTruthIn(mirrored, only)
})

test('a department that is left out keeps what is held of it, and is not read any more', async (t) => {
  const { mirrored, sent } = await limitedPractice(t, only, { feeds: ['labresults', 'problems'] })
  const before = await mirrored.opened('appointment')
  sent.length = 0
  await mirrored.limitTo(['1'])
  await mirrored.run(3)
  mirrored.change({ kind: 'cancel', appointment: bookingIn(mirrored, '21') })
  mirrored.change({ kind: 'cancel', appointment: bookingIn(mirrored, '1') })
  await mirrored.run(3)
  assert.deepEqual(named(sent, subscriptionOf('appointments')), ['1'])
  assert.deepEqual(named(sent, listOf('appointments/booked')), [])
  await passUntilJudged(mirrored, { task: 'weekly', daysMax: 9 })
  assert.deepEqual(named(sent, listOf('appointments/booked')), ['1'])
  const after = new Map((await mirrored.opened('appointment')).map((record) => [record.key, record]))
  for (const record of inDepartment(
    before.map(({ body }) => body),
    '21',
  )) {
    const held = after.get(String(record.appointmentid))
    assert.deepEqual([held?.state, held?.body.appointmentstatus], ['present', record.appointmentstatus])
  }
  assert.deepEqual(await unexplained(mirrored), [])
  await assertEqualsTruthIn(mirrored, ['1'])
})

test('without the list everything is read again and equal to the truth', async (t) => {
  const { mirrored, sent } = await limitedPractice(t, ['1'])
  await mirrored.limitTo(null)
  sent.length = 0
  await mirrored.run(6)
  assert.deepEqual(named(sent, subscriptionOf('patients')), [null])
  assert.deepEqual(named(sent, feedOf('patients')), [null])
  await assertEqualsTruth(mirrored)
})

test('a list that changes before the first load begins it anew', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 40, settings: { departments: { [practice]: ['1'] } } })
  await mirrored.step()
  await mirrored.limitTo(only)
  await mirrored.bringUp()
  await mirrored.run(2)
  await assertEqualsTruthIn(mirrored, only)
  assert.deepEqual(await heldIn(mirrored, 'patient'), only)
})

test('a subscription that an earlier installation limited is made one for the whole practice', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 40 })
  const { feeds } = mirrored.deps.upstream.practice(practice)
  const extra = { includeremindercall: true, includesuggestedoverbooking: true }
  await feeds.appointments.subscribe({ departmentIds: ['1'], extra })
  await feeds.patients.subscribe({ departmentIds: ['1'] })
  await mirrored.advance(61_000)
  await mirrored.bringUp()
  for (const department of ['1', '21', '41']) {
    mirrored.change({ kind: 'cancel', appointment: bookingIn(mirrored, department) })
    const patient = inDepartment(truth(mirrored, 'patients'), department)[0]?.patientid
    mirrored.change({ kind: 'updatepatient', patient, fields: { lastname: 'Larkspur' } })
  }
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
})

test('asking for other departments does not hide that events were lost meanwhile', async (t) => {
  const { mirrored } = await limitedPractice(t, ['1'])
  await mirrored.deps.upstream.practice(practice).feeds.appointments.unsubscribe({ eventName: 'CancelAppointment' })
  await mirrored.advance(61_000)
  mirrored.change({ kind: 'cancel', appointment: bookingIn(mirrored, '1') })
  await mirrored.limitTo(only)
  await mirrored.step('appointments')
  assert.deepEqual(
    (await mirrored.gaps()).map(({ cause }) => cause),
    ['subscription-lost'],
  )
  await mirrored.run(6)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruthIn(mirrored, only)
})
