import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { silentLog } from '../../../testing/memory-log.ts'
import { scratchDatabase } from '../../../testing/scratch-database.ts'
import { systemClock } from '../../clock/clock.ts'
import { clientConfig } from '../../db/database-login.ts'
import { type EmbeddedPostgres, startEmbedded } from '../../db/embedded-postgres.ts'
import { examineServer, type ServerFacts } from '../../db/examine-server.ts'
import { migrate } from '../../db/migrate.ts'
import { isAegisError } from '../../errors/aegis-error.ts'
import { judgeDatabase } from './check-database.ts'

/** A cluster of its own: what is broken here would break other tests. */
let cluster: EmbeddedPostgres
let owner: pg.Client
const folder = mkdtempSync(join(tmpdir(), 'doctor-db-'))

before(async () => {
  cluster = await startEmbedded({
    dataDir: join(folder, 'data', 'postgres'),
    runDir: join(folder, 'run'),
    log: silentLog,
    clock: systemClock,
  })
  await migrate({ ownerUrl: cluster.ownerUrl, log: silentLog })
  owner = new pg.Client(clientConfig({ url: cluster.ownerUrl }))
  await owner.connect()
})
after(async () => {
  await owner.end()
  await cluster.stop()
  rmSync(folder, { recursive: true, force: true })
})

const look = (runtimeLogin = 'aegis_app'): Promise<ServerFacts> =>
  examineServer({ url: cluster.ownerUrl, isOwner: true, runtimeLogin })

const told = (facts: ServerFacts, processes = 1) =>
  judgeDatabase(facts, { processes, embedded: true, migrates: true }).filter(({ level }) => level !== 'ok')

test('a database as Aegis makes it is well', async () => {
  const facts = await look()
  assert.deepEqual(told(facts), [])
  assert.ok(judgeDatabase(facts, { processes: 1, embedded: true, migrates: true }).length >= 8)
})

interface Broken {
  readonly what: string
  readonly sql: string
  readonly undo: string
  readonly level: 'failure' | 'warning'
  readonly check: string
  readonly says: RegExp
  readonly remedy?: RegExp
  readonly login?: string
}

const setting = (name: string, value: string, says: RegExp): Broken => ({
  what: `${name} = ${value}`,
  sql: `alter database aegis set ${name} = '${value}'`,
  undo: `alter database aegis reset ${name}`,
  level: 'failure',
  check: `setting.${name}`,
  says,
})

const broken: readonly Broken[] = [
  setting('log_statement', 'all', /patient data/),
  setting('log_min_duration_statement', '0', /patient data/),
  setting('log_duration', 'on', /patient data/),
  setting('log_parameter_max_length_on_error', '-1', /patient data/),
  setting('debug_print_plan', 'on', /patient data/),
  setting('synchronous_commit', 'off', /could be lost/),
  {
    ...setting('session_preload_libraries', 'auto_explain', /^auto_explain is set so that patient data/),
    check: 'setting.auto_explain',
    remedy: /^Do not load auto_explain/,
  },
  {
    what: 'a log that repeats failed statements',
    sql: "alter database aegis set log_min_error_statement = 'error'",
    undo: 'alter database aegis reset log_min_error_statement',
    level: 'warning',
    check: 'log',
    says: /log_min_error_statement/,
  },
  {
    what: 'a table whose practices are not kept apart',
    sql: 'alter table aegis.record disable row level security',
    undo: 'alter table aegis.record enable row level security',
    level: 'failure',
    check: 'row-security',
    says: /not kept apart in record\./,
  },
  {
    what: 'a table whose owner sees every practice',
    sql: 'alter table aegis.change no force row level security',
    undo: 'alter table aegis.change force row level security',
    level: 'failure',
    check: 'row-security',
    says: /not kept apart in change\./,
  },
  {
    what: 'a runtime login that row-level security does not bind',
    sql: 'alter role aegis_app bypassrls',
    undo: 'alter role aegis_app nobypassrls',
    level: 'failure',
    check: 'roles',
    says: /bypassrls/,
  },
  {
    what: 'a runtime login that may make roles',
    sql: 'alter role aegis_app createrole',
    undo: 'alter role aegis_app nocreaterole',
    level: 'failure',
    check: 'roles',
    says: /createrole/,
  },
  {
    what: 'the owner as runtime login',
    sql: 'select 1',
    undo: 'select 1',
    level: 'failure',
    check: 'roles',
    says: /superuser/,
    login: 'aegis_owner',
  },
  {
    what: 'a runtime login without its roles',
    sql: 'create role doctor_login login',
    undo: 'drop role doctor_login',
    level: 'warning',
    check: 'roles',
    says: /cannot act as aegis_app, aegis_control, aegis_audit yet/,
    login: 'doctor_login',
  },
  {
    what: 'migrations that are not applied',
    sql: 'create temporary table kept as select * from control.migration where number >= 85; delete from control.migration where number >= 85',
    undo: 'insert into control.migration select * from kept; drop table kept',
    level: 'warning',
    check: 'migrations',
    says: /^\d+ migrations are not applied yet, the first is 0085_ops_replicas.sql/,
  },
  {
    what: 'a database of a newer release',
    sql: "insert into control.migration (number, name, checksum) values (9999, 'x', 'x')",
    undo: 'delete from control.migration where number = 9999',
    level: 'warning',
    check: 'migrations',
    says: /newer release: 1 of its migrations are not known/,
  },
]

