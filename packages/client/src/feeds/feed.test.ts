import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Params } from '../call/params.ts'
import { fetchError, never, type Reply } from '../../testing/scripted-fetch.ts'
import { testClient } from '../../testing/test-client.ts'
import { readFeedPage } from './feed.ts'
import { type FeedName, feedTable } from './feed-table.ts'

const page: Reply = { body: { appointments: [{ appointmentid: 7, appointmentstatus: 'o' }], totalcount: '1' } }

function query(url: URL | undefined) {
  return Object.fromEntries(url?.searchParams ?? [])
}

test('a drain sends its limit and no offset, and is marked as consuming', async () => {
  const { practice, sent } = testClient([page])
  const got = await practice.feeds.appointments.drainPage({ limit: 1500 })
  assert.equal(sent[0]?.url.pathname, '/v1/195900/appointments/changed')
  assert.deepEqual(query(sent[0]?.url), { limit: '1500' })
  const { consuming, idempotent, route } = sent[0]?.call ?? {}
  assert.deepEqual(
    { consuming, idempotent, route },
    { consuming: true, idempotent: false, route: '/appointments/changed' },
  )
  assert.deepEqual(got.items, [{ appointmentid: '7', appointmentstatus: 'o' }])
  assert.equal(got.totalCount, 1)
  assert.equal(got.raw, JSON.stringify(page.body))
})

for (const [title, reply, code, executed] of [
  ['a time-out', never, 'timeout', 'unknown'],
  ['a reset', fetchError('ECONNRESET'), 'network', 'unknown'],
  ['a refused connection', fetchError('ECONNREFUSED'), 'network', 'no'],
  ['a 500', { status: 500 }, 'server-error', 'unknown'],
  ['a 503 with a wait', { status: 503, headers: { 'retry-after': '1' } }, 'server-error', 'unknown'],
  ['a 429', { status: 429 }, 'throttled', 'no'],
  ['a truncated page', { body: '{"appointments":[{"appointmentid":"7"' }, 'malformed-response', 'unknown'],
  ['an empty body', { body: '' }, 'malformed-response', 'unknown'],
  ['HTML', { body: '<html>' }, 'malformed-response', 'unknown'],
  ['a page that counts records and shows none', { body: { totalcount: 3 } }, 'malformed-response', 'yes'],
  [
    'a page that counts records and has none',
    { body: { appointments: [], totalcount: 3 } },
    'malformed-response',
    'yes',
  ],
  ['a page without its list', { body: {} }, 'malformed-response', 'yes'],
  ['a body of []', { body: [] }, 'malformed-response', 'yes'],
  ['a body of null', { body: 'null' }, 'malformed-response', 'yes'],
  ['an answer to something else', { body: { message: 'queued' } }, 'malformed-response', 'yes'],
  ['a refusal in a 200', { body: { success: 'false' } }, 'rejected', 'unknown'],
  ['an error in a 200', { body: { error: 'x' } }, 'malformed-response', 'yes'],
  ['a page that is too large', { body: { appointments: ['x'.repeat(2_000)] } }, 'response-too-large', 'yes'],
  [
    'a missing subscription',
    { status: 403, body: { error: 'Changed messages require setup (subscription) …' } },
    'not-subscribed',
    'no',
  ],
] as const satisfies readonly (readonly [string, Reply, string, string])[]) {
  test(`after ${title} a drain is not repeated and says that records were ${executed === 'no' ? 'not ' : 'perhaps '}taken`, async () => {
    const { practice, sent, run } = testClient([reply])
    const drain = practice.feeds.appointments.drainPage({ limit: 100 }, { responseBytesMax: 1_000 })
    await assert.rejects(run(drain), { code, executed })
    assert.equal(sent.length, 1)
  })
}

for (const [title, body] of [
  ['an empty list', { appointments: [] }],
  ['an empty list and a count of 0', { appointments: [], totalcount: '0' }],
  ['a count of 0 alone', { totalcount: 0 }],
] as const) {
  test(`a feed with nothing to give says so by ${title}`, async () => {
    const { practice, run } = testClient([{ body }])
    assert.deepEqual((await run(practice.feeds.appointments.drainPage({ limit: 100 }))).items, [])
  })
}

