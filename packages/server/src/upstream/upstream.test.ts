import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { queryObjects } from 'node:v8'
import { gzipSync } from 'node:zlib'
import { isAthenaError } from '@aegis/client'
import { json } from '../../testing/athena-server.ts'
import { said, waysOut } from '../../testing/way-out.ts'
import type { Audit } from '../audit/audit.ts'
import { systemClock } from '../clock/clock.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { type OpenOutcome, UnrecordedOutcome } from './call-context.ts'

const { owner, sealing, realAudit, setUp } = await waysOut()

interface Entry {
  outcome: string
  subtype: string
  action: string
  route: string
  actor_id: string
  record_count: number | null
  patients: string
  upstream_request_id: string | null
}
const entries = (practice: number) =>
  owner.rows<Entry>('select *, patients::text from audit.entry where practice_id = $1 order by id', [practice])
const outcomes = async (practice: number) => (await entries(practice)).map(({ outcome }) => outcome)

test('a call is in the audit log before it leaves, and its outcome before its answer is whole', async (t) => {
  const { server, id, practice } = await setUp(t)
  const atArrival: string[][] = []
  server.answer = async (_, response) => {
    atArrival.push(await outcomes(id))
    json(response, [{ patientid: '7', lastname: 'Marigold' }], { headers: { 'x-request-id': 'rrt-42' } })
  }
  await practice.patients.get('7', {}, said())
  assert.deepEqual(atArrival, [['attempt']])
  const [attempt, outcome] = await entries(id)
  const keys = await sealing.practice(undefined, id)
  const { subtype, action, route, actor_id } = attempt ?? {}
  assert.deepEqual(
    [subtype, action, route, actor_id],
    ['sync-refetch', 'R', 'GET /v1/{practiceid}/patients/{patientid}', 'sync'],
  )
  assert.equal(attempt?.patients, `{${keys.pseudonym('patient', '7')}}`)
  assert.deepEqual([outcome?.outcome, outcome?.upstream_request_id], ['success', 'rrt-42'])
})

test('what cannot be put into the audit log does not leave', async (t) => {
  const refuse = () => Promise.reject(new AegisError('audit.unavailable'))
  const { server, practice } = await setUp(t, { audit: { ...silentAudit, attempt: refuse } })
  await assert.rejects(practice.patients.get('7', {}, said()), { code: 'audit.unavailable' })
  assert.equal(server.requests.length, 0)
})

/** Methods of the real one; a test replaces what it is about. */
const silentAudit: Audit = {
  writerId: realAudit.writerId,
  attempt: (event) => realAudit.attempt(event),
  outcome: (attempt, outcome) => realAudit.outcome(attempt, outcome),
  record: (event) => realAudit.record(event),
  inTransaction: (tx, event) => realAudit.inTransaction(tx, event),
  closeOrphans: (live) => realAudit.closeOrphans(live),
  stop: async () => undefined,
}

test('an answer whose outcome cannot be recorded is not handed on, and is not taken for a call that was not made', async (t) => {
  const refuse = () => Promise.reject(new AegisError('audit.unavailable'))
  const { server, id, practice } = await setUp(t, { audit: { ...silentAudit, outcome: refuse } })
  await assert.rejects(
    practice.patients.get('7', {}, said()),
    (error) => error instanceof UnrecordedOutcome && !isAegisError(error),
  )
  assert.equal(server.requests.length, 1)
  assert.deepEqual(await outcomes(id), ['attempt'])
})

test('a caller that takes over the outcome names every patient of the page before it uses any', async (t) => {
  const { server, id, practice } = await setUp(t)
  server.answer = (_, response) => json(response, { patients: [{ patientid: '1' }, { patientid: '2' }], totalcount: 2 })
  const open: OpenOutcome[] = []
  const page = await practice.patients
    .list({ departmentid: '1' })
    .fetchPage({ offset: 0, limit: 10 }, said({ outcome: (one) => open.push(one) }))
  assert.deepEqual(await outcomes(id), ['attempt'])
  const keys = await sealing.practice(undefined, id)
  const patients = page.items.map(({ patientid }) => keys.pseudonym('patient', String(patientid)))
  await open[0]?.record({ records: 2, patients })
  const [, outcome] = await entries(id)
  assert.deepEqual(
    [outcome?.outcome, outcome?.record_count, outcome?.patients],
    ['success', 2, `{${patients.join(',')}}`],
  )
})

