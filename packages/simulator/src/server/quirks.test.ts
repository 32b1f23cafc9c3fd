import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { callerOf, read, tinySimulator } from '../../testing/tiny-simulator.ts'
import { startSimulator } from '../index.ts'
import type { SimulatorOptions } from './options.ts'
import { quirkValues, type Quirks } from './quirks.ts'

const patient = '/v1/195900/patients/2'
const list = '/v1/195900/departments'
const missingField = { method: 'PUT', form: 'firstname=Ann' }

async function quirky(t: TestContext, quirks: Quirks, options: SimulatorOptions = {}) {
  return tinySimulator(t, { quirks, ...options })
}

/** Everything but what differs from request to request. */
async function bytes(
  simulator: Awaited<ReturnType<typeof quirky>>,
  path: string,
  init?: { method: string; form: string },
) {
  const { status, text, headers } = await simulator.call(path, init)
  const shown = [...headers].filter(([name]) => name !== 'x-request-id')
  return { status, text, headers: shown }
}

test('quirks that are switched off change no byte', async (t) => {
  const off: Record<string, unknown> = {}
  for (const [name, [value]] of Object.entries(quirkValues)) off[name] = value
  const [plain, switched] = [await tinySimulator(t), await quirky(t, off)]
  for (const path of [patient, list, '/v1/195900/nothing', '/v1/42/patients/1']) {
    assert.deepEqual(await bytes(switched, path), await bytes(plain, path))
  }
  assert.deepEqual(await bytes(switched, patient, missingField), await bytes(plain, patient, missingField))
})

test('keys come in other orders, the same for the same seed, and their values are the same', async (t) => {
  const orders = async (seed: number) => {
    const { call } = await quirky(t, { shuffledKeys: true }, { seed })
    const texts: string[] = []
    for (let turn = 0; turn < 12; turn += 1) texts.push((await call(patient)).text)
    return texts
  }
  const [first, again, other] = [await orders(3), await orders(3), await orders(4)]
  assert.deepEqual(first, again)
  assert.notDeepEqual(first, other)
  assert.ok(new Set(first).size > 1)
  for (const text of first)
    assert.deepEqual(JSON.parse(text), [{ patientid: '2', firstname: 'Zoë', departmentid: '1' }])
})

test('a decoy stands before the array of a list, and nowhere else', async (t) => {
  const { call } = await quirky(t, { decoyArrays: true })
  const { body } = await call(list)
  const [decoy = '', second] = Object.keys(body)
  assert.ok(Array.isArray(body[decoy]))
  assert.equal(second, 'departments')
  assert.equal(body.totalcount, 1)
  assert.deepEqual((await call(patient)).body, [{ patientid: '2', firstname: 'Zoë', departmentid: '1' }])
  assert.deepEqual(Object.keys((await call(patient, missingField)).body), ['missingfields', 'error'])
})

test('a record that was asked for by its id has no decoy among its own arrays', async (t) => {
  const simulator = await startSimulator({ quirks: { decoyArrays: true }, practices: [{ id: 195900, patients: 30 }] })
  t.after(() => simulator.stop())
  const [claim] = simulator.truth.records(195900, 'claims')
  const { body } = await callerOf(simulator).call(`/v1/195900/claims/${String(claim?.['claimid'])}`)
  const arrays = Object.keys(body).filter((name) => Array.isArray(body[name]))
  assert.deepEqual(
    arrays.filter((name) => !(name in (claim ?? {}))),
    [],
  )
  assert.ok(arrays.includes('procedures'))
})

for (const [totals, expected] of [
  ['string', '1'],
  ['none', undefined],
  ['number', 1],
] as const) {
  test(`with totals: ${totals} the total is ${JSON.stringify(expected)}`, async (t) => {
    const { call } = await quirky(t, { totals })
    assert.equal((await call(list)).body.totalcount, expected)
  })
}

/** A write that is refused for its data: athenahealth's words for a name that is no number. */
const refusedWrite = ['/v1/195900/refuse', { method: 'POST', form: '' }] as const

