/** A process and the key server that it gets its tokens from, over real sockets: as it should be, and each way it is not. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { accessToken } from '@aegis/client'
import { silentLog } from '../../../testing/memory-log.ts'
import { noRefusals } from '../../../testing/no-refusals.ts'
import { testAuthority } from '../../../testing/test-certificates.ts'
import { systemClock } from '../../clock/clock.ts'
import { systemRandom } from '../../clock/random.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import { AegisError } from '../../errors/aegis-error.ts'
import { type ServiceAt, startServiceServer } from '../../http/service-server.ts'
import type { KeyServerAt } from '../../key-server/key-server-link.ts'
import { createTokenBroker } from '../../key-server/token-broker.ts'
import { tokenRoutes } from '../../key-server/token.routes.ts'
import { checkTokensElsewhere } from './check-tokens-elsewhere.ts'

const authority = testAuthority()
const stranger = testAuthority('stranger')
const tls = authority.identity('key-server', ['localhost'])
const folder = mkdtempSync(join(tmpdir(), 'dte-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const canary = 'canary-token'
const scope = 'athena/service/Athenanet.MDP.*'

/** A key server with one token; its place. */
async function served(t: TestContext, at: ServiceAt, failure?: AegisError): Promise<string> {
  const token = Object.assign(accessToken(canary, 3, systemClock.now() + 3_600_000), {
    generation: 3,
    endsAt: systemClock.steady() + 3_600_000,
  })
  const get = () => (failure ? Promise.reject(failure) : Promise.resolve(token))
  const source = () => ({ get, atHand: () => Promise.resolve(undefined) })
  const app = { environment: 'local', clientId: 'clinic' } as const
  const grants = { worker: { practices: [7, 8] } }
  const deps = { audit: { record: () => Promise.resolve() }, refusals: noRefusals, clock: systemClock, source }
  const broker = createTokenBroker(deps, { app, scopeDefault: scope, grants: () => grants })
  const seams = { onRefused: noRefusals.onRefused, log: silentLog, random: systemRandom, clock: systemClock }
  const server = await startServiceServer(at, { routes: tokenRoutes(broker), ...seams })
  t.after(() => server.stop())
  return server.at
}

const onPort = (t: TestContext, identity = tls, failure?: AegisError) =>
  served(t, { host: '127.0.0.1', port: 0, tls: identity }, failure).then((at) => at.replace('127.0.0.1', 'localhost'))

async function looked(at: KeyServerAt, changes: { practices?: number[]; scope?: string; clientId?: string } = {}) {
  const { practices = [7, 8], ...athena } = changes
  const config = {
    environment: 'local',
    athena: { clientId: 'clinic', scope, ...athena },
    practices,
    keyServer: { at, services: {} },
    // Nothing else of it is read here.
  } as unknown as AegisConfig
  const findings = await checkTokensElsewhere(config, systemClock)
  assert.ok(!JSON.stringify(findings).includes(canary), 'no token in what is said')
  const bad = findings.filter(({ level }) => level !== 'ok')
  for (const { remedy } of bad) assert.ok(remedy)
  return {
    bad: bad.map(({ level, check }) => `${level} ${check}`),
    ok: findings.filter(({ level }) => level === 'ok').map(({ check }) => check),
    said: bad.map(({ message, remedy }) => `${message} → ${remedy}`).join('\n'),
  }
}

test('a key server that hands out tokens is well, over TLS and over a socket', async (t) => {
  const { bad, ok } = await looked({ url: await onPort(t), tls: authority.identity('worker') })
  assert.deepEqual([bad, ok], [[], ['certificate', 'authority', 'reached', 'granted']])
  const path = await served(t, { path: join(folder, 'worker.sock'), service: 'worker' })
  const overSocket = await looked({ path })
  assert.deepEqual([overSocket.bad, overSocket.ok], [[], ['reached', 'granted']])
})

