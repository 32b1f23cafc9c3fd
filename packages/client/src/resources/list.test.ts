import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Reply } from '../../testing/scripted-fetch.ts'
import { testClient } from '../../testing/test-client.ts'
import type { Page } from './list.ts'

/** A list of `count` departments, served as athenahealth pages: relative `next`, parameters in upper case. */
function serving(count: number, practice = 195_900): Reply {
  return ({ url }) => {
    const params = new Map([...url.searchParams].map(([name, value]) => [name.toUpperCase(), value]))
    const limit = Number(params.get('LIMIT') ?? 10)
    const offset = Number(params.get('OFFSET') ?? 0)
    const departments = Array.from({ length: Math.max(0, Math.min(limit, count - offset)) }, (_, index) => ({
      departmentid: offset + index,
    }))
    const echo = [...params].filter(([name]) => !['LIMIT', 'OFFSET'].includes(name))
    const query = new URLSearchParams([...echo, ['limit', String(limit)], ['offset', String(offset + limit)]])
    const next = offset + limit < count ? { next: `/v1/${practice}/departments?${query}` } : {}
    return Response.json({ ...next, totalcount: String(count), departments })
  }
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of list) items.push(item)
  return items
}

test('a list gives every record once, in order, whatever its length and page', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(60), fc.integer({ min: 1, max: 20 }), async (count, limit) => {
      const { practice, sent } = testClient([serving(count), 'repeat'])
      const got = await all(practice.departments.list({ limit }))
      assert.deepEqual(
        got.map(({ departmentid }) => Number(departmentid)),
        Array.from({ length: count }, (_, id) => id),
      )
      assert.equal(sent.length, Math.max(1, Math.ceil(count / limit)))
    }),
    { numRuns: 40 },
  )
})

test('the next page is asked for in athenahealth’s own words', async () => {
  const next = '/v1/195900/departments?PROVIDERLIST=1&SHOWALLDEPARTMENTS=%54rue&offset=1'
  const { practice, sent } = testClient([
    { body: { departments: [{ departmentid: 1 }], next } },
    { body: { departments: [] } },
  ])
  await all(practice.departments.list({ providerlist: true }))
  assert.equal(sent[1]?.url.pathname + (sent[1]?.url.search ?? ''), next)
})

test('a list names its page size, since athenahealth’s own can be ten', async () => {
  const { practice, sent } = testClient([{ body: { patients: [] } }])
  await all(practice.patients.list({ lastname: 'Okafor' }))
  assert.deepEqual(Object.fromEntries(sent[0]?.url.searchParams ?? []), { lastname: 'Okafor', limit: '1000' })
})

test('pages can be fetched one by one, and gone on with later', async () => {
  const { practice } = testClient([serving(5), 'repeat'])
  const list = practice.departments.list()
  const first = await list.fetchPage({ limit: 2 })
  assert.deepEqual([first.items.length, first.totalCount, first.meta.status], [2, 5, 200])
  const byNext = await list.fetchPage({ next: first.next ?? '' })
  const byOffset = await list.fetchPage({ limit: 2, offset: 2 })
  assert.deepEqual(byNext.items, byOffset.items)
  assert.equal((await list.fetchPage({ limit: 2, offset: 4 })).next, undefined)
})

test('a list can be gone through again', async () => {
  const { practice } = testClient([serving(3), 'repeat'])
  const list = practice.departments.list({ limit: 2 })
  assert.equal((await all(list)).length, 3)
  assert.equal((await all(list.pages())).length, 2)
})

for (const next of [
  'https://elsewhere.example/v1/195900/departments?offset=1',
  '//elsewhere.example/v1/195900/departments?offset=1',
  '/v1/195901/departments?offset=1',
  '/v1/1195900/departments?offset=1',
  '/v1/195900/patients?offset=1',
  '/v1/195900/departments/1?offset=1',
  '/v1/195900/departments',
  '/v1/195900/departments?offset=1 HTTP/1.1',
  'offset=1',
]) {
  test(`a next link to ${next} is not followed`, async () => {
    const { practice, sent } = testClient([{ body: { departments: [{ departmentid: 1 }], next } }])
    const got: unknown[] = []
    const reading = (async () => {
      for await (const item of practice.departments.list()) got.push(item)
    })()
    await assert.rejects(reading, { code: 'malformed-response', route: '/departments', practice: 195_900 })
    assert.equal(got.length, 1)
    assert.equal(sent.length, 1)
  })
}

test('a list that leads back to itself ends with an error', async () => {
  const next = '/v1/195900/departments?offset=1'
  const { practice, sent } = testClient([{ body: { departments: [{ departmentid: 1 }], next } }, 'repeat'])
  await assert.rejects(all(practice.departments.list()), { code: 'malformed-response' })
  assert.equal(sent.length, 2)
})

test('records that cannot be read stop those who go by records, and are named to those who go by pages', async () => {
  const body = { departments: [{ departmentid: 1 }, { name: 'no id' }, { departmentid: 3 }] }
  const { practice } = testClient([{ body }, 'repeat'])
  await assert.rejects(all(practice.departments.list()), { code: 'malformed-response' })
  const pages: Page<unknown>[] = await all(practice.departments.list().pages())
  assert.deepEqual([pages[0]?.items.length, pages[0]?.faults], [2, [{ index: 1, sent: { name: 'no id' } }]])
})

test('an answer that is no list is not an empty one', async () => {
  const { practice } = testClient([{ body: { departments: 'none' } }])
  await assert.rejects(all(practice.departments.list()), { code: 'malformed-response', executed: 'no' })
})

for (const query of [{ limit: 0 }, { limit: 5_001 }, { limit: 'ten' }, { offset: -1 }, { offset: 1.5 }]) {
  test(`a list with ${JSON.stringify(query)} is refused before it is sent`, async () => {
    const { practice, sent } = testClient([])
    await assert.rejects(all(practice.departments.list(query)), { code: 'invalid-argument' })
    assert.equal(sent.length, 0)
  })
}

test('the practices of an app are listed under practice 1', async () => {
  const { client, sent } = testClient([{ body: { practiceinfo: [{ practiceid: 195_900 }, { practiceid: '195917' }] } }])
  assert.deepEqual(
    (await all(client.practices())).map(({ practiceid }) => practiceid),
    ['195900', '195917'],
  )
  assert.equal(sent[0]?.url.pathname, '/v1/1/practiceinfo')
})
