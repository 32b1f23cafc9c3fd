import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import pg from 'pg'
import { memoryLog } from '../../testing/memory-log.ts'
import { type Clock, systemClock } from '../clock/clock.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { clientConfig } from './database-login.ts'
import { type EmbeddedPostgres, startEmbedded } from './embedded-postgres.ts'
import { postmasterState, readPostmasterPid } from './postmaster-pid.ts'

/** One cluster for all tests, started and stopped by each; `elsewhere` is an empty home for those that would break it. */
const home = mkdtempSync(join(tmpdir(), 'aegis-pg-'))
const data = join(home, 'data')
const log = memoryLog()
const started: EmbeddedPostgres[] = []
let elsewhere: string

interface StartAt {
  home?: string
  settings?: Record<string, string>
  runDir?: string
}

async function start({ home: at = home, settings = {}, runDir = join(at, 'run') }: StartAt = {}) {
  const options = { dataDir: join(at, 'data'), runDir, log, clock: systemClock }
  const server = await startEmbedded({ ...options, settings: { fsync: 'off', ...settings } })
  started.push(server)
  return server
}

async function query<R extends object>(url: string, text: string, values: unknown[] = []): Promise<R[]> {
  const client = new pg.Client(clientConfig({ url }))
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query<R>(text, values)).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}

before(async () => {
  await (await start()).stop()
})
beforeEach(() => {
  elsewhere = mkdtempSync(join(tmpdir(), 'aegis-pg-'))
})
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()))
  rmSync(elsewhere, { recursive: true })
})
after(() => rmSync(home, { recursive: true }))

