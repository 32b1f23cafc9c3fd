import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rateLimitFields, type Standing } from './rate-limit-fields.ts'

const cases: readonly [string, Standing, ReturnType<typeof rateLimitFields>][] = [
  [
    'a day that is known',
    { perSecond: 100, day: { limit: 500_000, left: 123_456, resetsInMs: 3_600_001 } },
    { 'ratelimit-policy': '"second";q=100;w=1, "day";q=500000;w=86400', ratelimit: '"day";r=123456;t=3601' },
  ],
  ['a day nobody looked at', { perSecond: 5, day: undefined }, { 'ratelimit-policy': '"second";q=5;w=1' }],
  [
    'less than a call a second, and none left',
    { perSecond: 0.3, day: { limit: 10, left: 0, resetsInMs: 0 } },
    { 'ratelimit-policy': '"second";q=1;w=4, "day";q=10;w=86400', ratelimit: '"day";r=0;t=0' },
  ],
]
for (const [title, standing, expected] of cases) {
  test(`rate limits are told of ${title}`, () => assert.deepEqual(rateLimitFields(standing), expected))
}
