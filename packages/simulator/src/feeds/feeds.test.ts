import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { noon, tinySimulator, type TinySimulator } from '../../testing/tiny-simulator.ts'
import type { SimulatorOptions } from '../server/options.ts'

const lagMs = 15 * 60_000
const feed = '/v1/195900/appointments/changed'
const subscription = `${feed}/subscription`

/** A simulator whose demo app is subscribed to all default appointment events. */
async function subscribed(t: TestContext, options: SimulatorOptions = {}): Promise<TinySimulator> {
  const simulator = await tinySimulator(t, options)
  await simulator.call(subscription, { method: 'POST' })
  simulator.clock.advance(options.activationLagMs ?? lagMs)
  return simulator
}

function book({ practice }: TinySimulator, id: string, fields: Record<string, unknown> = {}) {
  practice.change({ feed: 'appointments', name: 'ScheduleAppointment', id, departmentId: '1', fields })
}

async function ids(simulator: TinySimulator, query = '', token?: string) {
  const { status, body } = await simulator.call(`${feed}${query}`, token === undefined ? {} : { token })
  assert.equal(status, 200)
  return Object.values(body.appointments ?? {}).map((record) => String(record.appointmentid))
}

test('without a subscription the feed is refused with the recorded text', async (t) => {
  const { call } = await tinySimulator(t)
  const { status, body } = await call(feed)
  assert.equal(status, 403)
  assert.deepEqual(body, { error: 'Changed messages require setup (subscription) that has not been done.' })
})

test('a subscription takes effect after the lag; what happened before never comes', async (t) => {
  const simulator = await tinySimulator(t)
  book(simulator, 'before')
  assert.deepEqual((await simulator.call(subscription, { method: 'POST' })).body, { success: true })
  assert.deepEqual((await simulator.call(subscription)).body, { status: 'INACTIVE', subscriptions: [] })
  simulator.clock.advance(lagMs - 1)
  book(simulator, 'during')
  assert.equal((await simulator.call(feed)).status, 403)
  simulator.clock.advance(1)
  book(simulator, 'after')
  assert.equal((await simulator.call(subscription)).body.status, 'ACTIVE')
  assert.deepEqual(await ids(simulator), ['after'])
})

test('all means the nine default events; the two optional ones are listed and shown only when asked for', async (t) => {
  const simulator = await subscribed(t)
  const events = async (query: string) =>
    Object.values((await simulator.call(`${subscription}${query}`)).body.subscriptions ?? {}).map(
      ({ eventname }) => eventname,
    )
  assert.equal((await events('')).length, 9)
  assert.equal((await events('/events')).length, 11)
  await simulator.call(`${subscription}?includeremindercall=true`, { method: 'POST' })
  simulator.clock.advance(lagMs)
  assert.equal((await events('')).length, 9)
  assert.ok(String(await events('?includeremindercall=true')).includes('UpdateReminderCall'))
})

test('a subscription to one event is PARTIAL and brings only that event', async (t) => {
  const simulator = await tinySimulator(t)
  await simulator.call(subscription, { method: 'POST', form: 'eventname=CancelAppointment' })
  simulator.clock.advance(lagMs)
  const { body } = await simulator.call(subscription)
  assert.deepEqual(body, { status: 'PARTIAL', subscriptions: [{ eventname: 'CancelAppointment' }] })
  book(simulator, 'booked')
  simulator.practice.change({ feed: 'appointments', name: 'CancelAppointment', id: 'cancelled', departmentId: '1' })
  assert.deepEqual(await ids(simulator), ['cancelled'])
})

test('changes of a subscription build on each other and each takes effect in its turn', async (t) => {
  const simulator = await tinySimulator(t)
  await simulator.call(subscription, { method: 'POST', form: 'eventname=CheckIn' })
  simulator.clock.advance(60_000)
  await simulator.call(subscription, { method: 'POST', form: 'eventname=CheckOut' })
  await simulator.call(`${subscription}?eventname=CheckIn`, { method: 'DELETE' })
  const events = async () => Object.values((await simulator.call(subscription)).body.subscriptions ?? {})
  simulator.clock.advance(lagMs - 60_000)
  assert.deepEqual(await events(), [{ eventname: 'CheckIn' }])
  simulator.clock.advance(60_000)
  assert.deepEqual(await events(), [{ eventname: 'CheckOut' }])
})

test('an event the feed does not have is refused', async (t) => {
  const { call } = await tinySimulator(t)
  const { status, body } = await call(subscription, { method: 'POST', form: 'eventname=NoSuch' })
  assert.equal(status, 400)
  assert.equal(body.detailedmessage, "The value 'NoSuch' did not match any of the enum values for EVENTNAME")
})

