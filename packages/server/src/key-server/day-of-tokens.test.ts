import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canarySecret, keyServers } from '../../testing/key-servers.ts'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { tokenEndpoint } from '../../testing/token-endpoint.ts'
import { Secret } from './secret.ts'

const minute = 60_000
const { database, newServer } = await keyServers()

test('a day of four processes costs no more than 30 token requests', async (t) => {
  const { db, clock, during, run } = await lockstep(database)
  const endpoint = await tokenEndpoint(clock)
  t.after(() => endpoint.close())
  const credential = { environment: 'local', clientId: 'app' } as const
  const place = { credential, environment: 'local', baseUrl: endpoint.baseUrl } as const
  const servers = Array.from({ length: 4 }, () =>
    newServer({ db, clock, log: silentLog, fetch: (...request) => during(endpoint.fetch(...request)) }),
  )
  t.after(() => Promise.all(servers.map((server) => server.stop())))
  const material = Secret.fromBytes(Buffer.from(`${canarySecret}\n`))
  await servers[0]?.offerCredential(credential, { material, origin: 'configuration' })
  const tokens = servers.map((server) => server.tokenSource(place))
  const until = clock.now() + 24 * 60 * minute
  const callAllDay = async () => {
    for (; clock.now() < until; await clock.sleep(3 * minute)) await Promise.all(tokens.map((source) => source.get()))
  }
  await run(callAllDay(), 25 * 60 * minute)
  const { length } = endpoint.requests
  assert.ok(length >= 24 && length <= 30, `${length} requests`)
})