test('after a 401 a drain is repeated once, with a newer token', async () => {
  const { practice, sent, run } = testClient([{ status: 401 }, page])
  await run(practice.feeds.appointments.drainPage({ limit: 100 }))
  assert.deepEqual(
    sent.map(({ headers }) => headers['authorization']),
    ['Bearer token-1', 'Bearer token-2'],
  )
  const refused = testClient([{ status: 401 }, { status: 500 }])
  await assert.rejects(refused.run(refused.practice.feeds.appointments.drainPage({ limit: 100 })), {
    code: 'server-error',
  })
  assert.equal(refused.sent.length, 2)
})

test('a drain for which no token can be had takes nothing', async () => {
  const { practice, sent, run } = testClient([], { tokenReplies: [{ status: 503 }] })
  await assert.rejects(run(practice.feeds.appointments.drainPage({ limit: 1 })), {
    code: 'server-error',
    executed: 'no',
  })
  assert.equal(sent.length, 0)
})

test('a replay asks for Eastern times, goes by offset and may be repeated', async () => {
  const { practice, sent, run } = testClient([{ status: 500 }, page])
  const window = { from: Date.parse('2024-07-04T13:00:00Z'), to: Date.parse('2024-07-04T13:05:00Z') }
  await run(practice.feeds.appointments.replayPage({ ...window, limit: 500, offset: 1000 }))
  assert.deepEqual(query(sent[1]?.url), {
    limit: '500',
    offset: '1000',
    showprocessedstartdatetime: '07/04/2024 09:00:00',
    showprocessedenddatetime: '07/04/2024 09:05:00',
  })
  assert.equal(sent[1]?.call.consuming, false)
})

test('a replay past its last page is empty, also when the list is left out', async () => {
  const { practice } = testClient([{ body: { totalcount: 1000 } }])
  const got = await practice.feeds.appointments.replayPage({ from: 0, to: 1, limit: 500, offset: 1000 })
  assert.deepEqual(got.items, [])
})

test('a look takes nothing', async () => {
  const { practice, sent } = testClient([page])
  await practice.feeds.appointments.peek({ limit: 10 })
  assert.deepEqual(query(sent[0]?.url), { limit: '10', leaveunprocessed: 'true' })
  assert.equal(sent[0]?.call.consuming, false)
})

test('departments and further parameters go along where the feed takes them', async () => {
  const { practice, sent } = testClient([page])
  const extra = { showpatientdetail: true }
  await practice.feeds.appointments.drainPage({ limit: 10, departmentIds: [1, '21'], extra })
  assert.deepEqual(query(sent[0]?.url), { limit: '10', departmentid: '1,21', showpatientdetail: 'true' })
})

for (const [title, read] of [
  ['no limit', { limit: 0 }],
  ['a limit above athenahealth’s', { limit: 5_001 }],
  ['a limit that is no whole number', { limit: 1.5 }],
  ['an offset', { limit: 1, extra: { offset: 5 } }],
  ['an offset in capitals', { limit: 1, extra: { OFFSET: 5 } }],
  ['a limit of its own', { limit: 1, extra: { Limit: 5 } }],
  ['an order to leave records unprocessed', { limit: 1, extra: { leaveunprocessed: true } }],
  ['a window of processed records', { limit: 1, extra: { showprocessedstartdatetime: '01/01/2024 00:00:00' } }],
  ['an empty list of departments', { limit: 1, departmentIds: [] }],
] as const satisfies readonly (readonly [string, { limit: number; extra?: Params; departmentIds?: [] }])[]) {
  test(`a drain with ${title} is refused before it is sent`, async () => {
    const { practice, sent } = testClient([page])
    await assert.rejects(practice.feeds.appointments.drainPage(read), { code: 'invalid-argument' })
    assert.equal(sent.length, 0)
  })
}

test('a feed that cannot be read by department is not read as a whole instead', async () => {
  const { practice, sent } = testClient([])
  await assert.rejects(practice.feeds.providers.drainPage({ limit: 1, departmentIds: [1] }), {
    code: 'invalid-argument',
  })
  await assert.rejects(practice.feeds.providers.subscribe({ departmentIds: [1] }), { code: 'invalid-argument' })
  assert.equal(sent.length, 0)
})

test('a replay whose window is turned round or no time at all is refused', async () => {
  const { practice } = testClient([])
  const { appointments } = practice.feeds
  for (const window of [
    { from: 2, to: 1 },
    { from: Number.NaN, to: 1 },
    { from: 1, to: Infinity },
  ]) {
    await assert.rejects(appointments.replayPage({ ...window, limit: 1, offset: 0 }), { code: 'invalid-argument' })
  }
})

