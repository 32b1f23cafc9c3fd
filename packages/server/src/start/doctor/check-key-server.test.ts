/** What other processes meet: certificates, ports and sockets, each as it should be and broken. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { silentLog } from '../../../testing/memory-log.ts'
import { noRefusals } from '../../../testing/no-refusals.ts'
import { testAuthority } from '../../../testing/test-certificates.ts'
import { systemClock } from '../../clock/clock.ts'
import { systemRandom } from '../../clock/random.ts'
import type { TokensServedAt } from '../../config/read-key-server.ts'
import { type ServiceAt, startServiceServer } from '../../http/service-server.ts'
import { checkListener, judgeIdentity } from './check-key-server.ts'
import type { Finding } from './finding.ts'

const authority = testAuthority()
const tls = authority.identity('key-server', ['localhost'])
const services = { worker: { practices: 'all' }, branch: { practices: [7] } } as const

const told = (findings: readonly Finding[]) => findings.map(({ level, check }) => `${level} ${check}`)
const said = (findings: readonly Finding[]) =>
  findings.map(({ message, remedy }) => `${message} → ${remedy}`).join('\n')

describe('a certificate of the tests is valid from 2025 to 2049; the doctor looks', () => {
  const moments: readonly [when: string, level: string, says: RegExp][] = [
    ['2026-11-01T00:00:00Z', 'ok', /valid for 8\d{3} days/],
    ['2049-12-17T00:00:00Z', 'ok', /valid for 14 days/],
    ['2049-12-18T00:00:00Z', 'warning', /expires in 13 days.* → .*(?:make a new one|a new authority)/],
    ['2049-12-31T23:59:59Z', 'failure', /expired on 2049-12-31.* → .*(?:make a new one|a new authority)/],
    ['2024-12-31T00:00:00Z', 'failure', /valid from 2025-01-01 only.* → Check this machine's clock/],
  ]
  for (const [when, level, says] of moments) {
    test(`at ${when}: ${level}, for the certificate and its authority`, () => {
      const findings = judgeIdentity(tls, Date.parse(when))
      assert.deepEqual(told(findings), [`${level} certificate`, `${level} authority`])
      for (const finding of findings) assert.match(said([finding]), says)
    })
  }
})

async function listening(t: TestContext, at: ServiceAt): Promise<number> {
  const seams = { onRefused: noRefusals.onRefused, log: silentLog, random: systemRandom, clock: systemClock }
  const server = await startServiceServer(at, { routes: () => () => undefined, ...seams })
  t.after(() => server.stop())
  return 'path' in at ? 0 : Number(new URL(server.at).port)
}

const listen = (at: TokensServedAt, isRunning = true) =>
  checkListener({ keyServer: { listen: at, services } }, { isRunning })

const host = '127.0.0.1'

test('a process that serves nobody is not looked at', async () => {
  assert.deepEqual(await checkListener({ keyServer: { services: {} } }, { isRunning: true }), [])
})

test('a port that shows the configured certificate is well', async (t) => {
  const port = await listening(t, { host, port: 0, tls })
  assert.deepEqual(told(await listen({ host, port, tls })), ['ok certificate', 'ok authority', 'ok listens'])
})

test('a port that shows the certificate of before is told', async (t) => {
  const port = await listening(t, { host, port: 0, tls: authority.identity('key-server', ['localhost']) })
  const findings = await listen({ host, port, tls })
  assert.deepEqual(told(findings), ['ok certificate', 'ok authority', 'failure listens'])
  assert.match(said(findings), /shows another certificate than that of keyServer.certFile. → Start the instance/)
})

test('a port with the certificate of an authority that is not the configured one is told', async (t) => {
  const port = await listening(t, { host, port: 0, tls: testAuthority('other').identity('key-server') })
  const findings = await listen({ host, port, tls })
  assert.equal(told(findings).at(-1), 'failure listens')
  assert.match(said(findings), /does not take a connection .*\(\w+\)\. → Start the instance/)
})

test('a port that nobody listens at is told, beside an instance that runs only', async () => {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(address && typeof address === 'object')
  const findings = await listen({ host, port: address.port, tls })
  assert.match(said(findings), /does not take a connection .*\(ECONNREFUSED\)/)
  assert.deepEqual(told(await listen({ host, port: address.port, tls }, false)), ['ok certificate', 'ok authority'])
})

function aDirectory(t: TestContext, mode = 0o2750): string {
  const folder = mkdtempSync(join(tmpdir(), 'dks-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const directory = join(folder, 'sockets')
  mkdirSync(directory)
  chmodSync(directory, mode)
  return directory
}

const directories: readonly [what: string, mode: number, level: string, says: RegExp][] = [
  ['for the owner and the group', 0o2750, 'ok', /for this user and the group \d+/],
  ['for the owner alone', 0o700, 'ok', /for this user alone/],
  ['that everybody may enter', 0o2751, 'failure', /Everybody on this machine .* → Run: chmod 2750 /],
  ['that everybody may read', 0o2754, 'failure', /Everybody on this machine .* → Run: chmod 2750 /],
  ['that the group may change', 0o2770, 'failure', /can put other sockets in their place.* → Run: chmod 2750 /],
  ['whose sockets do not get its group', 0o750, 'warning', /do not get its group.* → Run: chmod 2750 /],
]
for (const [what, mode, level, says] of directories) {
  test(`a directory of sockets ${what}: ${level}`, async (t) => {
    const findings = await listen({ directory: aDirectory(t, mode) }, false)
    assert.deepEqual(told(findings), [`${level} socket-directory`])
    assert.match(said(findings), says)
  })
}

test('a directory of sockets that is not there, or is no directory, is told', async (t) => {
  const directory = aDirectory(t)
  writeFileSync(join(directory, 'file'), 'x')
  for (const name of ['none', 'file']) {
    const findings = await listen({ directory: join(directory, name) }, false)
    assert.deepEqual(told(findings), ['failure socket-directory'])
    assert.match(said(findings), / → Run: install -d -m 2750 -g GROUP /)
  }
})

test('a directory of sockets of another user is told', async (t) => {
  const directory = aDirectory(t)
  const own = process.getuid?.() ?? 0
  // Root's own is anybody's; root can give it away, and who is not root is looked at as another one.
  const [owner, us] = own === 0 ? [65_533, 0] : [own, own + 1]
  chownSync(directory, owner, process.getgid?.() ?? 0)
  const findings = await checkListener({ keyServer: { listen: { directory }, services } }, { isRunning: false, us })
  assert.deepEqual(told(findings), ['failure socket-directory'])
  assert.match(said(findings), new RegExp(`belongs to another user \\(${owner}\\).* → Run as root: chown ${us} `))
})

describe('beside an instance that runs, sockets', () => {
  const serve = async (t: TestContext, names: readonly string[]) => {
    const directory = aDirectory(t)
    for (const service of names) await listening(t, { path: join(directory, `${service}.sock`), service })
    return directory
  }
  test('of every service are well', async (t) => {
    const directory = await serve(t, ['worker', 'branch'])
    assert.deepEqual(told(await listen({ directory })), ['ok socket-directory', 'ok listens'])
  })
  test('that are missing for a service are told', async (t) => {
    const findings = await listen({ directory: await serve(t, ['worker']) })
    assert.deepEqual(told(findings), ['ok socket-directory', 'failure listens'])
    assert.match(said(findings), /branch\.sock is no socket: nobody listens there\. → Start the instance/)
  })
  test('that everybody may open are told', async (t) => {
    const directory = await serve(t, ['worker', 'branch'])
    chmodSync(join(directory, 'branch.sock'), 0o666)
    const findings = await listen({ directory })
    assert.deepEqual(told(findings), ['ok socket-directory', 'failure socket'])
    assert.match(said(findings), /Everybody .*branch\.sock\. → Run: chmod 660 /)
  })
})
