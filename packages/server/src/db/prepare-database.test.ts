import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import pg from 'pg'
import { testCluster } from '../../testing/keeper-connection.ts'
import { memoryLog, silentLog } from '../../testing/memory-log.ts'
import { systemClock } from '../clock/clock.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { clientConfig } from './database-login.ts'
import { sql } from './db.ts'
import { startEmbedded } from './embedded-postgres.ts'
import { type Gate, gateQueries, gateValues } from './gate-queries.ts'
import { openDb } from './open-db.ts'
import { type PrepareDeps, prepareDatabase } from './prepare-database.ts'

/*
 * A database as a hosted service gives one: its owner may create roles but is no superuser. The shared test cluster will
 * not do: it is set up to lose everything in a power cut, which is refused here.
 */
const cluster = await ownCluster()
const superuser = new pg.Client(clientConfig({ url: cluster.ownerUrl }))
await superuser.connect()
const name = `hosted_${randomBytes(6).toString('hex')}`
const password = randomBytes(12).toString('hex')
const made: string[] = []
const atop = { install: async () => undefined, isInstalled: async () => true }

async function makeLogin(suffix: string, rights: string): Promise<string> {
  const login = `${name}_${suffix}`
  await superuser.query(`create role ${login} login password '${password}' ${rights}`)
  made.push(login)
  return login
}

function urlOf(login: string): string {
  const url = new URL(cluster.ownerUrl)
  url.username = login
  url.password = password
  url.pathname = `/${name}`
  return url.href
}

const ownerLogin = await makeLogin('owner', 'createrole')
const ownerUrl = urlOf(ownerLogin)
await superuser.query(`create database ${name} owner ${ownerLogin} template template0`)
// This cluster's roles were made by its superuser, as where a second installation shares a server.
for (const role of ['aegis_app', 'aegis_control', 'aegis_audit']) {
  await superuser.query(`grant ${role} to ${ownerLogin} with admin option`)
}
await prepareDatabase({ log: silentLog, atop }, { ownerUrl, runtimeUrl: urlOf(await makeLogin('first', '')) })
after(async () => {
  await superuser.query(`drop database ${name} with (force)`)
  for (const login of made.toReversed()) await superuser.query(`drop role ${login}`)
  await superuser.end()
  await cluster.stop()
})

