/** A practice that is taken out of the configuration and added again: what nobody told us meanwhile. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { registerPractices } from './register-practices.ts'

const minute = 60_000
const hour = 60 * minute

/** A start with these practices in the configuration. */
function start({ deps }: MirroredPractice, practices: readonly number[]): Promise<void> {
  return registerPractices(deps, { practices, environment: 'local' })
}

/** Live and registered, with the look for other readers taken. */
async function registered(mirrored: MirroredPractice): Promise<void> {
  await start(mirrored, [practice])
  await mirrored.bringUp()
  await mirrored.run(18)
}

/** Another installation with our app's credential takes the cancellation of a visit. */
async function takeCancellation(mirrored: MirroredPractice): Promise<void> {
  const visits = [...mirrored.simulator.truth.records(practice, 'appointments')]
  const visit = visits.find(
    (record) =>
      record.appointmentstatus === 'f' && Date.parse(String(record.date)) > mirrored.simulator.clock.now() + 24 * hour,
  )
  mirrored.change({ kind: 'cancel', appointment: visit?.appointmentid })
  const page = await mirrored.deps.upstream.practice(practice).feeds.appointments.drainPage({ limit: 1_000 })
  assert.ok(page.items.length > 0)
}

test('what another installation took while a practice was not mirrored is a gap, and is read', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6 })
  await registered(mirrored)
  const before = new Map((await mirrored.states()).map((state) => [state.feed, state.foreign_checked_at]))
  await start(mirrored, [])
  await takeCancellation(mirrored)
  await mirrored.advance(5 * hour)
  await start(mirrored, [practice])
  const gaps = new Map((await mirrored.gaps()).map(({ feed, cause, from_at }) => [feed, [cause, from_at]]))
  const followed = ['appointments', 'patients', 'providers'] as const
  assert.deepEqual(gaps, new Map(followed.map((feed) => [feed, ['retention-passed', before.get(feed)]])))
  const told = mirrored.log.lines.filter(({ event }) => event === 'sync.gap').map(({ fields }) => fields)
  const untold = followed.map((feed) => ({ practice, feed, cause: 'retention-passed' }))
  assert.deepEqual(told, untold)
  // Another process, or the same again: it has come back already.
  await mirrored.advance(minute)
  await start(mirrored, [practice])
  assert.deepEqual(mirrored.log.events().filter((event) => event === 'sync.gap').length, 3)
  await mirrored.run(8)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})

test('of a practice that was away for less than a look reaches back the look tells', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6 })
  await registered(mirrored)
  await start(mirrored, [])
  await mirrored.advance(3 * hour)
  await start(mirrored, [practice])
  assert.deepEqual(await mirrored.gaps(), [])
  await takeCancellation(mirrored)
  await mirrored.run(8)
  assert.ok(mirrored.log.lines.some(({ event, fields }) => event === 'sync.gap' && fields.cause === 'foreign-consumer'))
  await assertEqualsTruth(mirrored)
})
