/** The doctor on the host of a key server and on one that uses it: a database of both, a home and keys of each. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Simulator, startSimulator } from '@aegis/simulator'
import { silentLog } from '../../../testing/memory-log.ts'
import type { RunningAegis } from '../../aegis.ts'
import { systemClock } from '../../clock/clock.ts'
import { loadConfig } from '../../config.ts'
import { type EmbeddedPostgres, startEmbedded } from '../../db/embedded-postgres.ts'
import { startAegis } from '../../main.ts'
import { openKeys } from '../open-keys.ts'
import { examine } from './examine.ts'

const practice = 195900
const secret = 'canary-secret-of-the-app'
const folder = mkdtempSync(join(tmpdir(), 'der-'))
const sockets = join(folder, 'sockets')

let simulator: Simulator
let database: EmbeddedPostgres
const running: RunningAegis[] = []

/** Settings of a host, and where its configuration stands. */
function sourcesOf(host: 'key-server' | 'worker', changes: object = {}) {
  const keyServer =
    host === 'key-server'
      ? { listen: `unix://${sockets}`, services: { worker: { practices: [practice] } } }
      : { url: `unix://${join(sockets, 'worker.sock')}` }
  const settings = {
    environment: 'local',
    role: host,
    practices: [practice],
    home: join(folder, host),
    http: { port: 0 },
    athena: { clientId: 'clinic', baseUrl: simulator.url },
    policy: { offHours: 'always' },
    keyServer,
    ...changes,
  }
  const configFile = join(folder, `${host}.yaml`)
  writeFileSync(configFile, JSON.stringify(settings))
  return { env: { DATABASE_URL: database.ownerUrl }, cwd: folder, argvOverrides: { configFile } }
}

async function examined(host: 'key-server' | 'worker', changes: object = {}) {
  const examination = await examine(sourcesOf(host, changes))
  assert.doesNotMatch(JSON.stringify(examination), /canary/)
  const lines = examination.findings.map(({ level, area, check }) => `${level} ${area} ${check}`)
  // That one login serves for everything is told of this installation, rightly.
  const expected = (line: string) => line.startsWith('warning configuration') || line.startsWith('warning database')
  return { lines, bad: lines.filter((line) => !line.startsWith('ok') && !expected(line)) }
}

before(async () => {
  const apps = [{ clientId: 'clinic', secret, practices: [practice] }]
  const practices = [{ id: practice, patients: 5 }]
  simulator = await startSimulator({ seed: 7, practices, apps, limits: 'production', startAt: Date.now() })
  const at = { dataDir: join(folder, 'postgres'), runDir: join(folder, 'run') }
  database = await startEmbedded({ ...at, log: silentLog, clock: systemClock })
  mkdirSync(sockets)
  chmodSync(sockets, 0o2750)
  const keys = await openKeys(loadConfig(sourcesOf('key-server')).config)
  await keys.operations['POST /aegis/v1/keys']({ action: 'add', content: secret, actor: 'test' })
  await keys.stop()
  for (const host of ['key-server', 'worker'] as const) {
    running.push(await startAegis(loadConfig(sourcesOf(host)).config))
  }
})
after(async () => {
  for (const aegis of running.toReversed()) await aegis.stop()
  await database.stop()
  await simulator.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('on the key server: its sockets, its key, its credential; practices are for those who use it', async () => {
  const { lines, bad } = await examined('key-server')
  assert.deepEqual(bad, ['skipped athenahealth practice'])
  for (const line of [
    'ok keys credentials',
    'ok key-server socket-directory',
    'ok key-server listens',
    'ok athenahealth credential',
  ])
    assert.ok(lines.includes(line), line)
  assert.ok(!lines.some((line) => line.includes('keys phi')))
})

test('on the worker: the key server, what it grants, and every practice with its token', async () => {
  const { lines, bad } = await examined('worker')
  assert.deepEqual(bad, [])
  for (const line of [
    'ok keys phi',
    'ok key-server reached',
    'ok key-server granted',
    'ok athenahealth credential',
    'ok athenahealth practice',
  ])
    assert.ok(lines.includes(line), line)
  assert.ok(!lines.some((line) => line.includes('keys credentials')))
})

test('a practice that the key server does not grant is told on the worker', async () => {
  const { bad } = await examined('worker', { practices: [practice, 7] })
  assert.ok(bad.includes('failure key-server granted'), bad.join('\n'))
})

test('a key server that is away is told on the worker, and nothing is asked of athenahealth', async () => {
  await running[0]?.stop()
  const calls = simulator.truth.requests({ limit: 1 }).totals.byRoute['GET /v1/{practiceid}/practiceinfo']
  const { bad } = await examined('worker')
  assert.ok(bad.includes('failure key-server reached'), bad.join('\n'))
  assert.equal(simulator.truth.requests({ limit: 1 }).totals.byRoute['GET /v1/{practiceid}/practiceinfo'], calls)
})
