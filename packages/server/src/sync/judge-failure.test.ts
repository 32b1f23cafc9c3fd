import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AthenaError } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import { judgeFailure, type PastFailures } from './judge-failure.ts'

const minute = 60_000
const now = 1_000_000
const down = new AegisError('key-server.unreachable')
const cases: readonly (readonly [
  what: string,
  error: unknown,
  past: Partial<PastFailures>,
  code: string,
  ms: number,
])[] = [
  ['a first failure', down, { failures: 0 }, down.code, 1_000],
  ['each further one, twice as late', down, { failures: 3 }, down.code, 8_000],
  ['many of them', down, { failures: 9 }, down.code, minute],
  ['many of them of a feed that is read rarely', down, { failures: 12, mostMs: 5 * minute }, down.code, 5 * minute],
  [
    'what only a person can mend',
    new AegisError('key-server.credential-refused'),
    {},
    'key-server.credential-refused',
    5 * minute,
  ],
  [
    'a wait that was told',
    new AegisError('quota.day-exhausted', { until: now + 90_000 }),
    { failures: 9 },
    'quota.day-exhausted',
    90_000,
  ],
  ['what nobody knows', new Error('?'), { failures: 1 }, 'internal.unexpected', 2_000],
]
for (const [what, error, past, code, retryInMs] of cases) {
  test(`${what} is tried again after ${retryInMs} ms`, () => {
    assert.deepEqual(judgeFailure(error, { failures: 0, now, ...past }), { code, retryInMs })
  })
}

test('of a day that was used up it is known of how many calls, so that more of them can be used', () => {
  const used = new AegisError('quota.day-exhausted', { until: now + 90_000, limit: 500 })
  assert.equal(judgeFailure(used, { failures: 0, now }).callsLimit, 500)
  const other = new AegisError('policy.off-hours', { until: now + 90_000, limit: 500 })
  assert.equal(judgeFailure(other, { failures: 0, now }).callsLimit, undefined)
})

test('being throttled is tried again when athenahealth says, after a second at least', () => {
  const throttled = (retryAfterMs?: number) =>
    Object.assign(Object.create(AthenaError.prototype), { code: 'throttled', retryAfterMs }) as AthenaError // as it comes
  assert.equal(judgeFailure(throttled(7_000), { failures: 4, now }).retryInMs, 7_000)
  assert.equal(judgeFailure(throttled(0), { failures: 4, now }).retryInMs, 1_000)
  assert.equal(judgeFailure(throttled(), { failures: 4, now }).retryInMs, 5_000)
  assert.equal(judgeFailure(throttled(86_400_000), { failures: 4, now }).retryInMs, 15 * minute, 'as long as the app')
})
