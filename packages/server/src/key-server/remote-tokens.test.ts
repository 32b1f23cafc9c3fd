/** A key server of its own and its users, over real sockets: mutual TLS, and socket files. */
import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { actor, canarySecret, code, settled, until } from '../../testing/key-servers.ts'
import { memoryLog, silentLog } from '../../testing/memory-log.ts'
import { noRefusals } from '../../testing/no-refusals.ts'
import { grants, remoteKeyServers, scope } from '../../testing/remote-key-servers.ts'
import { testAuthority } from '../../testing/test-certificates.ts'
import { createAudit } from '../audit/audit.ts'
import { createRefusalCounter } from '../audit/refusal-counter.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { startServiceServer } from '../http/service-server.ts'
import { noSealing } from '../sealing/no-sealing.ts'
import { keyServerLink } from './key-server-link.ts'
import { RemoteTokenSource } from './remote-token-source.ts'
import { createTokenBroker } from './token-broker.ts'
import { tokenRoutes } from './token.routes.ts'

const { authority, folder, database, owner, world } = await remoteKeyServers()

for (const at of ['tls', 'socket'] as const) {
  test(`800 cold callers of four processes cost one token request, over ${at}`, async (t) => {
    const { endpoint, worker, clock } = await world(t, at)
    const processes = Array.from({ length: 4 }, () => worker().tokens)
    const got = await Promise.all(processes.flatMap((tokens) => Array.from({ length: 200 }, () => tokens.get())))
    assert.equal(endpoint.requests.length, 1)
    assert.deepEqual(new Set(got.map(({ value }) => value)), new Set(['canary-token-1']))
    const [{ generation }] = [got[0] ?? assert.fail()]
    const newer = await Promise.all(
      processes.flatMap((tokens) => Array.from({ length: 125 }, () => tokens.get({ newerThan: generation }))),
    )
    assert.equal(endpoint.requests.length, 2, '500 that were refused')
    assert.deepEqual(new Set(newer.map(({ value }) => value)), new Set(['canary-token-2']))
    await clock.advance(0)
  })
}

describe('the key server refuses, with an entry in the audit log and no byte of a token,', () => {
  const refusals: readonly (readonly [who: string, name: string, ask: object, expected: Parameters<typeof code>[0]])[] =
    [
      ['a service that it does not know', 'stranger', {}, 'key-server.service-unknown'],
      ['another practice than is granted', 'branch-7', { practices: [7, 8] }, 'key-server.not-granted'],
      ['another scope than is granted', 'worker', { scope: `${scope} system/*.*` }, 'key-server.not-granted'],
      ['another app', 'worker', { clientId: 'other' }, 'key-server.credential-missing'],
      ['another environment', 'worker', { environment: 'production' }, 'key-server.environment-crossed'],
    ]
  for (const [who, name, changes, expected] of refusals) {
    test(who, async (t) => {
      const { endpoint, user, started, credential } = await world(t)
      const { tokens } = user({ url: started.at, tls: authority.identity(name) }, changes)
      await assert.rejects(tokens.get(), code(expected))
      assert.equal(endpoint.requests.length, 0)
      const entries = await owner.rows<{ actor_id: string }>(
        `select actor_id from audit.entry where subtype = 'token-refused' and outcome = 'failure' and entity = $1`,
        [`local/${credential.clientId}`],
      )
      assert.deepEqual(entries, [{ actor_id: name }])
    })
  }

  const forged: readonly (readonly [what: string, dnsNames: readonly string[], uris: readonly string[]])[] = [
    ['inside of a URI', ['branch-7'], ['http://x/, DNS:worker']],
    ['inside of a URI with quotes', ['branch-7'], ['http://x/", DNS:worker, URI:"']],
    ['inside of a DNS name', ['x, DNS:worker', 'branch-7'], []],
    ['behind a line break', ['x\n, DNS:worker', 'branch-7'], []],
  ]
  for (const [what, dnsNames, uris] of forged) {
    test(`another service, whose name stands ${what} of its own certificate`, async (t) => {
      const { user, started } = await world(t)
      const identity = authority.identity('branch-7', dnsNames, uris)
      await user({ url: started.at, tls: identity }).tokens.get()
      const { tokens } = user({ url: started.at, tls: identity }, { practices: [8] })
      await assert.rejects(tokens.get(), code('key-server.not-granted'))
    })
  }

  test('whoever has no certificate, or one of another authority: not a byte is answered', async (t) => {
    const { endpoint, user, started } = await world(t)
    const foreign = { ...testAuthority('other').identity('worker'), ca: authority.ca }
    await assert.rejects(user({ url: started.at, tls: foreign }).tokens.get(), code('key-server.unreachable'))
    await assert.rejects(fetch(`${started.at}/aegis/v1/token`, { method: 'POST' }))
    assert.equal(endpoint.requests.length, 0)
  })
})

