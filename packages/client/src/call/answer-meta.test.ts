import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readMeta, readRetryAfter } from './answer-meta.ts'

const now = Date.UTC(2026, 2, 2, 15, 0, 0)

for (const [header, expected] of [
  ['5', 5_000],
  ['0', 0],
  [' 1.5 ', 1_500],
  ['Mon, 02 Mar 2026 15:00:30 GMT', 30_000],
  ['Mon, 02 Mar 2026 14:59:30 GMT', 0],
  ['Mon, 02 Mar 2099 15:00:00 GMT', 86_400_000],
  ['999999999999', 86_400_000],
  ['9'.repeat(13), 86_400_000],
  ['9'.repeat(400), 86_400_000],
  ['5, 120', 120_000],
  ['120,5', 120_000],
  ['5,', undefined],
  ['-5', undefined],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
  ['Mon, 02 Foo 2026 15:00:30 GMT', undefined],
  ['1e9', undefined],
  ['Mon, 02 Mar 2026 15:00:30 GMT+2', undefined],
  ['on Mon, 02 Mar 2026 15:00:30 GMT', undefined],
] as const) {
  test(`Retry-After ${JSON.stringify(header)} asks to wait ${expected ?? 'for no time that can be read'}`, () => {
    assert.equal(readRetryAfter(header, now), expected)
  })
}

test('no header makes the reader fail or wait for more than a day', () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      const wait = readRetryAfter(header, now) ?? 0
      assert.ok(wait >= 0 && wait <= 86_400_000)
    }),
  )
})

function meta(headers: Record<string, string>) {
  return readMeta({ status: 200, headers: new Headers(headers), requestId: 'ours', receivedAt: now, attempts: 1 })
}

test('quota, request id, date and wait are read from the headers recorded from athenahealth', () => {
  assert.deepEqual(
    meta({
      'X-RateLimit-Limit': '50000',
      'X-RateLimit-Remaining': '49998',
      'X-Request-Id': 'rrt-4621100031569182568-d-gea1-22662-142450051-2',
      Date: 'Mon, 02 Mar 2026 14:59:58 GMT',
      'Retry-After': 'Mon, 02 Mar 2026 15:00:08 GMT',
    }),
    {
      requestId: 'ours',
      athenaRequestId: 'rrt-4621100031569182568-d-gea1-22662-142450051-2',
      status: 200,
      rateLimit: { limit: 50_000, remaining: 49_998 },
      // From the server's clock to the server's date.
      retryAfterMs: 10_000,
      serverDate: now - 2_000,
      receivedAt: now,
      attempts: 1,
    },
  )
})

for (const [header, resetAt] of [
  ['30', now + 30_000],
  ['999999999', now + 999_999_999_000],
  ['1000000000', 1_000_000_000_000],
  ['1000000000000', 1_000_000_000_000],
  ['1772463600', 1_772_463_600_000],
  ['1772463600000', 1_772_463_600_000],
] as const) {
  test(`X-RateLimit-Reset ${header} is ${new Date(resetAt).toISOString()}`, () => {
    assert.deepEqual(meta({ 'x-ratelimit-reset': header }).rateLimit, { resetAt })
  })
}

test('headers that make no sense are as good as absent', () => {
  const nonsense = {
    'x-ratelimit-limit': 'lots',
    'x-ratelimit-remaining': '-1',
    date: 'today',
    'retry-after': 'later',
    'x-request-id': 'a b<script>',
  }
  assert.deepEqual(meta(nonsense), { requestId: 'ours', status: 200, receivedAt: now, attempts: 1 })
})
