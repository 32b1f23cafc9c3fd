import assert from 'node:assert/strict'
import test from 'node:test'
import type { FetchedPage } from './fetched-page.ts'
import { ReadAhead } from './read-ahead.ts'

const key = { practice: 195900, feed: 'patients' } as const
const place = { run_id: '7', segment: 1, row_offset: 980 }
const page: FetchedPage = { kind: 'patient', shape: 'list', raw: '{}', items: 0, ids: [], more: false }

/** A request that is answered, or fails when it is let go. */
function request() {
  const state = { asked: 0, letGo: 0 }
  const read = (signal: AbortSignal) => {
    state.asked++
    return new Promise<FetchedPage>((resolve, reject) => {
      signal.addEventListener('abort', () => {
        state.letGo++
        reject(new Error('let go'))
      })
      setImmediate(resolve, page)
    })
  }
  return { state, read }
}

test('the page that was asked for is taken once, with the number it was asked for with', async () => {
  const ahead = new ReadAhead()
  ahead.begin(key, { place, fetchSeq: 12n }, request().read)
  const taken = ahead.take(key, place)
  assert.equal(taken?.fetchSeq, 12n)
  assert.equal(await taken?.page, page)
  assert.equal(ahead.take(key, place), undefined)
})

for (const [title, other] of [
  ['another reading', { ...place, run_id: '8' }],
  ['another list', { ...place, segment: 2 }],
  ['another position', { ...place, row_offset: 960 }],
] as const) {
  test(`a page is of no use to ${title}: it is let go`, () => {
    const ahead = new ReadAhead()
    const { state, read } = request()
    ahead.begin(key, { place, fetchSeq: 12n }, read)
    assert.equal(ahead.take(key, other), undefined)
    assert.equal(state.letGo, 1)
    assert.equal(ahead.take(key, place), undefined)
  })
}

test('the page of one feed is not that of another', () => {
  const ahead = new ReadAhead()
  ahead.begin(key, { place, fetchSeq: 12n }, request().read)
  assert.equal(ahead.take({ ...key, practice: 1 }, place), undefined)
  assert.equal(ahead.take({ ...key, feed: 'appointments' }, place), undefined)
  assert.notEqual(ahead.take(key, place), undefined)
})

test('no more than four pages are held, and one of a feed', () => {
  const ahead = new ReadAhead()
  const { state, read } = request()
  for (const practice of [1, 1, 2, 3, 4, 5]) ahead.begin({ ...key, practice }, { place, fetchSeq: 12n }, read)
  assert.equal(state.asked, 4)
  assert.equal(ahead.hasRoom, false)
})

test('what is dropped is let go, and is over when dropping is', async () => {
  const ahead = new ReadAhead()
  const { state, read } = request()
  ahead.begin(key, { place, fetchSeq: 12n }, read)
  await ahead.drop(key)
  assert.equal(state.letGo, 1)
  assert.equal(ahead.hasRoom, true)
  await ahead.drop(key)
})

test('a request that failed fails for who takes it, and for nobody else', async () => {
  const ahead = new ReadAhead()
  ahead.begin(key, { place, fetchSeq: 12n }, () => Promise.reject(new Error('no answer')))
  await new Promise((resolve) => setImmediate(resolve))
  await assert.rejects(async () => ahead.take(key, place)?.page, /no answer/)
})
