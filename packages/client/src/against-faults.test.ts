/** What the client makes of every fault that the simulator knows: its error, what it says of a write, its attempts. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { type FaultKind, faultNames, type FaultRule, type Simulator, startSimulator } from '@aegis/simulator'
import { createAthenaClient } from './athena-client.ts'
import { AthenaError } from './athena-error.ts'
import type { AthenaPractice } from './resources/athena-practice.ts'

const PRACTICE = 195_900
const STEP_MS = 100

/** Until the work is done, time moves on in small steps: nobody waits really. */
async function run<T>({ clock }: Simulator, work: Promise<T>): Promise<T> {
  let isDone = false
  const finish = () => {
    isDone = true
  }
  work.then(finish, finish)
  for (let steps = 0; !isDone && steps < 10_000; steps += 1) {
    for (let turn = 0; turn < 5; turn += 1) await setImmediate()
    if (!isDone) clock.advance(STEP_MS)
  }
  return work
}

const calls = {
  read: (practice: AthenaPractice) => practice.patients.get(7),
  write: (practice: AthenaPractice) => practice.patients.update(7, { city: 'Boston', departmentid: 1 }),
  list: (practice: AthenaPractice) => practice.patients.list({ limit: 5 }).pages()[Symbol.asyncIterator]().next(),
  drain: (practice: AthenaPractice) => practice.feeds.patients.drainPage({ limit: 5 }),
} as const
type Call = keyof typeof calls

const paths: Readonly<Record<Call, string>> = {
  read: '/patients/{patientid}',
  write: '/patients/{patientid}',
  list: '/patients',
  drain: '/patients/changed',
}

interface World {
  readonly simulator: Simulator
  readonly practice: AthenaPractice
}

/** A practice with a feed from which a page was read and in which two patients wait, and a client whose clock is its. */
async function world(context: { after(stop: () => Promise<void>): void }): Promise<World> {
  const practices = [{ id: PRACTICE, patients: 40, restrictions: 'filtered' }] as const
  const times = { speed: 0, activationLagMs: 0, startAt: Date.UTC(2026, 2, 2, 15) }
  const simulator = await startSimulator({ seed: 7, practices, limits: 'off', ...times })
  context.after(() => simulator.stop())
  const client = createAthenaClient({
    environment: 'local',
    baseUrl: simulator.url,
    fetch: (url, init) => simulator.fetch(url, init),
    clock: simulator.clock,
    random: () => 0,
    credential: { clientId: 'demo-client', secret: 'demo-secret' },
  })
  return { simulator, practice: client.practice(PRACTICE) }
}

/** How a call ends, and how many requests met the fault: `network unknown ×1`. */
async function ending({ simulator, practice }: World, rule: FaultRule, call: Call): Promise<string> {
  simulator.faults.add([rule])
  const work: Promise<unknown> = calls[call](practice)
  const said = await run(simulator, work).then(
    () => 'ok',
    (error: unknown) => (error instanceof AthenaError ? `${error.code} ${error.executed}` : String(error)),
  )
  return `${said} ×${simulator.faults.list().at(-1)?.fired}`
}

async function subscribe({ simulator, practice }: World): Promise<void> {
  await practice.feeds.patients.subscribe()
  for (const patients of [[5], [3, 9]]) {
    simulator.clock.advance(60_000)
    if (patients.length > 1) await practice.feeds.patients.drainPage({ limit: 5 })
    for (const patient of patients) {
      simulator.truth.change(PRACTICE, { kind: 'updatepatient', patient, fields: { city: 'Salem' } })
    }
  }
}

const passing = { read: 'ok ×1', write: 'ok ×1', list: 'ok ×1', drain: 'ok ×1', token: 'ok ×0' }
const elsewhere = { read: 'ok ×0', write: 'ok ×0', list: 'ok ×0', drain: 'ok ×0', token: 'ok ×0' }

