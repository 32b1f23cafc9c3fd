import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  demoCredential,
  noon,
  read,
  tinySimulator,
  tokenRequest,
  type TinySimulator,
} from '../../testing/tiny-simulator.ts'

async function admin({ fetch, url }: TinySimulator, path: string, body?: unknown) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return read(await fetch(`${url}/__sim/${path}`, init))
}

test('the clock is read, sped up, advanced and jumped; it never goes back', async (t) => {
  const simulator = await tinySimulator(t)
  assert.deepEqual((await admin(simulator, 'clock')).body, { now: noon, iso: new Date(noon).toISOString(), speed: 0 })
  assert.equal((await admin(simulator, 'clock', { advanceMs: 1500 })).body.now, noon + 1500)
  assert.equal((await admin(simulator, 'clock', { jumpTo: '2026-01-06T05:00:00Z' })).body.now, Date.UTC(2026, 0, 6, 5))
  const back = await admin(simulator, 'clock', { jumpTo: noon })
  assert.equal(back.status, 400)
  assert.match(String(back.body.error), /forward only/)
  assert.equal((await admin(simulator, 'clock', { speed: 0.5 })).body.speed, 0.5)
  assert.equal((await admin(simulator, 'clock', { jumpTo: 'tomorrow' })).status, 400)
  assert.equal((await admin(simulator, 'clock', { advance: 5 })).status, 400)
})

test('a clock that is told something impossible stays as it was, and so does its speed', async (t) => {
  const simulator = await tinySimulator(t)
  for (const body of [
    { speed: 9, jumpTo: 'tomorrow' },
    { speed: 9, advanceMs: 1e18 },
    { advanceMs: 5, speed: -1 },
    { advanceMs: 5, jumpTo: noon + 9 },
  ]) {
    assert.equal((await admin(simulator, 'clock', body)).status, 400)
    assert.deepEqual((await admin(simulator, 'clock')).body, { now: noon, iso: new Date(noon).toISOString(), speed: 0 })
  }
  assert.equal((await admin(simulator, 'clock', { advanceMs: 5, speed: 2 })).body.speed, 2)
})

test('every request is in the log with its route and the names of its fields, never their values', async (t) => {
  const simulator = await tinySimulator(t, { limits: { perSecond: 2, perDay: 9, tokensPerMinute: 9 } })
  await simulator.call('/v1/195900/patients/2?LastName=Hidden&firstname=x&firstname=y')
  await simulator.call('/v1/195900/patients/1', { method: 'PUT', form: 'departmentid=1&ssn=987-65-4321' })
  await simulator.call('/v1/195900/patients/1')
  await simulator.call('/v2/elsewhere')
  const { body, text } = await admin(simulator, 'requests?since=1')
  const seen = Object.values(body.requests ?? {}).map(
    ({ number, method, route, status, practice, app, fields, at }) => {
      assert.equal(at, noon)
      return [number, method, route, status, practice, app, fields]
    },
  )
  const patient = '/v1/{practiceid}/patients/{patientid}'
  assert.deepEqual(seen, [
    [2, 'GET', patient, 200, 195900, 'demo-client', ['firstname', 'lastname']],
    [3, 'PUT', patient, 200, 195900, 'demo-client', ['departmentid', 'ssn']],
    [4, 'GET', patient, 429, 195900, 'demo-client', []],
    [5, 'GET', 'unrouted', 404, undefined, undefined, []],
  ])
  assert.doesNotMatch(text, /Hidden|987-65/)
  assert.equal(body.next, 5)
  assert.deepEqual(body.totals?.byStatus, { 200: 3, 404: 1, 429: 1 })
  assert.equal(body.totals?.byRoute?.[`GET ${patient}`], 2)
})

test('a large upload is logged by the names of its fields', async (t) => {
  const simulator = await tinySimulator(t)
  const form = `departmentid=1&attachmentcontents=${'x'.repeat(100_000)}`
  await simulator.call('/v1/195900/patients/1', { method: 'PUT', form })
  assert.deepEqual(simulator.truth.requests().requests.at(-1)?.fields, ['attachmentcontents', 'departmentid'])
})

test('the log keeps its size and says what it has forgotten; the totals cover all', async (t) => {
  const simulator = await tinySimulator(t, { requestLogSize: 3 })
  for (let count = 0; count < 9; count += 1) await simulator.call('/v1/195900/departments')
  const { requests, forgotten, totals, next } = simulator.truth.requests({ since: 2 })
  assert.deepEqual(
    requests.map(({ number }) => number),
    [8, 9, 10],
  )
  assert.deepEqual([forgotten, totals.requests, next], [5, 10, 10])
  assert.deepEqual(
    simulator.truth.requests({ since: 8, limit: 1 }).requests.map(({ number }) => number),
    [9],
  )
})

test('every feed page is kept with its mode, its ids and its time', async (t) => {
  const simulator = await tinySimulator(t, { activationLagMs: 0 })
  const feed = '/v1/195900/appointments/changed'
  await simulator.call(`${feed}/subscription`, { method: 'POST' })
  simulator.practice.change({ feed: 'appointments', name: 'CheckIn', id: '7', departmentId: '1' })
  await simulator.call(`${feed}?leaveunprocessed=true`)
  await simulator.call(`${feed}?limit=5000`)
  await simulator.call(`${feed}?showprocessedstartdatetime=01/05/2026 12:00:00`)
  await simulator.call(feed)
  const { body } = await admin(simulator, 'pages?since=0')
  const pages = Object.values(body.pages ?? {}).map(({ mode, ids, limit, feed: name, app }) => [
    mode,
    ids,
    limit,
    name,
    app,
  ])
  assert.deepEqual(pages, [
    ['peek', ['7'], 1000, 'appointments', 'demo-client'],
    ['consume', ['7'], 5000, 'appointments', 'demo-client'],
    ['replay', ['7'], 1000, 'appointments', 'demo-client'],
    ['consume', [], 1000, 'appointments', 'demo-client'],
  ])
  assert.deepEqual(Object.values((await admin(simulator, 'pages?since=3')).body.pages ?? {}).length, 1)
})

