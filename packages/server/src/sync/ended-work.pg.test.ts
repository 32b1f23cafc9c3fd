/** The work on a feed ends (a stop, a job that took too long, a lost lease) while a call of its waits for a permission. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { leaseGoesOn } from '../../testing/feed-lease.ts'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { contextOf } from '../upstream/call-context.ts'
import { advanceFeed } from './advance-feed.ts'
import { openIntents } from './intent.sql.ts'
import { addPractices } from './schedule.sql.ts'
import { runAdvanceFeed } from './schedule.ts'

const minute = 60_000
const hour = 60 * minute
const key = { practice, feed: 'patients' } as const
const leaseTtlMs = 30_000

/** Works on patients, and ends that when a call for this purpose waits for its permission. Returns what was made from then on. */
async function endWhileWaiting(mirrored: MirroredPractice, purpose: string): Promise<string[]> {
  const end = new AbortController()
  const since: string[] = []
  mirrored.fetch = async (url, init, call) => {
    if (call.kind === 'token') return mirrored.toSimulator(url, init, call)
    const { purpose: asked, unless } = contextOf(call)
    if (asked === purpose) end.abort(new Error('stopped'))
    if (!end.signal.aborted) return mirrored.toSimulator(url, init, call)
    if (unless?.aborted) throw new AegisError('upstream.given-up')
    init.signal.throwIfAborted()
    since.push(asked)
    return mirrored.toSimulator(url, init, call)
  }
  await advanceFeed(mirrored.deps, { ...key, fence: '1000' }, end.signal).catch(() => undefined)
  assert.ok(end.signal.aborted, 'there was such a call')
  mirrored.fetch = mirrored.toSimulator
  mirrored.fenceFrom(1_001)
  return since
}

function failuresOf({ log }: MirroredPractice): number {
  return log.lines.filter(({ level }) => level === 'error').length
}

async function loseDrain(mirrored: MirroredPractice): Promise<void> {
  const [one] = [...mirrored.simulator.truth.records(practice, 'patients')]
  mirrored.change({ kind: 'updatepatient', patient: one?.patientid, fields: { lastname: 'Larch' } })
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    return call.consuming ? new Response('', { status: 504 }) : response
  }
  await mirrored.advance(minute)
  await mirrored.step('patients')
  mirrored.fetch = mirrored.toSimulator
  await mirrored.advance(2 * minute)
}

const calls: readonly [purpose: string, begin: (mirrored: MirroredPractice) => Promise<void>][] = [
  ['sync.drain', (mirrored) => mirrored.advance(minute)],
  ['sync.replay', loseDrain],
  ['sync.refetch', loseDrain],
  ['sync.subscription', (mirrored) => mirrored.advance(hour)],
  [
    'sync.snapshot',
    async (mirrored) => {
      await mirrored.wantSnapshot('patients')
      await mirrored.advance(1_000)
    },
  ],
  ['sync.reconcile', (mirrored) => mirrored.advance(18 * hour)],
]
for (const [purpose, begin] of calls) {
  test(`a call for ${purpose} that waits when the work ends is not made, and is no failure`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    await begin(mirrored)
    const before = failuresOf(mirrored)
    assert.deepEqual(await endWhileWaiting(mirrored, purpose), [])
    assert.equal(failuresOf(mirrored), before)
    await mirrored.run(6)
    assert.deepEqual(await mirrored.gaps(), [])
    await assertEqualsTruth(mirrored)
  })
}

test('a consuming read is not sent when the machine slept past the lease while it waited', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.advance(minute)
  await mirrored.deps.db.control(async (tx) => {
    await addPractices(tx, [practice], 'local')
    await leaseGoesOn(tx, key)
  })
  mirrored.fenceFrom(1_002)
  let [slept, sent] = [0, 0]
  mirrored.fetch = async (url, init, call) => {
    if (!call.consuming) return mirrored.toSimulator(url, init, call)
    slept = leaseTtlMs + 1_000
    const { look, unless } = contextOf(call)
    look?.()
    if (unless?.aborted) throw new AegisError('upstream.given-up')
    sent += 1
    return mirrored.toSimulator(url, init, call)
  }
  const wall = () => mirrored.deps.clock.now() + slept
  const never = () => assert.fail('not of a job')
  const schedule = { instance: 'this one', leaseTtlMs, dayUsage: never, keepForFeeds: never }
  const sync = { ...mirrored.deps, wall }
  const running = runAdvanceFeed({ ...schedule, sync }, key, new AbortController().signal)
  await assert.rejects(
    running,
    (error) => isAegisError(error, 'lease.lost') || isAegisError(error, 'upstream.given-up'),
  )
  assert.equal(sent, 0)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
})

test('a consuming read that was sent when the work ends is waited for, and its page kept', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const [one] = [...mirrored.simulator.truth.records(practice, 'patients')]
  mirrored.change({ kind: 'updatepatient', patient: one?.patientid, fields: { lastname: 'Larch' } })
  await mirrored.advance(minute)
  const end = new AbortController()
  mirrored.fetch = async (url, init, call) => {
    if (call.consuming) end.abort(new AegisError('lease.lost'))
    init.signal.throwIfAborted()
    return mirrored.toSimulator(url, init, call)
  }
  await assert.rejects(advanceFeed(mirrored.deps, { ...key, fence: '1000' }, end.signal), (error) =>
    isAegisError(error, 'lease.lost'),
  )
  assert.deepEqual(await mirrored.deps.db.practice(practice, (tx) => openIntents(tx, key)), [])
  mirrored.fetch = mirrored.toSimulator
  mirrored.fenceFrom(1_001)
  await assertEqualsTruth(mirrored)
})
