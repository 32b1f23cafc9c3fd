import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demoCredential, noon, read, tinySimulator, tokenRequest } from '../../testing/tiny-simulator.ts'

test('a call with a token gets the record with the recorded headers', async (t) => {
  const simulator = await tinySimulator(t, { limits: 'preview' })
  const { status, headers, body } = await simulator.call('/v1/195900/patients/2')
  assert.equal(status, 200)
  assert.deepEqual(body, [{ patientid: '2', firstname: 'Zoë', departmentid: '1' }])
  assert.equal(headers.get('content-type'), 'application/json; charset=UTF-8')
  assert.equal(headers.get('x-ratelimit-limit'), '50000')
  assert.equal(headers.get('x-ratelimit-remaining'), '49999')
  assert.equal(headers.get('pragma'), 'No-cache')
  assert.equal(headers.get('date'), new Date(noon).toUTCString())
  assert.match(headers.get('x-request-id') ?? '', /^rrt-/)
})

const refusals = [
  { what: 'no Authorization', authorization: undefined, text: 'Developer Inactive' },
  { what: 'a token nobody issued', authorization: 'Bearer nonsense', text: 'Invalid Access Token' },
  { what: 'another scheme', authorization: 'Basic ZGVtbzpkZW1v', text: 'Invalid Access Token' },
]
for (const { what, authorization, text } of refusals) {
  test(`${what} is answered 401 with the gateway's text, not JSON`, async (t) => {
    const { fetch, url } = await tinySimulator(t)
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    const answer = await read(await fetch(`${url}/v1/195900/patients/1`, { headers }))
    assert.deepEqual([answer.status, answer.text, answer.body], [401, `<h1>${text}</h1>`, undefined])
  })
}

test('a token opens the API for its lifetime in virtual time and not a moment longer', async (t) => {
  const simulator = await tinySimulator(t)
  await simulator.token()
  simulator.clock.advance(3_599_999)
  assert.equal((await simulator.call('/v1/195900/patients/1')).status, 200)
  simulator.clock.advance(1)
  assert.equal((await simulator.call('/v1/195900/patients/1')).text, '<h1>Access Token expired</h1>')
})

test('an unknown practice, one without rights, and a path nobody serves are told apart', async (t) => {
  const simulator = await tinySimulator(t, {
    practices: [{ id: 195900, patients: 1 }, 195917],
    apps: [{ clientId: 'demo-client', secret: 'demo-secret', practices: [195900] }],
  })
  const unknown = await simulator.call('/v1/42/patients/1')
  assert.equal(unknown.status, 404)
  assert.deepEqual(unknown.body, { detailedmessage: 'The practice ID does not exist.', error: 'Invalid practice.' })
  const foreign = await simulator.call('/v1/195917/patients/1')
  assert.equal(foreign.status, 401)
  assert.deepEqual(foreign.body, { detailedmessage: 'Bad auth.', error: 'Incorrect permissions.' })
  for (const path of ['/v1/195900/nothing/here', '/v2/195900/patients/1', '/', '/v1/abc/patients']) {
    const { status, text } = await simulator.call(path)
    assert.deepEqual([status, text], [404, 'Service not registered with API gateway.'], path)
  }
})

test('practice 1 lists every practice the app can reach, and serves nothing else', async (t) => {
  const simulator = await tinySimulator(t, {
    practices: [
      { id: 195900, patients: 0 },
      { id: 5, patients: 0 },
      { id: 6, patients: 0 },
    ],
    apps: [{ clientId: 'demo-client', secret: 'demo-secret', practices: [195900, 6] }],
  })
  const { body } = await simulator.call('/v1/1/practiceinfo')
  assert.deepEqual(body.practiceinfo, [{ practiceid: '195900' }, { practiceid: '6' }])
  assert.equal((await simulator.call('/v1/1/patients/1')).status, 404)
})

test('writes take their fields from the query, the form, or both', async (t) => {
  const simulator = await tinySimulator(t)
  const put = (query: string, form: string) => simulator.call(`/v1/195900/patients/1${query}`, { method: 'PUT', form })
  assert.deepEqual((await put('?DEPARTMENTID=1&firstname=Ann', '')).body, [{ patientid: '1', firstname: 'Ann' }])
  assert.deepEqual((await put('?departmentid=1', 'FirstName=B%C3%A9a')).body, [{ patientid: '1', firstname: 'Béa' }])
  const missing = await put('', 'firstname=Ann')
  assert.equal(missing.status, 400)
  assert.deepEqual(missing.body, { missingfields: ['departmentid'], error: 'Additional fields are required.' })
})