test('an answer that the client cannot use is recorded as a failure, also where the caller had taken over', async (t) => {
  const { server, id, practice } = await setUp(t)
  server.answer = (_, response) => void response.end('<html>maintenance</html>')
  await assert.rejects(practice.patients.get('7', {}, said({ outcome: () => undefined })), {
    code: 'malformed-response',
  })
  await settled(id, ['attempt', 'failure'])
})

/** Outcomes of calls that broke off are written behind the caller's back. */
async function settled(practice: number, expected: string[]): Promise<void> {
  for (let looks = 0; looks < 200 && (await outcomes(practice)).length < expected.length; looks++);
  assert.deepEqual(await outcomes(practice), expected)
}

const broken: [string, (response: ServerResponse) => void][] = [
  [
    'a body that breaks off',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('[{"patientid":')
      setImmediate(() => response.destroy())
    },
  ],
  ['a connection that breaks before an answer', (response) => void response.destroy()],
]
for (const [title, breakOff] of broken) {
  test(`${title} leaves an unknown outcome, and every further attempt is an entry of its own`, async (t) => {
    const { server, id, practice } = await setUp(t)
    server.answer = (_, response) =>
      server.requests.length < 2 ? breakOff(response) : json(response, [{ patientid: '7' }])
    await practice.patients.get('7', {}, said())
    assert.equal(server.requests.length, 2)
    await settled(id, ['attempt', 'unknown', 'attempt', 'success'])
  })
}

test('what the policy refuses is neither sent nor counted', async (t) => {
  const { server, id, practice, usedToday } = await setUp(t)
  const wide = practice.appointments.booked({ startdate: '2026-01-01', enddate: '2026-12-31' })
  await assert.rejects(wide.fetchPage({ offset: 0, limit: 10 }, said()), { code: 'policy.date-range-too-wide' })
  assert.deepEqual([server.requests.length, await usedToday(), await outcomes(id)], [0, 0, []])
})

test('a used-up day refuses before the audit log is written', async (t) => {
  const { server, id, practice } = await setUp(t, { perDay: 10 })
  const call = () =>
    practice.patients.get('7', {}, said({ priority: 'bulk' })).then(
      () => 'sent',
      (error) => error.code,
    )
  server.answer = (_, response) => json(response, [{ patientid: '7' }])
  const answers = []
  for (let i = 0; i < 11; i++) answers.push(await call())
  assert.deepEqual(new Set(answers.slice(9)), new Set(['quota.day-exhausted']))
  assert.equal(answers.filter((answer) => answer === 'sent').length, server.requests.length)
  assert.ok((await outcomes(id)).length <= 2 * server.requests.length + 2, 'refusals leave no trail of attempts')
})

test('a call given up while it waits was not sent, and is recorded as a failure', async (t) => {
  const { server, id, practice, quota, app } = await setUp(t)
  await quota.throttled(app, { retryAfterMs: 60_000 })
  const cancel = new AbortController()
  const call = practice.patients.get('7', {}, { ...said(), signal: cancel.signal })
  for (let looks = 0; looks < 200 && (await outcomes(id)).length < 1; looks++);
  cancel.abort()
  await assert.rejects(call, { code: 'aborted' })
  await settled(id, ['attempt', 'failure'])
  await assert.rejects(practice.patients.get('7', {}, said({ waitMs: 20 })), { code: 'quota.timeout' })
  assert.equal(server.requests.length, 0)
})

test("athenahealth's count of the day is taken over", async (t) => {
  const { server, practice, quota, app } = await setUp(t)
  const headers = { 'x-ratelimit-limit': '50000', 'x-ratelimit-remaining': '900' }
  server.answer = (_, response) => json(response, [{ patientid: '7' }], { headers })
  await practice.patients.get('7', {}, said())
  let left = Number.POSITIVE_INFINITY
  for (let looks = 0; looks < 500 && left > 900; looks++) left = (await quota.usage(app)).leftToday
  assert.ok(left <= 900, `${left} left`)
})

const refused = (limit: string) => (response: ServerResponse) =>
  json(response, {}, { status: 429, headers: { 'x-ratelimit-limit': limit, 'x-ratelimit-remaining': '0' } })
const refusals: readonly [what: string, limit: string, isTheDays: boolean][] = [
  ['of the calls of a second is not taken for the day', '100', false],
  ['of the very limit of the day is', '50000', true],
]
for (const [what, limit, isTheDays] of refusals) {
  test(`what a refusal counts ${what}`, async (t) => {
    const { server, practice, quota, app } = await setUp(t)
    server.answer = (_, response) => json(response, [{ patientid: '7' }])
    await practice.patients.get('7', {}, said())
    server.answer = (_, response) => refused(limit)(response)
    await assert.rejects(practice.patients.get('7', {}, said()), { code: 'throttled' })
    const check = () => quota.check({ app, priority: 'interactive' })
    if (isTheDays) assert.throws(check, { code: 'quota.day-exhausted' })
    else check()
  })
}

