import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { sql, type Tx } from '../db/db.ts'
import { patientKeys } from '../sealing/sealing.sql.ts'
import { confirmRecords, lockHeldRecords } from './records.sql.ts'

const ofKind = { practice: 7, kind: 'patient' } as const
const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`)
const subjects = keys.map((_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`)

const lookups: readonly { name: string; condition: RegExp; run: (tx: Tx) => Promise<unknown> }[] = [
  {
    name: 'the records held under the keys of a page',
    condition: /record_pkey on record.*Index Cond: \(.*practice_id = .*kind = .*key = /s,
    run: (tx) =>
      lockHeldRecords(
        tx,
        ofKind,
        keys.map((key) => ({ key, digest: null })),
      ),
  },
  {
    name: 'the records that a page showed unchanged',
    condition: /Arbiter Indexes: record_pkey.*record_pkey on record.*Index Cond: \(.*practice_id = .*kind = .*key = /s,
    run: (tx) => confirmRecords(tx, ofKind, { keys, fetchSeq: 9n }),
  },
  {
    name: "the keys of a page's patients",
    condition: /data_key_pkey on data_key.*Index Cond: \(.*practice_id = .*kind = .*subject = /s,
    run: (tx) => patientKeys(tx, ofKind.practice, subjects),
  },
]

for (const { name, condition, run } of lookups) {
  test(`${name} are found by the whole primary key while PostgreSQL knows nothing of a table yet`, async (t) => {
    const { db } = await scratchDatabase(t)
    let plan = ''
    await db.practice(ofKind.practice, async (tx) => {
      const explaining: Tx = {
        async rows(statement, values) {
          const explain = sql(`test.${statement.name}`, `explain ${statement.text}`)
          const lines = await tx.rows<{ 'QUERY PLAN': string }>(explain, values)
          plan = lines.map((line) => line['QUERY PLAN']).join('\n')
          return []
        },
      }
      await run(explaining)
    })
    assert.match(plan, condition)
    assert.doesNotMatch(plan, /Seq Scan/)
  })
}
