/** Charts that lack what we hold of them: when that is believed. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { AthenaFetch } from '@aegis/client'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { coreFeeds } from './feed-name.ts'
import { feedTable } from './feed-table.ts'
import { readPracticePictures } from './read-practice-status.ts'

type Test = Parameters<typeof mirroredPractice>[0]
type ChartFeed = 'problems' | 'medications' | 'allergies'

const chartFeeds: readonly ChartFeed[] = ['problems', 'medications', 'allergies']
const patient = '6'
const minute = 60_000

/** A practice with some kinds of chart entries, of which patient 6 has one each at least. */
async function chartedPractice(t: Test, feeds: readonly ChartFeed[]): Promise<MirroredPractice> {
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, ...feeds] } })
  touchCharts(mirrored)
  await mirrored.bringUp()
  await mirrored.run(2)
  return mirrored
}

/** The feeds of all kinds name patient 6. */
function touchCharts(mirrored: MirroredPractice): void {
  mirrored.change({ kind: 'addproblem', patient, snomed: 38341003 })
  mirrored.change({ kind: 'addmedication', patient, medication: 240112 })
  mirrored.change({ kind: 'setallergy', patient, allergen: 12109, note: 'Hives.' })
}

/** What is held of patient 6, by state. */
async function statesOf(mirrored: MirroredPractice, feed: ChartFeed): Promise<string[]> {
  const held = await mirrored.opened(feedTable[feed].kind)
  return held.filter(({ body }) => String(body.patientid) === patient).map(({ state }) => state)
}

/** Charts, or those of one patient, have this body. */
function chartsSay(mirrored: MirroredPractice, body: (feed: ChartFeed) => string, id = '\\d+'): AthenaFetch {
  return (url, init, call) => {
    const [, feed] = new RegExp(`/chart/${id}/(problems|medications|allergies)$`).exec(new URL(url).pathname) ?? []
    const known = chartFeeds.find((one) => one === feed)
    if (!known) return mirrored.toSimulator(url, init, call)
    return Promise.resolve(new Response(body(known), { headers: { 'content-type': 'application/json' } }))
  }
}

const doubtful: readonly [title: string, body: (feed: ChartFeed) => string][] = [
  ['an empty object', () => '{}'],
  ['null', () => 'null'],
  ['an empty text', () => '""'],
  ['an empty list', () => '[]'],
  ['null for the list', (feed) => `{"${feed}":null}`],
  ['something else', () => '{"lastupdated":"03/02/2026"}'],
  ['an empty list and an error', (feed) => `{"${feed}":[],"error":"down"}`],
]

for (const [title, body] of doubtful) {
  test(`a chart that answers ${title} lacks nothing`, async (t) => {
    const mirrored = await chartedPractice(t, chartFeeds)
    // Of this patient alone: all others are found.
    mirrored.fetch = chartsSay(mirrored, body, patient)
    touchCharts(mirrored)
    await mirrored.run(14)
    for (const feed of chartFeeds) {
      const states = await statesOf(mirrored, feed)
      assert.deepEqual([feed, states.length > 0, states.filter((state) => state !== 'present')], [feed, true, []])
    }
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(25)
    await assertEqualsTruth(mirrored)
  })
}

test('while no chart shows an entry none is deleted', async (t) => {
  const mirrored = await chartedPractice(t, ['problems', 'allergies'])
  mirrored.fetch = chartsSay(mirrored, (feed) => `{"${feed}":[]}`)
  touchCharts(mirrored)
  await mirrored.run(30)
  for (const feed of ['problems', 'allergies'] as const) {
    assert.deepEqual(
      (await statesOf(mirrored, feed)).filter((state) => state !== 'present'),
      [],
    )
  }
  assert.ok(mirrored.log.events().includes('sync.finds-nothing'))
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(12)
  await assertEqualsTruth(mirrored)
})

test('the last entry of a chart that is taken out of it is deleted, as others show theirs', async (t) => {
  const mirrored = await chartedPractice(t, ['problems'])
  const entries = [...mirrored.simulator.truth.records(practice, 'chart/healthhistory/problems')]
  for (const { problemid } of entries.filter(({ patientid }) => String(patientid) === patient)) {
    mirrored.change({ kind: 'endproblem', patient, problem: problemid, remove: true })
  }
  await mirrored.run(4)
  await assertEqualsTruth(mirrored)
  assert.equal((await statesOf(mirrored, 'problems')).includes('present'), false)
})

test('an entry that a chart with others lacks is deleted, also while its patient cannot be asked for', async (t) => {
  const mirrored = await chartedPractice(t, ['problems'])
  mirrored.change({ kind: 'addproblem', patient, snomed: 44054006 })
  await mirrored.run(2)
  mirrored.fetch = (url, init, call) =>
    new URL(url).pathname.endsWith(`/patients/${patient}`)
      ? Promise.resolve(Response.json({ error: 'not for you' }, { status: 403 }))
      : mirrored.toSimulator(url, init, call)
  const entries = [...mirrored.simulator.truth.records(practice, 'chart/healthhistory/problems')]
  const [one, ...others] = entries.filter(({ patientid }) => String(patientid) === patient)
  assert.ok(one && others.length > 0)
  mirrored.change({ kind: 'endproblem', patient, problem: one.problemid, remove: true })
  await mirrored.run(4)
  assert.deepEqual((await statesOf(mirrored, 'problems')).toSorted(), ['deleted', ...others.map(() => 'present')])
})

