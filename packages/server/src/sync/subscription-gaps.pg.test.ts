/** From when a gap is told of a subscription that was lost: from when all events were last seen to be subscribed, not from the last read. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, endSubscription } from '../../testing/practice-life.ts'
import { sql } from '../db/db.ts'

const minute = 60_000
const hour = 60 * minute

type Status = 'PARTIAL' | 'UNKNOWN' | 'INACTIVE'

async function stateOf(mirrored: MirroredPractice) {
  const state = (await mirrored.states()).find(({ feed }) => feed === 'appointments')
  assert.ok(state)
  return state
}

/** No cancellations are told of from now on; drains succeed. Returns when that was. */
async function loseAnEvent(mirrored: MirroredPractice): Promise<number> {
  const at = mirrored.simulator.clock.now()
  await mirrored.deps.upstream.practice(practice).feeds.appointments.unsubscribe({ eventName: 'CancelAppointment' })
  await mirrored.run(2)
  const visit = [...mirrored.simulator.truth.records(practice, 'appointments')].find(
    (record) => record.appointmentstatus === 'f' && Date.parse(String(record.date)) > at,
  )
  mirrored.change({ kind: 'cancel', appointment: visit?.appointmentid })
  await mirrored.run(2)
  const { checkpoint, partial_since: partialSince } = await stateOf(mirrored)
  assert.ok(checkpoint !== null && checkpoint > at && partialSince === null, 'it was read since, and nobody saw')
  return at
}

/** Athenahealth says this of the subscription from now on, whatever is so. */
function sayOfIt(mirrored: MirroredPractice, status: Status): void {
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/appointments/changed/subscription' || call.method !== 'GET') return response
    const body = { ...((await response.json()) as Record<string, unknown>), status }
    return new Response(JSON.stringify(body), { headers: response.headers })
  }
}

/** Until a gap is told of; returns from when it is. */
async function toldFrom(mirrored: MirroredPractice): Promise<number> {
  for (let minutes = 0; minutes < 300; minutes += 1) {
    const [gap] = await mirrored.gaps()
    if (gap) return gap.from_at
    await mirrored.run(1)
  }
  return assert.fail('no gap')
}

/** Looks are two hours apart: the day's calls are scarce, though drains are not put off. */
function lookSeldom(mirrored: MirroredPractice): void {
  const pace = { feeds: 1, stretch: 8, until: mirrored.deps.clock.now() + 9 * hour }
  mirrored.deps = { ...mirrored.deps, pace: () => pace }
}

const forgetSql = sql('test.forget_active', 'update aegis.feed_state set seen_active_at = null where practice_id = $1')

/** As the row is that the release before left, which did not note when all events were seen to be subscribed. */
async function asOfTheReleaseBefore({ deps }: MirroredPractice): Promise<void> {
  await deps.db.practice(practice, (tx) => tx.rows(forgetSql, [practice]))
}

/** Athenahealth does not tell of the subscription, which the release before has seen. */
async function unclearBefore(mirrored: MirroredPractice): Promise<void> {
  lookSeldom(mirrored)
  await mirrored.run(60)
  sayOfIt(mirrored, 'UNKNOWN')
  while ((await stateOf(mirrored)).unclear_since === null) await mirrored.run(1)
  await asOfTheReleaseBefore(mirrored)
}

const losses: readonly [title: string, lose: (mirrored: MirroredPractice) => Promise<void>][] = [
  [
    'whose read is refused before anybody saw that it was partial',
    (mirrored) => endSubscription(mirrored, 'appointments'),
  ],
  [
    'that was looked at by a release which did not note when it was active',
    async (mirrored) => {
      await asOfTheReleaseBefore(mirrored)
      await endSubscription(mirrored, 'appointments')
    },
  ],
  [
    'that the first look after such a release finds inactive',
    async (mirrored) => {
      await asOfTheReleaseBefore(mirrored)
      sayOfIt(mirrored, 'INACTIVE')
    },
  ],
  ['that was unclear to such a release, and goes on to be', unclearBefore],
  [
    'that was unclear to such a release, and is found inactive',
    async (mirrored) => {
      await unclearBefore(mirrored)
      sayOfIt(mirrored, 'INACTIVE')
    },
  ],
  [
    'of which it is not known for long whether it is there',
    async (mirrored) => {
      lookSeldom(mirrored)
      await mirrored.run(60)
      sayOfIt(mirrored, 'UNKNOWN')
    },
  ],
  [
    'that is said to be partial after it was unclear, where looks are far apart',
    async (mirrored) => {
      lookSeldom(mirrored)
      await mirrored.run(60)
      sayOfIt(mirrored, 'UNKNOWN')
      while ((await stateOf(mirrored)).unclear_since === null) await mirrored.run(1)
      sayOfIt(mirrored, 'PARTIAL')
    },
  ],
]
for (const [title, lose] of losses) {
  test(`the gap of a subscription ${title} begins when it was last seen to be active`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    const since = await loseAnEvent(mirrored)
    await lose(mirrored)
    const from = await toldFrom(mirrored)
    assert.ok(from <= since, `told from ${(from - since) / minute} min after`)
    assert.ok(from > since - 2 * hour, 'and not of all time')
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(20)
    await assertEqualsTruth(mirrored)
  })
}

test('a subscription that stays partial is asked for after as long again as it has been so, though each call takes a moment', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { settleMs: 15 * minute } })
  await mirrored.bringUp()
  sayOfIt(mirrored, 'PARTIAL')
  const say = mirrored.fetch
  const asked: number[] = []
  mirrored.fetch = async (url, init, call) => {
    if (call.route === '/appointments/changed/subscription') {
      mirrored.simulator.clock.advance(20)
      if (call.method === 'POST') asked.push(mirrored.simulator.clock.now())
    }
    return say(url, init, call)
  }
  await mirrored.run(250)
  const pauses = asked.slice(1).map((at, index) => Math.round((at - (asked[index] ?? 0)) / minute))
  const [first = 0, second = 0, third = 0, ...others] = pauses
  // What is due is noticed by the next look.
  assert.ok(first >= 15 && first < 30 && second >= 15 && second < 40 && third >= 30 && third < 60, String(pauses))
  assert.ok(others.length >= 2 && others.every((pause) => pause >= 60 && pause < 80), String(pauses))
})
