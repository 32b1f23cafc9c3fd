/** A key server whose certificates and list of services change while it is in use: real files, sockets and hand-shakes. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { accessToken } from '@aegis/client'
import { code, settled, until } from '../../testing/key-servers.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { memoryLog } from '../../testing/memory-log.ts'
import { testAuthority } from '../../testing/test-certificates.ts'
import type { Refusal } from '../audit/refusal-counter.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { loadConfig } from '../config.ts'
import type { TlsIdentity } from '../http/http-app.ts'
import { keyServerLink } from '../key-server/key-server-link.ts'
import { createTokenBroker } from '../key-server/token-broker.ts'
import { followKeyServerFiles } from './follow-key-server-files.ts'
import { serveTokens } from './serve-tokens.ts'

const scope = 'athena/service/Athenanet.MDP.*'
const ask = { environment: 'local' as const, clientId: 'clinic', scope, practices: [7] }
const files = { certFile: 'cert.pem', keyFile: 'key.pem', caFile: 'ca.pem' }
const all = { practices: 'all' }

/** A key server as its files say; `change` writes them and lets it look. */
async function world(t: TestContext, begun: { services: object; tls?: TlsIdentity; listen?: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'stk-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'sockets'))
  const listen = begun.listen ?? (begun.tls ? '127.0.0.1:0' : `unix://${join(folder, 'sockets')}`)
  const write = ({ services, tls, ...changes }: { services?: object; tls?: Partial<TlsIdentity>; listen?: string }) => {
    for (const [name, text] of Object.entries(tls ?? {})) {
      writeFileSync(join(folder, `${name}.new`), text, { mode: 0o600 })
      renameSync(join(folder, `${name}.new`), join(folder, `${name}.pem`))
    }
    if (services === undefined) return
    const keyServer = { listen, services, ...(begun.tls && files), ...changes }
    const settings = { environment: 'local', role: 'key-server', practices: [7], keyServer }
    const athena = { clientId: 'clinic', baseUrl: 'http://127.0.0.1:1' }
    writeFileSync(join(folder, 'aegis.yaml'), JSON.stringify({ ...settings, athena }))
  }
  write(begun)
  const env = { DATABASE_URL: 'postgres://u:p@127.0.0.1/d' }
  const { config } = loadConfig({ env, nodeFlags: [], cwd: folder })
  const log = memoryLog()
  const clock = manualClock()
  const token = Object.assign(accessToken('canary-token', 1, systemClock.now() + 3_600_000), {
    generation: 1,
    endsAt: clock.steady() + 3_600_000,
  })
  const source = () => ({ get: () => Promise.resolve(token), atHand: () => Promise.resolve(undefined) })
  const audit = { record: () => Promise.resolve() }
  const refused: Refusal[] = []
  const refusals = { note: async (refusal: Refusal) => void refused.push(refusal) }
  const app = { environment: 'local', clientId: 'clinic' } as const
  const listeners = await serveTokens(
    {
      brokerOf: (grants) => createTokenBroker({ audit, refusals, clock, source }, { app, scopeDefault: scope, grants }),
      refusals,
      log,
      random: systemRandom,
    },
    config.keyServer,
  )
  t.after(() => listeners.stop())
  const { rereadKeyServer: reread } = config
  assert.ok(reread)
  let used = config.keyServer
  const use = async (changed: typeof used) => {
    const isNew = await listeners.use(changed)
    used = changed
    return isNew
  }
  const followed = followKeyServerFiles({ reread, inUse: () => used, use, clock, log })
  t.after(() => followed.stop())
  const looks = async () => {
    for (let second = 0; second < 4; second++) {
      await clock.advance(1_000)
      await settled()
    }
  }
  await looks()
  const user = (at: Parameters<typeof keyServerLink>[0]) => {
    const link = keyServerLink(at)
    t.after(() => link.close())
    return { ...link, get: () => link.ask(ask, 5_000) }
  }
  const change = async (changed: Parameters<typeof write>[0] | string) => {
    if (typeof changed === 'string') writeFileSync(join(folder, 'aegis.yaml'), changed)
    else write(changed)
    await looks()
  }
  return { folder, log, listeners, followed, user, change, clock, refused }
}

const authority = testAuthority()
const renewedAuthority = testAuthority('renewed')
const serverTls = authority.identity('key-server', ['localhost'])

test('a service that is put on the list is served without a start, one that is taken off is refused', async (t) => {
  const { listeners, user, change, log, followed } = await world(t, { services: { worker: all }, tls: serverTls })
  const url = (listeners.at() ?? assert.fail('it listens')).replace('127.0.0.1', 'localhost')
  const worker = user({ url, tls: authority.identity('worker') })
  const branch = user({ url, tls: authority.identity('branch') })
  await worker.get()
  await assert.rejects(branch.get(), code('key-server.service-unknown'))
  assert.ok(!log.events().includes('key-server.settings-taken'), 'nothing has changed yet')
  await change({ services: { branch: all } })
  await branch.get()
  await assert.rejects(worker.get(), code('key-server.service-unknown'))
  assert.equal(followed.standing(), undefined)
  assert.equal(log.events().filter((event) => event === 'key-server.settings-taken').length, 1)
})

test('a new certificate is shown from the next connection on, and those who trust its authority go on', async (t) => {
  const { listeners, user, change } = await world(t, { services: { worker: all }, tls: serverTls })
  const url = (listeners.at() ?? assert.fail('it listens')).replace('127.0.0.1', 'localhost')
  const worker = user({ url, tls: authority.identity('worker') })
  await worker.get()
  await change({ tls: renewedAuthority.identity('key-server', ['localhost']) })
  await assert.rejects(worker.get(), code('key-server.unreachable'), 'its connection of before has ended')
  await assert.rejects(worker.get(), code('key-server.unreachable'), 'nor does a session of before open one')
  worker.renew(renewedAuthority.identity('worker'))
  await worker.get()
})

test('who shows no certificate of the authority is told of, who only looks whether the port is open is not', async (t) => {
  const { listeners, user, refused } = await world(t, { services: { worker: all }, tls: serverTls })
  const at = listeners.at() ?? assert.fail('it listens')
  const url = at.replace('127.0.0.1', 'localhost')
  await user({ url, tls: authority.identity('worker') }).get()
  const port = Number(new URL(url).port)
  for (const say of ['', 'GET / HTTP/1.1\r\n\r\n']) {
    const socket = connect(port, '127.0.0.1', () => socket.end(say))
    await once(socket.resume(), 'close')
  }
  assert.deepEqual(refused, [])
  const refusal = { type: 'access', subtype: 'connection-refused', actor: { kind: 'caller', id: 'unknown' } }
  const expected = { ...refusal, code: 'http.certificate-refused' }
  const foreign = { ...testAuthority('other').identity('worker'), ca: authority.ca }
  await assert.rejects(user({ url, tls: foreign }).get(), code('key-server.unreachable'))
  await until(async () => refused.length > 0)
  assert.deepEqual(refused, [expected])
  const bare = tlsConnect({ port, host: '127.0.0.1', ca: authority.ca, servername: 'localhost' })
  bare.on('error', () => undefined).resume()
  await until(async () => refused.length > 1)
  assert.deepEqual(refused.slice(1), [{ ...expected, peer: 'loopback' }])
})

test('while the file of the authority holds two, the certificates of both are taken', async (t) => {
  const { listeners, user, change } = await world(t, { services: { worker: all }, tls: serverTls })
  const url = (listeners.at() ?? assert.fail('it listens')).replace('127.0.0.1', 'localhost')
  const both = authority.ca + renewedAuthority.ca
  await change({ tls: { ca: both } })
  for (const each of [authority, renewedAuthority]) {
    await user({ url, tls: { ...each.identity('worker'), ca: both } }).get()
  }
})

const broken: readonly [what: string, changed: object | string, says: RegExp][] = [
  ['a "*" without quotes', 'practices: *all\n', /settings: aegis\.yaml:1/],
  ['a certificate that is none', { tls: { cert: 'nonsense' } }, /settings: keyServer\.certFile/],
  [
    'a certificate without its key',
    { tls: { cert: authority.identity('key-server').cert } },
    /settings: keyServer\.keyFile/,
  ],
  [
    'a service with a grant that is none',
    { services: { worker: { practices: 'many' } } },
    /settings: keyServer\.services/,
  ],
  [
    'another place',
    { services: { worker: all }, listen: '127.0.0.1:7999' },
    /reason: a new keyServer\.listen takes a new start/,
  ],
]
for (const [what, changed, says] of broken) {
  test(`${what}: what was read before goes on, it stands as an error, and ends when it is mended`, async (t) => {
    const { listeners, user, change, followed, log } = await world(t, { services: { worker: all }, tls: serverTls })
    const url = (listeners.at() ?? assert.fail('it listens')).replace('127.0.0.1', 'localhost')
    const worker = user({ url, tls: authority.identity('worker') })
    await worker.get()
    await change(changed)
    await worker.get()
    const { error, servesMs } = followed.standing() ?? assert.fail('it stands')
    assert.equal(error.code, 'key-server.settings-unusable')
    assert.match(error.message, says)
    assert.equal(servesMs, Number.POSITIVE_INFINITY)
    assert.equal(log.events().filter((event) => event === 'key-server.settings-unusable').length, 1, 'told once')
    await change({ services: { worker: all, branch: all }, tls: serverTls })
    assert.equal(followed.standing(), undefined)
    await user({ url, tls: authority.identity('branch') }).get()
  })
}

test('the last service is taken off the list: nobody is served, and that is no mistake', async (t) => {
  for (const begun of [{ services: { worker: all }, tls: serverTls }, { services: { worker: all } }]) {
    const { listeners, folder, user, change, followed } = await world(t, begun)
    const url = listeners.at()?.replace('127.0.0.1', 'localhost')
    const path = join(folder, 'sockets', 'worker.sock')
    const worker = user(url === undefined ? { path } : { url, tls: authority.identity('worker') })
    await worker.get()
    await change({ services: {} })
    await assert.rejects(
      worker.get(),
      code(url === undefined ? 'key-server.unreachable' : 'key-server.service-unknown'),
    )
    assert.equal(followed.standing(), undefined)
    await change({ services: { worker: all } })
    await worker.get()
  }
})

const besides: readonly [what: string, changed: object][] = [
  ['a certificate that is none', { services: { branch: all, third: all }, tls: { cert: 'nonsense' } }],
  ['a grant that is none', { services: { branch: all, third: { practices: 'many' } } }],
  ['another place', { services: { branch: all, third: all }, listen: '127.0.0.1:7999' }],
  ['a setting that is none', { services: { branch: all, third: all }, certificate: 'x' }],
]
for (const [what, changed] of besides) {
  test(`${what} keeps nobody on the list who is taken off, and puts nobody on it`, async (t) => {
    const begun = { services: { worker: all, branch: all }, tls: serverTls }
    const { listeners, user, change, followed } = await world(t, begun)
    const url = (listeners.at() ?? assert.fail('it listens')).replace('127.0.0.1', 'localhost')
    const as = (service: string) => user({ url, tls: authority.identity(service) })
    const [worker, branch] = [as('worker'), as('branch')]
    await worker.get()
    await change(changed)
    await assert.rejects(worker.get(), code('key-server.service-unknown'))
    await assert.rejects(as('third').get(), code('key-server.service-unknown'))
    await branch.get()
    assert.equal(followed.standing()?.error.code, 'key-server.settings-unusable')
  })
}

test('fewer practices count at once as well', async (t) => {
  const { listeners, user, change } = await world(t, { services: { worker: all }, tls: serverTls })
  const url = (listeners.at() ?? assert.fail('it listens')).replace('127.0.0.1', 'localhost')
  const worker = user({ url, tls: authority.identity('worker') })
  await change({ services: { worker: { practices: [8] } }, tls: { cert: 'nonsense' } })
  await assert.rejects(worker.get(), code('key-server.not-granted'))
})

test('whatever goes wrong at the reading stands as an error, and what was read before goes on', async () => {
  const clock = manualClock()
  const log = memoryLog()
  const refuse = () => Promise.reject(new Error('nothing was read'))
  const reread = () => assert.fail('it cannot be read')
  const inUse = () => ({ services: {} })
  const followed = followKeyServerFiles({ reread, inUse, use: refuse, clock, log })
  for (let second = 0; second < 3; second++) {
    await clock.advance(1_000)
    await settled()
  }
  assert.equal(followed.standing()?.error.code, 'key-server.settings-unusable')
  assert.deepEqual(log.events(), ['key-server.settings-unusable'], 'told once')
  await followed.stop()
})

test('a file that is being written is not read yet', async (t) => {
  const { change, followed, clock, folder } = await world(t, { services: { worker: all }, tls: serverTls })
  for (let part = 1; part < 6; part++) {
    writeFileSync(join(folder, 'cert.pem'), serverTls.cert.slice(0, part * 100))
    await clock.advance(1_000)
    await settled()
    assert.equal(followed.standing(), undefined)
  }
  await change({ tls: serverTls })
  assert.equal(followed.standing(), undefined)
})

test('sockets come and go with the services', async (t) => {
  const { folder, user, change, followed } = await world(t, { services: { worker: all } })
  const sockets = join(folder, 'sockets')
  const branch = user({ path: join(sockets, 'branch.sock') })
  await assert.rejects(branch.get(), code('key-server.unreachable'))
  await change({ services: { branch: all } })
  await branch.get()
  assert.deepEqual(readdirSync(sockets), ['branch.sock'])
  writeFileSync(join(sockets, 'third.sock'), 'precious')
  await change({ services: { branch: all, second: all, third: all } })
  assert.match(followed.standing()?.error.message ?? '', /reason: http\.socket-refused/)
  assert.deepEqual(readdirSync(sockets), ['branch.sock', 'third.sock'], 'all of the new ones, or none')
  await branch.get()
})

test('what could not be used for a reason outside the files is tried again', async (t) => {
  const { folder, user, change, followed, clock, log } = await world(t, { services: { worker: all } })
  const stray = join(folder, 'sockets', 'branch.sock')
  writeFileSync(stray, 'in the way')
  await change({ services: { worker: all, branch: all } })
  assert.match(followed.standing()?.error.message ?? '', /reason: http\.socket-refused/)
  rmSync(stray)
  for (let second = 0; second < 11; second++) {
    await clock.advance(1_000)
    await settled()
  }
  assert.equal(followed.standing(), undefined)
  await user({ path: stray }).get()
  assert.equal(log.events().filter((event) => event === 'key-server.settings-taken').length, 1)
})
