/** Key servers of their own that listen, and processes that use them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { createAudit } from '../src/audit/audit.ts'
import { createRefusalCounter } from '../src/audit/refusal-counter.ts'
import { type Clock, systemClock } from '../src/clock/clock.ts'
import { systemRandom } from '../src/clock/random.ts'
import { type ServiceAt, startServiceServer } from '../src/http/service-server.ts'
import { type KeyServerAt, keyServerLink } from '../src/key-server/key-server-link.ts'
import { RemoteTokenSource } from '../src/key-server/remote-token-source.ts'
import type { ServiceGrants } from '../src/key-server/service-grants.ts'
import { createTokenBroker } from '../src/key-server/token-broker.ts'
import { tokenRoutes } from '../src/key-server/token.routes.ts'
import { noSealing } from '../src/sealing/no-sealing.ts'
import { keyServers, patientClock } from './key-servers.ts'
import { memoryLog, silentLog } from './memory-log.ts'
import { noRefusals } from './no-refusals.ts'
import { testAuthority } from './test-certificates.ts'

export const scope = 'athena/service/Athenanet.MDP.*'
export const grants: ServiceGrants = { worker: { practices: 'all' }, 'branch-7': { practices: [7] } }

/** A database and an authority, on which any number of key servers listen. Called at the top of a file. */
export async function remoteKeyServers() {
  const authority = testAuthority()
  const tls = authority.identity('key-server', ['localhost'])
  const folder = mkdtempSync(join(tmpdir(), 'kss-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const { database, owner, newApp } = await keyServers()
  let sockets = 0

  /** A key server that listens, and processes that use it. */
  async function world(t: TestContext, at: 'tls' | 'socket' = 'tls') {
    const clock = patientClock()
    const app = await newApp(t, clock)
    const { server, source } = app.newProcess()
    const audit = createAudit({ db: database.db, sealing: noSealing, clock: systemClock, random: systemRandom })
    t.after(() => audit.stop())
    const refusals = createRefusalCounter({ audit, clock: systemClock, log: silentLog })
    const options = { app: app.credential, scopeDefault: scope, grants: () => grants }
    const broker = createTokenBroker({ audit, refusals, clock, source: (wanted) => source(wanted) }, options)
    const path = join(folder, `worker-${sockets++}.sock`)
    const where: ServiceAt = at === 'tls' ? { host: '127.0.0.1', port: 0, tls } : { path, service: 'worker' }
    const seams = { onRefused: noRefusals.onRefused, log: silentLog, random: systemRandom, clock: systemClock }
    const started = await startServiceServer(where, { routes: tokenRoutes(broker), ...seams })
    t.after(() => started.stop())
    const user = (
      link: KeyServerAt,
      changes: { practices?: number[]; scope?: string } = {},
      time: Clock = systemClock,
    ) => {
      const opened = keyServerLink(link, time)
      t.after(() => opened.close())
      const log = memoryLog()
      const wish = { ...app.credential, scope, practices: [7], ...changes }
      return { log, tokens: new RemoteTokenSource({ link: opened, clock, machine: clock, log }, wish) }
    }
    const worker = (changes: { practices?: number[]; scope?: string } = {}) =>
      user(at === 'tls' ? { url: started.at, tls: authority.identity('worker') } : { path }, changes)
    return { ...app, clock, server, desk: server.desk(app.credential), started, user, worker, path }
  }

  return { authority, folder, database, owner, world }
}

/** A way to a key server that can stand still: it takes connections and all that is sent, and hands nothing on. */
export async function standingStill(t: TestContext, port: number) {
  const sockets = new Set<Socket>()
  let isMute = false
  const proxy = createServer((inner) => {
    const outer = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from)
      from.on('data', (data) => to.write(data))
      if (isMute) from.pause()
      from.on('error', () => undefined)
      from.on('close', () => to.destroy())
    }
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await once(proxy.close(), 'close')
  })
  const mute = (on: boolean) => {
    isMute = on
    for (const socket of sockets) {
      if (on) socket.pause()
      else socket.resume()
    }
  }
  const address = proxy.address()
  assert.ok(address && typeof address === 'object')
  return { url: `https://localhost:${address.port}`, mute }
}