interface Case {
  readonly what: string
  readonly at: (t: TestContext) => Promise<KeyServerAt>
  readonly changes?: Parameters<typeof looked>[1]
  readonly check: string
  readonly says: RegExp
}

const asWorker = async (url: Promise<string>) => ({ url: await url, tls: authority.identity('worker') })
const failing = (code: 'key-server.credential-missing' | 'key-server.token-unavailable') => (t: TestContext) =>
  asWorker(onPort(t, tls, new AegisError(code)))

const cases: readonly Case[] = [
  {
    what: 'a port that nobody listens at',
    at: async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      server.close()
      await once(server, 'close')
      assert.ok(address && typeof address === 'object')
      return asWorker(Promise.resolve(`https://localhost:${address.port}`))
    },
    check: 'reached',
    says: /does not answer \(ECONNREFUSED\)\. → Start the key server/,
  },
  {
    what: 'a key server with the certificate of a foreign authority',
    at: (t) => asWorker(onPort(t, { ...stranger.identity('key-server', ['localhost']), ca: authority.ca })),
    check: 'reached',
    says: /do not take each other's certificates \(\w+\)\. → Both sides need certificates of the authority/,
  },
  {
    what: 'a certificate of our own from a foreign authority',
    at: async (t) => ({ url: await onPort(t), tls: { ...stranger.identity('worker'), ca: authority.ca } }),
    check: 'reached',
    says: /do not take each other's certificates \(\w+\)\. → Both sides need certificates of the authority/,
  },
  {
    what: 'a key server under a name that is not in its certificate',
    at: (t) => asWorker(onPort(t, authority.identity('key-server', ['keys.internal']))),
    check: 'reached',
    says: /is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)\. → Use a name in keyServer.url/,
  },
  {
    what: 'a service that the key server does not know',
    at: async (t) => ({ url: await onPort(t), tls: authority.identity('stranger') }),
    check: 'granted',
    says: /key-server\.service-unknown.* → Name the service under keyServer.services/,
  },
  {
    what: 'practices that are not granted',
    at: (t) => asWorker(onPort(t)),
    changes: { practices: [7, 9, 8, 10] },
    check: 'granted',
    says: /does not let this service have tokens for practices: 9, 10\. → Add them under keyServer.services/,
  },
  {
    what: 'a scope that is not granted',
    at: (t) => asWorker(onPort(t)),
    changes: { scope: 'system/*.*' },
    check: 'granted',
    says: /the scope "system\/\*\.\*", or none of the practices 7, 8\. → Add the scope, or the practices, under keyServer/,
  },
  {
    what: 'an app that the key server does not have',
    at: (t) => asWorker(onPort(t)),
    changes: { clientId: 'other' },
    check: 'granted',
    says: /key-server\.credential-missing/,
  },
  {
    what: 'a key server without a credential',
    at: failing('key-server.credential-missing'),
    check: 'granted',
    says: /credential-missing/,
  },
  {
    what: 'a key server without a token',
    at: failing('key-server.token-unavailable'),
    check: 'granted',
    says: /token-unavailable/,
  },
  {
    what: 'a socket that is not there',
    at: () => Promise.resolve({ path: join(folder, 'none.sock') }),
    check: 'reached',
    says: /There is no socket of the key server at .*none\.sock \(ENOENT\)\. → Start the key server/,
  },
  {
    what: 'a file in the place of the socket',
    at: async () => {
      writeFileSync(join(folder, 'file.sock'), 'x')
      return { path: join(folder, 'file.sock') }
    },
    check: 'reached',
    says: /There is no socket of the key server at .*file\.sock \(ENOTSOCK\)\. → Start the key server/,
  },
]
for (const { what, at, changes, check, says } of cases) {
  test(`${what}: a failure, and what to do`, async (t) => {
    const { bad, said } = await looked(await at(t), changes)
    assert.deepEqual(bad, [`failure ${check}`])
    assert.match(said, says)
  })
}
