/** The doctor beside a whole installation, and without one: real files, real PostgreSQL, the simulator over sockets. */
import assert from 'node:assert/strict'
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Simulator, startSimulator } from '@aegis/simulator'
import pg from 'pg'
import { asStranger } from '../../../testing/as-stranger.ts'
import type { RunningAegis } from '../../aegis.ts'
import { loadConfig } from '../../config.ts'
import { clientConfig } from '../../db/database-login.ts'
import { runningEmbedded } from '../../db/embedded-urls.ts'
import { startAegis } from '../../main.ts'
import { homeAt, prepareHome } from '../../ops/home.ts'
import { lockHome } from '../../ops/home-lock.ts'
import { writeInstance } from '../../ops/instance-file.ts'
import { type Examination, examine, type ExamineSeams } from './examine.ts'

const practice = 195900
const secret = 'a-secret-of-the-clinic-app'
const folder = mkdtempSync(join(tmpdir(), 'doctor-e2e-'))
const home = homeAt(join(folder, 'home'))

let simulator: Simulator
let aegis: RunningAegis
before(async () => {
  simulator = await startSimulator({
    seed: 7,
    practices: [{ id: practice, patients: 20 }],
    apps: [{ clientId: 'clinic-app', secret, practices: [practice] }],
    limits: 'production',
    startAt: Date.now(),
  })
  aegis = await startAegis(loadConfig({ env: {}, cwd: folder, argvOverrides: { configFile: configFile() } }).config)
})
after(async () => {
  await aegis.stop()
  await simulator.stop()
  rmSync(folder, { recursive: true, force: true })
  rmSync(join(tmpdir(), `aegis-doctor-${process.getuid?.()}`), { recursive: true, force: true })
})

let files = 0

/** A configuration file of this installation, with changes. */
function configFile(changes: object = {}): string {
  const secretFile = join(folder, 'secret')
  if (!existsSync(secretFile)) writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 })
  const file = join(folder, `aegis-${files++}.yaml`)
  const athena = { clientId: 'clinic-app', secretFile, baseUrl: simulator.url }
  const settings = { environment: 'local', practices: [practice], home: home.path, http: { port: 0 }, athena }
  writeFileSync(file, JSON.stringify({ ...settings, policy: { offHours: 'always' }, ...changes }))
  return file
}

/** What the doctor says; never a secret. */
async function examined(changes: object = {}, seams: ExamineSeams = {}): Promise<Examination> {
  const sources = { env: {}, cwd: folder, argvOverrides: { configFile: configFile(changes) } }
  const examination = await examine(sources, seams)
  const text = JSON.stringify(examination)
  const instance = join(home.run, 'instance.json')
  const passwords = join(home.data, 'postgres.passwords')
  const secrets = [secret]
  if (existsSync(instance)) secrets.push(String(JSON.parse(readFileSync(instance, 'utf8')).token))
  if (existsSync(passwords)) secrets.push(...Object.values(JSON.parse(readFileSync(passwords, 'utf8'))).map(String))
  for (const each of secrets) assert.ok(!text.includes(each), 'no secret in what is said')
  return examination
}

const bad = ({ findings }: Examination) =>
  // Core dumps are the matter of who runs the test.
  findings
    .filter(({ level, check }) => level !== 'ok' && check !== 'core-dumps')
    .map(({ area, check, level }) => `${level} ${area} ${check}`)

async function rows<R extends object>(text: string): Promise<R[]> {
  const urls = runningEmbedded(join(home.data, 'postgres'))
  assert.ok(urls)
  const client = new pg.Client(clientConfig({ url: urls.ownerUrl }))
  await client.connect()
  try {
    return (await client.query<R>(text)).rows
  } finally {
    await client.end()
  }
}

