/** Subscriptions that were there before ours, which athenahealth goes on to refuse: read all the same, and told of. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import {
  answered,
  cancel,
  count,
  feed,
  gapsEver,
  hour,
  minute,
  pass,
  settings,
  subscription,
  told,
  viewOf,
} from '../../testing/watched-subscription.ts'
import { explainFeed, feedAlarms } from './explain-feed.ts'

/** An order that somebody gave with the same app before. */
interface Before {
  readonly eventName?: string
  readonly departmentIds?: readonly string[]
}
const extra = { includeremindercall: true, includesuggestedoverbooking: true }

async function subscribedBefore(mirrored: MirroredPractice, before: Before): Promise<void> {
  const whole = before.eventName === undefined ? { extra } : {}
  const { fetch } = mirrored
  mirrored.fetch = mirrored.toSimulator
  await mirrored.deps.upstream.practice(practice).feeds.appointments.subscribe({ ...before, ...whole })
  mirrored.fetch = fetch
}

type Refusal = 'refused' | 'unavailable' | 'lost'

/** Each order of ours is answered like this, `times` at the most. */
function refuseOrders(mirrored: MirroredPractice, refusal: Refusal, times = Infinity): void {
  const { fetch } = mirrored
  const status = { refused: 403, unavailable: 503, lost: 0 }[refusal]
  let left = times
  mirrored.fetch = async (url, init, call) => {
    if (call.route !== subscription || call.method !== 'POST' || left === 0) return fetch(url, init, call)
    left -= 1
    if (status > 0) return new Response('{"error":"x"}', { status })
    await fetch(url, init, call)
    throw new TypeError('the connection broke')
  }
}

const cases: readonly [title: string, before: Before, refusal: Refusal][] = [
  ['is partial', { eventName: 'CheckIn' }, 'refused'],
  ['is partial', { eventName: 'CheckIn' }, 'unavailable'],
  ['is for other departments', { departmentIds: ['62'] }, 'refused'],
  ['is made ours without our hearing of it', { departmentIds: ['62'] }, 'lost'],
]
for (const [title, before, refusal] of cases) {
  test(`a subscription from before that ${title} is read, and told of, while ours is ${refusal}, and is then as any other`, async (t) => {
    const mirrored = await mirroredPractice(t, { settings })
    await subscribedBefore(mirrored, before)
    await mirrored.advance(hour)
    const asked = answered(mirrored, (is) => is)
    refuseOrders(mirrored, refusal)
    await pass(mirrored, 2 * hour)
    cancel(mirrored)
    await pass(mirrored, hour)
    assert.ok(count(asked, 'read') > 100, `read ${count(asked, 'read')} times`)
    assert.ok(count(asked, 'GET') < 40, `${count(asked, 'GET')} looks`)
    await mirrored.wantSnapshot(feed)
    await pass(mirrored, 10 * minute)
    const view = await viewOf(mirrored)
    const [alarm, ...others] = feedAlarms(view)
    assert.deepEqual([alarm?.code, others], ['sync.gap', []], 'a snapshot tells nothing of what comes after it')
    assert.match(alarm?.message ?? '', /not accepted our subscription/)
    assert.match(alarm?.remedy ?? '', /let the app subscribe/)
    assert.match(explainFeed(view), /^live, by a subscription that is not known to be ours$/)
    const again = answered(mirrored, (is) => is)
    while ((await viewOf(mirrored)).feed.partial_since !== null) await pass(mirrored, minute)
    assert.equal(count(again, 'POST'), 1)
    await pass(mirrored, settings.settleMs + 5 * minute)
    assert.deepEqual(await told(mirrored), [])
    assert.equal(await gapsEver(mirrored), 1, 'all that time it was one')
    cancel(mirrored)
    await pass(mirrored, 3 * minute)
    await assertEqualsTruth(mirrored)
  })
}

test('a subscription that becomes whole while ours is refused may be whole for others', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await subscribedBefore(mirrored, { eventName: 'CheckIn' })
  await mirrored.advance(hour)
  refuseOrders(mirrored, 'refused')
  await pass(mirrored, 2 * hour)
  await subscribedBefore(mirrored, { departmentIds: ['62'] })
  await pass(mirrored, 2 * hour)
  assert.deepEqual(await told(mirrored), ['sync.gap'])
})

