import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noon, read, tinySimulator, tokenRequest, type TinySimulator } from '../../testing/tiny-simulator.ts'
import type { FaultRule, FaultWhen } from './fault-rule.ts'

const patient = '/v1/195900/patients/1'
const departments = '/v1/195900/departments'

/** Which of some requests, counted from 1, met a fault. */
async function struck(simulator: TinySimulator, requests: readonly string[]): Promise<number[]> {
  const { next: since } = simulator.truth.requests()
  for (const request of requests) {
    const [method = '', path = ''] = request.split(' ')
    await simulator.call(path, { method, ...(method === 'PUT' && { form: 'departmentid=1' }) })
  }
  const { requests: seen } = simulator.truth.requests({ since })
  return seen.flatMap(({ fault, number }) => (fault === undefined ? [] : [number - since]))
}

const gets = (count: number) => Array.from({ length: count }, () => `GET ${patient}`)
const error = (when: FaultWhen): FaultRule => ({ kind: 'server-error', when })

const mixed = [
  `GET ${patient}`,
  `PUT ${patient}`,
  `GET /v1/195900/patients/2`,
  `GET ${departments}`,
  'GET /v1/7/departments',
]
const cases: readonly [string, FaultWhen, readonly string[], readonly number[]][] = [
  ['every request', {}, mixed, [1, 2, 3, 4, 5]],
  ['a method', { method: 'PUT' }, mixed, [2]],
  ['methods', { method: ['PUT', 'DELETE'] }, mixed, [2]],
  ['a practice', { practice: 7 }, mixed, [5]],
  ['a route by its part behind the practice', { path: '/patients/{patientid}' }, mixed, [1, 2, 3]],
  [
    'a route as the log has it, its parameters named otherwise',
    { path: '/v1/{practiceid}/patients/{id}' },
    mixed,
    [1, 2, 3],
  ],
  ['a path', { path: '/patients/2' }, mixed, [3]],
  ['a whole path', { path: patient }, mixed, [1, 2]],
  ['the beginning of a path', { path: '/patients/*' }, mixed, [1, 2, 3]],
  ['an app', { app: 'demo-client' }, mixed, [1, 2, 3, 4, 5]],
  ['another app', { app: 'somebody' }, mixed, []],
  ['the second call', { nth: 2 }, gets(5), [2]],
  ['the second call of its kind', { path: '/patients/{patientid}', nth: 2 }, mixed, [2]],
  ['every second call', { every: 2 }, gets(5), [2, 4]],
  ['two calls at most', { times: 2 }, gets(5), [1, 2]],
  ['every second call, once', { every: 2, times: 1 }, gets(5), [2]],
  ['a time to come', { from: noon + 1 }, gets(2), []],
  ['a time that is there', { from: '2026-01-05T17:00:00Z', until: noon + 1 }, gets(2), [1, 2]],
  ['a time that has passed', { until: noon }, gets(2), []],
  ['never', { probability: 0 }, gets(5), []],
]
for (const [what, when, requests, expected] of cases) {
  test(`a rule about ${what} fires there and nowhere else`, async (t) => {
    const simulator = await tinySimulator(t, {
      practices: [
        { id: 195900, patients: 3 },
        { id: 7, patients: 1 },
      ],
    })
    await simulator.token()
    simulator.faults.add([error(when)])
    assert.deepEqual(await struck(simulator, requests), expected)
    assert.equal(simulator.faults.list()[0]?.fired, expected.length)
  })
}

test('what is drawn by chance is the same for a seed, another one for another, and independent of other rules', async (t) => {
  const draw = async (seed: number, rules: readonly FaultRule[]) => {
    const simulator = await tinySimulator(t, { seed, faults: rules })
    return struck(simulator, gets(60))
  }
  const chance = error({ path: '/patients/{patientid}', probability: 0.3 })
  const first = await draw(1, [chance])
  assert.ok(first.length > 8 && first.length < 30, `${first.length} of 60`)
  assert.deepEqual(await draw(1, [chance]), first)
  assert.notDeepEqual(await draw(2, [chance]), first)
  assert.deepEqual(await draw(1, [chance, { kind: 'html', when: { path: '/departments', nth: 1 } }]), first)
})

