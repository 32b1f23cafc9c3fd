import assert from 'node:assert/strict'
import test from 'node:test'
import { positionAfter } from './read-run-page.ts'

const anchorOf = (id: string) => `#${id}`
const start = { segment: 2, row_offset: 0, anchors: [] as readonly string[], restarts: 0 }

function page(first: number, items: number, more = true) {
  return { ids: Array.from({ length: items }, (_, index) => String(first + index)), items, more }
}

test('a page goes over the border of the one before by twenty records', () => {
  const at = positionAfter(start, page(0, 1_000), anchorOf)
  assert.deepEqual([at.segment, at.offset, at.restarts, at.read], [2, 980, 0, 980])
  assert.deepEqual([at.anchors.length, at.anchors.at(-1)], [20, '#999'])
})

for (const [items, offset, anchors] of [
  [1, 1, []],
  [2, 1, ['#1']],
  [10, 5, ['#5', '#6', '#7', '#8', '#9']],
] as const) {
  test(`a page of ${items} that is not the last moves on by ${offset}`, () => {
    const at = positionAfter(start, page(0, items), anchorOf)
    assert.deepEqual([at.offset, at.anchors], [offset, anchors])
  })
}

test('a short list of small pages is read to its end', () => {
  let run = { ...start }
  const seen = new Set<string>()
  for (let pages = 0; run.segment === 2; pages += 1) {
    assert.ok(pages < 10)
    const here = page(run.row_offset, Math.min(1, 3 - run.row_offset), run.row_offset < 2)
    for (const id of here.ids) seen.add(id)
    const { offset, ...next } = positionAfter(run, here, anchorOf)
    run = { ...next, row_offset: offset }
  }
  assert.deepEqual([...seen], ['0', '1', '2'])
})

test('a page that shows none of the records of the border is read from the start again, a few times', () => {
  const run = { ...start, row_offset: 980, anchors: ['#980', '#999'] }
  assert.deepEqual(positionAfter(run, page(1_000, 1_000), anchorOf), {
    segment: 2,
    offset: 0,
    anchors: [],
    restarts: 1,
    read: 0,
    unstable: false,
  })
  // Begun anew, not stuck at a page that can never join again.
  const after = positionAfter({ ...run, restarts: 5 }, page(1_000, 1_000), anchorOf)
  assert.deepEqual([after.offset, after.restarts, after.unstable], [0, 0, true])
})

test('a page cut down to the records of the border, since the next cannot be read, is passed', () => {
  const run = { ...start, row_offset: 4, anchors: ['#4'] }
  const { offset, anchors, restarts } = positionAfter(run, page(4, 1), anchorOf)
  assert.deepEqual([offset, anchors, restarts], [5, [], 0])
})

for (const { items, faulty } of [
  { items: 2, faulty: [1] },
  { items: 40, faulty: Array.from({ length: 20 }, (_, index) => 20 + index) },
  { items: 100, faulty: Array.from({ length: 25 }, (_, index) => 75 + index) },
]) {
  test(`records without an id at the end of a page of ${items} do not keep the next one from joining`, () => {
    const pageAt = (first: number) => {
      const all = Array.from({ length: items }, (_, index) => first + index)
      return { ids: all.filter((at) => !faulty.includes(at)).map(String), items, more: true }
    }
    const next = positionAfter(start, pageAt(0), anchorOf)
    const after = positionAfter({ ...next, row_offset: next.offset }, pageAt(next.offset), anchorOf)
    assert.ok(after.offset > next.offset, `back to ${after.offset} from ${next.offset}`)
  })
}

test('a page that upstream repeats for ever is not taken for progress', () => {
  const first = positionAfter(start, page(0, 100), anchorOf)
  const again = positionAfter({ ...first, row_offset: first.offset }, page(0, 100), anchorOf)
  assert.deepEqual([again.offset, again.restarts], [0, 1])
})

test('the last page of a list leads to the next list', () => {
  const run = { ...start, row_offset: 980, anchors: ['#999'] }
  assert.deepEqual(positionAfter(run, page(980, 40, false), anchorOf), {
    segment: 3,
    offset: 0,
    anchors: [],
    restarts: 0,
    read: 40,
  })
})
