import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import type { AttemptEvent, ResponseEvent } from './athena-call.ts'
import { createAthenaClient } from './athena-client.ts'
import { AthenaError } from './athena-error.ts'
import { accessToken, type TokenSource } from './token/access-token.ts'
import { fetchError, never, type Reply } from '../testing/scripted-fetch.ts'
import { testClient } from '../testing/test-client.ts'

const department = { departmentid: '1', name: 'Main Street' }
const found: Reply = { body: [department] }
const booked: Reply = { body: [{ appointmentid: '7', patientid: '5' }] }
const failed: Reply = { status: 500, body: '<html>oops</html>' }

test('a call carries the token, our request id and nothing it need not', async () => {
  const { practice, sent, tokens } = testClient([found])
  const { value, meta } = await practice.departments.get('1', undefined, { requestId: 'req-1' })
  assert.deepEqual(value, department)
  assert.equal(sent[0]?.url.href, 'https://api.preview.platform.athenahealth.com/v1/195900/departments/1')
  assert.deepEqual(sent[0]?.headers, {
    accept: 'application/json',
    authorization: 'Bearer token-1',
    'x-request-id': 'req-1',
  })
  assert.equal(meta.requestId, 'req-1')
  assert.equal(tokens.length, 1)
})

test('fetch and hooks learn the route, never the URL', async () => {
  const seen: (AttemptEvent | ResponseEvent)[] = []
  const hooks = {
    onAttempt: (event: AttemptEvent) => seen.push(event),
    onResponse: (event: ResponseEvent) => seen.push(event),
  }
  const context = { purpose: 'sync' }
  const { practice, sent, run } = testClient([failed, { body: { patients: [] } }], { hooks })
  await run(practice.patients.list({ lastname: 'Okafor' }, { context }).fetchPage())
  const { requestId } = sent[0]?.call ?? {}
  const call = { method: 'GET', route: '/patients', practice: 195_900, kind: 'api', consuming: false, intensive: true }
  for (const [index, { call: told }] of sent.entries()) {
    assert.deepEqual(told, { ...call, idempotent: true, requestId, context, attempt: index + 1 })
  }
  const api = seen.filter((event) => event.call.kind === 'api')
  assert.deepEqual(
    api.map((event) => ('outcome' in event ? [event.outcome, event.retryInMs] : 'attempt')),
    ['attempt', ['server-error', 0], 'attempt', ['ok', undefined]],
  )
  assert.deepEqual(
    seen.filter((event) => event.call.kind === 'token').map((event) => event.call.route),
    ['/oauth2/v1/token', '/oauth2/v1/token'],
  )
  assert.ok(!inspect(seen, { depth: 9 }).includes('Okafor'))
})

test('a hook that throws does not break the call it watches', async () => {
  const hooks = {
    onAttempt() {
      throw new Error('hook')
    },
    onResponse() {
      throw new Error('hook')
    },
  }
  const { practice } = testClient([found], { hooks })
  assert.equal((await practice.departments.get(1)).value.departmentid, '1')
})

test('a hook that rejects later breaks neither the call nor the process', async () => {
  const rejections: unknown[] = []
  const note = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', note)
  const hooks = { onAttempt: async () => Promise.reject(new Error('hook')) }
  const { practice } = testClient([found], { hooks })
  assert.equal((await practice.departments.get(1)).value.departmentid, '1')
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  assert.deepEqual(rejections, [])
})

for (const [title, replies, attempts, code] of [
  ['a read is given three attempts', [failed, failed, failed], 3, 'server-error'],
  ['a read succeeds on its third attempt', [failed, fetchError('ECONNRESET'), found], 3, 'ok'],
  ['a read is repeated when throttled', [{ status: 429 }, found], 2, 'ok'],
  [
    'a read is repeated after a gateway’s 403 over the rate',
    [{ status: 403, body: 'Developer Over Qps' }, found],
    2,
    'ok',
  ],
  ['a read of a missing record is not repeated', [{ status: 404, body: { error: 'none' } }], 1, 'not-found'],
  ['an answer that cannot be read is not asked for again', [{ body: '<html>' }], 1, 'malformed-response'],
  ['a refused token is replaced once', [{ status: 401 }, found], 2, 'ok'],
  ['a token refused twice ends the call', [{ status: 401 }, { status: 401 }], 2, 'unauthorized'],
  ['an inactive app is told so at once', [{ status: 401, body: '<h1>Developer Inactive</h1>' }], 1, 'configuration'],
  [
    'a practice without rights is told so at once',
    [{ status: 401, body: { error: 'Incorrect permissions.' } }],
    1,
    'forbidden',
  ],
] as const satisfies readonly (readonly [string, readonly Reply[], number, string])[]) {
  test(title, async () => {
    const { practice, sent, run } = testClient(replies)
    const outcome = await run(practice.departments.get(1)).then(
      () => 'ok',
      (error: AthenaError) => error.code,
    )
    assert.equal(outcome, code)
    assert.equal(sent.length, attempts)
  })
}