test('a request meets the fault of the first rule that fires; all that are about it count it', async (t) => {
  const simulator = await tinySimulator(t)
  await simulator.token()
  simulator.faults.add([{ kind: 'html', name: 'first', when: { nth: 2 } }, error({}), error({ nth: 2 })])
  const statuses = []
  for (let calls = 0; calls < 3; calls += 1) statuses.push((await simulator.call(patient)).status)
  assert.deepEqual(statuses, [500, 502, 500])
  const counts = simulator.faults.list().map(({ rule, matched, fired }) => [rule, matched, fired])
  assert.deepEqual(counts, [
    [1, 3, 1],
    [2, 3, 2],
    [3, 3, 0],
  ])
  const marks = simulator.truth.requests({ since: 1 }).requests.map(({ fault }) => fault)
  const other = { rule: 2, kind: 'server-error' }
  assert.deepEqual(marks, [other, { rule: 1, kind: 'html', name: 'first' }, other])
})

test('a fault without anything to act on leaves the request alone and is not counted', async (t) => {
  const simulator = await tinySimulator(t)
  await simulator.token()
  simulator.faults.add([{ kind: 'unordered-items' }, { kind: 'partial' }, { kind: 'lost-page' }])
  assert.equal((await simulator.call(departments)).status, 200)
  assert.deepEqual(
    simulator.faults.list().map(({ matched, fired }) => [matched, fired]),
    [
      [1, 0],
      [1, 0],
      [0, 0],
    ],
  )
  assert.equal(simulator.truth.requests().requests.at(-1)?.fault, undefined)
})

test('rules are set, listed and cleared through the administration, and a wrong one changes nothing', async (t) => {
  const simulator = await tinySimulator(t)
  const admin = async (method: string, body?: unknown) =>
    read(
      await simulator.fetch(`${simulator.url}/__sim/faults`, {
        method,
        body: body === undefined ? null : JSON.stringify(body),
      }),
    )
  const rule = { kind: 'throttled', retryAfter: '999999', when: { path: '/departments', times: 1 } }
  assert.deepEqual((await admin('POST', { faults: [rule] })).body, {
    faults: [{ rule: 1, ...rule, matched: 0, fired: 0 }],
  })
  assert.equal((await simulator.call(departments)).headers.get('retry-after'), '999999')
  assert.equal((await simulator.call(departments)).status, 200)
  assert.deepEqual((await admin('GET')).body, { faults: [{ rule: 1, ...rule, matched: 2, fired: 1 }] })
  const refused = await admin('POST', { faults: [rule, { kind: 'flood' }] })
  assert.deepEqual([refused.status, simulator.faults.list().length], [400, 1])
  assert.match(String(refused.body.error), /faults\[1\]\.kind: no fault "flood"; there are/)
  assert.equal((await admin('POST', rule)).status, 400)
  assert.deepEqual((await admin('DELETE')).body, { faults: [] })
  assert.deepEqual((await admin('GET')).body, { faults: [] })
  assert.equal((await admin('POST', { faults: [rule] })).body.faults?.['0']?.rule, 1)
})

test('calls that a fault keeps from being served count against limits and for the witness all the same', async (t) => {
  const limits = { perSecond: 2, perDay: 9, tokensPerMinute: 3 }
  const simulator = await tinySimulator(t, { limits })
  await simulator.token()
  simulator.faults.add([error({ times: 2 })])
  assert.equal((await simulator.call(patient)).headers.get('x-ratelimit-remaining'), '8')
  await simulator.call(patient)
  assert.equal((await simulator.call(patient)).status, 429)
  const token = await read(
    await simulator.fetch(`${simulator.url}/oauth2/v1/token`, tokenRequest('demo-client:demo-secret')),
  )
  assert.equal(token.headers.get('x-ratelimit-remaining'), '1')
  assert.equal(simulator.truth.windows().apps['demo-client']?.perSecond, 3)
})
