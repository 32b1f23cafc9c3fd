import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import fc from 'fast-check'
import { readMeta } from '../call/answer-meta.ts'
import { judgeTokenResponse } from './judge-token-response.ts'

const sentAt = Date.UTC(2026, 2, 2, 15, 0, 20)

function judge(status: number, body: unknown, headers: Record<string, string> = {}) {
  const meta = readMeta({ status, headers: new Headers(headers), requestId: 'r', receivedAt: sentAt, attempts: 1 })
  return judgeTokenResponse({ text: typeof body === 'string' ? body : JSON.stringify(body), meta, sentAt })
}

for (const [expiresIn, lifeS] of [
  ['3600', 3_600],
  [3600, 3_600],
  ['1', 1],
  [86_400, 86_400],
  [' 1800 ', 1_800],
  [undefined, 3_600],
  [null, 3_600],
  ['', 3_600],
  [0, 3_600],
  ['0', 3_600],
  [-1, 3_600],
  [86_401, 3_600],
  ['1e99', 3_600],
  ['NaN', 3_600],
  ['soon', 3_600],
  [{}, 3_600],
] as const) {
  test(`a token with expires_in ${JSON.stringify(expiresIn) ?? 'absent'} lives ${lifeS} s from when it was asked for`, () => {
    const judged = judge(200, { access_token: 'abc', expires_in: expiresIn })
    assert.ok(judged.ok)
    assert.equal(judged.grant.expiresAt, sentAt + lifeS * 1000)
  })
}

for (const [title, status, body, code] of [
  ['no token', 200, { expires_in: 3600 }, 'malformed-response'],
  ['an empty token', 200, { access_token: '' }, 'malformed-response'],
  ['a token that cannot stand in a header', 200, { access_token: 'a\r\nb' }, 'malformed-response'],
  ['a number for a token', 200, { access_token: 5 }, 'malformed-response'],
  ['HTML', 200, '<html>', 'malformed-response'],
  ['a list', 200, [], 'malformed-response'],
  ['an empty body', 200, '', 'malformed-response'],
  ['status 204', 204, '', 'malformed-response'],
  ['a redirect', 302, '', 'malformed-response'],
  ['a wrong secret', 401, { error: 'invalid_client' }, 'configuration'],
  ['a missing scope', 401, { detailedmessage: 'Policy evaluation failed', error: 'access_denied' }, 'configuration'],
  ['a bad request', 400, '', 'configuration'],
  ['a forbidden app', 403, '', 'configuration'],
  ['an older gateway over its rate', 403, '<h1>Account Over Queries Per Second Limit</h1>', 'throttled'],
  ['too many requests', 429, '', 'throttled'],
  ['an internal error', 500, '', 'server-error'],
  ['maintenance', 503, '<html>', 'server-error'],
] as const) {
  test(`${title} from the token endpoint is judged ${code}`, () => {
    const judged = judge(status, body)
    assert.equal(judged.ok ? 'ok' : judged.failure.code, code)
  })
}

test('a throttled token request waits until the top of the minute, or as told', () => {
  const untold = judge(429, '')
  assert.ok(!untold.ok)
  assert.equal(untold.failure.retryAfterMs, 40_000)
  const told = judge(429, '', { 'retry-after': '3' })
  assert.ok(!told.ok)
  assert.equal(told.failure.retryAfterMs, 3_000)
})

test('a granted token does not show when logged', () => {
  const judged = judge(200, { access_token: 'SECRET-TOKEN' })
  assert.ok(judged.ok)
  assert.equal(judged.grant.value, 'SECRET-TOKEN')
  assert.ok(!(inspect(judged) + JSON.stringify(judged)).includes('SECRET-TOKEN'))
})

test('no answer makes the judge fail or quote it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), fc.oneof(fc.jsonValue(), fc.string()), (status, body) => {
      const judged = judge(status, body)
      assert.ok(!judged.ok || judged.grant.lifeMs > 0)
    }),
  )
})
