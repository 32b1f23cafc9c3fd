import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { tinySimulator } from '../../testing/tiny-simulator.ts'

const headers = { 'Content-Type': 'application/json', 'X-Recorded': 'yes', Connection: 'close', 'Content-Length': '9' }

function exchange(request: object, body: unknown, response: object = {}) {
  return { request: { method: 'GET', ...request }, response: { status: 200, headers, body, ...response } }
}

async function serve(t: TestContext, files: Record<string, unknown>) {
  const recording = await mkdtemp(join(tmpdir(), 'recording-'))
  t.after(() => rm(recording, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(recording, name)), { recursive: true })
    await writeFile(join(recording, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return tinySimulator(t, { recording, limits: 'preview' })
}

test('an exchange is answered with its recorded status, headers and bytes', async (t) => {
  const path = '/v1/195900/appointments/5'
  const { call } = await serve(t, {
    'taken.json': exchange({ path, method: 'PUT', query: 'patientid=1' }, '\n\n{"error" :"taken"}', { status: 409 }),
  })
  const answer = await call(`${path}?patientid=1`, { method: 'PUT' })
  assert.equal(answer.status, 409)
  assert.equal(answer.text, '\n\n{"error" :"taken"}')
  assert.equal(answer.headers.get('x-recorded'), 'yes')
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.equal(answer.headers.get('x-ratelimit-limit'), '50000')
})

test('recorded rate-limit headers are not added to', async (t) => {
  const recorded = { headers: { 'X-RateLimit-Limit': '777', 'X-RateLimit-Remaining': '5' } }
  const { call } = await serve(t, { 'a.json': exchange({ path: '/v1/1/departments' }, [], recorded) })
  const answer = await call('/v1/1/departments')
  assert.equal(answer.headers.get('x-ratelimit-limit'), '777')
  assert.equal(answer.headers.get('x-ratelimit-remaining'), '5')
})

test('the query decides, in any order and case; without a match the same path is enough', async (t) => {
  const path = '/v1/195900/appointments/booked'
  const { call } = await serve(t, {
    'a.json': exchange({ path, query: 'departmentid=1&startdate=03%2F30%2F2016' }, 'first'),
    'b.json': exchange({ path, query: 'departmentid=2' }, 'second'),
  })
  assert.equal((await call(`${path}?STARTDATE=03/30/2016&departmentid=1`)).text, 'first')
  assert.equal((await call(`${path}?departmentid=2`)).text, 'second')
  assert.equal((await call(`${path}?departmentid=3`)).text, 'first')
})

test('the form decides between exchanges of one path', async (t) => {
  const path = '/v1/195900/chart/1/problems'
  const { call } = await serve(t, {
    'a.json': exchange({ path, method: 'POST', body: 'departmentid=1' }, 'missing', { status: 400 }),
    'b.json': exchange({ path, method: 'POST', body: 'departmentid=1&snomedcode=5' }, 'made'),
  })
  assert.equal((await call(path, { method: 'POST', form: 'snomedcode=5&departmentid=1' })).text, 'made')
  assert.equal((await call(path, { method: 'POST', form: 'departmentid=1' })).text, 'missing')
})

test('a later page that was not recorded is not answered with the first one', async (t) => {
  const path = '/v1/195900/departments'
  const { call } = await serve(t, { 'a.json': exchange({ path }, { next: `${path}?limit=1&offset=1` }) })
  assert.equal((await call(path)).status, 200)
  assert.equal((await call(`${path}?limit=1&offset=1`)).status, 404)
})

test('bare bodies are served where an index names them, byte for byte', async (t) => {
  const { call } = await serve(t, {
    'go/GetPatient.json': '[ {"patientid": "1"} ]\n',
    'go/index.json': [{ file: 'GetPatient.json', path: '/v1/{practiceid}/patients/{patientid}', status: 203 }],
  })
  const answer = await call('/v1/77/patients/4')
  assert.deepEqual([answer.status, answer.text], [203, '[ {"patientid": "1"} ]\n'])
})

test('an index may name a body elsewhere, and one body several times', async (t) => {
  const { call } = await serve(t, {
    'bodies/a.json': '[1]',
    'served/index.json': [
      { file: '../bodies/a.json', path: '/v1/1/one' },
      { file: '../bodies/a.json', path: '/v1/1/two', method: 'POST', form: 'x=1' },
    ],
  })
  assert.equal((await call('/v1/1/one')).text, '[1]')
  assert.equal((await call('/v1/1/two', { method: 'POST', form: 'x=1' })).text, '[1]')
})

test('what was not recorded is answered like an unknown path, and nothing without a token', async (t) => {
  const simulator = await serve(t, { 'a.json': exchange({ path: '/v1/1/departments' }, []) })
  const answer = await simulator.call('/v1/1/providers')
  assert.deepEqual([answer.status, answer.text], [404, 'Service not registered with API gateway.'])
  assert.equal((await simulator.fetch(`${simulator.url}/v1/1/departments`)).status, 401)
})

test('a file that is no recording is named', async (t) => {
  await assert.rejects(serve(t, { 'a.json': { hello: 1 } }), /a\.json: is neither an exchange/)
  await assert.rejects(serve(t, { 'b.json': 'no json' }), /b\.json: not JSON/)
  await assert.rejects(serve(t, {}), /holds no recorded exchange/)
})
