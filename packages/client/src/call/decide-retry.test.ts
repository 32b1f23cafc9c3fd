import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decideRetry, type RetryFacts } from './decide-retry.ts'
import type { Failure } from './judge-response.ts'
import { defaultRetryPolicy, RetryBudget } from './retry-policy.ts'

const read = { attempt: 1, consuming: false, idempotent: true }
const write = { attempt: 1, consuming: false, idempotent: false }
const drain = { attempt: 1, consuming: true, idempotent: false }

const serverError: Failure = { code: 'server-error', executed: 'unknown' }
const reset: Failure = { code: 'network', executed: 'unknown' }
const refused: Failure = { code: 'network', executed: 'no' }
const timeout: Failure = { code: 'timeout', executed: 'unknown' }
const throttled: Failure = { code: 'throttled', executed: 'no' }
const unauthorized: Failure = { code: 'unauthorized', executed: 'no' }

function facts(given: Partial<RetryFacts> & Pick<RetryFacts, 'call' | 'failure'>): RetryFacts {
  return { policy: defaultRetryPolicy, leftMs: 30_000, renewed: false, affordable: true, random: 0.5, ...given }
}

const NO = 'is not repeated'

for (const [title, given, expected] of [
  ['a read after a 500', { call: read, failure: serverError, status: 500 }, 100],
  ['a read after a 502', { call: read, failure: serverError, status: 502 }, 100],
  ['a read after a 503', { call: read, failure: serverError, status: 503 }, 100],
  ['a read after a 504', { call: read, failure: serverError, status: 504 }, 100],
  ['a read after a 501', { call: read, failure: serverError, status: 501 }, NO],
  ['a read after a 408', { call: read, failure: serverError, status: 408 }, NO],
  ['a read after a reset', { call: read, failure: reset }, 100],
  ['a read after a time-out', { call: read, failure: timeout }, 100],
  ['a second read after a reset', { call: { ...read, attempt: 2 }, failure: reset }, 200],
  ['a third read after a reset', { call: { ...read, attempt: 3 }, failure: reset }, NO],
  ['a throttled read without a word', { call: read, failure: throttled }, 1_100],
  ['a throttled read told to wait not at all', { call: read, failure: { ...throttled, retryAfterMs: 0 } }, 1_100],
  ['a throttled read told to wait 5 s', { call: read, failure: { ...throttled, retryAfterMs: 5_000 } }, 5_100],
  [
    'a read told to wait 5 s by a 503',
    { call: read, failure: { ...serverError, retryAfterMs: 5_000 }, status: 503 },
    5_100,
  ],
  ['a read told to wait longer than we do', { call: read, failure: { ...throttled, retryAfterMs: 21_000 } }, NO],
  ['a read that would wait past its deadline', { call: read, failure: throttled, leftMs: 1_100 }, NO],
  ['a read without retry budget', { call: read, failure: reset, affordable: false }, NO],
  ['a read that gave up', { call: read, failure: { code: 'aborted', executed: 'unknown' } }, NO],
  ['a read of a missing record', { call: read, failure: { code: 'not-found', executed: 'no' } }, NO],
  ['a read of a wrong record', { call: read, failure: { code: 'wrong-record', executed: 'no' } }, NO],
  ['a misconfigured read', { call: read, failure: { code: 'configuration', executed: 'no' } }, NO],
  ['a forbidden read', { call: read, failure: { code: 'forbidden', executed: 'no' } }, NO],
  ['a read that was too large', { call: read, failure: { code: 'response-too-large', executed: 'yes' } }, NO],
  ['a write after a 500', { call: write, failure: serverError, status: 500 }, NO],
  ['a write after a 503 with a wait', { call: write, failure: { ...serverError, retryAfterMs: 1 }, status: 503 }, NO],
  ['a write after a reset', { call: write, failure: reset }, NO],
  ['a write after a time-out', { call: write, failure: timeout }, NO],
  ['a write that was never sent', { call: write, failure: refused }, 100],
  ['a write that was throttled', { call: write, failure: throttled }, 1_100],
  ['a write that conflicts', { call: write, failure: { code: 'conflict', executed: 'no' } }, NO],
  ['a write with bad fields', { call: write, failure: { code: 'invalid-request', executed: 'no' } }, NO],
  ['a write that was rejected', { call: write, failure: { code: 'rejected', executed: 'no' } }, NO],
  ['a drain after a 500', { call: drain, failure: serverError, status: 500 }, NO],
  ['a drain after a reset', { call: drain, failure: reset }, NO],
  ['a drain that was never sent', { call: drain, failure: refused }, NO],
  ['a drain that was throttled', { call: drain, failure: throttled }, NO],
] as const satisfies readonly (readonly [
  string,
  Pick<RetryFacts, 'call' | 'failure'> & Partial<RetryFacts>,
  unknown,
])[]) {
  test(`${title} ${expected === NO ? NO : `is repeated after ${expected} ms`}`, () => {
    const decision = decideRetry(facts(given))
    assert.equal(decision.retry ? decision.delayMs : NO, expected)
    if (decision.retry) assert.equal(decision.newToken, false)
  })
}

