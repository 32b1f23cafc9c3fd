/** The doctor on the host of a key server and on one that uses it: a database of both, a home and keys of each. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
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
let vault: Server | undefined
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
  // That one login serves for everything is told of this installation, rightly; core dumps are the matter of who runs the test.
  const expected = (line: string) => /^warning (?:configuration|database)|core-dumps$/.test(line)
  const told = (check: string) => examination.findings.find((finding) => finding.check === check)?.message
  return { lines, told, bad: lines.filter((line) => !line.startsWith('ok') && !expected(line)) }
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
  if (vault) await once(vault.close(), 'close')
  await database.stop()
  await simulator.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('on the key server: its sockets, its key, its credential; practices are for those who use it', async () => {
  const { lines, bad } = await examined('key-server')
  // With a token at hand nothing is asked there, and so nothing heard of the clock.
  const found = bad.filter((line) => line !== 'skipped athenahealth clock')
  assert.deepEqual(found, ['skipped athenahealth practice'])
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
  const { lines, told, bad } = await examined('worker')
  assert.deepEqual(bad, [])
  assert.match(
    told('credential') ?? '',
    /^The key server handed out a token; whether .* "aegis doctor" on its host tries/,
  )
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

test('what the running key server cannot take into use is told beside what is wrong with it', async () => {
  const services = { worker: { practices: [practice] } }
  const changes = { keyServer: { listen: `unix://${join(folder, 'elsewhere')}`, services } }
  sourcesOf('key-server', changes)
  await alarmed(running[0], 'warning key-server.settings-unusable')
  const { bad } = await examined('key-server', changes)
  sourcesOf('key-server')
  assert.deepEqual(
    bad.filter((line) => !line.includes('athenahealth')),
    ['warning instance alarms', 'failure key-server socket-directory', 'failure key-server listens'],
  )
  await alarmed(running[0])
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

/** Alarms of an instance, by level and code, as soon as they are these. */
async function alarmed(aegis: RunningAegis | undefined, ...expected: string[]): Promise<string> {
  let found: string[] = []
  for (let looks = 0; looks < 200; looks++) {
    const { alarms } = (await aegis?.status()) ?? { alarms: [] }
    found = alarms.map(({ level, code }) => `${level} ${code}`).filter((line) => line.includes('key-server'))
    if (found.join() === expected.join())
      return alarms.map(({ message, remedy }) => `${message} → ${remedy}`).join('\n')
    await delay(200)
  }
  return assert.fail(`${found.join()} instead of ${expected.join()}`)
}

test('that it is away is an alarm of the worker, a vault that is away or about to end one of the key server, until they are back', async () => {
  const [, worker] = running
  const said = await alarmed(worker, 'warning key-server.unreachable')
  assert.match(
    said,
    /does not answer \(reason: ENOENT\), for \d+ s; what is at hand serves .* → Start it, or mend the way/,
  )
  assert.match((await worker?.metrics()) ?? '', /aegis_alarms\{level="warning",code="key-server\.unreachable"\} 1/)
  let isSealed = true
  // Of its entry, and of the token that it is asked for with.
  let life = { ttl: 86_400, creation_ttl: 31_536_000 }
  const content = () => JSON.stringify({ data: { data: { client_secret: secret }, ...life } })
  vault = createServer((_, answer) => answer.writeHead(isSealed ? 503 : 200).end(content())).listen(0, '127.0.0.1')
  await once(vault, 'listening')
  const address = vault.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const tokenFile = join(folder, 'vault-token')
  writeFileSync(tokenFile, 'hvs.canary\n', { mode: 0o600 })
  const named = { url, path: 'athena', field: 'client_secret', tokenFile, refresh: '10s' }
  running[0] = await startAegis(loadConfig(sourcesOf('key-server', { vault: named })).config)
  // What either process finds wrong with itself, the other one shows with its place.
  assert.match(
    await alarmed(worker, 'warning key-server.vault-unreachable'),
    /\/key-server\/?\S*: The vault does not answer .* → Start or unseal/,
  )
  assert.match(
    await alarmed(running[0], 'warning key-server.vault-unreachable'),
    /^The vault does not answer .* → Start or unseal/,
  )
  isSealed = false
  const expiring = 'error key-server.vault-login-expiring'
  assert.match(
    await alarmed(running[0], expiring),
    /^The token for the vault .* expires in 2\d h; .* → Put a new token/,
  )
  await alarmed(worker, expiring)
  assert.match((await running[0]?.metrics()) ?? '', /^aegis_vault_login_left_seconds\{of="token"\} 86\d{3}/m)
  life = { ttl: 0, creation_ttl: 0 }
  writeFileSync(tokenFile, 'hvs.canary-2\n')
  await alarmed(running[0])
  await alarmed(worker)
})

test('a practice that is taken off the list of a running key server is an alarm of the worker, until it is back', async () => {
  const listen = `unix://${sockets}`
  sourcesOf('key-server', { keyServer: { listen, services: { worker: { practices: [7] } } } })
  assert.match(
    await alarmed(running[1], 'error key-server.not-granted'),
    / → If it should, add it to keyServer.services/,
  )
  sourcesOf('key-server', { keyServer: { listen: 'nowhere', services: { worker: { practices: [7] } } } })
  await alarmed(running[0], 'error key-server.not-granted', 'warning key-server.settings-unusable')
  sourcesOf('key-server')
  await alarmed(running[0])
  await alarmed(running[1])
})