describe('beside a running instance', () => {
  test('everything is well; what was asked is counted and audited with the installation’s calls', async () => {
    const examination = await examined()
    assert.deepEqual(bad(examination), [])
    const areas = new Set(examination.findings.map(({ area }) => area))
    assert.deepEqual(
      [...areas],
      ['machine', 'configuration', 'files', 'instance', 'database', 'keys', 'athenahealth', 'quota'],
    )
    const used = await rows("select work, calls from control.quota_use where work like 'doctor%'")
    assert.deepEqual(used, [{ work: 'doctor.practice', calls: 1 }])
    const [audited] = await rows<{ count: number }>(
      "select count(*)::integer as count from audit.entry where subtype = 'doctor-practice'",
    )
    assert.ok((audited?.count ?? 0) >= 1)
  })

  test('a second time no further token is asked for, and no feed was read for it', async () => {
    const tokens = () => simulator.truth.requests({ limit: 1 }).totals.byRoute['POST /oauth2/v1/token'] ?? 0
    const feedsRead = await rows(
      "select work from control.quota_use where work = 'sync.drain' and priority = 'interactive'",
    )
    const before = tokens()
    assert.deepEqual(bad(await examined()), [])
    assert.equal(tokens(), before)
    assert.deepEqual(feedsRead, [])
  })

  test('a day that is used up, and others who use it, are told', async () => {
    await rows("update control.quota_day set foreign_calls = 500000 where day = (aegis.now() at time zone 'UTC')::date")
    const examination = await examined()
    await rows("update control.quota_day set foreign_calls = 0 where day = (aegis.now() at time zone 'UTC')::date")
    const found = bad(examination).filter((line) => line.includes('quota'))
    assert.deepEqual(found, ['failure quota left', 'warning quota foreign'])
  })

  test('a practice that is not granted is told beside one that is', async () => {
    assert.deepEqual(bad(await examined({ practices: [practice, 42] })), ['failure athenahealth practice'])
  })

  test('a credential that ends tomorrow keeps nothing else from being told', async () => {
    await rows("update control.credential set expires_at = aegis.now() + interval '1 day'")
    const examination = await examined({ practices: [practice, 42] })
    await rows('update control.credential set expires_at = null')
    const found = bad(examination).filter((line) => line.includes('athenahealth'))
    assert.deepEqual(found, ['failure athenahealth credential', 'failure athenahealth practice'])
  })

  test('what is not asked for want of a credential is said', async () => {
    await rows("update control.credential set expires_at = aegis.now() - interval '1 hour'")
    const examination = await examined()
    await rows('update control.credential set expires_at = null')
    assert.deepEqual(
      bad(examination).filter((line) => line.includes('athenahealth')),
      ['failure athenahealth credential', 'skipped athenahealth practice', 'skipped athenahealth clock'],
    )
  })

  test('a home of another environment is told', async () => {
    const file = join(home.path, 'environment')
    writeFileSync(file, 'production\n')
    const examination = await examined()
    writeFileSync(file, 'local\n')
    assert.deepEqual(bad(examination), ['failure instance home'])
  })

  test('mistakes of the configuration are each told, and what rests on it is not looked at', async () => {
    const examination = await examined({ http: { port: 'many' }, limits: { perDay: 0 } })
    assert.deepEqual(bad(examination), [
      'failure configuration http.port',
      'failure configuration limits.perDay',
      'skipped database database',
      'skipped keys keys',
      'skipped athenahealth athenahealth',
      'skipped quota quota',
    ])
    assert.equal(examination.environment, undefined)
  })

  test('a secret that others of its group can read is not called private', async () => {
    const secretFile = join(folder, 'group-secret')
    writeFileSync(secretFile, `${secret}\n`, { mode: 0o640 })
    const examination = await examined({ athena: { clientId: 'clinic-app', secretFile, baseUrl: simulator.url } })
    assert.deepEqual(bad(examination), ['warning configuration settings'])
    assert.ok(!examination.findings.some(({ area, check }) => area === 'configuration' && check === 'secret'))
  })

  test('a file that cannot be taken apart is told', async () => {
    const file = join(folder, 'broken.yaml')
    writeFileSync(file, 'practices: *all\n')
    const examination = await examine({ env: {}, cwd: folder, argvOverrides: { configFile: file } })
    assert.ok(bad(examination).includes('failure configuration broken.yaml:1'), JSON.stringify(examination))
  })

  test('a database that is not there is told, and calls that could not be counted are not made', async () => {
    const url = join(folder, 'database-url')
    writeFileSync(url, 'postgres://aegis:nothing@127.0.0.1:1/aegis\n', { mode: 0o600 })
    const before = simulator.truth.requests({ limit: 1 }).totals.byRoute['GET /v1/{practiceid}/practiceinfo']
    const examination = await examined({ database: { urlFile: url, ownerUrlFile: url } })
    assert.deepEqual(bad(examination), [
      'failure database database',
      'skipped athenahealth credential',
      'skipped quota left',
    ])
    const [database] = examination.findings.filter(({ area }) => area === 'database')
    assert.match(database?.remedy ?? '', /^Start the database server.*host, port.*DATABASE_URL_FILE/)
    assert.equal(simulator.truth.requests({ limit: 1 }).totals.byRoute['GET /v1/{practiceid}/practiceinfo'], before)
  })

  // Last: that no token was to be had there is an alarm of the instance from now on.
  test('an athenahealth that does not answer holds nothing else up', async () => {
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const athena = { clientId: 'clinic-app', secretFile: join(folder, 'secret'), baseUrl: `http://127.0.0.1:${port}` }
    const sockets: { destroy(): void }[] = []
    silent.on('connection', (socket) => sockets.push(socket))
    const examination = await examined({ athena }, { limitMs: 4_000 })
    for (const socket of sockets) socket.destroy()
    silent.close()
    assert.deepEqual(bad(examination), ['failure athenahealth athenahealth'])
    assert.ok(examination.findings.some(({ area, level }) => area === 'quota' && level === 'ok'))
  })
})

