/** Subscriptions that athenahealth does not activate, or only in part: what is asked meanwhile, and who is told. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, endSubscription } from '../../testing/practice-life.ts'
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
  type Wire,
} from '../../testing/watched-subscription.ts'
import { explainFeed, feedAlarms } from './explain-feed.ts'

test('a subscription that is asked for again and again, and never becomes active, is told of', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  const asked = answered(mirrored, () => ({ status: 'INACTIVE', subscriptions: [] }))
  await pass(mirrored, 25 * minute)
  assert.deepEqual(await told(mirrored), [])
  await pass(mirrored, 10 * minute)
  assert.deepEqual(await told(mirrored), ['sync.not-activated'])
  await pass(mirrored, 6 * hour)
  assert.deepEqual(await told(mirrored), ['sync.not-activated'])
  assert.ok(count(asked, 'GET') < 50, `${count(asked, 'GET')} looks`)
  assert.ok(count(asked, 'POST') <= 26, `asked for ${count(asked, 'POST')} times`)
})

/** Once anything is subscribed the status names one event alone. */
const some = (is: Wire): Wire =>
  is.status === 'INACTIVE' ? is : { status: 'PARTIAL', subscriptions: [{ eventname: 'CheckIn' }] }

for (const [title, whenMs] of [
  ['from the first', 0],
  ['of a live feed', 2 * hour],
] as const) {
  test(`a subscription that stays partial ${title} is read all the same, told of, and whole when it is`, async (t) => {
    const mirrored = await mirroredPractice(t, { settings })
    await pass(mirrored, whenMs)
    const asked = answered(mirrored, some)
    await pass(mirrored, 2 * hour)
    cancel(mirrored)
    await pass(mirrored, 4 * hour)
    assert.ok(count(asked, 'read') > 200, `read ${count(asked, 'read')} times`)
    assert.ok(count(asked, 'GET') < 50, `${count(asked, 'GET')} looks`)
    assert.ok(count(asked, 'POST') < 10, `asked for ${count(asked, 'POST')} times`)
    await assertEqualsTruth(mirrored)
    await mirrored.wantSnapshot(feed)
    await pass(mirrored, 10 * minute)
    const view = await viewOf(mirrored)
    const [alarm, ...others] = feedAlarms(view)
    assert.deepEqual([alarm?.code, others], ['sync.gap', []], 'a snapshot tells nothing of what comes after it')
    assert.match(alarm?.message ?? '', /only in part, for CheckIn\.$/)
    assert.match(explainFeed(view), /^live, of some events only$/)
    answered(mirrored, (is) => is)
    while ((await viewOf(mirrored)).feed.partial_since !== null) await pass(mirrored, minute)
    await pass(mirrored, settings.settleMs - 2 * minute)
    assert.deepEqual(await told(mirrored), ['sync.gap'], 'it is not settled')
    await pass(mirrored, 5 * minute)
    assert.deepEqual(await told(mirrored), [])
    assert.equal(await gapsEver(mirrored), 1, 'all that time it was one')
    await assertEqualsTruth(mirrored)
  })
}

for (const [title, whenMs] of [
  ['from the first', 0],
  ['of a live feed', 2 * hour],
] as const) {
  for (const refusal of [403, 400, 503]) {
    test(`a partial subscription ${title} is read, and seldom asked for, also where asking again is answered ${refusal}`, async (t) => {
      const mirrored = await mirroredPractice(t, { settings })
      await pass(mirrored, whenMs)
      const asked = answered(mirrored, some)
      refuseMore(mirrored, refusal)
      await pass(mirrored, hour)
      assert.ok(count(asked, 'POST') > 1, 'it might have been refused for a moment only')
      await pass(mirrored, 5 * hour)
      assert.ok(count(asked, 'read') > 280, `read ${count(asked, 'read')} times`)
      assert.ok(count(asked, 'GET') < 50, `${count(asked, 'GET')} looks`)
      assert.deepEqual(await told(mirrored), ['sync.gap'])
      assert.ok(count(asked, 'POST') < 10, `asked for ${count(asked, 'POST')} times`)
      await assertEqualsTruth(mirrored)
    })
  }
}

/** What is subscribed already cannot be asked for again. */
function refuseMore(mirrored: MirroredPractice, status: number): void {
  const { fetch } = mirrored
  let isSubscribed = false
  mirrored.fetch = async (url, init, call) => {
    const response = await fetch(url, init, call)
    if (call.route !== subscription) return response
    if (call.method === 'POST' && isSubscribed) return new Response('{"error":"x"}', { status })
    if (call.method === 'GET') isSubscribed = !(await response.clone().text()).includes('INACTIVE')
    return response
  }
}

/** A word that nobody knows, whatever is so. */
const strange = (is: Wire): Wire => ({ ...is, status: 'STRANGE' })