test('ending a subscription stops the feed after the lag and loses what was waiting', async (t) => {
  const simulator = await subscribed(t)
  book(simulator, 'a')
  await simulator.call(subscription, { method: 'DELETE' })
  simulator.clock.advance(lagMs - 1)
  book(simulator, 'still')
  simulator.clock.advance(1)
  assert.equal((await simulator.call(feed)).status, 403)
  await simulator.call(subscription, { method: 'POST' })
  simulator.clock.advance(lagMs)
  assert.deepEqual(await ids(simulator), [])
})

test('what waited is lost with a subscription also when nobody looks before the next one begins', async (t) => {
  const simulator = await subscribed(t)
  book(simulator, 'a')
  await simulator.call(subscription, { method: 'DELETE' })
  simulator.clock.advance(1000)
  await simulator.call(subscription, { method: 'POST' })
  simulator.clock.advance(lagMs)
  assert.deepEqual(await ids(simulator), [])
})

test('a subscription to departments brings their events only, until it is renewed without them', async (t) => {
  const simulator = await tinySimulator(t, { activationLagMs: 0 })
  const inDepartment = (id: string, departmentId: string) =>
    simulator.practice.change({ feed: 'appointments', name: 'CheckIn', id, departmentId })
  await simulator.call(subscription, { method: 'POST', form: 'departmentids=1&departmentids=2' })
  for (const department of ['1', '2', '3']) inDepartment(`a${department}`, department)
  assert.deepEqual(await ids(simulator), ['a1', 'a2'])
  await simulator.call(subscription, { method: 'POST' })
  for (const department of ['1', '2', '3']) inDepartment(`b${department}`, department)
  assert.deepEqual(await ids(simulator, '?departmentid=2,3'), ['b2', 'b3'])
  assert.deepEqual(await ids(simulator), ['b1'], 'a filtered read takes what it shows and nothing else')
})

test('a read takes what it shows: the next one does not show it again', async (t) => {
  const simulator = await subscribed(t)
  for (const id of ['1', '2', '3']) book(simulator, id)
  const first = await simulator.call(`${feed}?limit=2`)
  assert.equal(first.body.totalcount, 3)
  assert.equal(first.body.next, `${feed}?limit=2&offset=2`)
  assert.deepEqual(await ids(simulator, '?limit=2'), ['3'])
  assert.deepEqual((await simulator.call(feed)).body, { appointments: [], totalcount: 0 })
})

test('following next while reading takes skips records, which the next read from the start still brings', async (t) => {
  const simulator = await subscribed(t)
  for (const id of ['1', '2', '3', '4', '5']) book(simulator, id)
  assert.deepEqual(await ids(simulator, '?limit=2'), ['1', '2'])
  assert.deepEqual(await ids(simulator, '?limit=2&offset=2'), ['5'])
  assert.deepEqual(await ids(simulator), ['3', '4'])
})

test('leaveunprocessed looks without taking, and its pages can be followed', async (t) => {
  const simulator = await subscribed(t)
  for (const id of ['1', '2', '3']) book(simulator, id)
  assert.deepEqual(await ids(simulator, '?leaveunprocessed=true&limit=2'), ['1', '2'])
  assert.deepEqual(await ids(simulator, '?leaveunprocessed=true&limit=2&offset=2'), ['3'])
  assert.deepEqual(await ids(simulator), ['1', '2', '3'])
})

test('a record that changed several times waits once, in the place of its first change, as it is now', async (t) => {
  const simulator = await subscribed(t)
  book(simulator, '1', { appointmentstatus: 'f' })
  book(simulator, '2')
  simulator.clock.advance(5000)
  simulator.practice.change({
    feed: 'appointments',
    name: 'CheckIn',
    id: '1',
    departmentId: '1',
    fields: { appointmentstatus: '2' },
  })
  const { body } = await simulator.call(feed)
  assert.deepEqual(body.appointments, [{ appointmentid: '1', appointmentstatus: '2' }, { appointmentid: '2' }])
  simulator.practice.change({ feed: 'appointments', name: 'CheckOut', id: '1', departmentId: '1' })
  assert.deepEqual(await ids(simulator), ['1'], 'a change after the read comes again')
})

test('apps have marks and subscriptions of their own', async (t) => {
  const simulator = await subscribed(t, {
    activationLagMs: 0,
    apps: [
      { clientId: 'demo-client', secret: 'demo-secret' },
      { clientId: 'second', secret: 'app' },
    ],
  })
  const token = await simulator.token('second:app')
  book(simulator, '1')
  assert.equal((await simulator.call(feed, { token })).status, 403)
  await simulator.call(subscription, { method: 'POST', token })
  book(simulator, '2')
  assert.deepEqual(await ids(simulator), ['1', '2'])
  assert.deepEqual(await ids(simulator, '', token), ['2'])
})

test('a filtered page counts all that match and leads on to them', async (t) => {
  const simulator = await subscribed(t)
  for (const id of ['1', '2', '3', '4']) book(simulator, id, { patientid: id === '2' ? '99' : '12' })
  const { body } = await simulator.call(`${feed}?patientid=12&limit=2`)
  assert.equal(body.totalcount, 3)
  assert.equal(body.next, `${feed}?PATIENTID=12&limit=2&offset=2`)
  assert.deepEqual(await ids(simulator), ['2', '4'])
})

