/** Lists whose pages are shorter than asked for, or whose count is not what is in them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { sql } from '../db/db.ts'

const few = { bookedDaysBack: 1, bookedDaysAhead: 2, slotDaysAhead: 1 }

type Body = Record<string, unknown> & { totalcount?: number }

/** Changes the bodies of lists; `change` is given the list and its member. */
function eachList(
  mirrored: MirroredPractice,
  change: (body: Body, list: { member: string; items: readonly unknown[]; url: URL }) => Body | undefined,
): void {
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    const text = await response.text()
    const found = response.ok ? changed(text, new URL(url), change) : undefined
    return new Response(found ?? text, { status: response.status, headers: response.headers })
  }
}

function changed(text: string, url: URL, change: Parameters<typeof eachList>[1]): string | undefined {
  const body = JSON.parse(text) as Body // of the simulator
  const [member, items] = Object.entries(body).find(([, value]) => Array.isArray(value)) ?? []
  if (member === undefined || !Array.isArray(items)) return undefined
  const other = change(body, { member, items, url })
  return other && JSON.stringify(other)
}

/** athenahealth gives no more than so many records a page, and does not say where the next one is. */
function cutAt(mirrored: MirroredPractice, most: number, isCut: (url: URL) => boolean): { cuts: number } {
  const seen = { cuts: 0 }
  eachList(mirrored, (body, { member, items, url }) => {
    if (items.length <= most || !isCut(url)) return undefined
    seen.cuts += 1
    const { next: _, ...rest } = body
    return { ...rest, [member]: items.slice(0, most) }
  })
  return seen
}

const isConsuming = ({ pathname, searchParams }: URL) =>
  pathname.endsWith('/changed') && !searchParams.has('showprocessedstartdatetime')

test('a list that stops before its count, without a next page, is read to its count', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 60, settings: { ...few, snapshotPageSize: 50 } })
  const seen = cutAt(mirrored, 7, (url) => !url.pathname.endsWith('/changed'))
  await mirrored.bringUp()
  await mirrored.run(20)
  assert.ok(seen.cuts > 10)
  assert.deepEqual(await mirrored.differences(), [])
})

/** The answer to the next read of the feed of patients is lost on the way. */
async function loseDrain(mirrored: MirroredPractice): Promise<void> {
  let lost = 0
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!isConsuming(new URL(url)) || !call.route.startsWith('/patients')) return response
    lost += 1
    throw new TypeError('the connection was reset')
  }
  await mirrored.advance(61_000)
  await mirrored.step('patients')
  assert.equal(lost, 1)
}

test('what was processed is read again to its count, too: a lost answer loses nothing', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 30, settings: few })
  await mirrored.bringUp()
  for (let patient = 1; patient <= 20; patient++) {
    mirrored.change({ kind: 'updatepatient', patient, fields: { lastname: 'Marigold' } })
  }
  await loseDrain(mirrored)
  const seen = cutAt(mirrored, 3, (url) => url.searchParams.has('showprocessedstartdatetime'))
  await mirrored.run(3)
  assert.ok(seen.cuts >= 6)
  assert.deepEqual(await mirrored.differences(), [])
})

test('a window of more pages than are replayed is a gap that says so, and closed by a snapshot', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: { ...few, feeds: ['departments', 'patients'] } })
  await mirrored.bringUp()
  mirrored.change({ kind: 'updatepatient', patient: 1, fields: { lastname: 'Marigold' } })
  await loseDrain(mirrored)
  let pages = 0
  mirrored.fetch = async (url, init, call) => {
    const asked = new URL(url)
    if (!asked.searchParams.has('showprocessedstartdatetime')) return mirrored.toSimulator(url, init, call)
    pages += 1
    // The same page again and again, and always a next one.
    asked.searchParams.delete('offset')
    const body = (await (await mirrored.toSimulator(asked.href, init, call)).json()) as Body // of the simulator
    return Response.json({ ...body, totalcount: 1_000_000 })
  }
  await mirrored.advance(61_000)
  await mirrored.step('patients')
  assert.equal(pages, 500)
  const told = mirrored.log.lines.filter(({ event }) => event === 'sync.gap').map(({ fields }) => fields.cause)
  assert.deepEqual(told, ['replay-too-long'])
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(3)
  assert.deepEqual([await mirrored.gaps(), await mirrored.differences()], [[], []])
})