/** Of a fault that strikes every time: a read, a write, a first page of a list, a consuming read, a call without a token. */
const endings: Readonly<Record<FaultKind, Readonly<Record<Call | 'token', string>>>> = {
  unauthorized: {
    read: 'forbidden no ×1',
    write: 'forbidden no ×1',
    list: 'forbidden no ×1',
    drain: 'forbidden no ×1',
    token: 'configuration no ×1',
  },
  forbidden: {
    read: 'throttled no ×3',
    write: 'throttled no ×3',
    list: 'throttled no ×3',
    drain: 'throttled no ×1',
    token: 'throttled no ×1',
  },
  throttled: {
    read: 'throttled no ×3',
    write: 'throttled no ×3',
    list: 'throttled no ×3',
    drain: 'throttled no ×1',
    token: 'throttled no ×1',
  },
  'server-error': {
    read: 'server-error no ×3',
    write: 'server-error unknown ×1',
    list: 'server-error no ×3',
    drain: 'server-error unknown ×1',
    token: 'server-error no ×3',
  },
  html: {
    read: 'server-error no ×3',
    write: 'server-error unknown ×1',
    list: 'server-error no ×3',
    drain: 'server-error unknown ×1',
    token: 'server-error no ×3',
  },
  truncated: {
    read: 'malformed-response no ×1',
    write: 'malformed-response unknown ×1',
    list: 'malformed-response no ×1',
    drain: 'malformed-response unknown ×1',
    token: 'malformed-response no ×1',
  },
  oversized: {
    read: 'response-too-large no ×1',
    write: 'response-too-large yes ×1',
    list: 'response-too-large no ×1',
    drain: 'response-too-large yes ×1',
    token: 'response-too-large no ×1',
  },
  slow: {
    read: 'timeout no ×3',
    write: 'timeout unknown ×1',
    list: 'timeout no ×1',
    drain: 'timeout unknown ×1',
    token: 'timeout no ×3',
  },
  dribble: {
    read: 'timeout no ×1',
    write: 'ok ×1',
    list: 'timeout no ×1',
    drain: 'timeout unknown ×1',
    token: 'timeout no ×3',
  },
  'reset-before': {
    read: 'network no ×3',
    write: 'network unknown ×1',
    list: 'network no ×3',
    drain: 'network unknown ×1',
    token: 'network no ×3',
  },
  'reset-after': {
    read: 'network no ×3',
    write: 'network unknown ×1',
    list: 'network no ×3',
    drain: 'network unknown ×1',
    token: 'network no ×3',
  },
  // A list names nobody it must be about: those who asked for somebody's must look.
  'swapped-patient': { ...passing, read: 'wrong-record no ×1', write: 'wrong-record yes ×1' },
  'duplicate-items': passing,
  'unordered-items': { ...passing, read: 'ok ×0', write: 'ok ×0' },
  'repeated-page': { ...elsewhere, drain: 'ok ×1' },
  'lost-page': { ...elsewhere, drain: 'network unknown ×1' },
  unsubscribed: { ...passing, drain: 'not-subscribed no ×1' },
  partial: passing,
  'retention-cut': passing,
  'clock-jump': { ...passing, token: 'ok ×1' },
  'expires-in': { ...elsewhere, token: 'ok ×1' },
}

const needed: Partial<Record<FaultKind, FaultRule>> = { 'clock-jump': { kind: 'clock-jump', ms: 1000 } }

for (const [name, expected] of Object.entries(endings)) {
  describe(`${name}: ${faultNames[name]}`, () => {
    // The table's keys are kinds; those that need no more are rules by themselves.
    const kind = name as FaultKind
    const rule = needed[kind] ?? ({ kind } as FaultRule)
    for (const [call, path] of Object.entries(paths)) {
      test(`a ${call} ends with ${expected[call as Call]}`, async (t) => {
        const there = await world(t)
        // Before the feed is read for the first time: pages that may come again must have been seen.
        there.simulator.faults.add([{ kind: 'repeated-page', when: { probability: 0 } }])
        await subscribe(there)
        assert.equal(await ending(there, { ...rule, when: { path } }, call as Call), expected[call as Call])
        assert.deepEqual(there.simulator.truth.defects(), [])
      })
    }
    test(`a call without a token ends with ${expected.token}`, async (t) => {
      assert.equal(
        await ending(await world(t), { ...rule, when: { path: '/oauth2/v1/token' } }, 'read'),
        expected.token,
      )
    })
  })
}