describe('a database whose owner is no superuser', () => {
  test('is migrated, and its runtime login acts as three roles without a right of its own', async () => {
    const runtime = await makeLogin('runtime', '')
    const log = memoryLog()
    const logins = await prepareDatabase({ log, atop }, { ownerUrl, runtimeUrl: urlOf(runtime) })
    const db = await openDb({ logins, log })
    const who = sql('test.who', 'select current_user as role, session_user as login')
    assert.deepEqual(await db.practice(1, (tx) => tx.rows(who)), [{ role: 'aegis_app', login: runtime }])
    assert.deepEqual(await db.control((tx) => tx.rows(who)), [{ role: 'aegis_control', login: runtime }])
    assert.deepEqual(await db.audit((tx) => tx.rows(who)), [{ role: 'aegis_audit', login: runtime }])
    const crossed = sql('test.crossed', 'select count(*) from control.lease')
    await assert.rejects(
      db.practice(1, (tx) => tx.rows(crossed)),
      (error) => isAegisError(error, 'db.statement-failed') && error.detail.sqlstate === '42501',
    )
    await db.close()
    assert.equal(log.events().includes('db.owner-url-only'), false)
    // A second start finds everything in place.
    await prepareDatabase({ log, atop }, { ownerUrl, runtimeUrl: urlOf(runtime) })
    assert.deepEqual(await prepareDatabase({ log, atop }, { runtimeUrl: urlOf(runtime) }), logins)
  })

  test('passes the gates', async () => {
    const db = await openDb({ logins: allAs(ownerUrl), log: memoryLog() })
    for (const [gate, text] of Object.entries(gateQueries)) {
      // The keys of a constant.
      const values = gateValues(gate as Gate)
      assert.deepEqual(await db.control((tx) => tx.rows(sql(`test.${gate}`, text), values)), [])
    }
    await db.close()
  })

  test("shows its owner no row of a practice without the practice's context", async () => {
    const db = await openDb({ logins: allAs(ownerUrl), log: memoryLog() })
    const read = sql('test.owner_reads', 'select count(*) from aegis.record')
    await assert.rejects(
      db.control((tx) => tx.rows(read)),
      (error) => isAegisError(error, 'db.statement-failed'),
    )
    await db.close()
  })

  test("with the owner's URL alone is run by a login made for it, with a warning", async () => {
    const log = memoryLog()
    const logins = await prepareDatabase({ log, atop }, { ownerUrl })
    made.push('aegis_runtime')
    assert.ok(log.events().includes('db.owner-url-only'))
    assert.deepEqual(await prepareDatabase({ log, atop }, { ownerUrl }), logins)
    const db = await openDb({ logins, log })
    const [row] = await db.control((tx) =>
      tx.rows<{ login: string }>(sql('test.login', 'select session_user as login')),
    )
    assert.equal(row?.login, 'aegis_runtime')
    await db.close()
  })

  test("tells the server's log no password, where that keeps changes of the schema", async (t) => {
    const { logFile } = cluster
    if (logFile === undefined) return t.diagnostic('the log of this server is not ours to read')
    await superuser.query(`alter database ${name} set log_statement = 'ddl'`)
    const { app } = await prepareDatabase({ log: silentLog, atop }, { ownerUrl })
    await superuser.query(`alter database ${name} reset log_statement`)
    const logged = readFileSync(logFile, 'utf8')
    assert.match(logged, /alter role "?aegis_runtime"? login/)
    assert.equal(logged.includes(new URL(app.url).password), false)
  })
})

describe("without the owner's URL", () => {
  const short = { pauseMs: 1, allMs: 20 }
  const prepare = async (changes: Partial<PrepareDeps> = {}) =>
    prepareDatabase({ log: silentLog, atop, ...changes }, { runtimeUrl: urlOf(`${name}_first`) })
  let owner: pg.Client
  before(async () => {
    owner = new pg.Client(clientConfig({ url: ownerUrl }))
    await owner.connect()
    await owner.query('create temporary table kept as select * from control.migration where number = 109')
  })
  after(() => owner.end())
  afterEach(() => owner.query('delete from control.migration where number = 9999'))
  const add = () => owner.query('insert into control.migration select * from kept on conflict do nothing')
  /** As where the release before migrated last. */
  async function withoutOne(work: () => Promise<void>): Promise<void> {
    await owner.query('delete from control.migration where number = 109')
    try {
      await work()
    } finally {
      await add()
    }
  }
  const behind = async (detail: object, changes: Partial<PrepareDeps> = {}) =>
    assert.rejects(prepare({ schemaWaits: short, ...changes }), (error) => {
      assert.ok(isAegisError(error, 'db.schema-behind'), inspect(error))
      assert.deepEqual(error.detail, detail)
      return true
    })

  test('a start waits for the process that migrates', () =>
    withoutOne(async () => {
      const waits = Promise.withResolvers<string>()
      const log = { ...silentLog, warn: (event: string) => waits.resolve(event) }
      const prepared = prepare({ log, schemaWaits: { pauseMs: 1, allMs: 60_000 } })
      assert.equal(await Promise.race([waits.promise, prepared]), 'db.schema-awaited')
      await add()
      await prepared
    }))

  test('a start is refused in the end, and says what is missing', () =>
    withoutOne(() => behind({ pending: 1, first: '0109_sync_latest_verdict.sql' })))

  test('a start is refused where the queue is not installed', () =>
    behind({ pending: 'queue' }, { atop: { ...atop, isInstalled: async () => false } }))

  test('a start is refused where nobody gave the login its roles', async () => {
    const runtimeUrl = urlOf(await makeLogin('bare', ''))
    await assert.rejects(prepareDatabase({ log: silentLog, atop, schemaWaits: short }, { runtimeUrl }), (error) =>
      isAegisError(error, 'db.schema-behind'),
    )
  })

  test('a start ends at once when it is called off', () =>
    withoutOne(async () => {
      const stop = new AbortController()
      const warn = () => stop.abort(new Error('called off'))
      await assert.rejects(prepare({ log: { ...silentLog, warn }, signal: stop.signal }), /called off/)
    }))

  test('a start on a database of a newer release goes on, unless it has been left behind', async () => {
    const log = memoryLog()
    await owner.query("insert into control.migration (number, name, checksum) values (9999, 'x', 'x')")
    await prepare({ log })
    assert.deepEqual(log.events(), ['db.schema-newer'])
    await owner.query('update control.migration set must_be_known = true where number = 9999')
    await assert.rejects(prepare(), (error) => isAegisError(error, 'db.newer-schema'))
  })
})

