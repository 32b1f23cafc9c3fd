import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PageLog } from './page-log.ts'

const page = (ids: string[]) => ({
  at: 1,
  app: 'a',
  practice: 1,
  feed: 'patients',
  mode: 'consume' as const,
  ids,
  offset: 0,
  limit: 10,
})

test('old pages are forgotten by the number of ids, empty pages count as one', () => {
  const log = new PageLog(10)
  log.add(page(['1', '2', '3', '4']))
  log.add(page([]))
  log.add(page(['5', '6']))
  assert.deepEqual(
    log.page().pages.map(({ number }) => number),
    [1, 2, 3],
  )
  log.add(page(['7']))
  const { pages, next, forgotten } = log.page()
  assert.deepEqual([pages.map(({ number }) => number), next, forgotten], [[2, 3, 4], 4, 1])
  assert.deepEqual(
    log.page({ since: 3 }).pages.map(({ ids }) => ids),
    [['7']],
  )
  assert.deepEqual(
    log.page({ since: 1, limit: 1 }).pages.map(({ number }) => number),
    [2],
  )
  assert.deepEqual(log.page({ since: 9 }), { pages: [], next: 9, forgotten: 0 })
})

test('a log of many pages stays in order after it has been tidied', () => {
  const log = new PageLog(100)
  for (let count = 0; count < 10_000; count += 1) log.add(page(['x']))
  const { pages, forgotten } = log.page()
  assert.deepEqual([pages.length, pages[0]?.number, pages.at(-1)?.number, forgotten], [50, 9951, 10_000, 9950])
})
