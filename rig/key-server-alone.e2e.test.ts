/** The key server alone: a process that has the credentials and no key for patients, and a worker that has it the other way round. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { StatusReport } from '@aegis/server'
import { startSimulator } from '@aegis/simulator'
import { systemClock } from '../packages/server/src/clock/clock.ts'
import { startEmbedded } from '../packages/server/src/db/embedded-postgres.ts'
import { silentLog } from '../packages/server/testing/memory-log.ts'
import { testAuthority } from '../packages/server/testing/test-certificates.ts'
import { type RunningProgram, runAegis } from '../packages/cli/testing/run-aegis.ts'

const folder = mkdtempSync(join(tmpdir(), 'ks-'))
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
const authority = testAuthority()
const canary = 'canary-secret-of-the-app'

/** A host of its own, as a directory: its configuration, certificate and home. */
function host(name: string, settings: object): string {
  const cwd = join(folder, name)
  mkdirSync(cwd)
  const { cert, key, ca } = authority.identity(name, [name, 'localhost'])
  for (const [file, text] of Object.entries({ cert, key, ca }))
    writeFileSync(join(cwd, `${file}.pem`), text, { mode: 0o600 })
  writeFileSync(join(cwd, 'aegis.yaml'), JSON.stringify(settings))
  return cwd
}

/** A port that the system has just given: it does not give it again at once. Both sides have to be told it beforehand. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

test('a worker mirrors with tokens of a key server that alone has the secret, and goes on while that one is away', async (t) => {
  const limits = { perSecond: 100, perDay: 100_000, tokensPerMinute: 50 }
  const apps = [{ clientId: 'clinic', secret: canary, practices: [195900] }]
  const simulator = await startSimulator({ practices: [{ id: 195900, patients: 5 }], apps, limits })
  const database = await startEmbedded({
    dataDir: join(folder, 'postgres'),
    runDir: join(folder, 'run'),
    log: silentLog,
    clock: systemClock,
  })
  const running: RunningProgram[] = []
  t.after(async () => {
    for (const { child, ended } of running.toReversed()) {
      child.kill('SIGTERM')
      await ended
    }
    await database.stop()
    await simulator.stop()
  })
  const files = { certFile: 'cert.pem', keyFile: 'key.pem', caFile: 'ca.pem' }
  const shared = {
    environment: 'local',
    athena: { clientId: 'clinic', baseUrl: simulator.url },
    practices: [195900],
    policy: { offHours: 'always' },
    clock: 'simulator',
    http: { port: 0 },
  }
  const env = { DATABASE_URL: database.ownerUrl }
  const port = await freePort()
  const keys = host('key-server', {
    ...shared,
    role: 'key-server',
    keyServer: { ...files, listen: `127.0.0.1:${port}`, services: { worker: { practices: [195900] } } },
  })
  const worker = host('worker', {
    ...shared,
    role: 'worker',
    keyServer: { ...files, url: `https://localhost:${port}` },
  })

  const given = await runAegis(['keys', 'add'], { cwd: keys, env, input: canary }).ended
  assert.equal(given.code, 0, given.err)
  const start = (cwd: string) => {
    const program = runAegis(['up', '--plain'], { cwd, env })
    running.push(program)
    return program
  }
  const first = start(keys)
  await first.said(/No alarms|alarms|practice/i)
  const mirroring = start(worker)
  await mirroring.said(/departments: /)
  const refused = await runAegis(['keys', 'list'], { cwd: worker, env }).ended
  assert.match(refused.err, /The credentials are not here[\s\S]*on the host of the key server/)
  assert.deepEqual(readdirSync(join(keys, '.aegis', 'keys')), ['credentials.kek'])
  assert.deepEqual(readdirSync(join(worker, '.aegis', 'keys')), ['phi.kek'])
  const seen =
    readFileSync(`/proc/${mirroring.child.pid}/environ`, 'latin1') +
    readFileSync(`/proc/${mirroring.child.pid}/cmdline`, 'latin1')
  assert.ok(!seen.includes(canary))
  assert.equal(simulator.truth.requests().totals.byRoute['POST /oauth2/v1/token'], 1)

  first.child.kill('SIGKILL')
  await first.ended
  const calls = () => simulator.truth.requests().totals.requests
  const before = calls()
  await runAegis(['sync', 'now'], { cwd: worker, env }).ended
  for (let looks = 0; looks < 120 && calls() <= before; looks++) await delay(250)
  assert.ok(calls() > before, 'it goes on with the token at hand')
  await start(keys).said(/No alarms|alarms|practice/i)
  const report: StatusReport = JSON.parse((await runAegis(['status', '--json'], { cwd: worker, env }).ended).out)
  assert.deepEqual(
    new Set(report.replicas.filter(({ live }) => live).map(({ role }) => role)),
    new Set(['key-server', 'worker']),
  )
})
