import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { inspect } from 'node:util'
import pg from 'pg'
import { memoryLog, silentLog } from '../../testing/memory-log.ts'
import { type ScratchDatabase, scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { clientConfig } from './database-login.ts'
import { migrate } from './migrate.ts'
import { migrationsDirectory, readMigrations } from './migration-files.ts'

let scratch: ScratchDatabase
let directory: string

beforeEach(async () => {
  scratch = await scratchDatabase()
  // As an installation with no migration yet.
  await scratch.owner.rows('delete from control.migration')
  directory = mkdtempSync(join(tmpdir(), 'aegis-migrations-'))
})
afterEach(async () => {
  await scratch.close()
  rmSync(directory, { recursive: true })
})

function write(name: string, text: string): void {
  writeFileSync(join(directory, name), text)
}

const run = (log = silentLog) => migrate({ ownerUrl: scratch.ownerUrl, log, directory })

async function refused(): Promise<{ code: string; detail: object; text: string }> {
  const error: unknown = await run().catch((thrown: unknown) => thrown)
  assert.ok(isAegisError(error), inspect(error))
  return { code: error.code, detail: error.detail, text: inspect(error) }
}

const tables = async () =>
  (
    await scratch.owner.rows<{ name: string }>(
      "select relname as name from pg_class where relname ~ '^made_' order by 1",
    )
  ).map(({ name }) => name)

describe('migrations', () => {
  test('are applied in order, once, and then cost nothing', async () => {
    write('0002_db_second.sql', 'create table control.made_b as select * from control.made_a')
    write('0001_db_first.sql', 'create table control.made_a (id integer)')
    const log = memoryLog()
    assert.deepEqual(await run(log), { applied: 2 })
    assert.deepEqual(
      log.lines.map(({ fields }) => fields),
      [{ number: 1 }, { number: 2 }],
    )
    assert.deepEqual(await run(log), { applied: 0 })
    assert.deepEqual(await tables(), ['made_a', 'made_b'])
  })

  test('of a slice with a lower number may come later', async () => {
    write('0070_sync_first.sql', 'create table control.made_sync ()')
    await run()
    write('0011_leases_more.sql', 'create table control.made_leases ()')
    assert.deepEqual(await run(), { applied: 1 })
  })

  test('are applied once by many instances that start together', async () => {
    write('0001_db_slow.sql', 'create table control.made_once (); select pg_sleep(0.05)')
    const results = await Promise.all(Array.from({ length: 5 }, () => run()))
    assert.equal(
      results.reduce((sum, { applied }) => sum + applied, 0),
      1,
    )
  })

  test('that fail leave nothing behind, and say where and why', async () => {
    write('0001_db_good.sql', 'create table control.made_good ()')
    write('0002_db_bad.sql', 'create table control.made_bad (); select nonsense from nowhere')
    const { code, detail, text } = await refused()
    assert.equal(code, 'db.migration-failed')
    assert.deepEqual(detail, { sqlstate: '42P01', file: '0002_db_bad.sql' })
    assert.match(text, /relation "nowhere" does not exist/)
    assert.deepEqual(await tables(), ['made_good'])
  })

  test('that meet a stored value they cannot take do not repeat it', async () => {
    write(
      '0001_db_values.sql',
      "create table control.made_values as select 'CANARY' as v; alter table control.made_values alter v type date using v::date",
    )
    const { code, text } = await refused()
    assert.equal(code, 'db.migration-failed')
    assert.doesNotMatch(text, /CANARY/)
  })

  test('that were changed after they were applied are refused', async () => {
    write('0001_db_first.sql', 'create table control.made_first ()')
    await run()
    write('0001_db_first.sql', 'create table control.made_first (id integer)')
    assert.deepEqual((await refused()).detail, { file: '0001_db_first.sql' })
    assert.equal((await refused()).code, 'db.migration-changed')
  })

  describe('of a newer release', () => {
    beforeEach(async () => {
      write('0001_db_first.sql', 'select 1')
      write('0002_db_newer.sql', 'select 1')
      await run()
      rmSync(join(directory, '0002_db_newer.sql'))
    })

    test('are no reason for the one before not to start: what it reads is kept', async () => {
      const log = memoryLog()
      assert.deepEqual(await run(log), { applied: 0 })
      assert.deepEqual(
        log.lines.map(({ event, fields }) => [event, fields]),
        [['db.schema-newer', { unknown: 1 }]],
      )
    })

    test('are refused by one that they have left behind', async () => {
      await scratch.owner.rows('update control.migration set must_be_known = true where number = 2')
      const { code, detail } = await refused()
      assert.deepEqual([code, detail], ['db.newer-schema', { migration: 2 }])
    })

    test('are refused by one of another line, of which the database lacks some', async () => {
      write('0003_db_of_another_line.sql', 'create table control.made_elsewhere ()')
      assert.equal((await refused()).code, 'db.newer-schema')
      assert.deepEqual(await tables(), [])
    })
  })

  test('run where a host that dies, freezes or is cut off keeps its locks for a minute at most', async () => {
    const names = ['idle_in_transaction_session_timeout', 'idle_session_timeout', 'lock_timeout']
    const columns = names.map((name) => `current_setting('${name}') as ${name}`).join(', ')
    write('0001_db_settings.sql', `create table control.made_settings as select ${columns}`)
    await run()
    assert.deepEqual(await scratch.owner.rows('select * from control.made_settings'), [
      { idle_in_transaction_session_timeout: '30s', idle_session_timeout: '30s', lock_timeout: '2s' },
    ])
  })

  const strays: [string, string[]][] = [
    ['without a number', ['first.sql']],
    ['with one number twice', ['0001_db_a.sql', '0001_db_b.sql']],
    ['that are no SQL', ['0001_db_a.sql.orig']],
  ]
  for (const [what, names] of strays) {
    test(`${what} are refused`, async () => {
      for (const name of names) write(name, 'select 1')
      assert.equal((await refused()).code, 'db.migration-files')
    })
  }

  test('find no search path: a name without its schema is an error, not a table somewhere', async () => {
    write('0001_db_unqualified.sql', 'create table made_anywhere ()')
    assert.equal((await refused()).code, 'db.migration-failed')
  })

  test("of the package have a slice's number each and are all applied in a scratch database", async () => {
    const names = readdirSync(migrationsDirectory)
    assert.equal(readMigrations(migrationsDirectory).length, names.length)
    const fresh = await scratchDatabase()
    assert.deepEqual(await migrate({ ownerUrl: fresh.ownerUrl, log: silentLog }), { applied: 0 })
    await fresh.close()
  })
})

describe('a migration whose table is in use', () => {
  const lockWaits = { eachMs: 200, pauseMs: 20, allMs: 60_000 }
  let holder: pg.Client

  beforeEach(async () => {
    holder = new pg.Client(clientConfig({ url: scratch.ownerUrl }))
    await holder.connect()
    await holder.query('create table control.made_used (id integer)')
    // As pg_dump does, or a report that somebody left open.
    await holder.query('begin; select from control.made_used')
    write('0001_db_change.sql', 'alter table control.made_used add column more integer')
  })
  afterEach(() => holder.end())

  /** Resolves when a migration waits for a lock. */
  async function waiting(): Promise<void> {
    const waits = `select from pg_stat_activity where datname = current_database() and application_name = 'aegis-migrate'
      and wait_event_type = 'Lock'`
    for (let looks = 0; looks < 10_000; looks += 1) if ((await scratch.owner.rows(waits)).length > 0) return
    assert.fail('nothing waits')
  }

  test('lets others pass while it waits, and is applied when the table is free', async () => {
    const log = memoryLog()
    const migrated = migrate({ ownerUrl: scratch.ownerUrl, log, directory, lockWaits })
    await waiting()
    await scratch.owner.rows("set lock_timeout = '10s'")
    // Queues behind the migration, and has its turn before the holder is done.
    assert.deepEqual(await scratch.owner.rows('select id from control.made_used'), [])
    assert.equal(log.events().includes('db.migration-applied'), false)
    await holder.query('commit')
    assert.deepEqual(await migrated, { applied: 1 })
    assert.equal(log.events().filter((event) => event === 'db.migration-waits').length, 1)
  })

  test('is given up in the end, and says what to look for', async () => {
    const short = { eachMs: 20, pauseMs: 1, allMs: 100 }
    await assert.rejects(
      migrate({ ownerUrl: scratch.ownerUrl, log: silentLog, directory, lockWaits: short }),
      (error) => isAegisError(error, 'db.tables-held'),
    )
  })

  test('ends at once when the start is called off', async () => {
    const stop = new AbortController()
    const migrated = migrate({ ownerUrl: scratch.ownerUrl, log: silentLog, directory, signal: stop.signal })
    await waiting()
    stop.abort(new Error('called off'))
    await assert.rejects(migrated, /called off/)
  })
})

test('a start does not wait for ever for another one', async () => {
  const other = new pg.Client(clientConfig({ url: scratch.ownerUrl }))
  await other.connect()
  await other.query('select pg_advisory_lock(4017195900)')
  write('0001_db_first.sql', 'select 1')
  const lockWaits = { eachMs: 20, pauseMs: 1, allMs: 100 }
  await assert.rejects(migrate({ ownerUrl: scratch.ownerUrl, log: silentLog, directory, lockWaits }), (error) =>
    isAegisError(error, 'db.busy'),
  )
  await other.end()
})
