import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AthenaErrorCode } from '../athena-error.ts'
import { readMeta } from './answer-meta.ts'
import { judgeResponse } from './judge-response.ts'

const noon = Date.UTC(2026, 2, 2, 12, 0, 0)

interface Case {
  readonly method?: string
  readonly status: number
  readonly body: unknown
  readonly headers?: Record<string, string>
  readonly gatewayError?: string
}

function judge({ method = 'GET', status, body, headers = {}, gatewayError }: Case) {
  const meta = readMeta({ status, headers: new Headers(headers), requestId: 'r', receivedAt: noon, attempts: 1 })
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return judgeResponse({ method, text, meta, ...(gatewayError === undefined ? {} : { gatewayError }) })
}

const cases: readonly (readonly [title: string, given: Case, code: AthenaErrorCode | 'ok'])[] = [
  ['a list', { status: 200, body: { departments: [] } }, 'ok'],
  ['a bare 1 after a write', { method: 'PUT', status: 200, body: '1' }, 'ok'],
  ['a bare text that refuses a write', { method: 'PUT', status: 200, body: '"Invalid PROVIDERID input"' }, 'rejected'],
  ['a refusal behind spaces', { method: 'PUT', status: 200, body: '"  Invalid PROVIDERID input"' }, 'rejected'],
  ['a text that says no such thing at its start', { method: 'PUT', status: 200, body: '"not invalid"' }, 'ok'],
  ['a text that begins with another word', { method: 'PUT', status: 200, body: '"invalidated before"' }, 'ok'],
  ['a bare text after a write', { method: 'PUT', status: 200, body: '"done"' }, 'ok'],
  ['nothing after a write', { method: 'DELETE', status: 204, body: '' }, 'ok'],
  ['nothing after a read', { status: 200, body: '' }, 'malformed-response'],
  ['HTML with status 200', { status: 200, body: '<html>maintenance</html>' }, 'malformed-response'],
  ['a truncated body', { status: 200, body: '{"patients":[{"pat' }, 'malformed-response'],
  ['success "false" with status 200', { method: 'POST', status: 200, body: { success: 'false' } }, 'rejected'],
  [
    'success false with status 200',
    { method: 'PUT', status: 200, body: { success: false, errormessage: 'x' } },
    'rejected',
  ],
  ['success "false" in a list of one', { method: 'POST', status: 200, body: [{ success: 'false' }] }, 'rejected'],
  ['a record with success "false" in a list that was read', { status: 200, body: [{ success: 'false' }] }, 'ok'],
  ['a bare text that was read', { status: 200, body: '"Invalid PROVIDERID input"' }, 'ok'],
  ['an empty list after a write', { method: 'POST', status: 200, body: [] }, 'ok'],
  ['success "true"', { method: 'POST', status: 200, body: { success: 'true' } }, 'ok'],
  ['a redirect', { status: 302, body: '' }, 'malformed-response'],
  ['missing fields', { status: 400, body: { error: 'x', missingfields: ['patientid'] } }, 'invalid-request'],
  ['a bad date', { status: 400, body: { error: 'Improper DOB.' } }, 'invalid-request'],
  ['a key without the practice', { status: 401, body: { error: 'Incorrect permissions.' } }, 'forbidden'],
  ['an old token', { status: 401, body: { fault: { faultstring: 'Invalid Access Token' } } }, 'unauthorized'],
  ['an old token without a body', { status: 401, body: '' }, 'unauthorized'],
  ['an inactive developer', { status: 401, body: '<h1>Developer Inactive</h1>' }, 'configuration'],
  ['an inactive developer in plain text', { status: 403, body: 'Developer Inactive' }, 'configuration'],
  ['HTML instead of a refusal, perhaps of an old token', { status: 401, body: '<html>no</html>' }, 'unauthorized'],
  ['HTML with status 403', { status: 403, body: '<html>no</html>' }, 'configuration'],
  ['a rate limit in a 403', { status: 403, body: '<h1>Developer Over Qps</h1>' }, 'throttled'],
  ['an account limit in a 403', { status: 403, body: 'Account Over Queries Per Second Limit' }, 'throttled'],
  ['a rate limit in a header', { status: 403, body: '', gatewayError: 'ERR_403_DEVELOPER_OVER_RATE' }, 'throttled'],
  [
    'a feed without subscription',
    { status: 403, body: { error: 'Changed messages require setup (subscription) that has not been done.' } },
    'not-subscribed',
  ],
  ['any other 403', { status: 403, body: { error: 'No.' } }, 'forbidden'],
  ['a payment demand', { status: 402, body: '' }, 'forbidden'],
  ['an unknown practice', { status: 404, body: { error: 'Invalid practice.' } }, 'unknown-practice'],
  ['an unknown record', { status: 404, body: '\n\n{"error":"The appointment does not exist."}' }, 'not-found'],
  [
    'a path the gateway does not know',
    { status: 404, body: 'Service not registered with API gateway.' },
    'configuration',
  ],
  ['a 404 without a body', { status: 404, body: '' }, 'configuration'],
  ['a 404 in HTML', { status: 404, body: '<html>Not Found</html>' }, 'configuration'],
  ['a slot that is taken', { method: 'PUT', status: 409, body: { error: 'That appointment time was…' } }, 'conflict'],
  ['more than a gateway takes', { method: 'POST', status: 413, body: '<h1>no</h1>' }, 'upload-too-large'],
  ['too many requests', { status: 429, body: '' }, 'throttled'],
  ['a time-out of the gateway', { status: 408, body: '' }, 'server-error'],
  ['an internal error', { status: 500, body: '<html>' }, 'server-error'],
  ['a bad gateway', { status: 502, body: '' }, 'server-error'],
  ['maintenance', { status: 503, body: { error: 'x' } }, 'server-error'],
]