for (const [title, call] of [
  ['read', read],
  ['write', write],
  ['drain', drain],
] as const) {
  test(`a ${title} with a refused token is repeated at once with a newer one, and once only`, () => {
    const first = decideRetry(facts({ call, failure: unauthorized, affordable: false }))
    assert.deepEqual(first, { retry: true, delayMs: 0, newToken: true })
    const second = decideRetry(facts({ call: { ...call, attempt: 2 }, failure: unauthorized, renewed: true }))
    assert.deepEqual(second, { retry: false })
  })
}

test('with retries off only the newer token is left', () => {
  const policy = { ...defaultRetryPolicy, attemptsMax: 1 }
  assert.equal(decideRetry(facts({ call: read, failure: reset, policy })).retry, false)
  assert.equal(decideRetry(facts({ call: read, failure: unauthorized, policy })).retry, true)
})

test('a newer token is no way to more attempts than the policy’s', () => {
  assert.equal(decideRetry(facts({ call: { ...read, attempt: 3 }, failure: unauthorized })).retry, false)
})

const anyFacts = fc.record({
  call: fc.constantFrom(write, drain, { ...write, attempt: 2 }),
  failure: fc.record({
    code: fc.constantFrom<Failure['code'][]>(
      'network',
      'timeout',
      'throttled',
      'server-error',
      'malformed-response',
      'conflict',
    ),
    executed: fc.constantFrom<Failure['executed'][]>('no', 'unknown', 'yes'),
    retryAfterMs: fc.nat(60_000),
  }),
  status: fc.constantFrom(429, 500, 503),
  random: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
})

test('whatever happens, a write that may have been executed and a drain are never repeated', () => {
  fc.assert(
    fc.property(anyFacts, (given) => {
      const { retry } = decideRetry(facts(given))
      assert.ok(!retry || (given.failure.executed === 'no' && !given.call.consuming))
    }),
  )
})

test('a wait is never shorter than the server asks, nor longer than the policy allows', () => {
  fc.assert(
    fc.property(anyFacts, ({ failure, status, random }) => {
      const decision = decideRetry(facts({ call: read, failure, status, random }))
      if (!decision.retry) return
      assert.ok(decision.delayMs >= failure.retryAfterMs && decision.delayMs <= defaultRetryPolicy.waitMsMax)
    }),
  )
})

test('retries are a tenth of the calls, once what a new client may spend is spent', () => {
  const budget = new RetryBudget(defaultRetryPolicy)
  let spent = 0
  for (let call = 0; call < 1_000; call += 1) {
    budget.earn()
    if (budget.affords) {
      budget.spend()
      spent += 1
    }
  }
  assert.ok(spent >= 100 && spent <= 111, String(spent))
})
