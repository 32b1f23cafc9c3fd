import assert from 'node:assert/strict'
import test from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { addPractices, ensureScheduled, holdOff, noteSurvived } from '../sync/schedule.sql.ts'
import { heldOffAlarms } from './held-off-alarms.ts'

test('a feed that is held off is told of until it is survived', async () => {
  const { db } = await scratchDatabase()
  const key = { practice: 7, feed: 'patients' } as const
  await db.control(async (tx) => {
    await addPractices(tx, [7], 'local')
    await ensureScheduled(tx, [7], ['departments', 'patients'])
  })
  assert.deepEqual(await heldOffAlarms({ db }), [])
  await db.control((tx) => holdOff(tx, key, 60_000))
  const alarms = await heldOffAlarms({ db })
  assert.deepEqual(
    alarms.map(({ level, code, practice, feed }) => [level, code, practice, feed]),
    [['error', 'sync.held-off', 7, 'patients']],
  )
  await db.control((tx) => noteSurvived(tx, key, '5'))
  assert.deepEqual(await heldOffAlarms({ db }), [])
})
