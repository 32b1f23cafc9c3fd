/** What is no answer about the token takes none away: a key server whose database, disk or own code fails. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { code, keyServers, patientClock } from '../../testing/key-servers.ts'
import { memoryLog, silentLog } from '../../testing/memory-log.ts'
import { noRefusals } from '../../testing/no-refusals.ts'
import { type Clock, systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import { startServiceServer } from '../http/service-server.ts'
import type { AppRef } from './app-ref.ts'
import { type KeyServerLink, keyServerLink } from './key-server-link.ts'
import { RemoteTokenSource } from './remote-token-source.ts'
import { createTokenBroker } from './token-broker.ts'
import type { KeptTokenSource } from './token-keeper.ts'
import { tokenRoutes } from './token.routes.ts'

const scope = 'athena/service/Athenanet.MDP.*'
const folder = mkdtempSync(join(tmpdir(), 'kcl-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const { newApp, newAudit, database, switchable } = await keyServers()

const failures: readonly (readonly [ErrorCode, Error])[] = [
  ...(['db.unavailable', 'db.statement-failed', 'db.disk-full', 'db.busy', 'sealing.closed'] as const).map(
    (each) => [each, new AegisError(each)] as const,
  ),
  ['internal.unexpected', new TypeError('a slip')],
]

for (const [told, error] of failures) {
  test(`${told} at the look for a token: the one at hand serves to its end`, async (t) => {
    const clock = patientClock()
    const { newProcess } = await newApp(t, clock)
    const link = switchable()
    const { tokens } = newProcess({}, link)
    await tokens.get()
    Object.assign(link, { down: true, error })
    for (const minutes of [0, 30, 29]) {
      await clock.advance(minutes * 60_000 + 6_000)
      assert.equal((await tokens.get()).value, 'canary-token-1')
    }
    await clock.advance(60_000)
    await assert.rejects(tokens.get(), (thrown) => thrown === error)
  })

  test(`a key server that answers ${told} leaves its services their token, and is well again by itself`, async (t) => {
    const clock = patientClock()
    const { newProcess, credential } = await newApp(t, clock)
    const link = switchable()
    const path = join(folder, `${told}.sock`)
    const first = await serving(t, { source: newProcess().source, path, clock, app: credential })
    const opened = keyServerLink({ path })
    t.after(() => opened.close())
    const log = memoryLog()
    const tokens = new RemoteTokenSource({ link: opened, clock, log }, { ...credential, scope, practices: [7] })
    await tokens.get()
    await first.stop()
    // It begins anew, and so has no token at hand.
    Object.assign(link, { down: true, error })
    await serving(t, { source: newProcess({}, link).source, path, clock, app: credential })
    for (let times = 0; times < 3; times++) {
      await clock.advance(5_000)
      assert.equal((await tokens.get()).value, 'canary-token-1')
    }
    assert.equal(tokens.standing()?.error.code, told)
    link.down = false
    await clock.advance(5_000)
    await tokens.look() // as every few seconds
    assert.equal((await tokens.get()).value, 'canary-token-1')
    assert.equal(tokens.standing(), undefined)
    assert.deepEqual(log.events(), ['key-server.unreachable', 'key-server.reached'])
  })
}

async function serving(
  t: TestContext,
  given: { source: (scope: string) => KeptTokenSource; path: string; clock: Clock; app: AppRef },
) {
  const { path, app, ...asked } = given
  const audit = newAudit(database.db, systemClock)
  const options = { app, scopeDefault: scope, grants: () => ({ worker: { practices: 'all' as const } }) }
  const broker = createTokenBroker({ audit, refusals: { note: async () => undefined }, ...asked }, options)
  const seams = { onRefused: noRefusals.onRefused, log: silentLog, random: systemRandom, clock: systemClock }
  const server = await startServiceServer({ path, service: 'worker' }, { routes: tokenRoutes(broker), ...seams })
  t.after(async () => {
    await server.stop()
    await audit.stop()
  })
  return server
}

const answers: readonly ErrorCode[] = [
  'key-server.token-unavailable',
  'key-server.credential-missing',
  'key-server.credential-expired',
  'key-server.credential-waiting',
  'key-server.credential-refused',
  'key-server.not-granted',
  'key-server.service-unknown',
  'key-server.environment-crossed',
]
const noAnswers: readonly ErrorCode[] = [
  'key-server.unreachable',
  'key-server.asks-too-often',
  'http.malformed-request',
  'http.request-too-large',
  'internal.unexpected',
  'audit.unavailable',
]
for (const [said, codes] of [
  ['takes the token away', answers],
  ['takes none away', noAnswers],
] as const) {
  for (const each of codes) {
    test(`${each} of the key server ${said}`, async () => {
      const clock = patientClock()
      let asked = 0
      const ask: KeyServerLink['ask'] = async () => {
        if (asked++ > 0) throw new AegisError(each)
        return { generation: 1, value: 'token-1', leftMs: 3_600_000 }
      }
      const link = { ask, renew: () => undefined, close: async () => undefined }
      const wish = { environment: 'local' as const, clientId: 'clinic', scope, practices: [7] }
      const tokens = new RemoteTokenSource({ link, clock, log: silentLog }, wish)
      await tokens.get()
      await clock.advance(4_000)
      if (codes === answers) await assert.rejects(tokens.get(), code(each))
      else assert.equal((await tokens.get()).value, 'token-1')
    })
  }
}
