import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { firstIds, isFormMethod, sampleRequest } from '../../testing/sample-request.ts'
import { callerOf, noon } from '../../testing/tiny-simulator.ts'
import { startSimulator, type EndpointEntry, type SimulatorOptions } from '../index.ts'
import { endpointContract, endpointHeads } from './contract.ts'

/** A simulator with all its endpoints, whose time stands still. */
async function wholeSimulator(context: TestContext, options: SimulatorOptions = {}) {
  const practices = [{ id: 195900, patients: 20 }]
  const simulator = await startSimulator({ practices, startAt: noon, speed: 0, limits: 'off', ...options })
  context.after(simulator.stop)
  const { call } = callerOf(simulator)
  return { ...simulator, call: (path: string, init?: { method?: string; form?: string }) => call(path, init) }
}

const answers: readonly {
  what: string
  request: string
  form?: string
  status?: number
  body: (body: unknown) => boolean
}[] = [
  {
    what: 'a recorded record has every recorded field',
    request: 'GET /states',
    body: (body) => JSON.stringify(body) === '[{"name":"Sample name","state":"MA"}]',
  },
  {
    what: 'a list nobody recorded is empty',
    request: 'GET /configuration/inbox/staff?departmentid=1',
    body: (body) => JSON.stringify(body) === '{"staff":[],"totalcount":0}',
  },
  {
    what: 'what only a public client tells of is as that client reads it',
    request: 'GET /encounter/62020/services',
    body: (body) => JSON.stringify(body) === '[{"count":0,"note":"","procedures":[]}]',
  },
  {
    what: 'a write nobody recorded succeeds',
    request: 'PUT /usermessages/someone/1',
    form: 'folder=TRASH',
    body: (body) => JSON.stringify(body) === '{"success":true}',
  },
  {
    what: 'a feed that is not simulated says that there is no subscription',
    request: 'GET /visits/changed/subscription',
    body: (body) => JSON.stringify(body) === '{"status":"INACTIVE","subscriptions":[]}',
  },
  {
    what: 'neither does one whose answer was recorded',
    request: 'GET /prescriptions/changed/subscription',
    body: (body) => JSON.stringify(body) === '{"status":"INACTIVE","subscriptions":[]}',
  },
  {
    what: 'a required field that is left out is named',
    request: 'DELETE /feeschedules/configuration/procedure?feescheduleid=1',
    status: 400,
    body: (body) => JSON.stringify(body).includes('{"missingfields":["procedurecode"]'),
  },
  {
    what: 'a value that is no number is refused',
    request: 'DELETE /feeschedules/configuration/procedure?feescheduleid=one&procedurecode=99213',
    status: 400,
    body: (body) => JSON.stringify(body).includes('Expecting type integer, but value is one'),
  },
  {
    what: 'a value outside the documented ones is refused',
    request: 'PUT /usermessages/someone/1',
    form: 'folder=SHELF',
    status: 400,
    body: (body) => JSON.stringify(body).includes("'SHELF' did not match any of the enum values for FOLDER"),
  },
  {
    what: 'a patient who is not there is not found',
    request: 'GET /chart/999999/cancercases?departmentid=1',
    status: 404,
    body: (body) => JSON.stringify(body).includes('The patient does not exist.'),
  },
]

for (const { what, request, form, status = 200, body } of answers) {
  test(`without state: ${what}`, async (t) => {
    const { call, truth } = await wholeSimulator(t)
    const [method = '', path = ''] = request.split(' ')
    const init = form === undefined ? { method } : { method, form }
    const answer = await call(`/v1/195900${path}`, init)
    assert.equal(answer.status, status, answer.text)
    assert.ok(body(answer.body), answer.text)
    assert.deepEqual(truth.defects(), [])
  })
}

