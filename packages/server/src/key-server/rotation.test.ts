/** A secret is replaced while calls go on, against a simulator that knows both for a while. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createAthenaClient } from '@aegis/client'
import { startSimulator } from '@aegis/simulator'
import { keyServers } from '../../testing/key-servers.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { systemClock } from '../clock/clock.ts'
import type { GivenCredential } from './key-desk.ts'
import { Secret } from './secret.ts'

const { newServer } = await keyServers()
const ann = { kind: 'operator', id: 'ann' } as const
const limits = { perSecond: 100_000, perDay: 1_000_000, tokensPerMinute: 50 }

/** Two processes that call all the time, of an app with one secret. */
async function calling(t: TestContext) {
  const apps = [{ clientId: 'clinic', secret: 'one' }]
  const simulator = await startSimulator({ practices: [{ id: 1, patients: 5 }], limits, apps })
  const credential = { environment: 'local', clientId: 'clinic' } as const
  const place = { environment: 'local', baseUrl: simulator.url } as const
  const servers = [0, 1].map(() => newServer({ clock: systemClock, log: silentLog, fetch: simulator.fetch }))
  const [server = assert.fail()] = servers
  const desk = server.desk(credential)
  await server.offerCredential(credential, { material: Secret.fromBytes(Buffer.from('one')), origin: 'configuration' })
  const practices = servers.map((each) => {
    const tokenSource = each.tokenSource({ ...place, credential })
    return createAthenaClient({ ...place, tokenSource, fetch: simulator.fetch, retry: false }).practice(1)
  })
  let isOver = false
  let done = 0
  const call = async (index: number) => {
    while (!isOver) {
      await practices[index % practices.length]?.practiceInfo()
      done += 1
    }
  }
  const callers = Array.from({ length: 20 }, (_, index) => call(index))
  // A failed call is the test's failure, whenever it comes.
  const all = Promise.all(callers)
  all.catch(() => undefined)
  t.after(async () => {
    isOver = true
    await all.catch(() => undefined)
    await Promise.all(servers.map((each) => each.stop()))
    await simulator.stop()
  })
  const more = async (count: number) => {
    const until = done + count
    while (done < until) await Promise.race([all, new Promise((resolve) => setImmediate(resolve))])
  }
  const end = () => {
    isOver = true
    return all
  }
  return { simulator, desk, more, end }
}

test('a secret is replaced under load, its former one withdrawn and revoked, and no call fails', async (t) => {
  const { simulator, desk, more, end } = await calling(t)
  await more(100)
  simulator.apps.change('clinic', { addSecret: 'two' })
  const given: GivenCredential = { from: { content: Buffer.from('two') }, actor: ann }
  const { credential } = await desk.rotate(given)
  await more(100)
  simulator.apps.change('clinic', { retireSecret: 'one' })
  simulator.truth.revokeTokens()
  await more(100)
  const [former] = (await desk.list()).filter(({ number }) => number !== credential.number)
  await desk.revoke({ number: former?.number ?? assert.fail(), actor: ann })
  await more(100)
  await end()
  assert.equal(simulator.truth.requests().totals.byRoute['POST /oauth2/v1/token'], 2)
  assert.ok((await desk.list()).find(({ number }) => number === credential.number)?.usedAt !== undefined)
})
