import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClient } from '../../testing/test-client.ts'

test('a list is read page by page, with its records normalised', async () => {
  const next = '/v1/195900/departments?limit=1500&offset=1500'
  const { practice, sent, run } = testClient([
    { body: { departments: [{ departmentid: 1, doesnotobservedst: 'false' }], totalcount: 2, next } },
    { body: { departments: [{ departmentid: 2 }], totalcount: 2 } },
  ])
  const items = await run(collect(practice.list('GET /departments', { query: { providerlist: true } })))
  assert.deepEqual(items, [{ departmentid: '1', doesnotobservedst: false }, { departmentid: '2' }])
  assert.deepEqual(
    sent.map((one) => one.url.search),
    ['?providerlist=true&limit=1500', '?limit=1500&offset=1500'],
  )
})

for (const [title, search, list] of [
  ['of athenahealth’s ten a page', '?departmentid=1&limit=1000', { name: 'GET /patients', query: { departmentid: 1 } }],
  ['whose limit is not documented', '', { name: 'GET /races', query: {} }],
  [
    'whose limit is not documented and asked for',
    '?limit=5&offset=5',
    { name: 'GET /races', query: { limit: 5, offset: 5 } },
  ],
  [
    'that takes no limit',
    '?firstname=A&lastname=B&dob=01%2F05%2F1990',
    { name: 'GET /patients/enhancedbestmatch', query: { firstname: 'A', lastname: 'B', dob: '1990-01-05' } },
  ],
] as const) {
  test(`a list ${title} asks for ${search || 'nothing'}`, async () => {
    const { client, sent, run } = testClient([{ body: list.name === 'GET /patients' ? { patients: [] } : [] }])
    const request = { practice: 195_900, query: list.query }
    // Each row's query fits its own endpoint; the union of the rows does not say so.
    const made = client.list(list.name, request as never)
    assert.deepEqual(await run(collect(made)), [])
    assert.equal(sent[0]?.url.search, search)
  })
}

test('a page can be asked for by its place, also where no limit is documented', async () => {
  const { practice, sent, run } = testClient([{ body: [{ raceid: 1 }] }])
  const page = await run(practice.list('GET /races').fetchPage({ limit: 1, offset: 3 }))
  assert.deepEqual(page.items, [{ raceid: '1' }])
  assert.equal(sent[0]?.url.search, '?limit=1&offset=3')
})

test('what is no list of pages is refused where types are not looked at', () => {
  const { practice, sent } = testClient([])
  // What a caller without types can do.
  const list = practice.list as unknown as (endpoint: string, request: object) => unknown
  const path = { patientid: 1 }
  for (const [endpoint, request] of [
    ['GET /patients/{patientid}', { path }],
    ['PUT /patients/{patientid}', { path }],
    ['GET /appointments/changed', {}],
    ['GET /chart/{patientid}/medications', { path, query: { departmentid: 1 } }],
    ['GET /nothing', {}],
  ] as const) {
    assert.throws(() => list(endpoint, request), { code: 'invalid-argument', invalidFields: ['endpoint'] })
  }
  assert.equal(sent.length, 0)
})

test('a list names what is missing at once', () => {
  const { practice } = testClient([])
  const list = practice.list as unknown as (endpoint: string, request: object) => unknown
  assert.throws(() => list('GET /appointments/booked', {}), { invalidFields: ['startdate', 'enddate'] })
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
