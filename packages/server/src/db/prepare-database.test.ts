import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
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
import { prepareDatabase } from './prepare-database.ts'

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
const afterMigrate = async () => undefined

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
await prepareDatabase({ log: silentLog, afterMigrate }, { ownerUrl, runtimeUrl: urlOf(await makeLogin('first', '')) })
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
    const logins = await prepareDatabase({ log, afterMigrate }, { ownerUrl, runtimeUrl: urlOf(runtime) })
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
    await prepareDatabase({ log, afterMigrate }, { ownerUrl, runtimeUrl: urlOf(runtime) })
    assert.deepEqual(await prepareDatabase({ log, afterMigrate }, { runtimeUrl: urlOf(runtime) }), logins)
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
    const logins = await prepareDatabase({ log, afterMigrate }, { ownerUrl })
    made.push('aegis_runtime')
    assert.ok(log.events().includes('db.owner-url-only'))
    assert.deepEqual(await prepareDatabase({ log, afterMigrate }, { ownerUrl }), logins)
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
    const { app } = await prepareDatabase({ log: silentLog, afterMigrate }, { ownerUrl })
    await superuser.query(`alter database ${name} reset log_statement`)
    const logged = readFileSync(logFile, 'utf8')
    assert.match(logged, /alter role "?aegis_runtime"? login/)
    assert.equal(logged.includes(new URL(app.url).password), false)
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
        { log: memoryLog(), afterMigrate },
        { ownerUrl, runtimeUrl: urlOf(login) },
      ).catch((thrown: unknown) => thrown)
      assert.ok(isAegisError(error, 'db.unsafe-role'), inspect(error))
      assert.deepEqual(error.detail, { right: reported })
    })
  }

  test('that owns the tables', async () => {
    const error: unknown = await prepareDatabase(
      { log: memoryLog(), afterMigrate },
      { ownerUrl, runtimeUrl: ownerUrl },
    ).catch((thrown: unknown) => thrown)
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
      const error: unknown = await prepareDatabase({ log: memoryLog(), afterMigrate }, { ownerUrl }).catch(
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