/** Nobody has a chart of problems, as far as athenahealth says. */
function withoutCharts(mirrored: MirroredPractice): AthenaFetch {
  return (url, init, call) =>
    call.route === '/chart/{patientid}/problems'
      ? Promise.resolve(Response.json({ error: 'The patient does not exist in that context.' }, { status: 404 }))
      : mirrored.toSimulator(url, init, call)
}

test('while no chart at all is found that is told, and what a feed named is kept in mind, for days', async (t) => {
  const mirrored = await chartedPractice(t, ['problems'])
  mirrored.fetch = withoutCharts(mirrored)
  mirrored.change({ kind: 'addproblem', patient, snomed: 44054006 })
  const told: (number | undefined)[] = []
  for (let halfHours = 0; halfHours < 100; halfHours += 1) {
    await mirrored.step('problems')
    if (halfHours > 2) told.push(await unfoundCharts(mirrored))
    await mirrored.advance(30 * minute)
  }
  assert.deepEqual([...new Set(told)], [1])
  mirrored.fetch = mirrored.toSimulator
  for (let hours = 0; hours < 25; hours += 1) {
    await mirrored.step()
    await mirrored.advance(60 * minute)
  }
  await assertEqualsTruth(mirrored)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

async function unfoundCharts(mirrored: MirroredPractice): Promise<number | undefined> {
  const now = mirrored.simulator.clock.now()
  const pictures = await mirrored.deps.db.practice(0, (tx) => readPracticePictures(tx, [practice], now))
  return pictures.get(practice)?.feeds.find(({ feed }) => feed === 'problems')?.unfound?.count
}

test('a gap is not closed for good by charts that nobody could read', async (t) => {
  const mirrored = await chartedPractice(t, ['problems'])
  await mirrored.deps.upstream.practice(practice).feed('chart/healthhistory/problems').unsubscribe()
  await mirrored.advance(20 * 60_000)
  mirrored.change({ kind: 'addproblem', patient: '7', snomed: 44054006 })
  mirrored.fetch = withoutCharts(mirrored)
  await mirrored.run(6)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(30)
  await assertEqualsTruth(mirrored)
  assert.deepEqual(await mirrored.gaps(), [])
})

for (const [title, answer] of [
  ['refuses in its own words', () => new Response('<html>No</html>', { status: 403 })],
  ['says in its own words are not there', () => new Response('<html>No</html>', { status: 404 })],
  ['refuses', () => Response.json({ error: 'not for you' }, { status: 403 })],
  ['cannot answer for', () => new Response('{"error":"x"}', { status: 500 })],
] as const) {
  test(`charts of everybody that somebody ${title} close no gap`, async (t) => {
    const mirrored = await chartedPractice(t, ['problems'])
    await mirrored.deps.upstream.practice(practice).feed('chart/healthhistory/problems').unsubscribe()
    await mirrored.advance(20 * minute)
    mirrored.change({ kind: 'addproblem', patient: '7', snomed: 44054006 })
    mirrored.fetch = (url, init, call) =>
      call.route === '/chart/{patientid}/problems' ? Promise.resolve(answer()) : mirrored.toSimulator(url, init, call)
    await mirrored.run(12)
    assert.equal((await mirrored.gaps()).length, 1)
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(12)
    assert.deepEqual(await mirrored.gaps(), [])
    await assertEqualsTruth(mirrored)
  })
}

for (const status of [404, 403]) {
  test(`a chart that a gateway answers for in its own words, with ${status}, holds up neither the others nor the gap`, async (t) => {
    const mirrored = await chartedPractice(t, ['problems'])
    await mirrored.deps.upstream.practice(practice).feed('chart/healthhistory/problems').unsubscribe()
    await mirrored.advance(20 * 60_000)
    for (const one of [patient, '7']) mirrored.change({ kind: 'addproblem', patient: one, snomed: 44054006 })
    mirrored.fetch = (url, init, call) =>
      new URL(url).pathname.endsWith(`/chart/${patient}/problems`)
        ? Promise.resolve(new Response('<html>No</html>', { status }))
        : mirrored.toSimulator(url, init, call)
    await mirrored.run(6)
    const held = await mirrored.opened('problem')
    const read = held.filter(({ body }) => String(body.patientid) === '7' && String(body.code).includes('44054006'))
    assert.equal(read.length, 1)
    assert.deepEqual(await mirrored.gaps(), [])
    assert.equal((await mirrored.trouble()).inDoubt, 1)
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(30)
    await assertEqualsTruth(mirrored)
    assert.equal((await mirrored.trouble()).inDoubt, 0)
  })
}
