/** A start that is asked to stop while it waits, by the real program: it ends by itself, in order, and leaves nothing. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { type RunningProgram, runAegis } from '../packages/cli/testing/run-aegis.ts'
import { systemClock } from '../packages/server/src/clock/clock.ts'
import { clientConfig } from '../packages/server/src/db/database-login.ts'
import { type EmbeddedPostgres, startEmbedded } from '../packages/server/src/db/embedded-postgres.ts'
import { migrate } from '../packages/server/src/db/migrate.ts'
import { readPostmasterPid } from '../packages/server/src/db/postmaster-pid.ts'
import { installQueue } from '../packages/server/src/queue/install-queue.ts'
import { homeAt } from '../packages/server/src/ops/home.ts'
import { lockHome } from '../packages/server/src/ops/home-lock.ts'
import { silentLog } from '../packages/server/testing/memory-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'off-'))
const withoutOwner = { DATABASE_URL_FILE: join(folder, 'runtime-url') }
let database: EmbeddedPostgres
let owner: pg.Client

/** Counts as not applied; it alters `control.migration`, which the first test holds. */
const setBack = 116

before(async () => {
  const place = { dataDir: join(folder, 'postgres'), runDir: join(folder, 'run') }
  database = await startEmbedded({ ...place, log: silentLog, clock: systemClock })
  await migrate({ ownerUrl: database.ownerUrl, log: silentLog })
  await installQueue({ ownerUrl: database.ownerUrl })
  owner = new pg.Client(clientConfig({ url: database.ownerUrl }))
  await owner.connect()
  await owner.query(`create table public.set_back as select * from control.migration where number = ${setBack}`)
  await owner.query(`create role off_runtime login password 'x' noinherit;
    grant aegis_app, aegis_control, aegis_audit to off_runtime with inherit false;
    grant connect on database aegis to off_runtime`)
  const url = new URL(database.ownerUrl)
  url.username = 'off_runtime'
  url.password = 'x'
  writeFileSync(withoutOwner.DATABASE_URL_FILE, `${url.href}\n`, { mode: 0o600 })
})
after(async () => {
  await owner.end()
  await database.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** With a migration to be applied, as that of a new release. */
async function withOneToApply(work: () => Promise<void>): Promise<void> {
  await owner.query(`delete from control.migration where number = ${setBack}`)
  try {
    await work()
  } finally {
    await owner.query('insert into control.migration select * from public.set_back')
  }
}

/** Starts the program on a home of its own, asks it to stop once `reached`, and expects nothing of it to be left. */
async function calledOff(
  name: string,
  { env, baseUrl = 'http://127.0.0.1:9' }: { env: Record<string, string>; baseUrl?: string },
  reached: (program: RunningProgram, home: string) => Promise<boolean>,
): Promise<void> {
  const cwd = join(folder, name)
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'secret'), 'demo-secret\n', { mode: 0o600 })
  const athena = { clientId: 'clinic', secretFile: 'secret', baseUrl }
  const settings = { environment: 'local', athena, practices: [195900], http: { port: 0 }, log: { to: 'stderr' } }
  writeFileSync(join(cwd, 'aegis.yaml'), JSON.stringify(settings))
  const program = runAegis(['up', '--plain'], { cwd, env })
  const home = join(cwd, '.aegis')
  while (!(await reached(program, home))) await delay(20)
  program.child.kill('SIGTERM')
  const { code, out, err } = await program.ended
  assert.equal(code, 0, err)
  assert.match(out, /stopped before it had started/)
  assert.match(err, /aegis\.start-called-off/)
  lockHome(homeAt(home)).release()
}

const sessions = async (more: string) => {
  const { rows } = await owner.query(
    `select application_name, wait_event_type from pg_stat_activity
     where datname = 'aegis' and application_name ~ '^aegis' ${more}`,
  )
  return rows.length
}

async function untilGone(): Promise<void> {
  for (let looks = 0; (await sessions('')) > 0; looks++) {
    assert.ok(looks < 500, 'a session is left')
    await delay(20)
  }
}

test('while another session holds a table that a migration needs', { timeout: 60_000 }, () =>
  withOneToApply(async () => {
    const holder = new pg.Client(clientConfig({ url: database.ownerUrl }))
    await holder.connect()
    await holder.query('begin; lock table control.migration in access share mode')
    const env = { DATABASE_URL: database.ownerUrl }
    await calledOff('locked', { env }, async () => (await sessions(`and wait_event_type = 'Lock'`)) > 0)
    await untilGone()
    await holder.end()
  }),
)

test('while it waits for the process that migrates', { timeout: 60_000 }, () =>
  withOneToApply(async () => {
    await calledOff('behind', { env: withoutOwner }, async ({ err }) => err().includes('db.schema-awaited'))
    await untilGone()
  }),
)

test('while athenahealth takes its first call and says nothing', { timeout: 60_000 }, async (t) => {
  let asked = false
  const token = JSON.stringify({ access_token: 'a-token', token_type: 'Bearer', expires_in: 3600 })
  const silent = createServer(({ url }, answer) => {
    if (url?.endsWith('/token')) answer.setHeader('content-type', 'application/json').end(token)
    else asked = true
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.after(() => silent.close())
  const address = silent.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const at = { env: withoutOwner, baseUrl: `http://127.0.0.1:${port}` }
  await calledOff('silent', at, async () => asked)
  await untilGone()
})

test('while its own PostgreSQL starts', { timeout: 60_000 }, async () => {
  let pid: number | undefined
  await calledOff('embedded', { env: {} }, async (_, home) => {
    pid = readPostmasterPid(join(home, 'data', 'postgres'))?.pid
    return pid !== undefined
  })
  assert.equal(existsSync(join(folder, 'embedded', '.aegis', 'data', 'postgres', 'postmaster.pid')), false)
  assert.throws(() => process.kill(pid ?? 0, 0), { code: 'ESRCH' })
})
