import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { AthenaFetch } from '@aegis/client'
import { actor, canarySecret, code, keyServers } from '../../testing/key-servers.ts'
import { type Lockstep, lockstep, type MachineClock } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { granting, type TokenEndpoint, tokenEndpoint } from '../../testing/token-endpoint.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'
import { Secret } from './secret.ts'
import { createTokenBroker } from './token-broker.ts'

const { database, newServer } = await keyServers()
const hour = 3_600_000
const requestsPerMinute = 5
let apps = 0

/** Two processes of one app on machines of their own; the clock of the other one is ahead of the true time. */
async function twoMachines(t: TestContext, otherAheadMs: number) {
  const time = await lockstep(database)
  const endpoint = await tokenEndpoint(time.clock)
  t.after(() => endpoint.close())
  const answering = { afterMs: 0 }
  const fetch: AthenaFetch = async (url, init, call) => {
    const answer = await time.during(wholeAnswer(endpoint, url, init, call))
    if (answering.afterMs > 0) await time.clock.sleep(answering.afterMs, init.signal ?? undefined)
    return answer
  }
  const credential = { environment: 'local', clientId: `clocks-apart-${apps++}` } as const
  const place = { environment: 'local', baseUrl: endpoint.baseUrl } as const
  const processOn = (clock: MachineClock, perMinute = requestsPerMinute) => {
    const options = { requestsPerMinute: { local: perMinute } }
    const server = newServer({ db: time.db, clock, log: silentLog, fetch, options })
    t.after(() => server.stop())
    return { clock, server, source: (scope: string) => server.tokenSource({ credential, ...place, scope }) }
  }
  const one = processOn(time.machineClock({}))
  const other = processOn(time.machineClock({ aheadMs: otherAheadMs }))
  await time.run(
    one.server.offerCredential(credential, {
      material: Secret.fromBytes(Buffer.from(canarySecret)),
      origin: 'configuration',
    }),
  )
  const another = (perMinute: number) => processOn(time.machineClock({}), perMinute)
  return { time, endpoint, answering, credential, one, other, another }
}

async function wholeAnswer(endpoint: TokenEndpoint, ...request: Parameters<AthenaFetch>): Promise<Response> {
  const answer = await endpoint.fetch(...request)
  return new Response(await answer.arrayBuffer(), answer)
}

function mostInOneMinute({ requests }: TokenEndpoint): number {
  return Math.max(...requests.map(({ at }) => requests.filter((one) => one.at > at - 60_000 && one.at <= at).length))
}

/** Asks for tokens of scopes of its own until each has come, as callers do that are told to come back. */
async function askUntilServed(
  time: Lockstep,
  { source }: Awaited<ReturnType<typeof twoMachines>>['one'],
  scopes: readonly string[],
): Promise<void> {
  const missing = new Set(scopes)
  for (let tries = 0; tries < 100 && missing.size > 0; tries++) {
    for (const scope of missing) {
      const got = await source(scope)
        .get()
        .catch((error: unknown) => assert.ok(code('key-server.token-unavailable')(error)))
      if (got) missing.delete(scope)
    }
    if (missing.size > 0) await time.clock.sleep(5_000)
  }
  assert.equal(missing.size, 0, 'it is served in the end')
}

