import assert from 'node:assert/strict'
import test from 'node:test'
import { AthenaError } from '@aegis/client'
import type { FetchedPage } from './fetched-page.ts'
import { type PartOfList, readReadable } from './read-readable.ts'

const othersElsewhere = () => true

/** A list of `length` records, of which some spoil every answer they are in. */
function listOf(length: number, bad: readonly number[], down = false) {
  const asked: PartOfList[] = []
  const read = async ({ offset, limit }: PartOfList): Promise<FetchedPage> => {
    asked.push({ offset, limit })
    const places = Array.from({ length: Math.max(0, Math.min(limit, length - offset)) }, (_, index) => offset + index)
    if (down || places.some((place) => bad.includes(place))) throw new AthenaError('malformed-response')
    const page = { kind: 'patient', shape: 'list', raw: '', items: places.length, ids: places.map(String) } as const
    return { ...page, more: places.length >= limit }
  }
  return { asked, read }
}

/** Reads a whole list as a snapshot does; answers the places that were read and those that were passed. */
async function readThrough(list: ReturnType<typeof listOf>, limit: number, readBefore = 0) {
  const ids: string[] = []
  const passed: number[] = []
  for (let offset = 0; ; ) {
    const page = await readReadable(list.read, { offset, limit, othersElsewhere: () => readBefore + ids.length > 0 })
    if (page === 'unreadable') passed.push(offset++)
    else {
      ids.push(...page.ids)
      offset += page.items
      if (!page.more) return { read: ids.length, unique: new Set(ids).size, passed }
    }
  }
}

test('a list that can be read is read in one go', async () => {
  const list = listOf(700, [])
  assert.equal(
    ((await readReadable(list.read, { offset: 0, limit: 1_000, othersElsewhere })) as FetchedPage).items,
    700,
  )
  assert.equal(list.asked.length, 1)
})

for (const [title, length, bad] of [
  ['one in the middle', 1_000, [437]],
  ['the first', 300, [0]],
  ['the last', 300, [299]],
  ['two neighbours', 300, [120, 121]],
  ['several', 2_000, [3, 4, 900, 1_500, 1_999]],
] as const) {
  test(`a record that spoils its answers costs no other: ${title}`, async () => {
    const list = listOf(length, bad)
    const done = await readThrough(list, 500)
    assert.deepEqual(done, { read: length - bad.length, unique: length - bad.length, passed: bad })
    assert.ok(list.asked.length < 40 * (bad.length + 1), `${list.asked.length} calls`)
  })
}

for (const [title, length] of [
  ['the only one', 1],
  ['two', 2],
  ['many', 40],
] as const) {
  test(`a list without a record that can be read is no list of bad records: ${title}`, async () => {
    const all = Array.from({ length }, (_, place) => place)
    await assert.rejects(readThrough(listOf(length, all), 500), { code: 'malformed-response' })
    // Others were read before: then the answers behind its end tell that upstream is up.
    assert.deepEqual((await readThrough(listOf(length, all), 500, 1)).passed, all)
  })
}

test('an empty answer to the request for one record does not end a list whose page cannot be read', async () => {
  const list = listOf(10, [])
  const read = async (part: PartOfList): Promise<FetchedPage> => {
    if (part.limit > 1) throw new AthenaError('malformed-response')
    return { ...(await list.read(part)), items: 0, ids: [], more: false }
  }
  await assert.rejects(readReadable(read, { offset: 0, limit: 500, othersElsewhere }), { code: 'malformed-response' })
})

test('the end of a list is believed once the whole page is read again', async () => {
  const list = listOf(300, [])
  let answers = 0
  const read = (part: PartOfList) =>
    answers++ === 0 ? Promise.reject(new AthenaError('malformed-response')) : list.read(part)
  const page = (await readReadable(read, { offset: 300, limit: 500, othersElsewhere })) as FetchedPage
  assert.deepEqual([page.items, page.more], [0, false])
})

test('no record is passed while upstream answers nothing readable', async () => {
  const list = listOf(300, [], true)
  await assert.rejects(readReadable(list.read, { offset: 0, limit: 500, othersElsewhere }), {
    code: 'malformed-response',
  })
  assert.ok(list.asked.length < 10)
})

test('no record is passed that can be read when asked for again', async () => {
  const list = listOf(300, [])
  let answers = 0
  const read = (part: PartOfList) => {
    answers += 1
    return answers <= 2 ? Promise.reject(new AthenaError('malformed-response')) : list.read(part)
  }
  await assert.rejects(readReadable(read, { offset: 0, limit: 500, othersElsewhere }), { code: 'malformed-response' })
})

test('another failure is not a record and is thrown at once', async () => {
  const read = () => Promise.reject(new AthenaError('throttled'))
  await assert.rejects(readReadable(read, { offset: 0, limit: 500, othersElsewhere }), { code: 'throttled' })
})

test('an answer that is empty without saying so is believed the second time', async () => {
  const list = listOf(5, [])
  let answers = 0
  const page = { kind: 'patient', shape: 'list', raw: '{}', items: 0, ids: [], more: false, doubtful: true } as const
  const once = (part: PartOfList) => (answers++ === 0 ? Promise.resolve(page) : list.read(part))
  assert.equal(((await readReadable(once, { offset: 0, limit: 10, othersElsewhere })) as FetchedPage).items, 5)
  assert.equal(
    ((await readReadable(() => Promise.resolve(page), { offset: 0, limit: 10, othersElsewhere })) as FetchedPage).items,
    0,
  )
})

test('where a record can be read, an answer that is empty without saying so ends no list', async () => {
  const asked: PartOfList[] = []
  const list = listOf(10, [])
  const page = { kind: 'patient', shape: 'list', raw: '{}', items: 0, ids: [], more: false, doubtful: true } as const
  const read = async (part: PartOfList): Promise<FetchedPage> => {
    asked.push(part)
    if (part.limit === 8) throw new AthenaError('malformed-response')
    return part.limit === 1 ? list.read(part) : page
  }
  const { ids, more } = (await readReadable(read, { offset: 3, limit: 8, othersElsewhere })) as FetchedPage
  assert.deepEqual({ ids, more }, { ids: ['3'], more: true })
})
