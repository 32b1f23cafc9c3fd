import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SimulatorOptions } from '../server/options.ts'
import { startSimulator } from '../index.ts'

const lagMs = 15 * 60_000

type Row = Record<string, unknown>

async function caller(context: TestContext, options: SimulatorOptions = {}) {
  const practices = [{ id: 195900, patients: 100 }]
  const simulator = await startSimulator({ practices, speed: 0, limits: 'off', ...options })
  context.after(() => simulator.stop())
  const { fetch, url, clock } = simulator
  const { access_token: token } = (await (
    await fetch(`${url}/oauth2/v1/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('demo-client:demo-secret')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*' }),
    })
  ).json()) as { access_token: string }
  const call = async (method: string, path: string, form?: string): Promise<Row> => {
    const init = { method, headers: { authorization: `Bearer ${token}` } }
    const body = form === undefined ? {} : { body: new URLSearchParams(form) }
    return (await (await fetch(`${url}/v1/195900${path}`, { ...init, ...body })).json()) as Row
  }
  const subscribe = async (feed: string): Promise<void> => {
    await call('POST', `${feed}/subscription`)
    clock.advance(lagMs)
  }
  return { call, subscribe }
}

const cases = 'departmentid=1&documentsource=PATIENT&documentsubclass=PATIENTCASE'

/** Each feed, its key, what a caller writes that it tells of, and the field of the record's id. */
const feeds: readonly (readonly [feed: string, key: string, path: string, form: string, idField: string])[] = [
  ['/labresults/changed', 'labresults', '/patients/5/documents/labresult', 'departmentid=1', 'labresultid'],
  [
    '/imagingresults/changed',
    'imagingresults',
    '/patients/5/documents/imagingresult',
    'departmentid=1',
    'imagingresultid',
  ],
  ['/documents/patientcase/changed', 'patientcases', '/patients/5/documents/patientcase', cases, 'patientcaseid'],
]

for (const [feed, key, path, form, idField] of feeds) {
  test(`${feed} hands out what was written, once`, async (t) => {
    const { call, subscribe } = await caller(t)
    await subscribe(feed)
    const { [idField]: id } = await call('POST', path, form)
    const page = await call('GET', feed)
    const rows = page[key] as Row[]
    assert.deepEqual([page['totalcount'], rows.map((row) => [row[idField], row['patientid']])], [1, [[id, 5]]])
    assert.deepEqual((await call('GET', feed))[key], [])
  })
}

test('the feed of patient cases is narrowed to patients, and what is left out waits', async (t) => {
  const { call, subscribe } = await caller(t)
  const feed = '/documents/patientcase/changed'
  await subscribe(feed)
  for (const patient of [5, 6, 7]) await call('POST', `/patients/${patient}/documents/patientcase`, cases)
  const ids = async (query: string) =>
    ((await call('GET', `${feed}${query}`))['patientcases'] as Row[]).map(({ patientid }) => patientid)
  assert.deepEqual(await ids('?patientids=6,7'), [6, 7])
  assert.deepEqual(await ids(''), [5])
})

test('keys and events that are not confirmed can have other names', async (t) => {
  const { call, subscribe } = await caller(t, {
    feedKeys: { imagingresults: 'results', 'documents/patientcase': 'cases' },
    feedEvents: { imagingresults: { ImagingResultAdd: 'ImagingAdd' } },
  })
  await subscribe('/imagingresults/changed')
  const { imagingresultid } = await call('POST', '/patients/5/documents/imagingresult', 'departmentid=1')
  const { results } = await call('GET', '/imagingresults/changed')
  assert.deepEqual(
    (results as Row[]).map((row) => row['imagingresultid']),
    [imagingresultid],
  )
  const { subscriptions } = await call('GET', '/imagingresults/changed/subscription/events')
  assert.ok((subscriptions as Row[]).some(({ eventname }) => eventname === 'ImagingAdd'))
})

test('all is the recorded list of events of prescriptions', async (t) => {
  const { call } = await caller(t)
  const { subscriptions } = await call('GET', '/prescriptions/changed/subscription/events')
  assert.deepEqual(
    (subscriptions as Row[]).map(({ eventname }) => String(eventname).replace('Prescription', '')),
    ['Add', 'Update', 'Delete', 'RefillAdd', 'Reopen', 'PreApproval', 'RefillUpdate'],
  )
})