test('filters by patient and provider look at the record', async (t) => {
  const simulator = await subscribed(t)
  book(simulator, 'slot', { providerid: '7' })
  book(simulator, 'visit', { providerid: '7', patientid: '12' })
  book(simulator, 'other', { providerid: '8', patientid: '13' })
  assert.deepEqual(await ids(simulator, '?patientid=12,13&providerid=7'), ['visit'])
  assert.deepEqual(await ids(simulator), ['slot', 'other'])
})

/** `MM/DD/YYYY HH24:MI:SS` in standard time, `afterNoonS` seconds after noon. */
function wall(afterNoonS: number): string {
  const iso = new Date(Date.UTC(2026, 0, 5, 12) + afterNoonS * 1000).toISOString()
  return `${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(0, 4)} ${iso.slice(11, 19)}`
}

function replay(fromS: number, untilS: number, more = ''): string {
  const window = { showprocessedstartdatetime: wall(fromS), showprocessedenddatetime: wall(untilS) }
  return `?${new URLSearchParams(window)}${more}`
}

test('a window brings again what was read in it, each record once, and takes nothing', async (t) => {
  const simulator = await subscribed(t, { activationLagMs: 0 })
  book(simulator, '1')
  book(simulator, '2')
  simulator.clock.jumpTo(noon + 60_000)
  await ids(simulator)
  book(simulator, '2')
  simulator.clock.jumpTo(noon + 120_500)
  await ids(simulator)
  book(simulator, 'unread')
  assert.deepEqual(await ids(simulator, replay(60, 60)), ['1', '2'])
  assert.deepEqual(await ids(simulator, replay(61, 120)), ['2'], 'the last second of a window counts whole')
  assert.deepEqual(await ids(simulator, replay(0, 59)), [])
  assert.deepEqual((await ids(simulator, replay(0, 300))).sort(), ['1', '2'])
  assert.deepEqual(await ids(simulator, replay(0, 300, '&limit=1&offset=1')), ['2'])
  assert.deepEqual(await ids(simulator), ['unread'])
})

test('what was read is forgotten after the retention', async (t) => {
  const simulator = await subscribed(t, { activationLagMs: 0, retentionMs: 1_800_000 })
  book(simulator, '1')
  await ids(simulator)
  simulator.clock.advance(1_800_000)
  assert.deepEqual(await ids(simulator, replay(0, 10)), ['1'])
  simulator.clock.advance(1)
  assert.deepEqual(await ids(simulator, replay(0, 10)), [])
})

for (const [fallBackHour, expected] of [
  ['first', []],
  ['second', ['late']],
] as const) {
  test(`in the hour that comes twice a window is taken in its ${fallBackHour} pass`, async (t) => {
    const startAt = Date.parse('2026-11-01T06:20:00Z')
    const simulator = await subscribed(t, { activationLagMs: 0, fallBackHour, startAt })
    book(simulator, 'late')
    simulator.clock.advance(60_000)
    await ids(simulator)
    const window = '?showprocessedstartdatetime=11/01/2026 01:15:00&showprocessedenddatetime=11/01/2026 01:45:00'
    assert.deepEqual(await ids(simulator, window), expected)
    const widened = '?showprocessedstartdatetime=11/01/2026 00:59:00&showprocessedenddatetime=11/01/2026 02:00:00'
    assert.deepEqual(await ids(simulator, widened), ['late'], 'a window widened to the whole hour loses nothing')
  })
}

test('a window that is no time is refused', async (t) => {
  const simulator = await subscribed(t)
  const { status, body } = await simulator.call(`${feed}?showprocessedstartdatetime=2026-01-05`)
  assert.equal(status, 400)
  assert.equal(body.detailedmessage, 'Expecting format datetime, but value is 2026-01-05')
})

test('the providers feed takes no departments and has its own events', async (t) => {
  const simulator = await tinySimulator(t, { activationLagMs: 0 })
  const path = '/v1/195900/providers/changed'
  await simulator.call(`${path}/subscription`, { method: 'POST', form: 'departmentids=9' })
  simulator.practice.change({ feed: 'providers', name: 'ProviderAdd', id: '5', departmentId: '1' })
  assert.deepEqual((await simulator.call(path)).body, { providers: [{ providerid: '5' }], totalcount: 1 })
})

test('a thousand rows are the default page, five thousand the largest', async (t) => {
  const simulator = await subscribed(t)
  for (let id = 1; id <= 5500; id += 1) book(simulator, String(id))
  assert.equal((await ids(simulator, '?leaveunprocessed=1')).length, 1000)
  assert.equal((await ids(simulator, '?limit=9999')).length, 5000)
  assert.equal((await ids(simulator)).length, 500)
})