test('a key server with the certificate of another authority is sent nothing', async (t) => {
  const { endpoint, user, started } = await world(t)
  const trusting = { ...authority.identity('worker'), ca: testAuthority('other').ca }
  await assert.rejects(user({ url: started.at, tls: trusting }).tokens.get(), code('key-server.unreachable'))
  assert.equal(endpoint.requests.length, 0)
})

test('every token that a service gets is in the audit log, once', async (t) => {
  const { worker, credential, clock } = await world(t)
  const { tokens } = worker()
  const { generation } = await tokens.get()
  await clock.advance(4_000)
  await tokens.get()
  await tokens.get({ newerThan: generation })
  const entries = await owner.rows(
    `select 1 from audit.entry where subtype = 'token-issue' and actor_id = 'worker' and entity = $1`,
    [`local/${credential.clientId}`],
  )
  assert.equal(entries.length, 2)
})

test('a revocation reaches the users of the key server within five seconds', async (t) => {
  const { endpoint, worker, desk, clock } = await world(t)
  const { tokens } = worker()
  await tokens.get()
  await desk.revoke({ actor })
  await clock.advance(5_000)
  await assert.rejects(tokens.get(), code('key-server.credential-missing'))
  assert.equal(endpoint.requests.length, 1)
})

test('a revocation by another process that holds the credentials reaches them as soon', async (t) => {
  const { worker, clock, newProcess, credential } = await world(t)
  const { tokens } = worker()
  await tokens.get()
  await newProcess().server.desk(credential).revoke({ actor })
  await clock.advance(4_000)
  await tokens.get().catch(() => undefined)
  await clock.advance(1_000)
  await assert.rejects(tokens.get(), code('key-server.credential-missing'))
})

test('when to ask again is told over the link, too', async (t) => {
  const { worker, endpoint } = await world(t)
  endpoint.answer = { status: 503, body: () => '', retryAfter: '120' }
  const { tokens } = worker()
  await assert.rejects(tokens.get(), code('key-server.token-unavailable'))
  await assert.rejects(tokens.get(), (error) => {
    assert.ok(isAegisError(error, 'key-server.token-unavailable'), String(error))
    return error.detail['retryAfterMs'] === 120_000
  })
})

test('a revocation does not wait for the next token: nobody gets the old one while athenahealth is slow', async (t) => {
  const { endpoint, started, desk, clock, credential } = await world(t)
  await desk.add({ from: { content: Buffer.from('second') }, actor })
  const link = keyServerLink({ url: started.at, tls: authority.identity('worker') })
  t.after(() => link.close())
  let open: (() => void) | undefined
  const ask: typeof link.ask = (asked, timeoutMs) => {
    if (asked.held === undefined) open?.()
    return link.ask(asked, timeoutMs)
  }
  const wish = { ...credential, scope, practices: [7] }
  const tokens = new RemoteTokenSource({ link: { ...link, ask }, clock, log: memoryLog() }, wish)
  assert.equal((await tokens.get()).value, 'canary-token-1')
  endpoint.gate = new Promise((resolve) => (open = resolve))
  await desk.revoke({ number: 1, actor })
  await clock.advance(5_000)
  assert.equal((await tokens.get()).value, 'canary-token-2')
})