const variants: readonly [FaultRule, Call, string][] = [
  [{ kind: 'unauthorized', style: 'inactive' }, 'read', 'configuration no ×1'],
  [{ kind: 'unauthorized', style: 'expired' }, 'read', 'unauthorized no ×2'],
  [{ kind: 'unauthorized', style: 'expired' }, 'write', 'unauthorized no ×2'],
  [{ kind: 'unauthorized', style: 'expired', when: { times: 1 } }, 'write', 'ok ×1'],
  [{ kind: 'unauthorized', style: 'expired', when: { times: 1 } }, 'drain', 'ok ×1'],
  [{ kind: 'forbidden', style: 'over-rate' }, 'read', 'throttled no ×3'],
  [{ kind: 'forbidden', style: 'header' }, 'read', 'throttled no ×3'],
  [{ kind: 'forbidden', style: 'plain' }, 'read', 'configuration no ×1'],
  [{ kind: 'throttled', retryAfter: 5 }, 'read', 'throttled no ×3'],
  [{ kind: 'throttled', retryAfter: 999_999 }, 'read', 'throttled no ×1'],
  [{ kind: 'throttled', retryAfter: -5 }, 'read', 'throttled no ×3'],
  [{ kind: 'throttled', retryAfter: 'soon' }, 'read', 'throttled no ×3'],
  [{ kind: 'throttled', retryAfterDateMs: 8_000 }, 'read', 'throttled no ×3'],
  [{ kind: 'throttled', retryAfterDateMs: -8_000 }, 'read', 'throttled no ×3'],
  [{ kind: 'throttled', retryAfterDateMs: 3_600_000 }, 'write', 'throttled no ×1'],
  [{ kind: 'server-error', status: 503, processed: true }, 'write', 'server-error unknown ×1'],
  [{ kind: 'server-error', status: 504, retryAfter: 25 }, 'read', 'server-error no ×1'],
  [{ kind: 'html', status: 200 }, 'read', 'malformed-response no ×1'],
  [{ kind: 'html', status: 200, processed: true }, 'write', 'malformed-response unknown ×1'],
  [{ kind: 'html', status: 401 }, 'write', 'unauthorized no ×2'],
  [{ kind: 'html', status: 302 }, 'write', 'malformed-response unknown ×1'],
  [{ kind: 'truncated', length: 'wrong' }, 'read', 'network no ×3'],
  [{ kind: 'truncated', length: 'wrong' }, 'drain', 'network unknown ×1'],
  [{ kind: 'oversized', bytes: 1_000_000 }, 'read', 'ok ×1'],
  [{ kind: 'slow', delayMs: 5_000 }, 'read', 'ok ×1'],
  [{ kind: 'dribble', pieceBytes: 100, everyMs: 50 }, 'read', 'ok ×1'],
  [{ kind: 'server-error', delayMs: 11_000 }, 'read', 'timeout no ×3'],
  ...(['server-error', 'throttled', 'reset-before', 'reset-after', 'html'] as const).map(
    (kind): [FaultRule, Call, string] => [{ kind, when: { times: 2 } }, 'list', 'ok ×2'],
  ),
]
describe('told more, a fault', () => {
  for (const [rule, call, expected] of variants) {
    test(`${JSON.stringify(rule)} lets a ${call} end with ${expected}`, async (t) => {
      const there = await world(t)
      await subscribe(there)
      const narrowed: FaultRule = { ...rule, when: { path: paths[call], ...rule.when } }
      assert.equal(await ending(there, narrowed, call), expected)
    })
  }
})

test('whatever expires_in says, the token is used and is renewed in time', async (t) => {
  for (const value of ['3600', 3600, 'soon', -1, 0, null, undefined, 1e15, '3600s', { seconds: 1 }]) {
    const there = await world(t)
    assert.equal(await ending(there, { kind: 'expires-in', value }, 'read'), 'ok ×1', String(value))
    there.simulator.clock.advance(3_700_000)
    await run(there.simulator, there.practice.patients.get(7))
  }
})
