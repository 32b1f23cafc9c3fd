/** Charts that show an allergy newly, while their patient cannot be asked for. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { AthenaFetch } from '@aegis/client'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'
import { coreFeeds } from './feed-name.ts'
import { readPracticePictures } from './read-practice-status.ts'

const patient = '6'
const minute = 60_000

async function allergicPractice(t: Parameters<typeof mirroredPractice>[0]): Promise<MirroredPractice> {
  return mirroredPractice(t, { patients: 30, settings: { feeds: [...coreFeeds, 'allergies'] } })
}

/** A read of these patients by id, of all if not told, is answered so. */
function patientsAnswer(
  mirrored: MirroredPractice,
  { status, of, heard }: { status: number; of?: string; heard?: () => void },
): AthenaFetch {
  return (url, init, call) => {
    const isAsked = call.route === '/patients/{patientid}' && (of === undefined || url.includes(`/patients/${of}`))
    if (!isAsked) return mirrored.toSimulator(url, init, call)
    heard?.()
    const error = status === 404 ? 'The patient does not exist.' : 'not now'
    return Promise.resolve(Response.json({ error }, { status }))
  }
}

function chartsFail(mirrored: MirroredPractice): AthenaFetch {
  return (url, init, call) =>
    call.route === '/chart/{patientid}/allergies'
      ? Promise.resolve(Response.json({ error: 'not now' }, { status: 500 }))
      : mirrored.toSimulator(url, init, call)
}

async function allergies({ deps }: MirroredPractice) {
  const pictures = await deps.db.practice(0, (tx) => readPracticePictures(tx, [practice], deps.clock.now()))
  return pictures.get(practice)?.feeds.find(({ feed }) => feed === 'allergies')
}

/** What status has of allergies. */
async function told(mirrored: MirroredPractice) {
  const feed = await allergies(mirrored)
  return { unfound: feed?.unfound, unclear: feed?.unclear?.count, unsettled: feed?.unsettled }
}

async function passHours(mirrored: MirroredPractice, hours: number): Promise<void> {
  for (let passed = 0; passed < hours; passed += 1) {
    await mirrored.step()
    await mirrored.advance(60 * minute)
  }
}

test('an allergy whose patient cannot be asked for is told of, for days, until it is held', async (t) => {
  const mirrored = await allergicPractice(t)
  await mirrored.bringUp()
  await mirrored.run(2)
  mirrored.fetch = patientsAnswer(mirrored, { status: 403, of: patient })
  mirrored.change({ kind: 'setallergy', patient, allergen: 12_113 })
  await mirrored.run(3)
  for (let days = 0; days < 3; days += 1) {
    assert.deepEqual(await told(mirrored), { unfound: undefined, unclear: 1, unsettled: undefined })
    await passHours(mirrored, 20)
  }
  mirrored.fetch = mirrored.toSimulator
  await passHours(mirrored, 25)
  await assertEqualsTruth(mirrored)
  assert.equal((await told(mirrored)).unclear, undefined)
})

test('that a patient is unclear is told from when it was asked in vain, however long that was wished for', async (t) => {
  const settings = { feeds: [...coreFeeds, 'allergies'], subscriptionCheckMs: 1_440 * minute } as const
  const mirrored = await mirroredPractice(t, { patients: 30, settings })
  await mirrored.bringUp()
  await mirrored.run(2)
  mirrored.change({ kind: 'setallergy', patient, allergen: 12_113 })
  mirrored.fetch = chartsFail(mirrored)
  await mirrored.advance(2 * minute)
  await mirrored.step('allergies')
  await mirrored.advance(180 * minute)
  mirrored.fetch = patientsAnswer(mirrored, { status: 403, of: patient })
  const since = mirrored.deps.clock.now()
  for (let hours = 0; hours < 3; hours += 1) {
    await mirrored.step('allergies')
    assert.deepEqual((await allergies(mirrored))?.unclear, { count: 1, since })
    await mirrored.advance(240 * minute)
  }
})

test('allergies whose patient is withheld wait for the patient, and nothing is in doubt meanwhile', async (t) => {
  const mirrored = await allergicPractice(t)
  await mirrored.bringUp()
  await mirrored.run(2)
  mirrored.fetch = patientsAnswer(mirrored, { status: 404, of: patient })
  mirrored.change({ kind: 'setallergy', patient, allergen: 12_113 })
  await mirrored.run(20)
  const held = (await mirrored.opened('patient')).find(({ body }) => body.patientid === patient)
  assert.equal(held?.state, 'withheld')
  await mirrored.run(15)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
  const missing = await mirrored.differences()
  mirrored.fetch = mirrored.toSimulator
  mirrored.change({ kind: 'updatepatient', patient, fields: { email: 'back@example.com' } })
  await mirrored.run(4)
  assert.notDeepEqual(missing, [])
  await assertEqualsTruth(mirrored)
})

