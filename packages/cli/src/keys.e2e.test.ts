/** The credentials of an installation, from before its first start to their replacement, by the real program. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startSimulator } from '@aegis/simulator'
import { homeAt, homeUse, type KeysReport, type StatusReport } from '@aegis/server'
import { type RunningProgram, runAegis } from '../testing/run-aegis.ts'

const cwd = mkdtempSync(join(tmpdir(), 'keys-'))
after(() => rmSync(cwd, { recursive: true, force: true, maxRetries: 5 }))

const run = (args: readonly string[], input?: string) =>
  runAegis(args, { cwd, ...(input !== undefined && { input }) }).ended

async function keys(): Promise<KeysReport> {
  const { out, err, code } = await run(['keys', 'list', '--json'])
  assert.equal(code, 0, err)
  return JSON.parse(out)
}

const states = async () =>
  (await keys()).credentials.map(({ number, kind, state, next }) => `${number} ${kind} ${state}${next ? ' →' : ''}`)

async function until(what: string, reached: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 120; looks++) {
    if (await reached()) return
    await delay(250)
  }
  assert.fail(`not reached: ${what}`)
}

test('credentials are given before the first start, listed, replaced by a key of our own, and revoked', async (t) => {
  const app = { clientId: 'clinic', secret: 'canary-secret-one', practices: [195900] }
  const limits = { perSecond: 100, perDay: 100_000, tokensPerMinute: 50 }
  const simulator = await startSimulator({ practices: [{ id: 195900, patients: 5 }], apps: [app], limits, speed: 1 })
  const running: RunningProgram[] = []
  t.after(async () => {
    for (const { child, ended } of running) {
      child.kill('SIGTERM')
      await ended
    }
    await simulator.stop()
  })
  const config = {
    environment: 'local',
    athena: { clientId: 'clinic', baseUrl: simulator.url },
    practices: [195900],
    policy: { offHours: 'always' },
    clock: 'simulator',
    http: { port: 0 },
  }
  writeFileSync(join(cwd, 'aegis.yaml'), JSON.stringify(config))

  const without = await run(['up', '--plain'])
  assert.equal(without.code, 1)
  assert.match(without.err, /No such credential is stored .*\nRemedy: Give one with "aegis keys add"/)

  const inDays = (days: number) => new Date(simulator.clock.now() + days * 86_400_000).toISOString()
  const [soon, later] = [inDays(2), inDays(10)] as const
  const given = await run(['keys', 'add', '--expires', soon], 'canary-secret-one\n')
  assert.equal(given.code, 0, given.err)
  assert.match(given.err, /Nothing runs on .*: it is opened for this command/)
  assert.match(
    given.out,
    /^\[local\] app clinic: credential 1 \(secret\) is live, used for the next token, expires .* UTC\n$/,
  )
  assert.deepEqual(await states(), ['1 secret live →'])

  const up = runAegis(['up', '--plain'], { cwd })
  running.push(up)
  await up.said(/departments: /)
  const expiring = async () => {
    const { code, out } = await run(['status', '--json'])
    const { alarms, credentials }: StatusReport = JSON.parse(out)
    return [code, credentials[0]?.expiresAt, ...alarms.map((alarm) => `${alarm.level} ${alarm.code}: ${alarm.message}`)]
  }
  const last = 'key-server.credential-expiring: The last credential of the app expires in'
  const then = 'then no call can be made.'
  assert.deepEqual(await expiring(), [1, soon, `error ${last} 48 h; ${then}`])
  const shown = await run(['status'])
  assert.equal(shown.code, 1)
  assert.match(shown.out, /^ ERROR +The last credential of the app expires in 48 h; .*\n +→ .*: aegis keys rotate\.$/m)
  assert.equal((await run(['keys', 'add', '--first', '--expires', later], 'canary-secret-one')).code, 0)
  assert.deepEqual(await expiring(), [0, later, `warning ${last} 9 days; ${then}`])
  const made = await run(['keys', 'rotate', '--generate', '--after', '0s', '--keep', '1h'])
  assert.equal(made.code, 0, made.err)
  assert.match(
    made.out,
    /^\[local\] app clinic: credential 2 \(private key [\w-]{43}\) is live, used for the next token\n/,
  )
  assert.doesNotMatch(made.out, /"d"/)
  const { urls }: StatusReport = JSON.parse((await run(['status', '--json'])).out)

  // athenahealth fetches the public keys itself, from an address that needs no token.
  simulator.apps.change('clinic', { jwksUrl: `${urls.api}/aegis/v1/jwks.json`, retireSecret: 'canary-secret-one' })
  const revoked = await run(['keys', 'revoke', '1'])
  assert.match(revoked.out, /^\[local\] app clinic: credential 1 is wiped; within 5 seconds/)
  await until('a token by the key', async () =>
    (await keys()).credentials.some(({ kind, usedAt }) => kind === 'private-key' && usedAt !== null),
  )
  assert.deepEqual(await states(), ['2 private-key live →', '1 secret revoked'])
  const report: StatusReport = JSON.parse((await run(['status', '--json'])).out)
  assert.deepEqual(report.alarms, [])
  assert.deepEqual(
    report.credentials.map(({ number }) => number),
    [2],
  )
  const set = await fetch(`${urls.api}/aegis/v1/jwks.json`)
  assert.equal(set.headers.get('content-type'), 'application/jwk-set+json; charset=utf-8')
  assert.equal(set.headers.get('cache-control'), 'public, max-age=300')
  assert.deepEqual(await set.json(), JSON.parse((await run(['keys', 'jwks'])).out))

  const again = await run(['keys', 'add'], 'canary-secret-one')
  assert.equal(again.code, 1)
  assert.match(again.err, /^aegis: This secret or key was revoked and is not taken up again/)
  const listed = await run(['keys', 'list'])
  assert.match(listed.out, /^\[local\] app clinic\n[\s\S]*→ +2 +private-key +live[\s\S]*Holders: none listed/)
  up.child.kill('SIGTERM')
  const ended = await up.ended
  assert.equal(ended.code, 0, ended.err)
  const logged = readFileSync(join(cwd, '.aegis', 'logs', 'aegis.log'), 'utf8')
  for (const text of [made.out, listed.out, revoked.out, again.err, ended.out, ended.err, logged])
    assert.doesNotMatch(text, /canary/)
})

test('a command that has opened the home itself ends in order when it is told to, at whatever point', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'keys-ended-'))
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  const settings = {
    environment: 'local',
    athena: { clientId: 'clinic', baseUrl: 'http://127.0.0.1:1' },
    practices: [1],
  }
  const configFile = join(home, 'ended.yaml')
  writeFileSync(configFile, JSON.stringify({ ...settings, home: join(home, 'of') }))
  const of = homeAt(join(home, 'of'))
  const args = ['keys', 'list', '--config', configFile]
  const points = [
    ['SIGTERM', () => existsSync(join(of.data, 'postgres.unfinished'))],
    ['SIGINT', () => existsSync(join(of.data, 'postgres', 'postmaster.pid'))],
    ['SIGHUP', () => existsSync(join(of.keys, 'credentials.kek'))],
  ] as const
  for (const [signal, reached] of points) {
    const { child, ended } = runAegis(args, { cwd: home })
    while (!reached() && child.exitCode === null) await delay(5)
    child.kill(signal)
    const { code, err } = await ended
    assert.equal(code, { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal], err)
    assert.match(err, new RegExp(`aegis: Ended by ${signal}\\nRemedy: whether it was done is not known`))
    assert.ok(!existsSync(join(of.data, 'postgres', 'postmaster.pid')), 'no PostgreSQL is left behind')
    assert.ok(!homeUse(of).held)
  }
  const { code, err } = await runAegis(args, { cwd: home }).ended
  assert.equal(code, 0, err)
  const doctor = runAegis(['doctor', '--config', configFile], { cwd: home })
  while (!existsSync(join(of.data, 'postgres', 'postmaster.pid')) && doctor.child.exitCode === null) await delay(5)
  doctor.child.kill('SIGTERM')
  const examined = await doctor.ended
  assert.deepEqual([examined.code, examined.out], [143, ''])
  assert.ok(!existsSync(join(of.data, 'postgres', 'postmaster.pid')))
})