test('a count that tells of more than there is costs a call a list, and no more', async (t) => {
  const calls = async (overstated: boolean) => {
    const mirrored = await mirroredPractice(t, { patients: 20, settings: { ...few, snapshotPageSize: 50 } })
    if (overstated) eachList(mirrored, (body) => ({ ...body, totalcount: Number(body.totalcount ?? 0) + 1_000 }))
    await mirrored.bringUp()
    await mirrored.run(4)
    assert.deepEqual(await mirrored.differences(), [])
    const { requests } = mirrored.simulator.truth.requests()
    const lists = requests.filter(({ route = '' }) => !route.includes('/changed'))
    return { lists: lists.length, drains: requests.length - lists.length }
  }
  const [plain, more] = [await calls(false), await calls(true)]
  assert.ok(more.lists <= 3 * plain.lists, `${more.lists} calls instead of ${plain.lists}`)
})

test('a list that grows shorter while it is read, its count too, is read whole', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 60, settings: { ...few, snapshotPageSize: 5 } })
  const removed = new Set<number>()
  mirrored.fetch = async (url, init, call) => {
    const offset = Number(new URL(url).searchParams.get('offset') ?? 0)
    if (call.route === '/patients' && offset > 0 && removed.size < 15) {
      const patient = removed.size + 1
      removed.add(patient)
      mirrored.change({ kind: 'deletepatient', patient })
    }
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.bringUp()
  await mirrored.run(5)
  assert.ok(removed.size > 0)
  assert.deepEqual(await mirrored.differences(), [])
})

test('the records of a page beside one that cannot be read do not change by that', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 12, settings: few })
  await mirrored.bringUp()
  const before = await changesOf(mirrored)
  eachList(mirrored, (body, { member, items }) =>
    member === 'patients'
      ? { ...body, patients: [{ patientid: null }, ...items.map((item) => ({ ...Object(item), suffix: null }))] }
      : undefined,
  )
  await mirrored.wantSnapshot('patients')
  await mirrored.run(2)
  assert.ok((await mirrored.trouble()).quarantined > 0)
  assert.equal(await changesOf(mirrored), before)
  assert.deepEqual(await mirrored.differences(), [])
})

test('an error beside some of the changes is a doubt: what was processed is read again', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 12, settings: few })
  await mirrored.bringUp()
  for (const patient of [1, 2, 3]) {
    mirrored.change({ kind: 'updatepatient', patient, fields: { lastname: 'Marigold' } })
  }
  let broken = 0
  eachList(mirrored, (body, { member, items, url }) => {
    if (member !== 'patients' || !isConsuming(url) || items.length === 0) return undefined
    broken += 1
    return { ...body, totalcount: 1, patients: items.slice(0, 1), error: 'A time-out.' }
  })
  await mirrored.run(4)
  assert.equal(broken, 1)
  assert.deepEqual(await mirrored.differences(), [])
  assert.deepEqual(await mirrored.gaps(), [])
})

async function changesOf({ deps }: MirroredPractice): Promise<number> {
  const count = sql('test.count_changes', 'select count(*)::integer as changes from aegis.change')
  const [row] = await deps.db.practice(practice, (tx) => tx.rows<{ changes: number }>(count))
  return row?.changes ?? 0
}

for (const [title, twice] of [
  ['in a page that is longer by it', (items: readonly unknown[]) => [items[0], ...items]],
  ['in the place of one that comes with the next', (items: readonly unknown[]) => [items[0], ...items.slice(0, -1)]],
] as const) {
  test(`a record that comes twice ${title} has a replay skip none`, async (t) => {
    const mirrored = await mirroredPractice(t, { patients: 30, settings: { ...few, feedPageSize: 4 } })
    await mirrored.bringUp()
    const rename = (patient: number) =>
      mirrored.change({ kind: 'updatepatient', patient, fields: { lastname: 'Marigold' } })
    // What was processed shortly before is replayed too, so that of the four some come with a second page.
    rename(20)
    await mirrored.run(1)
    for (const patient of [1, 2, 3, 4]) rename(patient)
    await loseDrain(mirrored)
    let isTwice = false
    eachList(mirrored, (body, { member, items, url }) => {
      const isReplayed =
        url.pathname.endsWith('/patients/changed') && url.searchParams.has('showprocessedstartdatetime')
      if (!isReplayed || isTwice || items.length < 4) return undefined
      isTwice = true
      return { ...body, [member]: twice(items) }
    })
    await mirrored.advance(61_000)
    await mirrored.step('patients')
    assert.ok(isTwice)
    assert.deepEqual(
      (await mirrored.differences()).filter(({ kind }) => kind === 'patients'),
      [],
    )
  })
}