test('a refused write comes with 200 and a success that is false, as a boolean or as text', async (t) => {
  const { call } = await quirky(t, { refusedWrites: 'success-false' })
  const seen = new Set<unknown>()
  for (let turn = 0; turn < 20; turn += 1) {
    const { status, body } = await call(...refusedWrite)
    assert.equal(status, 200)
    assert.equal(body.errormessage, 'Expecting type integer, but value is x')
    seen.add(body.success)
  }
  assert.deepEqual([...seen].map(String).sort(), ['false', 'false'])
})

test('or it comes as bare text with 200; what is missing is still told by status', async (t) => {
  const { call } = await quirky(t, { refusedWrites: 'text' })
  const { status, text } = await call(...refusedWrite)
  assert.deepEqual([status, text], [200, '"Expecting type integer, but value is x"'])
  assert.equal((await call(patient, missingField)).status, 400)
})

test('a write that answers its success and no more answers 1', async (t) => {
  const { call } = await quirky(t, { bareResults: true })
  assert.equal((await call('/v1/195900/misc/properjsonencoding', { method: 'POST' })).text, '1')
  assert.notEqual((await call(patient, { method: 'PUT', form: 'departmentid=1' })).text, '1')
})

test('blank lines stand before errors, or before everything', async (t) => {
  const errors = await quirky(t, { leadingNewlines: 'errors' })
  assert.match((await errors.call(patient, missingField)).text, /^\n\n\{/)
  assert.match((await errors.call(patient)).text, /^\[/)
  const all = await quirky(t, { leadingNewlines: 'all' })
  assert.match((await all.call(patient)).text, /^\n\n\[/)
})

for (const [errorBodies, type, shape] of [
  ['html', 'text/html', /^<html>[^]*<h1>/],
  ['text', 'text/plain', /^\d{3} \w/],
] as const) {
  test(`errors of gateways come as ${errorBodies}, those of the API about data do not`, async (t) => {
    const limits = { perSecond: 3, perDay: 99, tokensPerMinute: 9 }
    const { call, url } = await quirky(t, { errorBodies }, { limits })
    const answers = [
      await call('/v1/42/patients/1'),
      await call('/v1/195900/defect'),
      await call(patient, missingField),
      await call(patient),
      await read(await fetch(`${url}/v1/195900/patients/1`)),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 500, 400, 429, 401],
    )
    for (const { status, text, headers } of answers) {
      assert.equal(headers.get('content-type'), status === 400 ? 'application/json' : type)
      if (status !== 400) assert.match(text, shape)
    }
  })
}

test('headers nobody asked for come scrambled', async (t) => {
  const { call } = await quirky(t, { strayHeaders: true })
  const seen = new Set<string>()
  for (let turn = 0; turn < 20; turn += 1) {
    const { headers } = await call(patient)
    for (const name of ['cneonction', 'nncoection']) if (headers.has(name)) seen.add(name)
    assert.match(headers.get('set-cookie') ?? '', /^dtCookie=/)
  }
  assert.deepEqual([...seen].sort(), ['cneonction', 'nncoection'])
})

test('an app has quirks of its own, laid over those of all', async (t) => {
  const apps = [
    { clientId: 'demo-client', secret: 'demo-secret' },
    { clientId: 'own', secret: 's', quirks: { totals: 'number', leadingNewlines: 'all' } },
  ] as const
  const { call, token } = await quirky(t, { totals: 'string' }, { apps })
  assert.equal((await call(list)).body.totalcount, '1')
  const own = await call(list, { token: await token('own:s') })
  assert.equal(own.body.totalcount, 1)
  assert.match(own.text, /^\n\n/)
})

test('quirks go together with the era of strings', async (t) => {
  const { call } = await quirky(t, { shuffledKeys: true, decoyArrays: true }, { encoding: 'string' })
  const { body } = await call(list)
  assert.equal(body.totalcount, 1)
  assert.deepEqual(body.departments, [{ departmentid: '1', timezoneoffset: -5, ishospitaldepartment: 'false' }])
})

test('quirks that there are not are refused by name', async (t) => {
  // What a program without types could say.
  const wrong = (quirks: object) => tinySimulator(t, { quirks: quirks as Quirks })
  await assert.rejects(wrong({ shuffle: true }), /"shuffle".*shuffledKeys/)
  await assert.rejects(wrong({ totals: 'maybe' }), /quirks\.totals: give number, string, none/)
})
