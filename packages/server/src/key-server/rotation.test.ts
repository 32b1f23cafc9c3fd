/** A secret or key is replaced while calls go on, against a simulator that knows both for a while. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { type AthenaFetch, createAthenaClient } from '@aegis/client'
import { type AppChange, type AppOptions, startSimulator } from '@aegis/simulator'
import { keyServers, patientClock, settled, until } from '../../testing/key-servers.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { systemClock } from '../clock/clock.ts'
import type { GivenCredential, KeyDesk } from './key-desk.ts'

const { newServer } = await keyServers()
const ann = { kind: 'operator', id: 'ann' } as const
const limits = { perSecond: 100_000, perDay: 1_000_000, tokensPerMinute: 50 }

let named = 0

/** Two processes that call all the time, of an app with the one credential that `give` gives. */
async function calling(
  t: TestContext,
  app: Omit<AppOptions, 'clientId'>,
  give: (desk: KeyDesk) => ReturnType<KeyDesk['add']>,
) {
  const credential = { environment: 'local', clientId: `clinic-${++named}` } as const
  const { clientId } = credential
  const apps = [{ clientId, ...app }]
  const simulator = await startSimulator({ practices: [{ id: 1, patients: 5 }], limits, apps })
  const place = { environment: 'local', baseUrl: simulator.url } as const
  // What passes between two looks at the database is the test's to say; assertions are judged by the simulator's time.
  const clock = { ...patientClock(), now: () => systemClock.now() }
  const used = new Set<string>()
  const fetch: AthenaFetch = (url, init) => {
    if (!url.endsWith('/token')) used.add(String(init.headers['authorization']))
    return simulator.fetch(url, init)
  }
  const servers = [0, 1].map(() => newServer({ clock, log: silentLog, fetch }))
  const [server = assert.fail()] = servers
  const desk = server.desk(credential)
  const { credential: given } = await give(desk)
  const practices = servers.map((each) => {
    const tokenSource = each.tokenSource({ ...place, credential })
    return createAthenaClient({ ...place, tokenSource, fetch, retry: false }).practice(1)
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
    const enough = done + count
    await until(async () => {
      await Promise.race([all, settled()])
      return done >= enough
    })
  }
  const end = () => {
    isOver = true
    return all
  }
  const tokenRequests = () => simulator.truth.requests().totals.byRoute['POST /oauth2/v1/token']
  /** The tokens that calls go out with from now on, five seconds later, and when those under way are through. */
  const usedLater = async () => {
    await clock.advance(5_000)
    await more(100)
    used.clear()
    await more(100)
    return [...used]
  }
  const change = (to: AppChange) => simulator.apps.change(clientId, to)
  return { simulator, change, desk, given, more, end, tokenRequests, used, usedLater }
}

test('a secret is replaced under load, its former one withdrawn and revoked, and no call fails', async (t) => {
  const { simulator, change, desk, more, end, tokenRequests } = await calling(t, { secret: 'one' }, (to) =>
    to.add({ from: { content: Buffer.from('one') }, actor: ann }),
  )
  await more(100)
  change({ addSecret: 'two' })
  const given: GivenCredential = { from: { content: Buffer.from('two') }, actor: ann }
  const { credential } = await desk.rotate(given)
  await more(100)
  change({ retireSecret: 'one' })
  simulator.truth.revokeTokens()
  await more(100)
  const [former] = (await desk.list()).filter(({ number }) => number !== credential.number)
  await desk.revoke({ number: former?.number ?? assert.fail(), actor: ann })
  await more(100)
  await end()
  assert.equal(tokenRequests(), 2)
  assert.ok((await desk.list()).find(({ number }) => number === credential.number)?.usedAt !== undefined)
})

/** Where athenahealth fetches the public keys, as they are, or as they were when it did so last. */
async function keySet(t: TestContext) {
  let [desk, kept]: [KeyDesk | undefined, string | undefined] = [undefined, undefined]
  const server = createServer((_, response) => {
    const set = kept ?? desk?.publicKeys().then((keys) => JSON.stringify(keys))
    Promise.resolve(set).then(
      (text) => response.end(text),
      () => response.destroy(),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => once(server.close(), 'close'))
  const bound = server.address()
  return {
    jwksUrl: `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}/aegis/v1/jwks.json`,
    of: (given: KeyDesk) => (desk = given),
    keep: async () => (kept = JSON.stringify(await desk?.publicKeys())),
    follow: () => (kept = undefined),
  }
}

test('a key is replaced under load, before athenahealth knows its successor, and no call fails', async (t) => {
  const set = await keySet(t)
  const { simulator, change, desk, given, more, end, tokenRequests, usedLater } = await callingWithKey(t, set)
  await more(100)
  assert.equal(tokenRequests(), 1)
  await set.keep()
  const { credential: next } = await desk.rotate({ from: { generate: 'ES384' }, actor: ann, usedAfterMs: 0 })
  simulator.truth.revokeTokens()
  await more(100)
  assert.equal(tokenRequests(), 3, 'the new key is refused, and the former one serves at once')
  assert.deepEqual(await states(desk), [`${given.number} live`, `${next.number} refused`])
  set.follow()
  change({ jwksUrl: set.jwksUrl }) // which is fetched anew
  await desk.revoke({ number: given.number, actor: ann })
  await usedLater()
  await end()
  assert.equal(tokenRequests(), 4)
  assert.deepEqual(await states(desk), [`${next.number} live`])
})

test('a key that is revoked under load is used by nobody five seconds later, nor its token, and no call fails', async (t) => {
  const set = await keySet(t)
  const { simulator, change, desk, given, more, end, tokenRequests, used, usedLater } = await callingWithKey(t, set)
  await more(100)
  const { credential: next } = await desk.rotate({ from: { generate: 'RS384' }, actor: ann, usedAfterMs: 0 })
  // A set that was fetched within the second is not fetched again for a key that is not in it.
  change({ jwksUrl: set.jwksUrl })
  await more(100)
  const [former, ...others] = [...used]
  assert.deepEqual([others, tokenRequests()], [[], 1], 'the token at hand serves on')
  await desk.revoke({ number: given.number, actor: ann })
  const later = await usedLater()
  assert.deepEqual([later.length, later.includes(former ?? '')], [1, false])
  await end()
  assert.equal(tokenRequests(), 2)
  assert.deepEqual(await states(desk), [`${next.number} live`])
  const { keys } = await desk.publicKeys()
  assert.deepEqual(
    keys.map(({ kid }) => kid),
    [next.kid],
    'what is revoked is not served to athenahealth any more',
  )
  assert.deepEqual(simulator.apps.list()[0]?.kids, [next.kid])
})

async function callingWithKey(t: TestContext, { jwksUrl, of }: Awaited<ReturnType<typeof keySet>>) {
  const app = { jwksUrl, authMethods: ['private_key_jwt'] } as const
  return calling(t, app, (desk) => of(desk).add({ from: { generate: 'ES384' }, actor: ann, usedAfterMs: 0 }))
}

const states = async (desk: KeyDesk) =>
  (await desk.list())
    .filter(({ state }) => state !== 'revoked')
    .map(({ number, state }) => `${number} ${state}`)
    .toSorted()