for (const [title, given, code] of cases) {
  test(`${title} is judged ${code}`, () => {
    const judgement = judge(given)
    assert.equal(judgement.ok ? 'ok' : judgement.failure.code, code)
  })
}

test('only what upstream refused is known not to have been executed', () => {
  for (const [title, given, code] of cases) {
    const judgement = judge(given)
    if (judgement.ok) continue
    const open = code === 'server-error' || code === 'malformed-response'
    assert.equal(judgement.failure.executed, open ? 'unknown' : 'no', title)
  }
})

test('a read that is answered with a no may have taken something', () => {
  const judgement = judge({ status: 200, body: { success: 'false' } })
  assert.ok(!judgement.ok)
  assert.deepEqual(judgement.failure, { code: 'rejected', executed: 'unknown' })
})

test('names of fields are kept, anything that may be a value is not', () => {
  const body = {
    error: 'Additional fields are required.',
    missingfields: ['DepartmentID', 'dob', 'Maria Okafor', 5, null, '555-0100'],
    invalidfields: '',
  }
  const judgement = judge({ status: 400, body })
  assert.ok(!judgement.ok)
  assert.deepEqual(judgement.failure.missingFields, ['departmentid', 'dob'])
  assert.deepEqual(judgement.failure.invalidFields, [])
})

test('a throttled call waits as long as it is told', () => {
  const judgement = judge({ status: 429, body: '', headers: { 'retry-after': '7', 'x-ratelimit-remaining': '0' } })
  assert.ok(!judgement.ok)
  assert.equal(judgement.failure.retryAfterMs, 7_000)
})

test('a call throttled with nothing left of the day waits until midnight GMT', () => {
  const judgement = judge({ status: 429, body: '', headers: { 'x-ratelimit-remaining': '0' } })
  assert.ok(!judgement.ok)
  assert.equal(judgement.failure.retryAfterMs, 12 * 3_600_000)
})

test('a call throttled with some left of the day is told no time', () => {
  const judgement = judge({ status: 429, body: '', headers: { 'x-ratelimit-remaining': '17' } })
  assert.ok(!judgement.ok)
  assert.equal(judgement.failure.retryAfterMs, undefined)
})

test('no status and no body make the judge fail, and no failure quotes the body', () => {
  const body = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify(value)),
  )
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), body, fc.constantFrom('GET', 'POST'), (status, text, method) => {
      const judgement = judge({ method, status, body: `${text}CANARY` })
      assert.ok(judgement.ok || !JSON.stringify(judgement.failure).includes('CANARY'))
    }),
  )
})
