import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseInput } from './input.ts'
import { list, type ListOptions } from './reply.ts'

const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: index }))

function page(query: string, options: Partial<ListOptions<{ id: number }>> & { items: readonly { id: number }[] }) {
  const context = { input: parseInput(query), url: '/v1/195900/departments' }
  // The envelope is a plain object; the test looks at its fields.
  return list(context, { key: 'departments', ...options }).body as Record<string, unknown>
}

test('a list that fits its page has rows and totalcount and no links', () => {
  assert.deepEqual(page('', { items: rows(2) }), { departments: [{ id: 0 }, { id: 1 }], totalcount: 2 })
  assert.deepEqual(page('', { items: [] }), { departments: [], totalcount: 0 })
})

test('the last page has no next, however full it is', () => {
  const body = page('limit=2&offset=2', { items: rows(4) })
  assert.deepEqual(body['departments'], [{ id: 2 }, { id: 3 }])
  assert.equal(body['next'], undefined)
})

test('a page in the middle links both ways and counts all matches', () => {
  const body = page('limit=2&offset=2', { items: rows(7) })
  assert.deepEqual(body.departments, [{ id: 2 }, { id: 3 }])
  assert.equal(body.totalcount, 7)
  assert.equal(body.next, '/v1/195900/departments?limit=2&offset=4')
  assert.equal(body.previous, '/v1/195900/departments?limit=2&offset=0')
})

test('links repeat the fields in upper case, booleans as Y and N, and leave a defaulted limit out', () => {
  const body = page('startdate=01/01/2018&showcancelled=True&departmentid=1&showpast=false', {
    items: rows(3),
    defaultLimit: 2,
  })
  assert.equal(
    body.next,
    '/v1/195900/departments?DEPARTMENTID=1&SHOWCANCELLED=Y&SHOWPAST=N&STARTDATE=01%2F01%2F2018&offset=2',
  )
})

test('following next to its end visits every row once', () => {
  const items = rows(23)
  const seen: unknown[] = []
  let query = 'limit=5'
  for (let pages = 0; pages < 10; pages += 1) {
    const body = page(query, { items })
    seen.push(...(body.departments as unknown[]))
    const next = body.next
    if (next === undefined) break
    query = String(next).split('?')[1] ?? ''
  }
  assert.deepEqual(seen, items)
})

test('a limit above the maximum is cut to it, one below 1 counts as absent', () => {
  const options = { items: rows(30), defaultLimit: 10, maxLimit: 20 }
  assert.equal((page('limit=500', options)['departments'] as unknown[]).length, 20)
  assert.equal((page('limit=0', options)['departments'] as unknown[]).length, 10)
})

test('only the rows of the page are rendered', () => {
  const rendered: number[] = []
  page('limit=2&offset=1', { items: rows(100), render: (row) => rendered.push(row.id) })
  assert.deepEqual(rendered, [1, 2])
})