test('a live feed whose subscription athenahealth goes on not to tell of is read, with a gap until it is known', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await pass(mirrored, 2 * hour)
  const asked = answered(mirrored, strange)
  await pass(mirrored, 2 * hour)
  cancel(mirrored)
  await pass(mirrored, 4 * hour)
  assert.ok(count(asked, 'read') > 340, `read ${count(asked, 'read')} times`)
  assert.ok(count(asked, 'GET') < 50, `${count(asked, 'GET')} looks`)
  assert.ok(count(asked, 'POST') < 12, `asked for ${count(asked, 'POST')} times`)
  await assertEqualsTruth(mirrored)
  await mirrored.wantSnapshot(feed)
  await pass(mirrored, 10 * minute)
  const view = await viewOf(mirrored)
  const alarms = feedAlarms(view)
  assert.deepEqual(
    alarms.map(({ code }) => code),
    ['sync.subscription-unclear', 'sync.gap'],
  )
  assert.match(alarms[1]?.message ?? '', /whether the feed is subscribed\.$/)
  assert.match(explainFeed(view), /^live, though athenahealth does not say whether it is subscribed$/)
  answered(mirrored, (is) => is)
  await pass(mirrored, hour)
  assert.deepEqual(await told(mirrored), [])
  assert.equal(await gapsEver(mirrored), 1, 'all that time it was one')
  await assertEqualsTruth(mirrored)
})

test('one that is lost while athenahealth does not tell is asked for, and whole when that is known', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await pass(mirrored, 2 * hour)
  const asked = answered(mirrored, strange)
  await pass(mirrored, hour)
  await endSubscription(mirrored, feed)
  await pass(mirrored, 2 * minute)
  cancel(mirrored)
  await pass(mirrored, hour)
  const orders = count(asked, 'POST')
  assert.ok(orders > 0)
  answered(mirrored, (is) => is)
  await pass(mirrored, hour)
  assert.deepEqual(await told(mirrored), [])
  await assertEqualsTruth(mirrored)
})

test('a feed that is not live yet is not gone on with where athenahealth goes on not to tell of its subscription', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  while ((await viewOf(mirrored)).feed.state !== 'settling') await pass(mirrored, minute)
  const asked = answered(mirrored, strange)
  refuseReads(mirrored)
  await pass(mirrored, 6 * hour)
  assert.equal((await viewOf(mirrored)).feed.state, 'activating')
  assert.ok((await told(mirrored)).includes('sync.not-activated'))
  assert.ok(count(asked, 'GET') < 100, `${count(asked, 'GET')} looks`)
  answered(mirrored, (is) => is)
  await pass(mirrored, hour)
  assert.deepEqual(await told(mirrored), [])
  await assertEqualsTruth(mirrored)
})

/** A gateway refuses reads of the feed, in words of its own. */
function refuseReads(mirrored: MirroredPractice): void {
  const { fetch } = mirrored
  mirrored.fetch = (url, init, call) =>
    call.route === '/appointments/changed'
      ? Promise.resolve(new Response('<html>Forbidden</html>', { status: 403 }))
      : fetch(url, init, call)
}

test('a partial subscription that is asked for with other departments is read on', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await pass(mirrored, hour)
  answered(mirrored, some)
  await mirrored.limitTo(['1', '62'])
  await pass(mirrored, 20 * minute)
  const { feed: summary } = await viewOf(mirrored)
  assert.deepEqual([summary.state, summary.subscribed_departments], ['live', ['1', '62']])
  assert.deepEqual(await told(mirrored), ['sync.gap'])
})

test('it is whole when it is said to be, though other departments are refused still', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await pass(mirrored, hour)
  answered(mirrored, some)
  await pass(mirrored, 20 * minute)
  await mirrored.limitTo(['1', '62'])
  answered(mirrored, (is) => is)
  refuseMore(mirrored, 403)
  await pass(mirrored, 2 * hour)
  assert.deepEqual(await told(mirrored), ['sync.subscription-failing'])
  await assertEqualsTruth(mirrored)
})

test('so is one of which athenahealth does not tell, once a gap says so', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await pass(mirrored, hour)
  const asked = answered(mirrored, strange)
  await mirrored.limitTo(['1', '62'])
  await pass(mirrored, 14 * minute)
  assert.deepEqual(
    [count(asked, 'POST'), await told(mirrored)],
    [0, ['sync.subscription-unclear']],
    'asking would hide a loss',
  )
  await pass(mirrored, 20 * minute)
  const { feed: summary } = await viewOf(mirrored)
  assert.deepEqual([summary.state, summary.subscribed_departments], ['live', ['1', '62']])
  assert.deepEqual(await told(mirrored), ['sync.subscription-unclear', 'sync.gap'])
})

test('one that is lost altogether, and made again, is whole', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await pass(mirrored, hour)
  const untilIn = async (state: string) => {
    while ((await viewOf(mirrored)).feed.state !== state) await pass(mirrored, minute)
  }
  answered(mirrored, some)
  await pass(mirrored, 20 * minute)
  assert.deepEqual(await told(mirrored), ['sync.gap'])
  answered(mirrored, () => ({ status: 'INACTIVE', subscriptions: [] }))
  await untilIn('activating')
  answered(mirrored, (is) => is)
  await untilIn('live')
  assert.deepEqual(await told(mirrored), [])
})
