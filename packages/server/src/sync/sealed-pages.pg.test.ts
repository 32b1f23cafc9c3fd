import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { sql } from '../db/db.ts'
import { coreFeeds } from './feed-name.ts'
import type { WaitingPage } from './inbox.sql.ts'
import { openPage } from './store-page.ts'

test('no page of the inbox opens in the place of another, nor of what is read patient by patient', async (t) => {
  const feeds = [...coreFeeds, 'problems'] as const
  const few = { bookedDaysBack: 1, bookedDaysAhead: 2, slotDaysAhead: 1 }
  const mirrored = await mirroredPractice(t, { patients: 12, settings: { ...few, feeds } })
  await mirrored.bringUp()
  await mirrored.run(2)
  const pages = sql('test.pages', `select feed, fetch_seq, sealed from aegis.inbox_page where practice_id = $1`)
  const { deps } = mirrored
  const misplaced = await deps.db.practice(practice, async (tx) => {
    const keys = await deps.sealing.practice(tx, practice)
    const rows = await tx.rows<WaitingPage & { feed: string }>(pages, [practice])
    assert.ok(rows.filter(({ feed }) => feed === 'problems').length > 2)
    const opens = (page: WaitingPage) => {
      try {
        return openPage(keys, page) !== ''
      } catch {
        return false
      }
    }
    assert.deepEqual(
      rows.filter((row) => !opens(row)),
      [],
    )
    return rows.flatMap((row) => rows.filter((other) => other !== row && opens({ ...row, sealed: other.sealed })))
  })
  assert.deepEqual([...new Set(misplaced.map(({ feed }) => feed))], [])
})
