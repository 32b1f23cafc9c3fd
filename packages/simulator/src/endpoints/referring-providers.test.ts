import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveSimulator } from '../../testing/live-simulator.ts'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const path = '/referringproviders'
const names = (api: PracticeApi): unknown[] => api.events.map(({ name }) => name)

test('the list has persons and organizations in the recorded shape, and its total as text', () => {
  const api = practiceApi()
  const { body } = api.call(`GET ${path}?limit=5&offset=5`)
  const { referringproviders, totalcount, next, previous } = body as Record<string, unknown>
  assert.equal(totalcount, String(api.rows(`GET ${path}`).length))
  assert.equal((referringproviders as unknown[]).length, 5)
  assert.deepEqual([next, previous], [`/v1/195900${path}?limit=5&offset=10`, `/v1/195900${path}?limit=5&offset=0`])
  const rows = api.rows(`GET ${path}`)
  const recorded = new Set(
    `address address2 ansinamecode ansispecialtycode city email entitytype fax firstname lastname middleinitial name
    namesuffix note npinumber phone referringproviderid specialty state zip`.split(/\s+/),
  )
  for (const row of rows)
    assert.ok(
      Object.keys(row).every((name) => recorded.has(name)),
      JSON.stringify(row),
    )
  assert.deepEqual(new Set(rows.map(({ entitytype }) => entitytype)), new Set(['PERSON', 'NONPERSON']))
  const [first = {}] = rows
  assert.equal(typeof first['npinumber'], 'number')
  assert.match(String(first['phone']), /55501\d\d$/)
  assert.deepEqual(api.record(`GET ${path}/${first['referringproviderid']}`), first)
  assert.deepEqual(practiceApi().rows(`GET ${path}`), rows, 'the same seed has the same ones')
})

test('one is added, changed field by field, and loses its number when that is sent empty', () => {
  const api = practiceApi()
  assert.deepEqual(api.call(`POST ${path}`).body, {
    missingfields: ['entitytype', 'lastname'],
    error: 'Additional fields are required.',
  })
  assert.equal(api.call(`POST ${path}`, 'entitytype=ROBOT&lastname=Quill').status, 400)
  assert.equal(api.call(`POST ${path}`, 'entitytype=PERSON&lastname=Quill&npinumber=x').status, 400)
  const before = api.rows(`GET ${path}`).length
  const { success, referringproviderid: id } = api.record(
    `POST ${path}`,
    'entitytype=person&lastname=Quill&firstname=Ada&npinumber=9100000001&zip=12207&note=Calls%20first.',
  )
  assert.equal(success, true)
  assert.equal(api.rows(`GET ${path}`).length, before + 1)
  assert.deepEqual(api.record(`GET ${path}/${id}`), {
    referringproviderid: id,
    entitytype: 'PERSON',
    lastname: 'Quill',
    firstname: 'Ada',
    name: 'Quill, Ada',
    npinumber: 9100000001,
    zip: '12207',
    note: 'Calls first.',
  })
  api.call(`PUT ${path}/${id}`, 'phone=5185550188&npinumber=&note=')
  const changed = api.record(`GET ${path}/${id}`)
  assert.deepEqual(
    [changed['phone'], changed['npinumber'], changed['note'], changed['lastname']],
    ['5185550188', undefined, 'Calls first.', 'Quill'],
  )
  assert.deepEqual(names(api), ['ReferringProviderAdd', 'ReferringProviderUpdate'])
})

test('a seeded one keeps what was not written', () => {
  const api = practiceApi()
  const [first = {}] = api.rows(`GET ${path}`)
  api.call(`PUT ${path}/${first['referringproviderid']}`, 'fax=5185550177')
  assert.deepEqual(api.record(`GET ${path}/${first['referringproviderid']}`), { ...first, fax: '5185550177' })
})

test('a deleted one is gone from list and id until it is brought back', () => {
  const api = practiceApi()
  const before = api.rows(`GET ${path}`)
  const id = String(before[3]?.['referringproviderid'])
  applyChange(api.practice, { kind: 'deletereferringprovider', referringprovider: id })
  for (const request of [`GET ${path}/${id}`, `PUT ${path}/${id}?zip=1`]) assert.equal(api.call(request).status, 404)
  assert.deepEqual(
    api.rows(`GET ${path}`),
    before.filter(({ referringproviderid }) => referringproviderid !== id),
  )
  applyChange(api.practice, { kind: 'undeletereferringprovider', referringprovider: id })
  assert.deepEqual(api.rows(`GET ${path}`), before)
  assert.deepEqual(names(api), ['ReferringProviderDelete', 'ReferringProviderUndelete'])
  assert.equal(api.call(`GET ${path}/1`).status, 404)
  assert.equal(api.call(`GET ${path}/x`).status, 400)
})

test('the feed has four events and tells of each change under the record it is about', async (t) => {
  const { call, simulator } = await liveSimulator(t)
  const { subscriptions } = await call('GET', `${path}/changed/subscription/events`)
  assert.deepEqual(
    Object.values(subscriptions ?? {}).map(({ eventname }) => eventname),
    ['ReferringProviderAdd', 'ReferringProviderUpdate', 'ReferringProviderDelete', 'ReferringProviderUndelete'],
  )
  await call('POST', `${path}/changed/subscription`)
  const added = await call('POST', path, 'entitytype=PERSON&lastname=Quill')
  simulator.truth.change(195900, { kind: 'deletereferringprovider', referringprovider: '9001' })
  const page = await call('GET', `${path}/changed`)
  assert.deepEqual(
    Object.values(page.referringproviders ?? {}).map(({ referringproviderid }) => referringproviderid),
    [added.referringproviderid, '9001'],
  )
  const state = simulator.truth.records(195900, 'referringproviders')
  assert.ok([...state].every(({ referringproviderid }) => referringproviderid !== '9001'))
})