test('what the token endpoint counts, requests of a minute in headers of the same names, is not taken for the day', async (t) => {
  const { server, practice, quota, app, wayOut } = await setUp(t)
  server.answer = (_, response) => json(response, [{ patientid: '7' }])
  await practice.patients.get('7', {}, said())
  const headers = { 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '0' }
  server.answer = (_, response) => json(response, { access_token: 'new' }, { headers })
  const call = {
    method: 'POST',
    route: '/oauth2/v1/token',
    attempt: 1,
    kind: 'token',
    consuming: false,
    intensive: false,
    idempotent: true,
    requestId: 'r',
  } as const
  const init = { method: 'POST', headers: {}, signal: new AbortController().signal, redirect: 'manual' } as const
  await (await wayOut.fetch(`${server.url}/oauth2/v1/token`, init, call)).text()
  server.answer = (_, response) => json(response, [{ patientid: '7' }])
  await practice.patients.get('7', {}, said())
  await new Promise((resolve) => setTimeout(resolve, 300)) // counts that differ are written within 200 ms
  const { perDayLimit, foreignToday } = await quota.usage(app)
  assert.deepEqual({ perDayLimit, foreignToday }, { perDayLimit: 50_000, foreignToday: 0 })
})

test('nothing leaves without a context, for another practice or for another place', async (t) => {
  const { server, id, practice, wayOut } = await setUp(t)
  await assert.rejects(practice.patients.get('7'), { code: 'upstream.no-context' })
  const call = {
    method: 'GET',
    route: '/patients/{patientid}',
    practice: id,
    attempt: 1,
    kind: 'api',
    consuming: false,
    intensive: false,
    idempotent: true,
    requestId: 'r',
    ...said(),
  } as const
  const init = { method: 'GET', headers: {}, signal: new AbortController().signal, redirect: 'manual' } as const
  for (const url of [
    `${server.url}/v1/${id + 1}/patients/7`,
    `${server.url}/v1/${id}/../${id + 1}/patients/7`,
    `http://127.0.0.1:1/v1/${id}/patients/7`,
  ]) {
    await assert.rejects(wayOut.fetch(url, init, call), { code: 'egress.refused' })
  }
  assert.equal(server.requests.length, 0)
})

test('reads share connections; writes and consuming reads have their own', async (t) => {
  const { server, practice } = await setUp(t)
  server.answer = (_, response) => json(response, [{ patientid: '7' }])
  for (let i = 0; i < 5; i++) await practice.patients.get('7', {}, said())
  assert.equal(server.connections, 1)
  server.answer = (_, response) => json(response, { patients: [], totalcount: 0 })
  for (let i = 0; i < 2; i++) await practice.feed('patients').drainPage({ limit: 10 }, said())
  assert.equal(server.connections, 3)
})

test('a cold start spends seconds, not calls of the day, on connections', async (t) => {
  const { server, id, practice, quota, usedToday } = await setUp(t)
  server.answer = (_, response) => json(response, [{ patientid: '7' }])
  await Promise.all(Array.from({ length: 30 }, () => practice.patients.get('7', {}, said())))
  assert.equal(server.requests.length, 30)
  await quota.stop()
  assert.equal(await usedToday(), 30)
  assert.equal((await outcomes(id)).length, 60)
})

for (const consuming of [false, true]) {
  test(`a ${consuming ? 'consuming ' : ''}read that finds nobody listening is not charged to the day`, async (t) => {
    const { server, practice, quota, usedToday } = await setUp(t)
    await server.listenNoMore()
    const call = consuming
      ? practice.feed('patients').drainPage({ limit: 10 }, said())
      : practice.patients.get('7', {}, said())
    await assert.rejects(call, { code: 'network' })
    await quota.stop()
    assert.equal(await usedToday(), 0)
  })
}

test('a consuming read that another server is said to be responsible for is one call, and in doubt', async (t) => {
  const { server, practice, quota, usedToday } = await setUp(t)
  server.answer = (_, response) => json(response, {}, { status: 421 })
  const call = practice.feed('patients').drainPage({ limit: 10 }, said())
  await assert.rejects(call, (error) => isAthenaError(error, 'network') && error.executed === 'unknown')
  await quota.stop()
  assert.deepEqual([server.requests.length, await usedToday()], [1, 1])
})