for (const aheadMs of [90_000, 5 * hour, -90_000, -5 * hour]) {
  const apart = `a clock ${Math.abs(aheadMs) / 1000} seconds ${aheadMs > 0 ? 'ahead' : 'behind'}`

  test(`no minute holds more than ${requestsPerMinute} token requests, one of the processes with ${apart}`, async (t) => {
    const { time, endpoint, one, other } = await twoMachines(t, aheadMs)
    const scopes = (name: string) => Array.from({ length: 6 }, (_, index) => `${name}-${index}`)
    const served = [askUntilServed(time, one, scopes('one')), askUntilServed(time, other, scopes('other'))]
    await time.run(Promise.all(served), 600_000)
    assert.equal(endpoint.requests.length, 12)
    assert.ok(mostInOneMinute(endpoint) <= requestsPerMinute, `${mostInOneMinute(endpoint)} in a minute`)
  })

  test(`a token that one fetches serves both for its life, one of the processes with ${apart}`, async (t) => {
    const { time, endpoint, answering, one, other } = await twoMachines(t, aheadMs)
    answering.afterMs = 5_000
    const first = one.source('all').get()
    await time.advance(1_000)
    const tokens = await time.run(Promise.all([first, other.source('all').get()]), 60_000)
    assert.deepEqual(
      tokens.map(({ value }) => value),
      ['canary-token-1', 'canary-token-1'],
    )
    for (const [process, { expiresAt }] of [
      [one, tokens[0]],
      [other, tokens[1]],
    ] as const) {
      const leftMs = expiresAt - process.clock.now()
      assert.ok(leftMs > hour - 60_000 && leftMs <= hour, `${leftMs} ms left on its clock`)
    }
    for (let minute = 0; minute < 45; minute += 15) {
      await time.advance(15 * 60_000)
      for (const { source } of [one, other]) await time.run(source('all').get())
    }
    assert.equal(endpoint.requests.length, 1)
    await time.advance(16 * 60_000)
    for (const { source } of [other, one]) {
      assert.equal((await time.run(source('all').get(), 60_000)).value, 'canary-token-2', 'the first is over')
    }
  })

  test(`after a failure nobody asks before its time, one of the processes with ${apart}`, async (t) => {
    const { time, endpoint, one, other } = await twoMachines(t, aheadMs)
    endpoint.answer = { status: 503, body: () => '' }
    for (const { source } of [one, other, one, other]) {
      await assert.rejects(time.run(source('all').get(), 60_000), code('key-server.token-unavailable'))
    }
    assert.equal(endpoint.requests.length, 1)
    endpoint.answer = granting()
    await time.advance(2_001)
    await time.run(other.source('all').get(), 60_000)
  })

  test(`who died while fetching is taken over, by a process with ${apart}`, async (t) => {
    const { time, endpoint, one, other } = await twoMachines(t, aheadMs)
    const unset = setFailpointHook((name) => {
      if (name === 'key-server.before-request') throw new Error('killed')
    })
    t.after(unset)
    await assert.rejects(time.run(one.source('all').get()), /killed/)
    unset()
    const diedAt = time.clock.now()
    await time.run(other.source('all').get(), 60_000)
    const afterMs = (endpoint.requests[0]?.at ?? 0) - diedAt
    assert.ok(afterMs > 14_000 && afterMs < 16_000, `${afterMs} ms later`)
  })
}

test('a clock that is set back neither keeps a revoked token alive nor ends one that is good', async (t) => {
  const { time, endpoint, credential, one, other } = await twoMachines(t, 0)
  await time.run(Promise.all([one.source('all').get(), other.source('all').get()]))
  other.clock.set(5 * hour)
  await time.advance(6_000)
  await time.run(other.source('all').get())
  other.clock.set(-10 * hour)
  await time.advance(6_000)
  await time.run(other.source('all').get())
  assert.equal(endpoint.requests.length, 1)
  await time.run(one.server.desk(credential).revoke({ actor }))
  await time.advance(5_001)
  await assert.rejects(time.run(other.source('all').get(), 60_000), code('key-server.credential-missing'))
})

test('what is told of how long a token lives does not go by a clock that is set meanwhile', async (t) => {
  const { time, credential, one } = await twoMachines(t, 0)
  const audit = { record: async () => undefined }
  const refusals = { note: async () => undefined }
  const options = { app: credential, scopeDefault: 'all', grants: () => ({ worker: { practices: 'all' as const } }) }
  const broker = createTokenBroker({ audit, refusals, clock: one.clock, source: one.source }, options)
  const ask = { ...credential, scope: 'all', practices: [7] }
  const told = async () => (await time.run(broker.issue({ names: ['worker'] }, ask))).leftMs
  await told()
  for (const setMs of [5 * hour, -10 * hour]) {
    one.clock.set(setMs)
    const leftMs = await told()
    assert.ok(leftMs > hour - 60_000 && leftMs <= hour, `${leftMs} ms left`)
  }
})

const standstills: [string, (time: Lockstep, clock: MachineClock) => Promise<void>][] = [
  ['a process is stopped', (time) => time.clock.sleep(90_000)],
  [
    'a machine sleeps',
    async (_, clock) => {
      clock.sleepThrough(90_000)
      await clock.sleep(1)
    },
  ],
]

