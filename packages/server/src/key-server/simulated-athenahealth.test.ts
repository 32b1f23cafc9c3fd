import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAthenaClient } from '@aegis/client'
import { startSimulator } from '@aegis/simulator'
import { keyServers } from '../../testing/key-servers.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { systemClock } from '../clock/clock.ts'
import { Secret } from './secret.ts'

const { newServer } = await keyServers()

test('two processes with 800 cold callers cost one token request, and one more when athenahealth revokes the token', async (t) => {
  const limits = { perSecond: 100_000, perDay: 1_000_000, tokensPerMinute: 5 }
  const simulator = await startSimulator({ practices: [{ id: 1, patients: 5 }], limits })
  t.after(() => simulator.stop())
  const credential = { environment: 'local', clientId: 'demo-client' } as const
  const place = { environment: 'local', baseUrl: simulator.url } as const
  const servers = [0, 1].map(() => newServer({ clock: systemClock, log: silentLog, fetch: simulator.fetch }))
  t.after(() => Promise.all(servers.map((server) => server.stop())))
  const material = Secret.fromBytes(Buffer.from('demo-secret\n'))
  await servers[0]?.offerCredential(credential, { material, origin: 'configuration' })
  const practices = servers.map((server) =>
    createAthenaClient({
      ...place,
      tokenSource: server.tokenSource({ ...place, credential }),
      fetch: simulator.fetch,
      retry: false,
    }).practice(1),
  )
  const tokenRequests = () => simulator.truth.requests().totals.byRoute['POST /oauth2/v1/token']
  const everybodyCalls = () =>
    Promise.all(practices.flatMap((practice) => Array.from({ length: 400 }, () => practice.practiceInfo())))

  await everybodyCalls()
  assert.equal(tokenRequests(), 1)
  simulator.truth.revokeTokens()
  await everybodyCalls()
  assert.equal(tokenRequests(), 2)
})