test('an answer that does not come in time is given up, within limits of real time', async (t) => {
  const { server, id, practice } = await setUp(t, { timeouts: { headersMs: 30, totalMs: 60 } })
  server.answer = () => undefined
  const call = practice.patients.create(
    { firstname: 'Ada', lastname: 'Marigold', dob: '1990-01-31', departmentid: '1' },
    said(),
  )
  await assert.rejects(call, (error) => isAthenaError(error, 'network') && error.executed === 'unknown')
  assert.equal(server.requests.length, 1, 'a write is not repeated')
  await settled(id, ['attempt', 'unknown'])
})

/** After collections of garbage, each with time for what it sets free in turn. */
async function signalsInMemory(): Promise<number> {
  let count = 0
  for (let round = 0; round < 3; round += 1) {
    count = Number(queryObjects(AbortSignal, { format: 'count' }))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return count
}

for (const [title, answer] of [
  ['well', (response: ServerResponse) => json(response, [{ patientid: '7' }])],
  ['with an error', (response: ServerResponse) => json(response, { error: 'x' }, { status: 400 })],
  ['without an answer', (response: ServerResponse) => void response.destroy()],
] as const) {
  test(`nothing of a call that ended ${title} stays in memory`, async (t) => {
    const { server, practice } = await setUp(t)
    server.answer = (_, response) => answer(response)
    const work = new AbortController()
    const make = async (count: number) => {
      for (let made = 0; made < count; made += 1) {
        const context = made % 2 === 0 ? said() : said({ unless: work.signal })
        await practice.patients.get('7', {}, context).catch(() => undefined)
      }
    }
    await make(3)
    const before = await signalsInMemory()
    await make(30)
    const kept = (await signalsInMemory()) - before
    assert.ok(kept < 10, `${kept} signals of 30 calls are still there`)
  })
}

test('compressed answers are read', async (t) => {
  const { server, practice } = await setUp(t)
  server.answer = (request, response) => {
    assert.match(String(request.headers['accept-encoding']), /gzip/)
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    response.end(gzipSync('[{"patientid":"7"}]'))
  }
  assert.equal((await practice.patients.get('7', {}, said())).value.patientid, '7')
})

test('the difference of the clocks is measured, and a large one is told', async (t) => {
  const { server, practice, upstream, log } = await setUp(t)
  const answerWith = (date: number) => {
    server.answer = (_, response) =>
      json(response, [{ patientid: '7' }], { headers: { date: new Date(date).toUTCString() } })
  }
  assert.deepEqual([upstream.theirTime(), upstream.certainSkewMs()], [undefined, 0])
  answerWith(systemClock.now())
  await practice.patients.get('7', {}, said())
  assert.ok(upstream.certainSkewMs() < 2_000)
  assert.deepEqual(log.events(), [])
  answerWith(systemClock.now() - 300_000)
  await practice.patients.get('7', {}, said())
  assert.ok(upstream.certainSkewMs() < 2_000, 'one answer alone does not contradict what is known')
  await practice.patients.get('7', {}, said())
  assert.ok(upstream.certainSkewMs() > 200_000 && upstream.certainSkewMs() < 400_000)
  assert.deepEqual(log.events(), ['upstream.clock-skew'])
})

test('no name of the request, its answer or its URL is left anywhere', async (t) => {
  const { server, id, practice, log } = await setUp(t)
  server.answer = (_, response) => json(response, { error: 'Marigold', detailedmessage: 'Marigold' }, { status: 400 })
  const seen: unknown[] = []
  await practice.patients
    .list({ departmentid: '1', lastname: 'Marigold' })
    .fetchPage({ offset: 0, limit: 10 }, said())
    .catch((error: Error) => seen.push(error.message, error.stack, error.cause))
  server.answer = (_, response) => void response.destroy()
  await practice.patients
    .list({ departmentid: '1', lastname: 'Marigold' })
    .fetchPage({ offset: 0, limit: 10 }, said())
    .catch((error: Error) => seen.push(error.message, error.stack, error.cause))
  assert.ok(server.requests.every((request) => request.includes('Marigold')))
  const stored = await owner.rows('select * from audit.entry where practice_id = $1', [id])
  assert.ok(seen.length > 0 && !JSON.stringify([seen.map(String), log.lines, stored]).includes('Marigold'))
})
