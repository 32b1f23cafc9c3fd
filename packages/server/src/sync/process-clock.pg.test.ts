/** A process whose clock is not the database's: what waits, waits by the clock that is one for all processes. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, breakDrain, liveThrough } from '../../testing/practice-life.ts'
import { coreFeeds, type FeedName } from './feed-name.ts'

const minute = 60_000

/** Sets the clock of this process alone ahead. */
function setAhead(mirrored: MirroredPractice, ms: number): void {
  const { clock } = mirrored.deps
  mirrored.deps = { ...mirrored.deps, clock: { ...clock, now: () => clock.now() + ms } }
}

/** By how long a feed's next try, and its next snapshot, are put off. */
async function putOff(mirrored: MirroredPractice, feed: FeedName): Promise<readonly (number | undefined)[]> {
  const state = (await mirrored.states()).find((row) => row.feed === feed)
  const now = mirrored.simulator.clock.now()
  return [state?.retry_at, state?.resnapshot_wanted_at].map((at) => (at == null ? undefined : Math.round(at - now)))
}

function breakRoute(mirrored: MirroredPractice, route: string): void {
  mirrored.fetch = async (url, init, call) =>
    call.route === route ? new Response('', { status: 503 }) : mirrored.toSimulator(url, init, call)
}

test('a snapshot that fails is put off by a minute, also where the clock of the process is minutes ahead', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.wantSnapshot('appointments')
  setAhead(mirrored, 5 * minute)
  breakRoute(mirrored, '/appointments/open')
  await mirrored.advance(1_000)
  await mirrored.step('appointments')
  assert.deepEqual(await putOff(mirrored, 'appointments'), [undefined, minute])
})

test('a feed that fails is tried again a second later, also where the clock of the process is minutes ahead', async (t) => {
  const mirrored = await mirroredPractice(t)
  setAhead(mirrored, 5 * minute)
  breakRoute(mirrored, '/departments')
  await mirrored.step('departments')
  assert.deepEqual(await putOff(mirrored, 'departments'), [1_000, undefined])
})

test('a look at a subscription that fails is put off by a minute, also where the clock of the process is minutes ahead', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  setAhead(mirrored, 5 * minute)
  breakRoute(mirrored, '/appointments/changed/subscription')
  const stateNow = async () => (await mirrored.states()).find(({ feed }) => feed === 'appointments')
  const due = ((await stateNow())?.subscription_checked_at ?? 0) + mirrored.deps.settings.subscriptionCheckMs
  await mirrored.advance(due - mirrored.simulator.clock.now())
  await mirrored.step('appointments')
  assert.equal(Math.round(((await stateNow())?.subscription_put_off_until ?? 0) - due), minute)
})

test('what is not there is asked for again a minute later, also where the clock of the process is minutes behind', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'labresults'] } })
  await mirrored.run(7)
  setAhead(mirrored, -5 * minute)
  let asked = 0
  let missing: string | undefined
  mirrored.fetch = async (url, init, call) => {
    const { pathname } = new URL(url)
    if (call.route === '/patients/{patientid}/documents/labresult/{labresultid}') missing ??= pathname
    // Other results are found.
    if (pathname !== missing) return mirrored.toSimulator(url, init, call)
    asked += 1
    return Response.json({ error: 'Not found' }, { status: 404 })
  }
  mirrored.change({ kind: 'addlabresult', patient: 6 })
  await mirrored.advance(minute + 1_000)
  await mirrored.step('labresults')
  assert.equal(asked, 1)
  await mirrored.advance(minute + 1_000)
  await mirrored.step('labresults')
  assert.equal(asked, 2)
})

test('a drain vouches for what there was when it began, also where the clock of the process is minutes ahead', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.advance(minute)
  setAhead(mirrored, 5 * minute)
  const startedAt = mirrored.simulator.clock.now()
  await mirrored.step('appointments')
  const state = (await mirrored.states()).find((row) => row.feed === 'appointments')
  assert.equal(state?.checkpoint, startedAt)
})

for (const [title, ms] of [
  ['behind', -60 * minute],
  ['ahead', 60 * minute],
] as const) {
  test(`what a lost answer took is read again where the clock of the process is an hour ${title}`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    setAhead(mirrored, ms)
    liveThrough(mirrored)
    await mirrored.advance(minute)
    breakDrain(mirrored, () => new Response('', { status: 504 }))
    await mirrored.step('appointments')
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(3)
    assert.ok(!mirrored.log.events().includes('sync.gap'), 'nothing had to be given up')
    await assertEqualsTruth(mirrored)
  })
}