test('every documented endpoint answers, and none by a defect', async (t) => {
  const { call, truth } = await wholeSimulator(t)
  const ids = firstIds((kind) => truth.records(195900, kind))
  const heads = endpointHeads()
  const bases = new Map(
    truth.endpoints().map(({ endpoint, basis }) => [endpoint.replace('/v1/{practiceid}', ''), basis]),
  )
  assert.equal(new Set(heads.map(({ shape }) => shape)).size, 818)
  for (const head of heads) {
    const contract = endpointContract(head)
    assert.ok(contract)
    const { method, path, fields } = sampleRequest(contract, ids)
    const isForm = isFormMethod(method)
    const target = `/v1/195900${path}${isForm ? '' : `?${fields}`}`
    const answer = await call(target, isForm ? { method, form: String(fields) } : { method })
    // What a path names may not be there, or may be in no state for it: whatever is said of that is no defect.
    assert.ok(answer.status < 500 && answer.text !== 'Service not registered with API gateway.', head.name)
    if (bases.get(head.name) !== 'stateful') assert.equal(answer.status, 200, `${head.name}: ${answer.text}`)
  }
  assert.deepEqual(truth.defects(), [])
})

test('what no document names is answered by the gateway', async (t) => {
  const { call } = await wholeSimulator(t)
  const { status, text } = await call('/v1/195900/appointments/1/moon')
  assert.deepEqual([status, text], [404, 'Service not registered with API gateway.'])
})

test('answers are counted by what they stand on, and the endpoints are listed with it', async (t) => {
  const { call, truth, fetch, url } = await wholeSimulator(t)
  await call('/v1/195900/departments')
  await call('/v1/195900/departments')
  await call('/v1/195900/states')
  await call('/v1/195900/visits/changed/subscription')
  await call('/v1/195900/beds')
  await call('/v1/195900/nothing')
  await fetch(`${url}/v1/195900/misc/nothing`)
  const { requests, totals } = truth.requests()
  assert.deepEqual(totals.byBasis, { stateful: 2, recorded: 1, inferred: 1, unknown: 1 })
  assert.deepEqual(
    requests.map(({ basis }) => basis),
    [undefined, 'stateful', 'stateful', 'recorded', 'inferred', 'unknown', undefined, undefined],
  )
  const answered: { endpoints: readonly EndpointEntry[] } = JSON.parse(
    await (await fetch(`${url}/__sim/endpoints`)).text(),
  )
  assert.deepEqual(answered.endpoints, truth.endpoints())
  const guessed = truth.endpoints().filter((entry) => entry.basis === 'unknown' && entry.requests > 0)
  assert.deepEqual(guessed, [
    { endpoint: 'GET /v1/{practiceid}/beds', basis: 'unknown', beta: false, intensive: false, requests: 1 },
  ])
  const heavy = truth.endpoints().filter((entry) => entry.intensive)
  assert.deepEqual(
    heavy.map(({ endpoint }) => endpoint.slice('GET /v1/{practiceid}'.length)),
    ['/appointments/booked', '/appointments/booked/multipledepartment', '/claims', '/patients'],
  )
})

test('a marked answer tells what it stands on, and which of its names nobody recorded', async (t) => {
  const { call } = await wholeSimulator(t, { marks: true })
  const marks = async (path: string) => {
    const { headers } = await call(`/v1/195900${path}`)
    return [headers.get('x-sim-basis'), headers.get('x-sim-inferred'), headers.get('x-sim-unknown')]
  }
  assert.deepEqual(await marks('/states'), ['recorded', null, null])
  assert.deepEqual(await marks('/beds'), ['unknown', null, 'beds'])
  assert.deepEqual(await marks('/patients/999999'), ['stateful', null, null])
  assert.deepEqual(await marks('/misc/properjsonencoding'), ['stateful', null, 'properjsonencoding'])
  assert.deepEqual(await marks('/visits/changed/subscription'), ['inferred', 'status subscriptions', null])
  const plain = await wholeSimulator(t)
  assert.equal((await plain.call('/v1/195900/beds')).headers.get('x-sim-basis'), null)
})

test('endpoints that athenahealth rolls out are there in the practices that have them', async (t) => {
  const practices = [195900, 7].map((id) => ({ id, patients: 1 }))
  const { call } = await wholeSimulator(t, { practices, rollout: { practices: [7] } })
  const beta = '/appointments/booked?startdate=01/05/2026&enddate=01/05/2026'
  assert.equal((await call(`/v1/7${beta}`)).status, 200)
  assert.equal((await call(`/v1/195900${beta}`)).status, 403)
  assert.equal((await call('/v1/195900/stays/changed')).status, 403)
  assert.equal((await call('/v1/195900/departments')).status, 200)
})
