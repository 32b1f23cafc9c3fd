/** An outage so long that athenahealth may not have kept what nobody read: nobody says how long that is. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { sql } from '../db/db.ts'

const hour = 3_600_000
const gapsSql = sql(
  'test.gaps_ever',
  'select feed, cause, from_at, closed_at is null as open from aegis.gap where practice_id = $1 order by feed',
)
const unreadRetentionMs = 6 * hour

/** Live, with one kind of which no list is ever compared. */
async function livePractice(t: Parameters<typeof mirroredPractice>[0]): Promise<MirroredPractice> {
  const mirrored = await mirroredPractice(t, {
    patients: 6,
    settings: { feeds: ['departments', 'providers', 'patients', 'appointments', 'problems'], unreadRetentionMs },
    simulator: { unreadRetentionMs },
  })
  await mirrored.bringUp()
  await mirrored.run(3)
  return mirrored
}

test('what was let go in a long outage is a gap, and is read', async (t) => {
  const mirrored = await livePractice(t)
  const lastRead = new Map((await mirrored.states()).map(({ feed, checkpoint }) => [feed, checkpoint]))
  mirrored.change({ kind: 'addproblem', patient: '3', snomed: 44054006 })
  mirrored.change({ kind: 'updatepatient', patient: '3', fields: { city: 'Troy' } })
  await mirrored.advance(unreadRetentionMs + hour)
  await mirrored.run(8)
  const followed = ['appointments', 'patients', 'problems', 'providers'] as const
  const told = await mirrored.deps.db.practice(practice, (tx) => tx.rows(gapsSql, [practice]))
  assert.deepEqual(
    told,
    followed.map((feed) => ({ feed, cause: 'retention-passed', from_at: lastRead.get(feed), open: false })),
  )
  const warned = mirrored.log.lines.filter(({ event }) => event === 'sync.gap').map(({ fields }) => fields)
  assert.deepEqual(
    warned.toSorted((a, b) => String(a.feed).localeCompare(String(b.feed))),
    followed.map((feed) => ({ practice, feed, cause: 'retention-passed' })),
  )
  await assertEqualsTruth(mirrored)
})

test('what changed and was let go while a first load stood still is read too', async (t) => {
  const settings = { unreadRetentionMs }
  const mirrored = await mirroredPractice(t, { patients: 20, settings, simulator: { unreadRetentionMs } })
  let stands = true
  const isLoading = async () =>
    (await mirrored.states()).some(({ feed, state }) => feed === 'patients' && ['settling', 'snapshot'].includes(state))
  mirrored.fetch = async (url, init, call) =>
    stands && call.route === '/patients' && url.includes('departmentid=61&') && (await isLoading())
      ? new Response('', { status: 503 })
      : mirrored.toSimulator(url, init, call)
  await mirrored.run(25)
  assert.ok(await isLoading())
  const read = [...mirrored.simulator.truth.records(practice, 'patients')].find((one) => one.departmentid === '1')
  mirrored.change({ kind: 'updatepatient', patient: read?.patientid, fields: { city: 'Troy' } })
  await mirrored.advance(unreadRetentionMs + hour)
  stands = false
  await mirrored.run(10)
  await assertEqualsTruth(mirrored)
  assert.deepEqual(await mirrored.gaps(), [])
})

test('after a shorter one the feeds bring what waited', async (t) => {
  const mirrored = await livePractice(t)
  mirrored.change({ kind: 'addproblem', patient: '3', snomed: 44054006 })
  await mirrored.advance(unreadRetentionMs - hour)
  await mirrored.run(3)
  assert.equal(mirrored.log.events().filter((event) => event === 'sync.gap').length, 0)
  await assertEqualsTruth(mirrored)
})