test('a subscription is made, looked at and ended', async () => {
  const subscriptions = [{ eventname: 'CheckIn' }, { eventname: 'CheckOut' }]
  const { practice, sent } = testClient([
    { body: { subscriptions } },
    { body: { success: true } },
    { body: { success: 'true' } },
    { body: { status: 'PARTIAL', subscriptions } },
    { body: { success: true } },
  ])
  const { appointments } = practice.feeds
  assert.deepEqual((await appointments.events()).value, ['CheckIn', 'CheckOut'])
  await appointments.subscribe()
  await appointments.subscribe({ eventName: 'CheckIn', departmentIds: [1, 2], extra: { includeremindercall: true } })
  assert.deepEqual((await appointments.status()).value, { status: 'PARTIAL', events: ['CheckIn', 'CheckOut'] })
  await appointments.unsubscribe({ eventName: 'CheckIn' })
  assert.deepEqual(
    sent.map(({ method, url, body }) => [
      method,
      url.pathname.replace('/v1/195900/appointments/changed', ''),
      url.search,
      body,
    ]),
    [
      ['GET', '/subscription/events', '', undefined],
      ['POST', '/subscription', '', ''],
      ['POST', '/subscription', '', 'includeremindercall=true&eventname=CheckIn&departmentids=1%2C2'],
      ['GET', '/subscription', '', undefined],
      ['DELETE', '/subscription', '?eventname=CheckIn', undefined],
    ],
  )
})

for (const [body, status] of [
  [{ status: 'ACTIVE', subscriptions: [] }, 'ACTIVE'],
  [{ status: 'inactive' }, 'INACTIVE'],
  [{ status: 'INACTIVE', subscriptions: '' }, 'INACTIVE'],
  [{ status: 'STRANGE', subscriptions: [] }, 'UNKNOWN'],
] as const) {
  test(`a subscription answered with ${JSON.stringify(body)} is ${status}`, async () => {
    const { practice } = testClient([{ body }])
    assert.equal((await practice.feeds.patients.status()).value.status, status)
  })
}

test('a subscription without a status cannot be told', async () => {
  const { practice } = testClient([{ body: { subscriptions: [] } }])
  await assert.rejects(practice.feeds.patients.status(), { code: 'malformed-response' })
})

test('there are twenty-four feeds, and each goes where athenahealth has it', () => {
  assert.equal(Object.keys(feedTable).length, 24)
  for (const [name, { path, subscriptionPath, eventsPath }] of Object.entries(feedTable)) {
    assert.equal(path, name === 'orders/signedoff' ? `/${name}` : `/${name}/changed`)
    assert.equal(subscriptionPath, `${path}/subscription`)
    assert.equal(eventsPath, `${path}/subscription/events`)
  }
})

test('twelve feeds can be subscribed by department', () => {
  const byDepartment = Object.entries(feedTable).filter(([, { subscribesDepartments }]) => subscribesDepartments)
  assert.equal(byDepartment.length, 12)
})

for (const [name, body, expected] of [
  ['labresults', { labresults: [{ labresultid: 5 }] }, [{ labresultid: '5' }]],
  ['orders/signedoff', { orders: [{ orderid: 5, note: 1 }] }, [{ orderid: '5', note: 1 }]],
  ['chart/healthhistory/familyhistory', { familyhistory: [{ relation: 'M' }] }, [{ relation: 'M' }]],
  ['chart/healthhistory/vaccine', { vaccinehistory: [{ vaccineid: 5 }] }, 'list-missing'],
  ['stays', { totalcount: 0 }, []],
] as const) {
  test(`a page of ${name} is read as ${JSON.stringify(expected)}`, () => {
    const reading = readFeedPage(name, JSON.stringify(body))
    assert.deepEqual(reading.ok ? reading.page.items : reading.problem, expected)
  })
}

test('a feed that is not in the table is refused', () => {
  // What a caller without types could pass.
  assert.throws(() => testClient([]).practice.feed('__proto__' as FeedName), { code: 'invalid-argument' })
})

test('known fields of every feed are read, ids as text', async () => {
  const problems = [{ problemid: 5, patientid: 71_111, code: 38_341_003, events: '', newfield: 1 }]
  const { practice } = testClient([{ body: { problems, totalcount: 1 } }])
  const { items } = await practice.feed('chart/healthhistory/problems').drainPage({ limit: 10 })
  assert.deepEqual(items, [{ problemid: '5', patientid: '71111', code: '38341003', events: [], newfield: 1 }])
})
