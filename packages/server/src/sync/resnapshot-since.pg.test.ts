/** Everything is to be read again, as after a database was restored from a backup. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { resnapshot } from './operate-sync.ts'
import { registerPractices } from './register-practices.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** A mirror as of a backup: a visit of before the window has changed since, which was read by the database that is lost. */
async function restored(mirrored: MirroredPractice): Promise<{ visit: unknown; backup: number }> {
  await registerPractices(mirrored.deps, { practices: [practice], environment: 'local' })
  await mirrored.bringUp()
  await mirrored.advance(12 * day)
  await mirrored.run(2)
  const backup = mirrored.simulator.clock.now()
  const held = new Set((await mirrored.opened('appointment')).map((record) => record.key))
  const past = [...mirrored.simulator.truth.records(practice, 'appointments')].find(
    (record) =>
      record.appointmentstatus === 'f' &&
      Date.parse(String(record.date)) < backup - 5 * day &&
      held.has(String(record.appointmentid)),
  )
  assert.ok(past)
  await mirrored.advance(minute)
  mirrored.change({ kind: 'checkin', appointment: past.appointmentid })
  const page = await mirrored.deps.upstream.practice(practice).feeds.appointments.drainPage({ limit: 1_000 })
  assert.ok(page.items.length > 0)
  await mirrored.advance(5 * 60 * minute)
  return { visit: past.appointmentid, backup }
}

async function statusHeld(mirrored: MirroredPractice, id: unknown): Promise<unknown> {
  return (await mirrored.opened('appointment')).find(({ key }) => key === String(id))?.body?.appointmentstatus
}

test('with the time of a backup what changed since on other days is read too, and is a gap until then', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 20, settings: { bookedDaysBack: 2 } })
  const { visit, backup } = await restored(mirrored)
  await resnapshot(mirrored.deps, { practice })
  await mirrored.run(4)
  assert.equal(await statusHeld(mirrored, visit), 'f')
  assert.deepEqual(await mirrored.gaps(), [])
  await resnapshot(mirrored.deps, { practice, since: backup })
  const gaps = await mirrored.gaps()
  const since = new Map(gaps.map(({ feed, from_at: from }) => [feed, from]))
  assert.deepEqual(since, new Map(mirrored.feeds.map((feed) => [feed, backup])))
  await mirrored.run(4)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.equal(await statusHeld(mirrored, visit), '2')
  await assertEqualsTruth(mirrored)
})

test('one feed alone is read from then on, and a time that lies ahead is refused', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 2 })
  await registerPractices(mirrored.deps, { practices: [practice], environment: 'local' })
  await mirrored.bringUp()
  const now = mirrored.simulator.clock.now()
  await assert.rejects(resnapshot(mirrored.deps, { practice, since: now + minute }), { code: 'sync.since-ahead' })
  assert.deepEqual(await mirrored.gaps(), [])
  await resnapshot(mirrored.deps, { practice, feed: 'patients', since: now })
  assert.deepEqual(
    (await mirrored.gaps()).map(({ feed, cause, from_at: from }) => [feed, cause, from]),
    [['patients', 'asked-for', now]],
  )
})