describe('without an instance', () => {
  before(() => aegis.stop())

  test('its database is started for the while, and stopped', async () => {
    assert.deepEqual(bad(await examined()), [])
    assert.equal(runningEmbedded(join(home.data, 'postgres')), undefined)
  })

  test('told to end before it came to the database, it starts none any more', async () => {
    const sources = { env: {}, cwd: folder, argvOverrides: { configFile: configFile() } }
    const logFile = join(home.data, 'postgres.log', 'postgres.log')
    const [logged, reason] = [readFileSync(logFile, 'utf8'), new Error('asked to end')]
    await assert.rejects(examine(sources, {}, AbortSignal.abort(reason)), reason)
    assert.equal(readFileSync(logFile, 'utf8'), logged)
  })

  test('while another process has the home and its database does not run, nothing of that is a failure', async () => {
    const lock = lockHome(home)
    const examination = await examined()
    lock.release()
    assert.deepEqual(bad(examination), [
      'warning instance running',
      'skipped database embedded',
      'skipped athenahealth credential',
      'skipped quota left',
    ])
  })

  test('one that was killed is told, and whoever listens at its port now is not', async (context) => {
    let connections = 0
    const stranger = createServer((socket) => {
      connections += 1
      socket.destroy()
    })
    await once(stranger.listen(0, '127.0.0.1'), 'listening')
    context.after(() => void stranger.close())
    const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
    writeInstance(home, { url, token: 'of-a-dead-instance'.repeat(3), pid: 4711, startedAt: '', version: '0.1.0' })
    const examination = await examined()
    assert.deepEqual(bad(examination), ['warning instance running'])
    assert.match(examination.findings.find(({ area }) => area === 'instance')?.message ?? '', /4711 .* is gone/)
    assert.equal(connections, 0)
  })

  test('without a key that the data was sealed with nothing is asked, and no new key is made', async () => {
    const key = join(home.keys, 'phi.kek')
    renameSync(key, join(folder, 'phi.kek'))
    const examination = await examined()
    assert.equal(existsSync(key), false)
    renameSync(join(folder, 'phi.kek'), key)
    assert.deepEqual(bad(examination), ['failure keys phi', 'skipped athenahealth credential'])
  })

  test('before the first start the credential and the practices are asked about, and nothing is made', async () => {
    const fresh = join(folder, 'fresh')
    const examination = await examined({ home: join(fresh, 'home') })
    assert.deepEqual(bad(examination), ['skipped files home', 'skipped database embedded', 'skipped quota left'])
    assert.ok(examination.findings.some(({ check, level }) => check === 'practice' && level === 'ok'))
    assert.equal(existsSync(fresh), false)
  })

  test('without a home, too, the requests for a token of a minute are bounded', async () => {
    const changes = { home: join(folder, 'none', 'home'), limits: { tokensPerMinute: 2 } }
    const credential = async () => {
      const { findings } = await examined(changes)
      return findings.filter(({ area, check }) => area === 'athenahealth' && check === 'credential').map((f) => f.level)
    }
    assert.deepEqual([await credential(), await credential()], [['ok'], ['warning']])
  })

  test('before the first start, too, what stands in the vault is tried', async (context) => {
    let held: object = { data: { data: { client_secret: secret } } }
    const vault = createHttpServer((_, response) => response.end(JSON.stringify(held)))
    await once(vault.listen(0, '127.0.0.1'), 'listening')
    context.after(() => void vault.close())
    const tokenFile = join(folder, 'vault-token')
    writeFileSync(tokenFile, 'token-of-the-vault\n', { mode: 0o600 })
    const url = `http://127.0.0.1:${(vault.address() as AddressInfo).port}`
    const athena = { clientId: 'clinic-app', baseUrl: simulator.url }
    const changes = { athena, home: join(folder, 'of-vault'), vault: { url, path: 'athena', tokenFile } }
    const found = async () => bad(await examined(changes)).filter((line) => !/files|database|quota/.test(line))
    assert.deepEqual(await found(), ['skipped keys vault'], 'which does not say how long its token serves')
    held = {}
    assert.deepEqual(await found(), [
      'failure keys secret',
      'skipped athenahealth practice',
      'skipped athenahealth clock',
    ])
  })

  test('where no home can be made the credential is asked about all the same', async () => {
    const examination = await examined({ home: join(folder, 'secret', 'home') })
    const found = bad(examination).filter((line) => !line.includes(' keys '))
    assert.deepEqual(found, ['failure files home', 'skipped database embedded', 'skipped quota left'])
    assert.ok(examination.findings.some(({ check, level }) => check === 'credential' && level === 'ok'))
  })

  test('a home that may not be looked at is no new one: athenahealth is not asked', async () => {
    const tokens = () => simulator.truth.requests({ limit: 1 }).totals.byRoute['POST /oauth2/v1/token'] ?? 0
    const before = tokens()
    const [shut, open] = [mkdtempSync(join(tmpdir(), 'shut-')), mkdtempSync(join('/tmp', 'open-'))]
    prepareHome(join(shut, 'home'))
    const secretFile = join(open, 'secret')
    const athena = { clientId: 'clinic-app', secretFile, baseUrl: simulator.url }
    const file = join(open, 'aegis.yaml')
    copyFileSync(configFile({ home: join(shut, 'home'), athena }), file)
    writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 })
    for (const path of [open, file, secretFile]) if (process.getuid?.() === 0) chownSync(path, 65_534, 65_534)
    const args = [{ env: {}, cwd: open, argvOverrides: { configFile: file } }]
    const call = { module: new URL('examine.ts', import.meta.url), name: 'examine', args }
    const found = bad(await asStranger<Examination>(shut, call))
    for (const path of [shut, open]) rmSync(path, { recursive: true })
    assert.deepEqual(
      found.filter((line) => !line.startsWith('failure keys')),
      [
        'skipped machine disk',
        'failure files home',
        'failure files keys',
        'skipped instance running',
        'skipped database embedded',
        'skipped athenahealth credential',
        'skipped quota left',
      ],
    )
    assert.equal(tokens(), before)
  })

  test('in a home that is there a turn to ask for a token is left to the first start', async () => {
    const tokens = () => simulator.truth.requests({ limit: 1 }).totals.byRoute['POST /oauth2/v1/token'] ?? 0
    const before = tokens()
    const asked = prepareHome(join(folder, 'asked'))
    const changes = { home: asked.path, limits: { tokensPerMinute: 3 } }
    await examined(changes)
    await examined(changes)
    const third = await examined(changes)
    assert.equal(tokens() - before, 2)
    assert.ok(bad(third).includes('warning athenahealth credential'), bad(third).join('\n'))
    const made = readdirSync(asked.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    assert.deepEqual(made.map(({ name }) => name).toSorted(), ['.gitignore', 'doctor-asked.json'])
  })
})
