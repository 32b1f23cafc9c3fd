import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { openDb } from '../db/open-db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { Sealing } from '../sealing/sealing.ts'
import { createAudit } from './audit.ts'
import type { AuditEvent } from './entry.ts'

const nothingToSeal = () => Promise.reject(new Error('nothing to seal here'))
const noSealing: Sealing = { practice: nothingToSeal, ensureKeys: nothingToSeal, close: () => undefined }
const event: AuditEvent = {
  practice: 1,
  type: 'upstream',
  subtype: 'poll-feed',
  action: 'R',
  actor: { kind: 'system', id: 'sync' },
}

test('every attempt that a process was told is durable is there after it was killed, and a recovery closes them all', async (t) => {
  const { db, owner, logins } = await scratchDatabase(t)
  const program = join(import.meta.dirname, '../../testing/append-until-killed.ts')
  const child = spawn(process.execPath, ['--conditions=aegis-source', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(logins))
  let printed = ''
  child.stdout.on('data', (bytes: Buffer) => {
    printed += bytes.toString()
    if (printed.length > 2_000) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const told = printed.split('\n').slice(0, -1)
  assert.ok(told.length >= 50)
  const rows = await owner.rows<{ id: string }>(`select id from audit.entry where outcome = 'attempt'`)
  const durable = new Set(rows.map(({ id }) => id))
  for (const id of told) assert.ok(durable.has(id), id)

  const audit = createAudit({ db, sealing: noSealing, clock: systemClock, random: systemRandom })
  assert.equal(await audit.closeOrphans([]), durable.size)
  const unknown = await owner.rows<{ attempt_id: string }>(
    `select attempt_id from audit.entry where outcome = 'unknown'`,
  )
  assert.deepEqual(new Set(unknown.map(({ attempt_id }) => attempt_id)), durable)
  assert.equal(await audit.closeOrphans([]), 0)
})

test('with the database gone nothing may start; with the database back it may, without a restart', async (t) => {
  const { owner, logins } = await scratchDatabase(t)
  const db = await openDb({ logins, log: silentLog, connectTimeoutMs: 2_000 })
  t.after(() => db.close())
  const audit = createAudit({ db, sealing: noSealing, clock: systemClock, random: systemRandom })
  const going = await audit.attempt(event)
  const [{ name } = { name: '' }] = await owner.rows<{ name: string }>('select current_database() as name')
  await owner.rows(`alter database ${name} connection limit 0`)
  await owner.rows(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  const unavailable = (error: unknown) => isAegisError(error, 'audit.unavailable')
  await assert.rejects(audit.attempt(event), unavailable)
  await assert.rejects(audit.record(event), unavailable)
  await assert.rejects(audit.outcome(going, { outcome: 'success' }), unavailable)
  const [count] = await owner.rows<{ entries: string }>('select count(*) as entries from audit.entry')
  assert.equal(count?.entries, '1')

  await owner.rows(`alter database ${name} connection limit -1`)
  await audit.outcome(await audit.attempt(event), { outcome: 'success' })
  await audit.stop()
  const outcomes = await owner.rows<{ attempt_id: string; outcome: string }>(
    'select attempt_id, outcome from audit.entry where attempt_id is not null',
  )
  assert.deepEqual(outcomes.find((entry) => entry.attempt_id === going)?.outcome, 'unknown')
  assert.equal(outcomes.length, 2)
})