for (const { what, sql, undo, level, check, says, remedy = /./, login } of broken) {
  test(`${what}: a ${level} with its remedy`, async () => {
    await owner.query(sql)
    try {
      const findings = told(await look(login))
      assert.deepEqual(
        findings.map((finding) => [finding.level, finding.check]),
        [[level, check]],
      )
      assert.match(findings[0]?.message ?? '', says)
      assert.match(findings[0]?.remedy ?? '', remedy)
    } finally {
      await owner.query(undo)
    }
  })
}

describe("without the owner's URL", () => {
  const seen = async (login = 'doctor_runtime') => {
    const url = new URL(cluster.ownerUrl)
    url.username = login
    url.password = 'x'
    const facts = await examineServer({ url: url.href, isOwner: false, runtimeLogin: login })
    const findings = judgeDatabase(facts, { processes: 1, embedded: true, migrates: false })
    return findings.filter(({ level }) => level !== 'ok').map(({ level, check, message }) => [level, check, message])
  }
  before(() =>
    owner.query(`create role doctor_runtime login noinherit password 'x'; create role doctor_bare login password 'x';
      grant aegis_app, aegis_control, aegis_audit to doctor_runtime with inherit false;
      grant connect on database aegis to doctor_runtime, doctor_bare`),
  )

  test('a database as another process made it is well', async () => assert.deepEqual(await seen(), []))

  test('one that lacks migrations is a failure: this process applies none', async () => {
    await owner.query('create temporary table lacking as select * from control.migration where number = 109')
    await owner.query('delete from control.migration where number = 109')
    const found = await seen()
    await owner.query('insert into control.migration select * from lacking; drop table lacking')
    const says = '1 migrations are not applied yet, the first is 0109_sync_latest_verdict.sql.'
    assert.deepEqual(found, [['failure', 'migrations', says]])
  })

  test('a login without its roles sees nothing, and is told so', async () => {
    const found = await seen('doctor_bare')
    assert.deepEqual(
      found.map(([level, check]) => `${level} ${check}`),
      ['warning roles', 'skipped row-security', 'failure migrations'],
    )
  })
})

test('a server that would lose what it confirmed is a failure: the tests’ own one is such', async (context) => {
  const { ownerUrl } = await scratchDatabase(context)
  const findings = told(await examineServer({ url: ownerUrl, isOwner: true, runtimeLogin: 'aegis_app' }))
  assert.deepEqual(
    findings.map(({ check }) => check),
    ['setting.fsync', 'setting.full_page_writes'],
  )
  assert.match(findings[0]?.message ?? '', /could be lost/)
})

test('more processes than connections: a failure that says how many', async () => {
  const [finding, ...more] = told(await look(), 5)
  assert.deepEqual([finding?.check, finding?.level, more], ['connections', 'failure', []])
  assert.match(finding?.message ?? '', /max_connections is 60, \d+ are in use; 5 processes take up to 95\.$/)
  assert.match(finding?.remedy ?? '', /^Set max_connections to 10\d or more/)
})

test('a PostgreSQL that is too old is a failure', async () => {
  const facts = await look()
  const settings = { ...facts.settings, version: 140_012, tooOld: true }
  const [finding, ...more] = told({ ...facts, settings })
  assert.deepEqual([finding?.check, finding?.level, more], ['version', 'failure', []])
  assert.match(finding?.message ?? '', /^PostgreSQL 14\.12 is too old\.$/)
  assert.match(finding?.remedy ?? '', /15 or newer/)
})

test('clocks that are apart are a failure', async () => {
  const facts = await look()
  for (const [clockAhead, level] of [
    [{ lowMs: 1_990, highMs: 2_500 }, undefined],
    [{ lowMs: 2_100, highMs: 2_500 }, 'failure'],
    [{ lowMs: -9_000, highMs: -8_000 }, 'failure'],
  ] as const) {
    assert.equal(told({ ...facts, clockAhead })[0]?.level, level)
  }
})

const refused: readonly [what: string, sql: string, undo: string, code: 'db.migration-changed' | 'db.newer-schema'][] =
  [
    [
      'a migration that was changed',
      "update control.migration set checksum = 'x' || checksum where number = 1",
      'update control.migration set checksum = substr(checksum, 2) where number = 1',
      'db.migration-changed',
    ],
    [
      'a database of a release that leaves this one behind',
      "insert into control.migration (number, name, checksum, must_be_known) values (9999, 'x', 'x', true)",
      'delete from control.migration where number = 9999',
      'db.newer-schema',
    ],
  ]
for (const [what, sql, undo, code] of refused) {
  test(`${what} is told as such`, async () => {
    await owner.query(sql)
    await assert.rejects(look(), (error) => isAegisError(error, code))
    await owner.query(undo)
  })
}

test('a server that is not there, or takes another password, is told as such', async () => {
  const url = new URL(cluster.ownerUrl)
  url.password = 'not-it'
  const isUnavailable = (error: unknown) => isAegisError(error, 'db.unavailable')
  await assert.rejects(examineServer({ url: url.href, isOwner: true, runtimeLogin: 'aegis_app' }), isUnavailable)
  const nowhere = 'postgres://a:b@127.0.0.1:1/aegis'
  await assert.rejects(examineServer({ url: nowhere, isOwner: true, runtimeLogin: 'aegis_app' }), isUnavailable)
})