test('more calls than the limit in any second are answered 429, the day is not used up by them', async (t) => {
  const simulator = await tinySimulator(t, { limits: { perSecond: 2, perDay: 4, tokensPerMinute: 5 } })
  const call = () => simulator.call('/v1/195900/patients/1')
  const statuses = [await call(), await call(), await call()].map(({ status }) => status)
  assert.deepEqual(statuses, [200, 200, 429])
  simulator.clock.advance(1000)
  await call()
  assert.equal((await call()).headers.get('x-ratelimit-remaining'), '0')
  simulator.clock.advance(1000)
  const exhausted = await call()
  assert.equal(exhausted.status, 429)
  assert.equal(exhausted.body.error, 'Too many requests.')
})

test("the older gateway's throttling is a 403 with text", async (t) => {
  const limits = { perSecond: 1, perDay: 50, tokensPerMinute: 1 }
  const simulator = await tinySimulator(t, { limits, throttle: 'gateway-text' })
  await simulator.call('/v1/195900/patients/1')
  const { status, text } = await simulator.call('/v1/195900/patients/1')
  assert.deepEqual([status, text], [403, '<h1>Account Over Queries Per Second Limit</h1>'])
})

test('the string era sends booleans and numbers as text but for those recorded as numbers, to the apps that ask for it', async (t) => {
  const simulator = await tinySimulator(t, {
    apps: [
      { clientId: 'demo-client', secret: 'demo-secret' },
      { clientId: 'old', secret: 'app', encoding: 'string' },
    ],
  })
  const typed = await simulator.call('/v1/195900/departments')
  assert.deepEqual(typed.body.departments, [{ departmentid: '1', timezoneoffset: -5, ishospitaldepartment: false }])
  assert.equal(typed.body.totalcount, 1)
  const token = await simulator.token('old:app')
  const old = await simulator.call('/v1/195900/departments', { token })
  assert.deepEqual(old.body.departments, [{ departmentid: '1', timezoneoffset: -5, ishospitaldepartment: 'false' }])
  assert.equal(old.body.totalcount, 1)
  assert.equal(old.headers.get('content-type'), 'application/json')
  assert.equal(typed.headers.get('content-type'), 'application/json; charset=UTF-8')
  assert.equal((await simulator.call('/v1/195900/appointments/booked/5', { method: 'PUT', token })).text, '"1"')
})

test('a scalar answer is sent as it is', async (t) => {
  const simulator = await tinySimulator(t)
  assert.equal((await simulator.call('/v1/195900/appointments/booked/5', { method: 'PUT' })).text, '1')
})

test('a defect of a handler is answered 500 and kept for the tests that must not see one', async (t) => {
  const simulator = await tinySimulator(t)
  assert.equal((await simulator.call('/v1/195900/defect')).status, 500)
  assert.match(simulator.truth.defects()[0] ?? '', /planned defect/)
})

test('a defect of the day or of a change is kept and ends nothing', async (t) => {
  const simulator = await tinySimulator(t)
  simulator.clock.timer(1000, () => {
    throw new Error('planned defect of the day')
  })
  simulator.clock.advance(1000)
  simulator.practice.onEvent(() => {
    throw new Error('planned defect of a change')
  })
  const change = { feed: 'patients', name: 'UpdatePatient', id: '1', departmentId: '1' }
  const body = JSON.stringify({ practice: 195900, change })
  assert.equal((await simulator.fetch(`${simulator.url}/__sim/changes`, { method: 'POST', body })).status, 500)
  assert.equal((await simulator.call('/v1/195900/patients/1')).status, 200)
  assert.match(simulator.truth.defects().join(), /of the day[^]*of a change/)
})

test('revoked tokens open nothing any more', async (t) => {
  const simulator = await tinySimulator(t)
  await simulator.token()
  simulator.truth.revokeTokens('demo-client')
  assert.equal((await simulator.call('/v1/195900/patients/1')).status, 401)
})

test('the preview allows five token requests a clock minute', async (t) => {
  const { fetch, url, clock } = await tinySimulator(t, { limits: 'preview' })
  const ask = async (credential: string) => read(await fetch(`${url}/oauth2/v1/token`, tokenRequest(credential)))
  clock.advance(59_000)
  for (let left = 4; left >= 0; left -= 1) {
    // A failed request counts as well.
    const { status, headers } = await ask(left === 2 ? 'demo-client:wrong' : demoCredential)
    assert.equal(status, left === 2 ? 401 : 200)
    assert.equal(headers.get('x-ratelimit-limit'), '5')
    assert.equal(headers.get('x-ratelimit-remaining'), String(left))
  }
  assert.equal((await ask(demoCredential)).status, 429)
  clock.advance(1000)
  assert.equal((await ask(demoCredential)).status, 200)
})
