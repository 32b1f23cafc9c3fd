import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { migrationsDirectory, readMigrations } from '../db/migration-files.ts'
import { releaseAlarms } from './release-alarms.ts'

const { db } = await scratchDatabase()
const numbers = readMigrations(migrationsDirectory).map(({ number }) => number)

test('a process that another one has overtaken says so, and one that is up to date nothing', async () => {
  assert.deepEqual(await releaseAlarms({ db, knownMigrations: numbers }), [])
  const [alarm, ...more] = await releaseAlarms({ db, knownMigrations: numbers.slice(0, -2) })
  assert.deepEqual([alarm?.level, alarm?.code, more], ['warning', 'db.schema-newer', []])
  assert.match(alarm?.message ?? '', /newer release than this process: it has 2 migrations more/)
})