test('the windows tell the busiest second and minute, the days, and how far drains were apart', async (t) => {
  const simulator = await tinySimulator(t, {
    activationLagMs: 0,
    tokenLifetimeS: 86_400,
    limits: { perSecond: 2, perDay: 99, tokensPerMinute: 1 },
  })
  const feed = '/v1/195900/appointments/changed'
  const { clock } = simulator
  await simulator.call(`${feed}/subscription`, { method: 'POST' })
  for (const id of ['1', '2', '3']) {
    simulator.practice.change({ feed: 'appointments', name: 'CheckIn', id, departmentId: '1' })
  }
  clock.advance(999)
  // Two pages of one drain, a refused call, a replay; then a drain 61 s after the first one began.
  await simulator.call(`${feed}?limit=2`)
  clock.advance(5000)
  await simulator.call(`${feed}?limit=2`)
  for (let count = 0; count < 3; count += 1)
    await simulator.call(`${feed}?showprocessedstartdatetime=01/05/2026 12:00:00`)
  clock.advance(56_000)
  await simulator.call(feed)
  await read(await simulator.fetch(`${simulator.url}/oauth2/v1/token`, tokenRequest(demoCredential)))
  await read(await simulator.fetch(`${simulator.url}/oauth2/v1/token`, tokenRequest(demoCredential)))
  clock.jumpTo(Date.UTC(2026, 0, 6))
  await simulator.call('/v1/195900/departments')
  const { body } = await admin(simulator, 'windows')
  assert.deepEqual(body.apps?.['demo-client'], {
    perSecond: 4,
    perDay: 7,
    days: { '2026-01-05': 7, '2026-01-06': 1 },
    tokensPerMinute: 2,
  })
  assert.deepEqual(body.drains, [
    { app: 'demo-client', practice: 195900, feed: 'appointments', starts: 2, minimumMs: 61_000 },
  ])
})

test('the state of a practice is paged, or streamed one record a line', async (t) => {
  const simulator = await tinySimulator(t, { practices: [{ id: 195900, patients: 450 }] })
  const first = await admin(simulator, 'state/195900/patients?limit=400')
  assert.equal(first.body.totalcount, 450)
  assert.equal(first.body.next, '/__sim/state/195900/patients?offset=400&limit=400')
  const rest = await admin(simulator, 'state/195900/patients?offset=400&limit=400')
  assert.equal(Object.keys(rest.body.records ?? {}).length, 50)
  for (const fetch of [simulator.fetch, globalThis.fetch]) {
    const streamed = await (await fetch(`${simulator.url}/__sim/state/195900/patients?format=ndjson`)).text()
    const ids = streamed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).patientid)
    assert.equal(new Set(ids).size, 450)
  }
  assert.equal((await admin(simulator, 'state/195900/secrets')).status, 404)
  assert.equal((await admin(simulator, 'state/7/patients')).status, 400)
})

test('changes are made in the practice and reach its feeds', async (t) => {
  const simulator = await tinySimulator(t, { activationLagMs: 0 })
  await simulator.call('/v1/195900/patients/changed/subscription', { method: 'POST' })
  const change = { feed: 'patients', name: 'UpdatePatient', id: '2', departmentId: '1', fields: { lastname: 'New' } }
  assert.deepEqual((await admin(simulator, 'changes', { practice: 195900, changes: [change] })).body, {
    results: [{ done: true }],
  })
  const { body } = await simulator.call('/v1/195900/patients/changed')
  assert.deepEqual(body.patients?.['0']?.lastname, 'New')
  assert.equal((await admin(simulator, 'changes', { practice: 195900, change: {} })).status, 400)
  assert.equal((await admin(simulator, 'changes', { practice: 195900 })).status, 400)
})

test('the day is paused and resumed', async (t) => {
  const simulator = await tinySimulator(t, { day: true })
  assert.deepEqual((await admin(simulator, 'day', { action: 'pause' })).body, { running: false })
  assert.deepEqual((await admin(simulator, 'day')).body, { running: false })
  assert.deepEqual((await admin(simulator, 'day', { action: 'resume' })).body, { running: true })
  assert.equal((await admin(simulator, 'day', { action: 'sleep' })).status, 400)
})

test('tokens are revoked by a call', async (t) => {
  const simulator = await tinySimulator(t)
  await simulator.token()
  assert.equal((await admin(simulator, 'revoke', {})).status, 200)
  assert.equal((await simulator.call('/v1/195900/departments')).status, 401)
})

test('the administration asks for its token when it has one, and is not there when it is off', async (t) => {
  const guarded = await tinySimulator(t, { adminToken: 'open-sesame' })
  assert.equal((await admin(guarded, 'clock')).status, 401)
  const headers = { Authorization: 'Bearer open-sesame' }
  assert.equal((await guarded.fetch(`${guarded.url}/__sim/clock`, { headers })).status, 200)
  const closed = await tinySimulator(t, { admin: false })
  const answer = await admin(closed, 'clock')
  assert.deepEqual([answer.status, answer.text], [404, 'Service not registered with API gateway.'])
})

test('an unknown call of the administration is told which there are', async (t) => {
  const { status, body } = await admin(await tinySimulator(t), 'tokens')
  assert.equal(status, 404)
  assert.match(String(body.error), /GET requests.*GET state/)
})