test('allergies whose patient comes back while they are left to the patient are asked for', async (t) => {
  const mirrored = await allergicPractice(t)
  await mirrored.bringUp()
  await mirrored.run(2)
  mirrored.fetch = patientsAnswer(mirrored, { status: 404, of: patient })
  mirrored.change({ kind: 'setallergy', patient, allergen: 12_113 })
  await mirrored.run(20)
  mirrored.change({ kind: 'setallergy', patient, allergen: 10_025 })
  mirrored.fetch = chartsFail(mirrored)
  await mirrored.advance(16 * minute)
  await mirrored.step('allergies')
  assert.equal((await mirrored.trouble()).inDoubt, 1)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.advance(9 * minute)
  await mirrored.step('patients')
  mirrored.change({ kind: 'updatepatient', patient, fields: { email: 'back@example.com' } })
  await mirrored.advance(2 * minute)
  const leaving = Promise.withResolvers<void>()
  let left: Promise<void> | undefined
  mirrored.onStatement(({ name }) => {
    if (left && name === 'sync.refetched') leaving.resolve()
  })
  // The patient is back as soon as this is committed, and the chart is wished for anew by then.
  const unhook = setFailpointHook(async (name) => {
    if (name !== 'sync.before-applied' || left) return
    left = mirrored.step('allergies')
    await Promise.race([leaving.promise, left])
  })
  t.after(async () => unhook())
  await mirrored.step('patients')
  await left
  await mirrored.run(2)
  await assertEqualsTruth(mirrored)
})

for (const [status, what] of [
  [500, 'fails is asked for again within half an hour'],
  [403, 'is refused is asked for again more rarely'],
] as const) {
  test(`an allergy the question about whose patient ${what}`, async (t) => {
    const mirrored = await allergicPractice(t)
    await mirrored.bringUp()
    await mirrored.run(2)
    const asked: number[] = []
    const heard = () => asked.push(mirrored.simulator.clock.now())
    mirrored.fetch = patientsAnswer(mirrored, { status, of: patient, heard })
    mirrored.change({ kind: 'setallergy', patient, allergen: 12_113 })
    for (let passed = 0; passed < 10 * 12; passed += 1) {
      await mirrored.step('allergies')
      await mirrored.advance(5 * minute)
    }
    const pauses = asked.slice(1).map((at, index) => at - (asked[index] ?? 0))
    // A call that fails is tried anew at once, and a step is due each five minutes.
    assert.equal(Math.max(...pauses) < 36 * minute, status === 500)
  })
}

async function isLoading(mirrored: MirroredPractice): Promise<boolean> {
  return (await mirrored.states()).find(({ feed }) => feed === 'allergies')?.resnapshot_wanted_at !== null
}

/** A read of any patient by id is answered with another one, as by somebody on the way who keeps answers. */
function anothersAnswer(mirrored: MirroredPractice): AthenaFetch {
  return (url, init, call) => {
    const of = (id: string) => (id === '1' ? '2' : '1')
    const isAsked = call.route === '/patients/{patientid}'
    return mirrored.toSimulator(isAsked ? url.replace(/(?<=\/patients\/)\d+/, of) : url, init, call)
  }
}

for (const [what, answerOf] of [
  ['fails', (mirrored) => patientsAnswer(mirrored, { status: 500 })],
  ['is refused', (mirrored) => patientsAnswer(mirrored, { status: 403 })],
  ['finds nobody', (mirrored) => patientsAnswer(mirrored, { status: 404 })],
  ['is answered with another one', anothersAnswer],
] satisfies [string, (mirrored: MirroredPractice) => AthenaFetch][]) {
  test(`a first load of allergies waits, and says so, while the question about any patient ${what}`, async (t) => {
    const mirrored = await allergicPractice(t)
    mirrored.fetch = answerOf(mirrored)
    await mirrored.run(20)
    assert.equal(await isLoading(mirrored), true)
    const { unclear = 0 } = await told(mirrored)
    assert.ok(unclear > 0 && unclear <= 8)
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(8)
    assert.equal(await isLoading(mirrored), false)
    await assertEqualsTruth(mirrored)
  })
}

test('a first load of allergies waits for no patients alone who cannot be asked for', async (t) => {
  const mirrored = await allergicPractice(t)
  let refused: Promise<string[]> | undefined
  mirrored.fetch = async (url, init, call) => {
    if (call.route !== '/patients/{patientid}') return mirrored.toSimulator(url, init, call)
    const of = await (refused ??= firstAllergic(mirrored))
    return of.includes(new URL(url).pathname.split('/').at(-1) ?? '')
      ? Response.json({ error: 'not for you' }, { status: 403 })
      : mirrored.toSimulator(url, init, call)
  }
  await mirrored.run(10)
  assert.deepEqual([await isLoading(mirrored), (await mirrored.trouble()).inDoubt], [false, (await refused)?.length])
  assert.ok((await mirrored.opened('allergy')).length > 0)
})

/** Who is allergic of the first eight that are read together and have such a one. */
async function firstAllergic(mirrored: MirroredPractice): Promise<string[]> {
  const entries = [...mirrored.simulator.truth.records(practice, 'chart/healthhistory/allergies')]
  const allergic = new Set(entries.map(({ patientid }) => String(patientid)))
  const held = (await mirrored.opened('patient')).filter(({ state }) => state === 'present')
  const read = held.toSorted((one, other) => (one.key < other.key ? -1 : 1)).map(({ body }) => String(body.patientid))
  const first = Math.floor(read.findIndex((id) => allergic.has(id)) / 8) * 8
  return read.slice(first, first + 8).filter((id) => allergic.has(id))
}