for (const [what, standStill] of standstills) {
  test(`no minute holds more than ${requestsPerMinute} token requests when ${what} on its way to one`, async (t) => {
    const { time, endpoint, one, other } = await twoMachines(t, 0)
    let stood = 0
    const unset = setFailpointHook((name) => {
      if (name === 'key-server.before-request' && stood++ === 0) return standStill(time, one.clock)
    })
    t.after(unset)
    const late = one.source('all').get()
    await time.advance(85_000)
    assert.equal(endpoint.requests.length, 0)
    for (let scope = 0; scope < requestsPerMinute; scope++) {
      await time.run(other.source(`other-${scope}`).get(), 1_000)
    }
    await assert.rejects(time.run(late, 60_000), code('key-server.token-unavailable'))
    assert.equal(endpoint.requests.length, requestsPerMinute)
    // To a machine that slept the database's clock seems to have been set ahead: what counted counts anew.
    await time.run(askUntilServed(time, one, ['all']), 180_000)
    assert.ok(mostInOneMinute(endpoint) <= requestsPerMinute)
  })
}

for (const setMs of [90_000, 5 * hour]) {
  test(`no minute holds more than ${requestsPerMinute} token requests when the database's clock is set ahead by ${setMs} ms`, async (t) => {
    const { time, endpoint, one, other } = await twoMachines(t, 5_000)
    await time.run(
      other
        .source('one-0')
        .get()
        .catch(() => undefined),
      1_000,
    )
    for (let scope = 0; scope < requestsPerMinute; scope++) await time.run(one.source(`one-${scope}`).get(), 1_000)
    await time.setDatabaseClock(setMs)
    const scopes = Array.from({ length: requestsPerMinute }, (_, index) => `other-${index}`)
    await time.run(Promise.all([askUntilServed(time, other, scopes), askUntilServed(time, one, ['more'])]), 600_000)
    assert.ok(mostInOneMinute(endpoint) <= requestsPerMinute, `${mostInOneMinute(endpoint)} in a minute`)
  })
}

test("tokens are to be had within six minutes of the database's clock being set back", async (t) => {
  const { time, endpoint, one, other } = await twoMachines(t, 0)
  for (let scope = 0; scope < requestsPerMinute; scope++) await time.run(one.source(`one-${scope}`).get(), 1_000)
  await time.advance(61_000)
  const unset = setFailpointHook((name) => {
    if (name === 'key-server.before-request') throw new Error('killed')
  })
  t.after(unset)
  await assert.rejects(time.run(one.source('held').get()), /killed/)
  unset()
  endpoint.answer = { status: 503, body: () => '' }
  await assert.rejects(time.run(one.source('failed').get()), code('key-server.token-unavailable'))
  for (let scope = 1; scope < requestsPerMinute; scope++) {
    await time.run(one.source(`failed-${scope}`).get(), 1_000).catch(() => undefined)
  }
  endpoint.answer = granting()
  await time.setDatabaseClock(-5 * hour)
  await time.run(askUntilServed(time, other, ['held', 'failed', 'another']), 360_000)
  assert.ok(mostInOneMinute(endpoint) <= requestsPerMinute)
})

test('a process that dies with every answer and starts again neither uses up the minute nor locks the others out', async (t) => {
  const { time, endpoint, another } = await twoMachines(t, 0)
  // Less than what goes out anyway when each waits for the one that died: 15 seconds.
  const perMinute = 2
  const unset = setFailpointHook((name) => {
    if (name === 'key-server.after-request') throw new Error('killed')
  })
  t.after(unset)
  for (let start = 0; start < 18; start++) {
    const { server, source } = another(perMinute)
    const died = await time.run(
      source('all')
        .get()
        .catch((error: unknown) => error),
      120_000,
    )
    assert.ok(died instanceof Error)
    await server.stop()
    await time.advance(10_000)
  }
  assert.ok(endpoint.requests.length >= 2 * perMinute, `${endpoint.requests.length} requests`)
  assert.ok(mostInOneMinute(endpoint) <= perMinute, `${mostInOneMinute(endpoint)} in a minute`)
  unset()
  await time.run(askUntilServed(time, another(perMinute), ['all']), 120_000)
})