test('while the key server is away the token at hand serves to its end, then calls are refused; it heals by itself', async (t) => {
  const { worker, started, clock, path, newProcess, credential } = await world(t, 'socket')
  const { tokens, log } = worker()
  await tokens.get()
  assert.equal(tokens.standing(), undefined)
  await started.stop()
  for (let minute = 0; minute < 59; minute++) {
    await clock.advance(60_000)
    assert.equal((await tokens.get()).value, 'canary-token-1')
  }
  const { error, forMs, servesMs } = tokens.standing() ?? assert.fail('it stands')
  assert.deepEqual([error.code, forMs, servesMs], ['key-server.unreachable', 58 * 60_000, 50_000])
  await clock.advance(60_000)
  await assert.rejects(tokens.get(), code('key-server.unreachable'))
  assert.equal(tokens.standing()?.servesMs, undefined)
  assert.deepEqual(log.events(), ['key-server.unreachable'], 'told once')
  const audit = createAudit({ db: database.db, sealing: noSealing, clock: systemClock, random: systemRandom })
  t.after(() => audit.stop())
  const refusals = createRefusalCounter({ audit, clock: systemClock, log: silentLog })
  const { source } = newProcess()
  const options = { app: credential, scopeDefault: scope, grants: () => grants }
  const broker = createTokenBroker({ audit, refusals, clock, source: (wanted) => source(wanted) }, options)
  const seams = { onRefused: noRefusals.onRefused, log: silentLog, random: systemRandom, clock: systemClock }
  const again = await startServiceServer({ path, service: 'worker' }, { routes: tokenRoutes(broker), ...seams })
  t.after(() => again.stop())
  await clock.advance(1_000)
  await tokens.look()
  assert.equal(tokens.standing(), undefined, 'nobody had to want a token for it')
  assert.equal((await tokens.get()).value, 'canary-token-2')
  assert.deepEqual(log.events(), ['key-server.unreachable', 'key-server.reached'])
})

test('a key server that is at work on a token is waited for, however long athenahealth takes', async (t) => {
  const { user, started, clock, endpoint } = await world(t)
  let open: (() => void) | undefined
  endpoint.gate = new Promise((resolve) => (open = resolve))
  const { tokens } = user({ url: started.at, tls: authority.identity('worker') }, {}, clock)
  const call = tokens.get()
  await until(async () => endpoint.requests.length > 0)
  for (let steps = 0; steps < 16; steps++) {
    await clock.advance(500)
    await settled()
  }
  open?.()
  assert.equal((await call).value, 'canary-token-1')
  assert.equal(endpoint.requests.length, 1)
})

test('a look without a token asks for none, and what it finds stands until it is over', async (t) => {
  const { worker, started, endpoint, clock } = await world(t)
  const { tokens } = worker()
  await tokens.look()
  assert.equal(endpoint.requests.length, 0)
  await tokens.get()
  await clock.advance(4_000)
  await started.stop()
  await tokens.look()
  assert.equal(tokens.standing()?.error.code, 'key-server.unreachable')
})

test('that this process is refused stands, too', async (t) => {
  const { user, started } = await world(t)
  const { tokens } = user({ url: started.at, tls: authority.identity('stranger') })
  await assert.rejects(tokens.get(), code('key-server.service-unknown'))
  assert.equal(tokens.standing()?.error.code, 'key-server.service-unknown')
})

test('a token at hand is served while the key server cannot look, and not once athenahealth has refused it', async (t) => {
  const { worker, started } = await world(t)
  const { tokens } = worker()
  const { generation } = await tokens.get()
  await started.stop()
  await tokens.get()
  await assert.rejects(tokens.get({ newerThan: generation }), code('key-server.unreachable'))
})

test('a socket is for its owner and group, a stale one is replaced, one in use and other files are left alone', async (t) => {
  const { path, started } = await world(t, 'socket')
  assert.equal(statSync(path).mode & 0o777, 0o660)
  const seams = { onRefused: noRefusals.onRefused, log: silentLog, random: systemRandom, clock: systemClock }
  const start = (at: string) =>
    startServiceServer({ path: at, service: 'worker' }, { routes: () => () => undefined, ...seams })
  await assert.rejects(start(path), code('http.socket-refused'))
  const file = join(folder, 'precious')
  writeFileSync(file, 'x')
  await assert.rejects(start(file), code('http.socket-refused'))
  assert.equal(statSync(file).size, 1)
  await started.stop()
  await (await start(path)).stop()
})

test('no answer of the key server holds the secret', async (t) => {
  const { worker } = await world(t)
  const got = await worker().tokens.get()
  assert.ok(!JSON.stringify({ ...got, value: got.value }).includes(canarySecret))
})