describe('a runtime login is refused', () => {
  const cases: [string, string, string][] = [
    ['a superuser', 'superuser', 'superuser'],
    ['that bypasses row-level security', 'bypassrls', 'bypassrls'],
    ['that may create roles', 'createrole', 'createrole'],
  ]
  for (const [what, right, reported] of cases) {
    test(what, async () => {
      const login = await makeLogin(right, right)
      const error: unknown = await prepareDatabase(
        { log: memoryLog(), atop },
        { ownerUrl, runtimeUrl: urlOf(login) },
      ).catch((thrown: unknown) => thrown)
      assert.ok(isAegisError(error, 'db.unsafe-role'), inspect(error))
      assert.deepEqual(error.detail, { right: reported })
    })
  }

  test('that owns the tables', async () => {
    const error: unknown = await prepareDatabase({ log: memoryLog(), atop }, { ownerUrl, runtimeUrl: ownerUrl }).catch(
      (thrown: unknown) => thrown,
    )
    assert.ok(isAegisError(error, 'db.unsafe-role'), inspect(error))
  })
})

describe('a server is refused', () => {
  const cases: [string, string, string][] = [
    ['that may lose what it confirmed', 'synchronous_commit', 'off'],
    ['that logs statements', 'log_statement', 'all'],
    ['that logs slow statements', 'log_min_duration_statement', '100'],
    ['that logs the parameters of failed statements', 'log_parameter_max_length_on_error', '-1'],
  ]
  for (const [what, setting, value] of cases) {
    test(what, async () => {
      await superuser.query(`alter database ${name} set ${setting} = '${value}'`)
      const error: unknown = await prepareDatabase({ log: memoryLog(), atop }, { ownerUrl }).catch(
        (thrown: unknown) => thrown,
      )
      await superuser.query(`alter database ${name} reset ${setting}`)
      assert.ok(isAegisError(error, 'db.insecure-settings'), inspect(error))
      assert.ok(setting in error.detail)
    })
  }
})

function allAs(url: string) {
  return { app: { url }, control: { url }, audit: { url } }
}

/** A server that keeps what it confirms: one of the machine's packages if the run was given one, else an embedded one. */
async function ownCluster(): Promise<{ ownerUrl: string; logFile?: string; stop(): Promise<void> }> {
  if (process.env['AEGIS_TEST_DATABASE_URL']) {
    const { ownerUrl } = await testCluster()
    return { ownerUrl, stop: async () => undefined }
  }
  const home = mkdtempSync(join(tmpdir(), 'aegis-hosted-'))
  const options = { dataDir: join(home, 'data'), runDir: join(home, 'run'), log: silentLog, clock: systemClock }
  const { ownerUrl, stop } = await startEmbedded(options)
  return {
    ownerUrl,
    logFile: join(home, 'data.log', 'postgres.log'),
    async stop() {
      await stop()
      rmSync(home, { recursive: true })
    },
  }
}
