/** A snapshot of a live feed that comes to nothing for days, since it finds no calls or no hours for them: who is told. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice } from '../../testing/mirrored-practice.ts'
import { feed, hour, minute, pass, viewOf } from '../../testing/watched-subscription.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { explainFeed, feedAlarms } from './explain-feed.ts'

const settings = { feeds: ['departments', 'appointments'], pollIntervalMs: 2 * hour } as const

/** Calls of its snapshots are refused like this from now on, but those that the test lets through. */
function refuseSnapshots(mirrored: MirroredPractice, refusal: () => AegisError, isLet = () => false): void {
  mirrored.fetch = async (url, init, call) => {
    const { purpose }: { purpose?: unknown } = { ...(call.context as object | undefined) }
    if (purpose === 'sync.snapshot' && call.route.startsWith('/appointments') && !isLet()) throw refusal()
    return mirrored.toSimulator(url, init, call)
  }
}

/** Of the snapshot; that the feed is seldom read is the test's. */
async function told(mirrored: MirroredPractice): Promise<string[]> {
  return feedAlarms(await viewOf(mirrored)).flatMap(({ code, message }) => (code === 'sync.lagging' ? [] : [message]))
}

test('a snapshot that finds no call in time is told of after two days, and until it goes on', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await pass(mirrored, 3 * hour)
  refuseSnapshots(mirrored, () => new AegisError('quota.timeout', { retryAfterMs: 1_000 }))
  await mirrored.wantSnapshot(feed)
  await pass(mirrored, 47 * hour)
  assert.deepEqual(await told(mirrored), [])
  assert.doesNotMatch(explainFeed(await viewOf(mirrored)), /after failing/)
  await pass(mirrored, 5 * hour)
  const [message, ...others] = await told(mirrored)
  assert.deepEqual(others, [])
  assert.match(message ?? '', /^For 5\d h the new snapshot has not got on; the last \d+ attempts failed: No ath/i)
  mirrored.fetch = mirrored.toSimulator
  await pass(mirrored, 2 * hour)
  assert.deepEqual([await told(mirrored), (await viewOf(mirrored)).feed.resnapshot_wanted_at], [[], null])
})

test('one that waits for the hours, and gets on in them, is not', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { ...settings, snapshotPageSize: 5 } })
  await pass(mirrored, 3 * hour)
  const now = () => mirrored.deps.clock.now()
  const next = () => (Math.floor(now() / (24 * hour)) + 1) * 24 * hour
  const calls = new Map<number, number>()
  const isFewOfDay = () => {
    const nth = (calls.get(next()) ?? 0) + 1
    calls.set(next(), nth)
    // One may be of a page that is asked for before it is needed.
    return nth <= 4
  }
  refuseSnapshots(mirrored, () => new AegisError('policy.off-hours', { until: next() + minute }), isFewOfDay)
  await mirrored.wantSnapshot(feed)
  await pass(mirrored, 75 * hour)
  assert.deepEqual([await told(mirrored), (await viewOf(mirrored)).feed.resnapshot_wanted_at === null], [[], false])
})