for (const [title, replies, attempts, expected] of [
  ['a write after a 500', [failed], 1, ['server-error', 'unknown']],
  ['a write after a 503', [{ status: 503, headers: { 'retry-after': '1' } }], 1, ['server-error', 'unknown']],
  ['a write after a reset', [fetchError('ECONNRESET')], 1, ['network', 'unknown']],
  ['a write after a closed socket', [fetchError('UND_ERR_SOCKET')], 1, ['network', 'unknown']],
  ['a write after a time-out', [never], 1, ['timeout', 'unknown']],
  ['a write with an answer that cannot be read', [{ body: '<html>' }], 1, ['malformed-response', 'unknown']],
  ['a write with an answer about nothing', [{ body: { ok: 1 } }], 1, ['malformed-response', 'yes']],
  [
    'a write with an answer about another record',
    [{ body: [{ appointmentid: '8', patientid: '5' }] }],
    1,
    ['wrong-record', 'yes'],
  ],
  ['a write for a slot that is taken', [{ status: 409, body: { error: 'x' } }], 1, ['conflict', 'no']],
  ['a write that says no inside a 200', [{ body: { success: 'false' } }], 1, ['rejected', 'no']],
  ['a write that never left', [fetchError('ECONNREFUSED'), booked], 2, 'ok'],
  ['a write that was throttled', [{ status: 429, headers: { 'retry-after': '2' } }, booked], 2, 'ok'],
  ['a write with an old token', [{ status: 401 }, booked], 2, 'ok'],
  ['a write that never left three times', Array<Reply>(3).fill(fetchError('ENOTFOUND')), 3, ['network', 'no']],
] as const satisfies readonly (readonly [string, readonly Reply[], number, unknown])[]) {
  test(`${title} is sent ${attempts === 1 ? 'once' : `${attempts} times`}`, async () => {
    const { practice, sent, run } = testClient(replies)
    const outcome = await run(practice.appointments.book(7, { patientid: 5, reasonid: 1 })).then(
      () => 'ok',
      (error: AthenaError) => [error.code, error.executed],
    )
    assert.deepEqual(outcome, expected)
    assert.equal(sent.length, attempts)
    assert.deepEqual(new Set(sent.map((one) => one.body)), new Set(['patientid=5&reasonid=1']))
  })
}

test('with retry false nothing is repeated but once with a newer token', async () => {
  const one = testClient([failed], { retry: false })
  await assert.rejects(one.run(one.practice.departments.get(1)), { code: 'server-error' })
  const two = testClient([{ status: 401 }, found], { retry: false })
  await two.run(two.practice.departments.get(1))
  assert.deepEqual([one.sent.length, two.sent.length], [1, 2])
})

test('the retries of an outage are a tenth of its calls', async () => {
  const { practice, sent, run } = testClient([failed, 'repeat'])
  for (let call = 0; call < 200; call += 1) await run(practice.departments.get(1).catch(() => undefined))
  assert.ok(sent.length >= 200 + 20 && sent.length <= 200 + 31, String(sent.length))
})

test('a call has thirty seconds, its waits and attempts included', async () => {
  const { practice, clock, sent, run } = testClient([never, never, never])
  const startedAt = clock.now()
  await assert.rejects(run(practice.departments.get(1)), { code: 'timeout', executed: 'no' })
  assert.equal(clock.now() - startedAt, 30_000)
  assert.ok(sent.length <= 3)
  assert.ok(sent.every(({ signal }) => signal.aborted))
  assert.equal(clock.waiting, 0)
})

test('a hung attempt is given up after ten seconds and repeated', async () => {
  const { practice, clock, run } = testClient([never, found])
  const startedAt = clock.now()
  await run(practice.departments.get(1))
  assert.equal(clock.now() - startedAt, 10_000)
})