test('one that was refused for a moment only leaves no gap', async (t) => {
  for (const [refusal, times] of [
    ['refused', 2],
    ['unavailable', 8],
  ] as const) {
    const mirrored = await mirroredPractice(t, { settings })
    await subscribedBefore(mirrored, { departmentIds: ['62'] })
    await mirrored.advance(hour)
    refuseOrders(mirrored, refusal, times)
    await pass(mirrored, hour)
    assert.deepEqual([await told(mirrored), await gapsEver(mirrored)], [[], 0])
    cancel(mirrored)
    await pass(mirrored, 3 * minute)
    await assertEqualsTruth(mirrored)
  }
})

test('who is not live yet and is to have other departments, which are refused, is read and told of', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  while ((await viewOf(mirrored)).feed.state !== 'settling') await pass(mirrored, minute)
  const asked = answered(mirrored, (is) => is)
  refuseOrders(mirrored, 'refused')
  await mirrored.limitTo(['1', '62'])
  await pass(mirrored, 2 * hour)
  assert.ok(count(asked, 'read') > 50, `read ${count(asked, 'read')} times`)
  assert.deepEqual(await told(mirrored), ['sync.gap'])
})

/** Athenahealth says that there is none. */
const none = () => ({ status: 'INACTIVE', subscriptions: [] })

for (const refusal of ['refused', 'unavailable'] as const) {
  for (const [title, accepted] of [
    ['from the first', false],
    ['once it should have taken hold', true],
  ] as const) {
    test(`a subscription that is not there, and is ${refusal} ${title}, is asked for ever more seldom`, async (t) => {
      const mirrored = await mirroredPractice(t, { settings })
      if (accepted) {
        answered(mirrored, none)
        await pass(mirrored, 10 * minute)
      }
      const asked = answered(mirrored, none)
      refuseOrders(mirrored, refusal)
      await pass(mirrored, 6 * hour)
      assert.ok(count(asked, 'GET') < 60, `${count(asked, 'GET')} looks`)
      assert.equal(count(asked, 'read'), 0)
      assert.ok((await told(mirrored)).includes(accepted ? 'sync.not-activated' : 'sync.failing'))
      const tried = orders(mirrored)
      await pass(mirrored, 2 * hour)
      assert.ok(tried.length >= 1 && tried.length <= (accepted ? 2 : 8), `${tried.length} tries`)
      mirrored.fetch = mirrored.toSimulator
      await pass(mirrored, 2 * hour)
      assert.deepEqual([await told(mirrored), (await viewOf(mirrored)).feed.state], [[], 'live'])
      await assertEqualsTruth(mirrored)
    })
  }
}

/** When ours is asked for from now on, whatever comes of it. */
function orders(mirrored: MirroredPractice): number[] {
  const { fetch } = mirrored
  const at: number[] = []
  mirrored.fetch = (url, init, call) => {
    if (call.route === subscription && call.method === 'POST') at.push(mirrored.simulator.clock.now())
    return fetch(url, init, call)
  }
  return at
}

for (const [title, answer] of [
  ['no status', () => new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } })],
  ['an error', () => new Response('{"error":"x"}', { status: 404 })],
  ['nothing', () => new Response('')],
] as const) {
  test(`a subscription that was asked for, and whose status is answered with ${title}, is looked at ever more seldom`, async (t) => {
    const mirrored = await mirroredPractice(t, { settings })
    while ((await viewOf(mirrored)).feed.state !== 'activating') await pass(mirrored, 1_000)
    let looks = 0
    mirrored.fetch = async (url, init, call) => {
      if (call.route !== subscription || call.method !== 'GET') return mirrored.toSimulator(url, init, call)
      looks += 1
      return answer()
    }
    await pass(mirrored, 6 * hour)
    assert.ok(looks < 50, `${looks} looks`)
    assert.deepEqual(await told(mirrored), ['sync.not-activated', 'sync.failing'])
    mirrored.fetch = mirrored.toSimulator
    await pass(mirrored, hour)
    assert.deepEqual(await told(mirrored), [])
    await assertEqualsTruth(mirrored)
  })
}

test('a feed that is said to be active, and whose reads are refused for want of a subscription, is asked for', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { ...settings, feeds: ['departments', 'providers'] } })
  await pass(mirrored, hour)
  const { providers } = mirrored.deps.upstream.practice(practice).feeds
  const active = (await providers.status()).raw
  await providers.unsubscribe()
  mirrored.fetch = async (url, init, call) => {
    const isLook = call.route === '/providers/changed/subscription' && call.method === 'GET'
    return isLook ? new Response(String(active)) : mirrored.toSimulator(url, init, call)
  }
  await pass(mirrored, hour)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})
