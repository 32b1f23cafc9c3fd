import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { sql } from './db.ts'

const { db } = await scratchDatabase()

test('a transaction knows its practice', async () => {
  const rows = await db.practice(195900, (tx) => tx.rows(sql('test.practice', 'select aegis.practice() as practice')))
  assert.deepEqual(rows, [{ practice: 195900 }])
})
