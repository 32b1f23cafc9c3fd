import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whatFollows } from './what-follows.ts'

type Case = [
  title: string,
  page: Parameters<typeof whatFollows>[0],
  items: number,
  offset: number | undefined,
  expected: object,
]
const last = { more: false }
const more = { more: true }
const counted = { more: true, counted: true }
const cases: readonly Case[] = [
  ['a page as long as asked for', {}, 10, 0, more],
  ['a short one that names the next', { next: '/v1/1/x?OFFSET=3' }, 3, 0, more],
  ['a short one', {}, 3, 0, last],
  ['a short one at its count', { totalCount: 23 }, 3, 20, last],
  ['a short one before its count', { totalCount: 24 }, 3, 20, counted],
  ['an empty one before its count', { totalCount: 24 }, 0, 20, last],
  ['one that is consumed, whatever it counts', { totalCount: 24 }, 3, undefined, last],
]
for (const [title, page, items, offset, expected] of cases) {
  test(`what follows ${title}`, () => {
    assert.deepEqual(whatFollows(page, { items, limit: 10, ...(offset !== undefined && { offset }) }), expected)
  })
}