describe('the first start', () => {
  let first: EmbeddedPostgres
  beforeEach(async () => {
    first = await start({ settings: { fsync: 'on' } })
  })

  test('makes a cluster that survives a power cut and writes no values to its log', async () => {
    const rows = await query<{ name: string; setting: string }>(first.ownerUrl, 'select name, setting from pg_settings')
    const found = new Map(rows.map(({ name, setting }) => [name, setting]))
    const wanted = {
      data_checksums: 'on',
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      min_wal_size: '256',
      listen_addresses: '',
      unix_socket_permissions: '0700',
      password_encryption: 'scram-sha-256',
      log_min_messages: 'log',
      log_min_error_statement: 'panic',
      log_error_verbosity: 'terse',
      log_statement: 'none',
      log_parameter_max_length: '0',
      log_parameter_max_length_on_error: '0',
      shared_preload_libraries: '',
      server_encoding: 'UTF8',
      TimeZone: 'UTC',
    }
    for (const [name, value] of Object.entries(wanted)) assert.equal(found.get(name), value, name)
    const [collation] = await query(
      first.ownerUrl,
      "select datlocprovider, datlocale from pg_database where datname = 'aegis'",
    )
    assert.deepEqual(collation, { datlocprovider: 'b', datlocale: 'C.UTF-8' })
  })

  test('gives each role a login of its own, and nobody else the files', async () => {
    for (const name of ['app', 'control', 'audit'] as const) {
      const [row] = await query<{ who: string; power: boolean }>(
        first.logins[name].url,
        'select current_user as who, rolsuper as power from pg_roles where rolname = current_user',
      )
      assert.deepEqual(row, { who: `aegis_${name}`, power: false })
    }
    assert.equal(statSync(data).mode & 0o777, 0o700)
    assert.equal(statSync(join(home, 'data.passwords')).mode & 0o777, 0o600)
    assert.equal(statSync(join(home, 'run', 'pg')).mode & 0o777, 0o700)
    assert.equal(statSync(join(home, 'data.log', 'postgres.log')).mode & 0o777, 0o600)
  })

  test('hands PostgreSQL neither a password nor our environment', () => {
    const passwords = Object.values(JSON.parse(readFileSync(join(home, 'data.passwords'), 'utf8')) as object)
    const seen = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${first.pid}/${file}`, 'utf8')).join()
    for (const password of passwords) assert.equal(seen.includes(String(password)), false)
    assert.deepEqual(readFileSync(`/proc/${first.pid}/environ`, 'utf8').match(/HOME=|USER=|npm_/), null)
    assert.deepEqual(readdirSync(home).sort(), ['data', 'data.log', 'data.passwords', 'run'])
  })

  test('leaves no value in the log, whatever goes wrong with it', async () => {
    const client = new pg.Client({ ...clientConfig({ url: first.ownerUrl }), pipeline: true })
    await client.connect()
    await client.query('create table public.canary (id integer primary key, born date check (born > $$1900-01-01$$))')
    const attempts = Array.from({ length: 1700 }, (_, index): [string, unknown[]][] => {
      const value = `CANARY-${index}`
      return [
        ['select $1::text::date', [value]],
        ['insert into public.canary values ($1, $2)', [index, value]],
        ['insert into public.canary values ($1, $2)', [1, '1800-01-01 CANARY']],
        [`select '${value}'::integer`, []],
        [`selec '${value}'`, []],
        ['select $1::text::inet', [value]],
      ]
    })
    const failures = attempts.flat().map(([text, values]) => assert.rejects(client.query(text, values)))
    assert.ok(failures.length > 10_000)
    await Promise.all(failures)
    await client.query("do $$ begin raise warning 'CANARY in a warning'; end $$")
    await client.end()
    assert.doesNotMatch(readFileSync(join(home, 'data.log', 'postgres.log'), 'utf8'), /CANARY/)
  })

  test('that was cut short is begun anew', async () => {
    mkdirSync(join(elsewhere, 'data.unfinished', 'base'), { recursive: true })
    writeFileSync(join(elsewhere, 'data.unfinished', 'PG_VERSION'), '18\n')
    const server = await start({ home: elsewhere })
    assert.deepEqual(await query(server.ownerUrl, 'select 1 as one'), [{ one: 1 }])
    assert.deepEqual(readdirSync(elsewhere).sort(), ['data', 'data.log', 'data.passwords', 'run'])
  })
})

describe('a later start', () => {
  test('finds what was stored before', async () => {
    const before = await start()
    await query(before.ownerUrl, 'create table public.kept_before (id integer)')
    await before.stop()
    assert.equal(postmasterState(before.pid, data), 'gone')
    await before.stop()
    const later = await start()
    assert.equal(later.adopted, false)
    assert.deepEqual(await query(later.ownerUrl, 'select count(*)::integer as rows from public.kept_before'), [
      { rows: 0 },
    ])
  })

  test('makes new passwords when their file is gone', async () => {
    const before = readFileSync(join(home, 'data.passwords'), 'utf8')
    rmSync(join(home, 'data.passwords'))
    const server = await start()
    assert.notEqual(readFileSync(join(home, 'data.passwords'), 'utf8'), before)
    assert.deepEqual(await query(server.logins.app.url, 'select 1 as one'), [{ one: 1 }])
  })

  test('works where the path of the socket would be too long for the kernel', async () => {
    const runDir = join(home, 'a'.repeat(60), 'b'.repeat(60))
    const server = await start({ runDir })
    assert.deepEqual(await query(server.logins.app.url, 'select 1 as one'), [{ one: 1 }])
    const directory = String(new URL(server.ownerUrl).searchParams.get('host'))
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    await server.stop()
    assert.equal(existsSync(directory), false)
  })

  test('keeps the log bounded', async () => {
    writeFileSync(join(home, 'data.log', 'postgres.log'), Buffer.alloc(5 * 1024 * 1024, 'x'))
    await start()
    assert.ok(statSync(join(home, 'data.log', 'postgres.log')).size < 10_000)
    assert.equal(statSync(join(home, 'data.log', 'postgres.log.1')).size > 5_000_000, true)
  })
})

test('a start that is called off ends, and its server with it', async () => {
  const stop = new AbortController()
  let pid: number | undefined
  // It first sleeps when the server was launched and is not ready yet.
  const sleep: Clock['sleep'] = (ms, signal) => {
    pid ??= readPostmasterPid(data)?.pid
    if (pid !== undefined) stop.abort(new Error('called off'))
    return systemClock.sleep(ms, signal)
  }
  const options = { dataDir: data, runDir: join(home, 'run'), log, clock: { ...systemClock, sleep } }
  await assert.rejects(startEmbedded({ ...options, settings: { fsync: 'off' }, signal: stop.signal }), /called off/)
  assert.notEqual(postmasterState(pid ?? 0, data), 'running')
  assert.equal(readPostmasterPid(data), undefined)
  // Nothing of it is in the way of the next one.
  assert.equal((await start()).adopted, false)
})

describe('after a kill -9', () => {
  const program = join(import.meta.dirname, '..', '..', 'testing', 'embedded-process.ts')

  async function startInChild(): Promise<{ pid: number; kill(): Promise<void> }> {
    const child = spawn(process.execPath, ['--conditions=aegis-source', program, home, 'stay'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(child.stdout, 'data')
    return {
      // Written by embedded-process.ts.
      pid: (JSON.parse(String(line)) as { pid: number }).pid,
      async kill() {
        child.kill('SIGKILL')
        await once(child, 'close')
      },
    }
  }

  test('of our process, the server lives on and the next start takes it over', async () => {
    const child = await startInChild()
    await child.kill()
    assert.equal(postmasterState(child.pid, data), 'running')
    const server = await start()
    assert.deepEqual([server.adopted, server.pid], [true, child.pid])
    assert.deepEqual(await query(server.logins.control.url, 'select 1 as one'), [{ one: 1 }])
    await server.stop()
    assert.notEqual(postmasterState(child.pid, data), 'running')
  })

  test('of our process and then of the server, the next start recovers', async () => {
    const child = await startInChild()
    await child.kill()
    process.kill(child.pid, 'SIGKILL')
    const server = await start()
    assert.equal(server.adopted, false)
    assert.deepEqual(await query(server.ownerUrl, 'select 1 as one'), [{ one: 1 }])
  })

  test('of the server alone, it comes back by itself under the same URL with all that was confirmed', async () => {
    const server = await start()
    await query(server.ownerUrl, 'create table public.kept as select 7 as seven')
    const before = server.pid
    process.kill(before, 'SIGKILL')
    while (server.pid === before) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual(await query(server.ownerUrl, 'select seven from public.kept'), [{ seven: 7 }])
    assert.ok(log.events().includes('db.server-restarted'))
  })

  test('of a server that was taken over, it comes back as well', async () => {
    const child = await startInChild()
    await child.kill()
    const server = await start()
    process.kill(child.pid, 'SIGKILL')
    while (server.pid === child.pid) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual(await query(server.ownerUrl, 'select 1 as one'), [{ one: 1 }])
  })

  /** Lock files of a server that was killed, now with the number of another process. */
  function leaveLockFiles(pid: number): void {
    const text = `${pid}\n${join(home, 'data')}\n1700000000\n5432\n${join(home, 'run', 'pg')}\n\n  1234567 1\nready   \n`
    writeFileSync(join(data, 'postmaster.pid'), text)
    mkdirSync(join(home, 'run', 'pg'), { recursive: true, mode: 0o700 })
    writeFileSync(join(home, 'run', 'pg', '.s.PGSQL.5432.lock'), text)
  }

  test('a lock file that names a process long gone is no obstacle', async () => {
    const child = spawn('true')
    await once(child, 'close')
    leaveLockFiles(Number(child.pid))
    await start()
  })

  test('a lock file that names another program is no obstacle', async () => {
    const child = spawn('sleep', ['60'])
    leaveLockFiles(Number(child.pid))
    await start()
    child.kill()
    await once(child, 'close')
  })

  test('a lock file that names a zombie is no obstacle', async () => {
    // The shell becomes "sleep", which never asks how its child ended; the child ends when its input does.
    const child = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    })
    const [line] = await once(child.stdout ?? child, 'data')
    const zombie = Number(String(line))
    const reads = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8')
    while (reads(Number(child.pid), 'comm') !== 'sleep\n') await new Promise((resolve) => setTimeout(resolve, 5))
    child.stdio[3]?.destroy()
    while (!/\) Z /.test(reads(zombie, 'stat'))) await new Promise((resolve) => setTimeout(resolve, 5))
    leaveLockFiles(zombie)
    await start()
    child.kill()
    await once(child, 'close')
  })
})

describe('a start that cannot be is refused with what to do', () => {
  async function refusal(options: StartAt = {}) {
    const error: unknown = await start(options).catch((thrown: unknown) => thrown)
    assert.ok(isAegisError(error))
    return { code: error.code, reason: error.detail.reason }
  }

  test('data of another major version', async () => {
    mkdirSync(join(elsewhere, 'data'))
    writeFileSync(join(elsewhere, 'data', 'PG_VERSION'), '17\n')
    assert.equal((await refusal({ home: elsewhere })).code, 'db.cluster-version')
  })

  test('a directory that holds something else', async () => {
    mkdirSync(join(elsewhere, 'data'))
    const found = await refusal({ home: elsewhere })
    assert.deepEqual(found, { code: 'db.data-directory', reason: 'it is not a PostgreSQL data directory' })
  })

  test('a data directory that others may enter', async () => {
    chmodSync(data, 0o755)
    assert.equal((await refusal()).reason, 'others may enter it; chmod 700')
    chmodSync(data, 0o700)
  })

  test('a home that is a file', async () => {
    writeFileSync(join(elsewhere, 'file'), '')
    assert.deepEqual(await refusal({ home: join(elsewhere, 'file') }), { code: 'db.data-directory', reason: 'EEXIST' })
  })

  test('a setting that PostgreSQL does not know: its log is named', async () => {
    assert.equal((await refusal({ settings: { nonsense: 'on' } })).code, 'db.start-failed')
    assert.match(readFileSync(join(home, 'data.log', 'postgres.log'), 'utf8'), /nonsense/)
  })

  test('a socket directory that others may enter', async () => {
    mkdirSync(join(elsewhere, 'pg'))
    assert.equal((await refusal({ runDir: elsewhere })).reason, 'others may enter it; chmod 700')
  })

  test('a socket directory that leads somewhere else', async () => {
    mkdirSync(join(elsewhere, 'trap'), { mode: 0o700 })
    symlinkSync(join(elsewhere, 'trap'), join(elsewhere, 'pg'))
    assert.equal((await refusal({ runDir: elsewhere })).reason, 'it belongs to somebody else')
  })
})