test('a body may take longer than its headers, until the deadline of the call', async () => {
  const slow = (ms: number) => async () => {
    const body = new ReadableStream({
      async start(controller) {
        await clock.sleep(ms)
        controller.enqueue(new TextEncoder().encode(JSON.stringify([department])))
        controller.close()
      },
    })
    return new Response(body)
  }
  const { practice, clock, sent, run } = testClient([slow(25_000), slow(35_000)])
  await run(practice.departments.get(1))
  await assert.rejects(run(practice.departments.get(1)), { code: 'timeout' })
  assert.equal(sent.length, 2)
})

test('a heavy call may keep its first byte back for the whole deadline', async () => {
  const { practice, clock, sent, run } = testClient([never])
  const startedAt = clock.now()
  await assert.rejects(run(practice.patients.list().fetchPage()), { code: 'timeout' })
  assert.equal(clock.now() - startedAt, 30_000)
  assert.equal(sent.length, 1)
})

test('a deadline of the caller’s holds, also while waiting to repeat', async () => {
  const { practice, clock, sent, run } = testClient([{ status: 429, headers: { 'retry-after': '4' } }])
  const startedAt = clock.now()
  const call = practice.departments.get(1, undefined, { deadlineMs: 3_000 })
  await assert.rejects(run(call), { code: 'throttled', retryAfterMs: 4_000 })
  assert.equal(clock.now() - startedAt, 0)
  assert.equal(sent.length, 1)
})

test('a body that stops in the middle is a time-out', async () => {
  const stalled = () =>
    new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([91])) }))
  const { practice, run } = testClient([stalled])
  await assert.rejects(run(practice.patients.list().fetchPage()), { code: 'timeout' })
})

test('a caller who gives up is told so, and the request is ended', async () => {
  const { practice, clock, sent } = testClient([never])
  const controller = new AbortController()
  const call = practice.departments.get(1, undefined, { signal: controller.signal })
  await clock.advance(0)
  controller.abort()
  await assert.rejects(call, { code: 'aborted' })
  assert.equal(sent[0]?.signal.aborted, true)
  assert.equal(clock.waiting, 0)
})

test('a caller who had given up before sends nothing', async () => {
  const { practice, sent } = testClient([found])
  const call = practice.departments.get(1, undefined, { signal: AbortSignal.abort() })
  await assert.rejects(call, { code: 'aborted', executed: 'no' })
  assert.equal(sent.length, 0)
})

test('an error of a fetch wrapper’s own reaches the caller as it is, at once', async () => {
  const refusal = Object.assign(new Error('the quota of the day is used up'), { code: 'quota.exhausted' })
  const { practice, sent } = testClient([refusal])
  await assert.rejects(practice.departments.get(1), (error) => error === refusal)
  assert.equal(sent.length, 1)
})

test('an error of a token source’s own reaches the caller as it is', async () => {
  const refusal = new Error('the key server is sealed')
  const tokenSource: TokenSource = { get: () => Promise.reject(refusal) }
  const { practice, sent } = testClient([], { tokenSource })
  await assert.rejects(practice.departments.get(1), (error) => error === refusal)
  assert.equal(sent.length, 0)
})

test('a token source of one’s own is asked for a newer token by generation, not by flag', async () => {
  const asked: (string | number | undefined)[] = []
  const tokenSource: TokenSource = {
    async get({ newerThan } = {}) {
      asked.push(newerThan)
      return accessToken(newerThan === undefined ? 'old' : 'new', newerThan === undefined ? 'g1' : 'g2', Infinity)
    },
  }
  const { practice, sent, run } = testClient([{ status: 401 }, found], { tokenSource })
  await run(practice.departments.get(1))
  assert.deepEqual(asked, [undefined, 'g1'])
  assert.deepEqual(
    sent.map(({ headers }) => headers['authorization']),
    ['Bearer old', 'Bearer new'],
  )
})

test('a token endpoint that fails once costs a read a short wait', async () => {
  const { practice, clock, run } = testClient([found], { tokenReplies: [{ status: 503 }] })
  const startedAt = clock.now()
  await run(practice.departments.get(1))
  assert.equal(clock.now() - startedAt, 2_000)
})

test('a refused credential ends the call with the token endpoint’s own error', async () => {
  const { practice, sent, tokens, run } = testClient([], { tokenReplies: [{ status: 401, body: { error: 'x' } }] })
  await assert.rejects(run(practice.departments.get(1)), {
    code: 'configuration',
    route: '/oauth2/v1/token',
    status: 401,
  })
  assert.deepEqual([sent.length, tokens.length], [0, 1])
})

