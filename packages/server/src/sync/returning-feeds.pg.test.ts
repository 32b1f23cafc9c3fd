/** A feed that is taken off the list and put on it again: what nobody told us meanwhile of what its first load does not read. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { coreFeeds } from './feed-name.ts'
import { feedTable } from './feed-table.ts'
import { gapsOf } from './gap.sql.ts'
import { registerPractices } from './register-practices.ts'
import type { SyncSettings } from './sync-settings.ts'

const hour = 3_600_000

/** A start with these settings. */
async function start(mirrored: MirroredPractice, settings: Partial<SyncSettings>): Promise<void> {
  mirrored.deps = { ...mirrored.deps, settings: { ...mirrored.deps.settings, ...settings } }
  await registerPractices(mirrored.deps, { practices: [practice], environment: 'local' })
}

/**
 * The feed is taken off the list; somebody else with the same app takes what changes meanwhile; then it is put on it again. When
 * its changes were last known.
 */
async function missChanges(
  mirrored: MirroredPractice,
  feed: 'claims' | 'problems',
  change: () => void,
): Promise<number> {
  const state = (await mirrored.states()).find((one) => one.feed === feed)
  await start(mirrored, { feeds: coreFeeds })
  change()
  const name = feedTable[feed].changed?.name ?? 'claims'
  const page = await mirrored.deps.upstream.practice(practice).feed(name).drainPage({ limit: 1_000 })
  assert.ok(page.items.length > 0)
  await mirrored.advance(9 * hour)
  assert.deepEqual(await gapsOfAll(mirrored), [], 'nobody is told of what is not wanted')
  await start(mirrored, { feeds: [...coreFeeds, feed] })
  return Math.min(state?.checkpoint ?? 0, state?.foreign_checked_at ?? 0)
}

const gapsOfAll = async ({ deps }: MirroredPractice) =>
  (await deps.db.practice(0, (tx) => gapsOf(tx, [practice]))).map(({ feed, cause, from_at: from }) => [
    feed,
    cause,
    from,
  ])

async function live(mirrored: MirroredPractice): Promise<void> {
  await start(mirrored, {})
  await mirrored.bringUp()
  await mirrored.run(18)
}

test('old claims that changed while their feed was off the list are read, and a gap until then', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 12, settings: { feeds: [...coreFeeds, 'claims'] } })
  const claims = [...mirrored.simulator.truth.records(practice, 'claims')]
  const [old] = claims.filter(({ claimcreateddate: at }) => String(at) < '02/04/2026')
  await live(mirrored)
  await start(mirrored, { claimsMonthsBack: 1 })
  const known = await missChanges(mirrored, 'claims', () => mirrored.change({ kind: 'voidclaim', claim: old?.claimid }))
  assert.deepEqual(await gapsOfAll(mirrored), [['claims', 'retention-passed', known]])
  await mirrored.run(8)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.deepEqual(await mirrored.differences(), [])
})

test('charts that changed while their feed was off the list are read, also where the first load is switched off', async (t) => {
  const settings = { feeds: [...coreFeeds, 'problems'], loadByPatient: false } as const
  const mirrored = await mirroredPractice(t, { patients: 4, settings })
  await live(mirrored)
  const [patient] = mirrored.simulator.truth.records(practice, 'patients')
  const of = { patient: patient?.patientid }
  mirrored.change({ kind: 'addproblem', ...of, snomed: 38341003 })
  await mirrored.run(2)
  const known = await missChanges(mirrored, 'problems', () => {
    mirrored.change({ kind: 'addproblem', ...of, snomed: 44054006 })
  })
  assert.deepEqual(await gapsOfAll(mirrored), [['problems', 'retention-passed', known]])
  await mirrored.run(8)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.deepEqual(await mirrored.differences(), [])
})
