import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import pg from 'pg'
import { createAudit } from '../audit/audit.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { clientConfig } from '../db/database-login.ts'
import { sql } from '../db/db.ts'
import { openDb } from '../db/open-db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { applyRecords } from '../records/apply-records.ts'
import { openKek } from '../sealing/open-kek.ts'
import { createSealing } from '../sealing/sealing.ts'
import { addPractices } from '../sync/schedule.sql.ts'
import { sealedCell } from './ops-api.ts'
import { runSql } from './run-sql.ts'

const { db, owner, ownerUrl, logins } = await scratchDatabase()
const directory = mkdtempSync(join(tmpdir(), 'aegis-sql-'))
const kek = await openKek({ db, random: systemRandom }, { directory, purpose: 'phi' })
const sealing = createSealing({ db, kek, clock: systemClock, random: systemRandom })
const audit = createAudit({ db, sealing, clock: systemClock, random: systemRandom })
after(async () => {
  await audit.stop()
  rmSync(directory, { recursive: true })
})
const deps = { db, sealing, audit, running: { count: 0 } }

await db.control((tx) => addPractices(tx, [1, 2], 'local'))
for (const practice of [1, 2]) {
  await db.practice(practice, async (tx) => {
    const keys = await sealing.practice(tx, practice)
    const records = [{ patientid: '501', firstname: `Ada${practice}`, lastname: 'Quill', status: 'active' }]
    await applyRecords(tx, keys, {
      practice,
      kind: 'patient',
      source: 'feed',
      shape: 'feed',
      fetchSeq: 1n,
      records,
      facts: { departments: new Map() },
    })
  })
}

const unseal = { reason: 'a test of the command', actor: 'tester' }

test('a result shows the practice asked for, identity sealed', async () => {
  const { columns, rows } = await runSql(deps, { practice: 1, text: 'select practice_id, status, sealed from patient' })
  assert.deepEqual(columns, ['practice_id', 'status', 'sealed'])
  assert.deepEqual(rows, [[1, 'active', sealedCell]])
})

test('with a reason it is opened, and the audit log says who looked, why and at whom', async () => {
  const { rows } = await runSql(deps, { practice: 2, text: 'select sealed from patient', unseal })
  assert.deepEqual(rows, [[{ patientid: '501', firstname: 'Ada2', lastname: 'Quill', status: 'active' }]])
  const entries = await owner.rows<{ actor_id: string; patients: string[] }>(
    `select * from audit.entry where practice_id = 2 and subtype = 'sql-unseal'`,
  )
  assert.equal(entries.length, 1)
  assert.equal(JSON.stringify(entries).includes('tester'), true)
  assert.equal(JSON.stringify(entries).includes('Ada2'), false)
})

test('a search that finds nobody is in the audit log as one that finds somebody', async () => {
  const text = "select sealed from patient where status = 'deleted'"
  assert.deepEqual((await runSql(deps, { practice: 1, text, unseal })).rows, [])
  const entries = await owner.rows<{ record_count: number; outcome: string }>(
    `select record_count, outcome from audit.entry where practice_id = 1 and subtype = 'sql-unseal' and outcome = 'success'`,
  )
  assert.deepEqual(entries, [{ record_count: 0, outcome: 'success' }])
})

test('who asks for a practice that is not mirrored is refused as for one there is not, and is in the audit log', async () => {
  for (const practice of [3, 195_900]) {
    await assert.rejects(runSql(deps, { practice, text: 'select sealed from patient', unseal }), {
      code: 'ops.unknown-practice',
    })
  }
  const entries = await owner.rows<{ actor_id: string; outcome: string }>(
    `select actor_id, outcome from audit.entry where practice_id = 0 and subtype = 'sql-unseal'`,
  )
  assert.deepEqual(entries, [
    { actor_id: 'tester', outcome: 'failure' },
    { actor_id: 'tester', outcome: 'failure' },
  ])
  assert.deepEqual(await owner.rows('select 1 from audit.entry where practice_id in (3, 195900)'), [])
})

test('a query that is named like a function does not let the function run', async () => {
  const text = `with set_config(x) as (select 1), s as materialized (select set_config('aegis.practice_id', '2', true) as v)
    select p.* from s cross join lateral (select * from mirror.patient where s.v is not null offset 0) p`
  await assert.rejects(runSql(deps, { practice: 1, text }), { code: 'ops.sql-refused' })
})

test('a connection that ran text of somebody else runs nothing after it', async () => {
  const one = await openDb({ logins, log: silentLog, poolSizes: { app: 1 } })
  const backend = () => one.practice(1, (tx) => tx.rows(sql('test.backend', 'select pg_backend_pid() as pid')))
  const before = await backend()
  assert.deepEqual(await backend(), before)
  await runSql({ ...deps, db: one }, { practice: 1, text: 'select 1 as one' })
  assert.notDeepEqual(await backend(), before)
  await one.close()
})

test('a statement that is refused is in the audit log as well', async () => {
  const text = `select set_config('aegis.practice_id', '2', true), sealed from patient`
  await assert.rejects(runSql(deps, { practice: 1, text, unseal }), { code: 'ops.sql-refused' })
  const entries = await owner.rows(
    `select 1 from audit.entry where practice_id = 1 and subtype = 'sql-unseal' and outcome = 'failure'`,
  )
  assert.equal(entries.length, 1)
})

test('what PostgreSQL refuses says so without its text', async () => {
  await assert.rejects(
    runSql(deps, { practice: 1, text: `select cast('Ada Quill' as integer) from patient` }),
    (error: Error) => {
      assert.equal(error.message.includes('Quill'), false)
      assert.match(error.message, /22P02/)
      return true
    },
  )
})

test('however many slow statements are sent at once, the feeds have connections left, and who is refused is in the audit log', async (t) => {
  const own = await openDb({ logins, log: silentLog })
  const lock = new pg.Client(clientConfig({ url: ownerUrl }))
  t.after(() => Promise.all([lock.end(), own.close()]))
  await lock.connect()
  await lock.query('begin; lock table aegis.record in access exclusive mode')
  const query = { practice: 1, text: 'select department_id from department' }
  let settled = 0
  const outcomes = Promise.all(
    Array.from({ length: 5 }, () =>
      runSql({ ...deps, db: own }, query)
        .then(() => 'answered', codeOf)
        .finally(() => (settled += 1)),
    ),
  )
  while ((await waitingForLock()) + settled < 5) await new Promise((resolve) => setTimeout(resolve, 5))
  await own.practice(1, (tx) => tx.rows(sql('test.of_feed', 'select 1 as one')))
  await lock.query('rollback')
  const refused = Array.from({ length: 3 }, () => 'ops.sql-busy')
  assert.deepEqual((await outcomes).toSorted(), ['answered', 'answered', ...refused])
  assert.deepEqual((await runSql({ ...deps, db: own }, query)).rows, [], 'when they have ended')
  const entries = await owner.rows<{ outcome: string }>(
    `select outcome from audit.entry where practice_id = 1 and subtype = 'sql' order by recorded_at desc limit 6`,
  )
  assert.equal(entries.filter(({ outcome }) => outcome === 'failure').length, 3)
})

function codeOf(error: unknown): string {
  return isAegisError(error) ? error.code : String(error)
}

async function waitingForLock(): Promise<number> {
  return (await owner.rows('select from pg_locks where not granted')).length
}

test('instants are told as such', async () => {
  const { rows } = await runSql(deps, { practice: 1, text: 'select first_seen_at from patient' })
  assert.match(String(rows[0]?.[0]), /^\d{4}-\d{2}-\d{2}T/)
})
