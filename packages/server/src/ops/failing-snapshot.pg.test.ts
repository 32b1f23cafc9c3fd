/** A snapshot of a live feed that keeps failing while drains go on: what it was to bring is missing until somebody mends that. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { openGap } from '../sync/gap.sql.ts'
import { readPracticePictures } from '../sync/read-practice-status.ts'
import { timestamp } from '../sync/sync-deps.ts'
import { explainFeed, feedAlarms } from './explain-feed.ts'

const few = { bookedDaysBack: 1, bookedDaysAhead: 2, slotDaysAhead: 1, feeds: ['departments', 'appointments'] } as const
const feed = 'appointments'

/** What `aegis status` says of the feed. */
async function told({ deps: { db, clock, settings } }: MirroredPractice) {
  const now = clock.now()
  const pictures = await db.practice(0, (tx) => readPracticePictures(tx, [practice], now))
  const found = pictures.get(practice)?.feeds.find((one) => one.feed === feed)
  assert.ok(found)
  const view = {
    practice,
    feed: found,
    now,
    settings,
    paces: { everyMs: settings.pollIntervalMs, of: () => undefined },
  }
  const alarms = feedAlarms(view)
  return { codes: alarms.map(({ code }) => code), alarms, explanation: explainFeed(view) }
}

async function withBroken(t: TestContext, answer: () => Response): Promise<MirroredPractice> {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  breakRoute(mirrored, '/appointments/booked', answer)
  await mirrored.wantSnapshot(feed)
  return mirrored
}

function breakRoute(mirrored: MirroredPractice, route: string, answer: () => Response): void {
  mirrored.fetch = (url, init, call) =>
    call.route === route ? Promise.resolve(answer()) : mirrored.toSimulator(url, init, call)
}

const refuse = () => Response.json({ error: 'Forbidden' }, { status: 403 })
const fail = () => new Response('', { status: 503 })

const ways: readonly [title: string, answer: () => Response, says: RegExp, advises: RegExp][] = [
  ['is refused', refuse, /does not let the app do this.*\(forbidden\)/, /Ask athenahealth to give the app access/],
  ['is not answered', fail, /fails to answer \(server-error\)/, /status page/],
]
for (const [title, answer, says, advises] of ways) {
  test(`a snapshot that ${title} is an alarm after a while, and no more when it goes on`, async (t) => {
    const mirrored = await withBroken(t, answer)
    await mirrored.run(3)
    assert.deepEqual((await told(mirrored)).codes, [], 'it may pass')
    assert.match((await told(mirrored)).explanation, says)
    await mirrored.run(25)
    const { codes, alarms } = await told(mirrored)
    assert.deepEqual(codes, ['sync.snapshot-failing'])
    assert.match(alarms[0]?.message ?? '', says)
    assert.match(alarms[0]?.remedy ?? '', advises)
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(6)
    assert.deepEqual([(await told(mirrored)).codes, (await told(mirrored)).explanation], [[], 'live'])
  })
}

test('a gap says that the snapshot which is to close it fails, why, and what to do', async (t) => {
  const mirrored = await withBroken(t, refuse)
  const { db, clock } = mirrored.deps
  const from = timestamp(clock.now())
  await db.practice(practice, (tx) => openGap(tx, { practice, feed }, { cause: 'unreadable', from }))
  await mirrored.run(28)
  const { codes, alarms } = await told(mirrored)
  assert.deepEqual(codes, ['sync.gap', 'sync.snapshot-failing'])
  assert.match(
    alarms[0]?.message ?? '',
    /cannot be read\. The snapshot that is to close the gap is held up: .*\(forbidden\)\.$/,
  )
  assert.match(alarms[0]?.remedy ?? '', /^Ask athenahealth .* closes the gap\.$/)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(6)
  assert.deepEqual((await told(mirrored)).codes, [])
})

test('a snapshot that got on is not failing before it has failed as long again', async (t) => {
  const mirrored = await withBroken(t, fail)
  await mirrored.run(25)
  assert.deepEqual((await told(mirrored)).codes, ['sync.snapshot-failing'])
  breakRoute(mirrored, '/appointments/open', fail)
  await mirrored.run(10)
  assert.deepEqual((await told(mirrored)).codes, [])
  await mirrored.run(15)
  assert.deepEqual((await told(mirrored)).codes, ['sync.snapshot-failing'])
})

test('failures of before say nothing of a snapshot that is wanted later', async (t) => {
  const mirrored = await withBroken(t, refuse)
  const { fetch } = mirrored
  await mirrored.run(28)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(6)
  mirrored.fetch = fetch
  await mirrored.wantSnapshot(feed)
  await mirrored.run(17)
  assert.deepEqual((await told(mirrored)).codes, [])
})

test('so is one of a list whose pages never join, though each attempt begins well', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 30, settings: { ...few, snapshotPageSize: 3 } })
  await mirrored.bringUp()
  mirrored.fetch = async (url, init, call) => {
    const answer = await mirrored.toSimulator(url, init, call)
    const isLater = call.route === '/appointments/booked' && Number(new URL(url).searchParams.get('offset')) > 0
    if (!isLater) return answer
    return Response.json({ ...((await answer.json()) as object), appointments: [] })
  }
  await mirrored.wantSnapshot(feed)
  await mirrored.run(120)
  const { codes, alarms } = await told(mirrored)
  assert.deepEqual(codes, ['sync.snapshot-failing'])
  assert.match(alarms[0]?.message ?? '', /\(sync\.list-unstable\)/)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(30)
  assert.deepEqual([(await told(mirrored)).codes, (await told(mirrored)).explanation], [[], 'live'])
})
