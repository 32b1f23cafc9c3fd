/** What is set aside without a name stays so until a reading has looked there again. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { passDays, passUntilJudged, reports } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import type { FeedName } from './feed-name.ts'
import { coreFeeds } from './feed-name.ts'
import { noPage, quarantine } from './quarantine.ts'
import { easternTime } from './segment.ts'

const hour = 3_600_000

/** Sets something aside as if it could not be read: a place, or a record, with the page that it came with. */
async function setAside(
  mirrored: MirroredPractice,
  feed: FeedName,
  { page = noPage, ...record }: Record<string, unknown> & { page?: typeof noPage },
): Promise<void> {
  const held = { practice, feed, fence: '0' }
  await mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    await quarantine(tx, keys, { held, page, record, reason: 'unreadable' })
  })
  await mirrored.advance(1_000)
}

/** Nothing of a feed that is set aside can be opened any more. */
async function spoilSetAside({ deps }: MirroredPractice, feed: FeedName): Promise<void> {
  const text = `update aegis.quarantine set sealed = sealed || '\\x00' where practice_id = $1 and feed = $2`
  await deps.db.practice(practice, (tx) => tx.rows(sql('test.spoil', text), [practice, feed]))
}

async function quarantined(mirrored: MirroredPractice): Promise<number> {
  return (await mirrored.trouble()).quarantined
}

test('a night that reads only what a feed handed out releases nothing; the snapshot that reads all does', async (t) => {
  const feeds = [...coreFeeds, 'problems'] as const
  const mirrored = await mirroredPractice(t, { patients: 4, settings: { feeds } })
  await mirrored.bringUp()
  const until = mirrored.deps.clock.now()
  await setAside(mirrored, 'problems', { list: 'replay', since: until - hour, until, offset: 3 })
  await setAside(mirrored, 'problems', { page: { page_id: '7' }, name: 'without an id' })
  await passDays(mirrored, 2)
  const nights = (await reports(mirrored)).filter(({ task, feed }) => task === 'nightly' && feed === 'problems')
  assert.deepEqual([nights.length > 0, await quarantined(mirrored)], [true, 2])
  await mirrored.wantSnapshot('problems')
  await mirrored.run(2)
  assert.equal(await quarantined(mirrored), 0)
})

test('a list of what changed is read again by the weekly check while a place in it is set aside', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 4 })
  await mirrored.bringUp()
  const modifiedSince = easternTime(mirrored.deps.clock.now() - 48 * hour)
  const days = { from: '2025-11-03', to: '2026-01-31' }
  await setAside(mirrored, 'appointments', { list: 'booked', ...days, modifiedSince, offset: 2 })
  const asked: string[] = []
  mirrored.fetch = (url, init, call) => {
    const { searchParams: query } = new URL(url)
    if (query.has('startlastmodified')) asked.push(`${query.get('startdate')} ${query.get('enddate')}`)
    return mirrored.toSimulator(url, init, call)
  }
  await passUntilJudged(mirrored, { task: 'weekly', daysMax: 9 })
  assert.deepEqual(asked, ['11/03/2025 01/31/2026'])
  assert.equal(await quarantined(mirrored), 0)
})

test('a change that no replay could read is looked for among what changed since, on any day', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 4 })
  await mirrored.bringUp()
  const until = mirrored.deps.clock.now()
  await setAside(mirrored, 'appointments', { list: 'replay', since: until - hour, until, offset: 0 })
  let changedLists = 0
  mirrored.fetch = (url, init, call) => {
    if (new URL(url).searchParams.has('startlastmodified')) changedLists += 1
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.wantSnapshot('appointments')
  await mirrored.run(2)
  assert.deepEqual([changedLists > 3, await quarantined(mirrored)], [true, 0])
})

test('what is set aside and cannot be opened stays so, and keeps no check from its end', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 4, settings: { rereadDays: 1 } })
  await mirrored.bringUp()
  const [patient] = [...mirrored.simulator.truth.records(practice, 'patients')]
  await setAside(mirrored, 'patients', { patientid: '999999' })
  await setAside(mirrored, 'patients', { list: 'patients', departmentId: '1', offset: 0 })
  await spoilSetAside(mirrored, 'patients')
  await setAside(mirrored, 'patients', { patientid: String(patient?.patientid) })
  await setAside(mirrored, 'patients', { list: 'patients', departmentId: '1', offset: 1 })
  assert.equal(await quarantined(mirrored), 4)
  await passDays(mirrored, 3)
  const done = (await reports(mirrored)).filter(({ feed }) => feed === 'patients').map(({ task }) => task)
  assert.deepEqual([done.includes('nightly'), done.includes('rolling')], [true, true])
  assert.equal(await quarantined(mirrored), 2)
  await mirrored.wantSnapshot('patients')
  await mirrored.run(2)
  const state = (await mirrored.states()).find(({ feed }) => feed === 'patients')
  assert.deepEqual([await quarantined(mirrored), state?.failure_code], [2, null])
})