test('if every token is refused, calls make at most two attempts and the app at most one request a minute', async () => {
  const { practice, clock, sent, tokens, run } = testClient([{ status: 401 }, 'repeat'])
  for (let second = 0; second < 180; second += 1) {
    const before = sent.length
    await run(assert.rejects(practice.departments.get(1), { code: 'unauthorized', executed: 'no' }))
    assert.ok(sent.length - before <= 2)
    await clock.advance(1_000)
  }
  assert.ok(tokens.length <= 2 + 3, String(tokens.length))
})

test('many calls for several practices at once share one token and keep their practices apart', async () => {
  const echo: Reply = ({ url }) => Response.json([{ departmentid: '1', name: url.pathname.split('/')[2] }])
  const { client, tokens } = testClient([echo, 'repeat'])
  const practices = Array.from({ length: 50 }, (_, index) => index + 1)
  const answers = await Promise.all(practices.map((id) => client.practice(id).departments.get(1)))
  assert.deepEqual(
    answers.map(({ value }) => Number(value.name)),
    practices,
  )
  assert.equal(tokens.length, 1)
})

test('an error says what to do and holds neither values nor upstream text', async () => {
  const canary = 'CANARY-Okafor'
  const replies: Reply[] = [
    { status: 400, body: { error: canary, detailedmessage: canary, missingfields: [canary, 'dob'] } },
    { status: 404, body: { error: canary } },
    { status: 409, body: canary },
    { status: 500, body: `<html>${canary}</html>` },
    { body: `{"patients": ${canary}` },
    { body: { success: false, errormessage: canary } },
    { status: 302, headers: { location: `https://elsewhere.example/${canary}` } },
    fetchError('ECONNRESET'),
    new TypeError(`Failed to parse URL from https://host/${canary}`),
  ]
  for (const reply of replies) {
    const { practice } = testClient([reply], { retry: false })
    const error: unknown = await practice.patients
      .list({ lastname: canary })
      .fetchPage()
      .catch((caught: unknown) => caught)
    assert.ok(error instanceof AthenaError)
    assert.ok(!/CANARY|SECRET/.test(inspect(error, { depth: 9 }) + JSON.stringify(error)), inspect(error))
    assert.match(error.message, /^GET \/patients \(practice 195900\): /)
  }
})

test('an error carries what athenahealth’s support asks for', async () => {
  const headers = { 'x-request-id': 'rrt-1-d-gea1-2-3-4', 'x-ratelimit-remaining': '12' }
  const { practice } = testClient([{ status: 409, headers, body: { error: 'x' } }])
  await assert.rejects(
    practice.appointments.cancel(7, { patientid: 5 }, { requestId: 'ours' }),
    (error: AthenaError) => {
      assert.deepEqual([error.requestId, error.athenaRequestId, error.status], ['ours', 'rrt-1-d-gea1-2-3-4', 409])
      assert.equal(error.meta?.rateLimit?.remaining, 12)
      assert.equal(
        error.message,
        'PUT /appointments/{appointmentid}/cancel (practice 195900): the record is not in a state that allows this; read it ' +
          'again before deciding [conflict, HTTP 409, request ours, athenahealth request rrt-1-d-gea1-2-3-4]',
      )
      return true
    },
  )
})

test('a client that is logged shows no secret', () => {
  const { client } = testClient([])
  assert.ok(!(inspect(client, { depth: 9 }) + JSON.stringify(client)).includes('swordfish'))
})

for (const [title, options] of [
  ['neither credential nor token source', {}],
  ['a credential without secret', { credential: { clientId: 'a', secret: '' } }],
  ['both', { credential: { clientId: 'a', secret: 'b' }, tokenSource: { get: async () => accessToken('t', 1, 0) } }],
  ['a version path that is none', { credential: { clientId: 'a', secret: 'b' }, apiPath: 'https://x' }],
] as const) {
  test(`a client with ${title} is refused`, () => {
    assert.throws(() => createAthenaClient({ environment: 'preview', ...options }), { code: 'invalid-argument' })
  })
}

for (const id of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
  test(`${id} is no practice`, () => {
    assert.throws(() => testClient([]).client.practice(id), { code: 'invalid-argument' })
  })
}

test('the version in the path can be the gateway’s older one', async () => {
  const { client, sent } = testClient([found], { apiPath: '/preview1' })
  await client.practice(195_900).departments.get(1)
  assert.equal(sent[0]?.url.pathname, '/preview1/195900/departments/1')
})

test('a request id that could forge a header is refused', async () => {
  const { practice, sent } = testClient([found])
  await assert.rejects(practice.departments.get(1, undefined, { requestId: 'a\r\nb: c' }), { code: 'invalid-argument' })
  assert.equal(sent.length, 0)
})
