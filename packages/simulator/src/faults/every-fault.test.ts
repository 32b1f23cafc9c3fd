import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read, tinySimulator, tokenRequest, type Called, type TinySimulator } from '../../testing/tiny-simulator.ts'
import { faultNames } from './fault-kinds.ts'
import type { FaultKind, FaultRule } from './fault-rule.ts'

const patient = '/v1/195900/patients/1'
const feed = '/v1/195900/appointments/changed'
const tokens = '/oauth2/v1/token'
type Fetch = typeof globalThis.fetch

interface Case {
  readonly rule: FaultRule
  /** `GET` of the patient if absent. */
  readonly request?: string
  /** What the caller sees: the status with the body or a header, or the error's code and when it came. */
  readonly sees: RegExp
}

const overRate = /Over Rate Limit/
const cases: readonly Case[] = [
  { rule: { kind: 'unauthorized' }, sees: /^401 .*"detailedmessage":"Bad auth\."/ },
  { rule: { kind: 'unauthorized' }, request: `POST ${tokens}`, sees: /^401 .*"error":"access_denied"/ },
  { rule: { kind: 'unauthorized', style: 'inactive' }, sees: /^401 .*<h1>Developer Inactive<\/h1>/ },
  { rule: { kind: 'unauthorized', style: 'expired' }, sees: /^401 .*expired/ },
  { rule: { kind: 'forbidden' }, sees: /^403 .*Over Queries Per Second Limit/ },
  { rule: { kind: 'forbidden', style: 'over-rate' }, sees: overRate },
  { rule: { kind: 'forbidden', style: 'header' }, sees: /^403 .*x-mashery-error-code=ERR_403_DEVELOPER_OVER_QPS/ },
  { rule: { kind: 'forbidden', style: 'plain' }, sees: /^403 .*<h1>Forbidden<\/h1>/s },
  { rule: { kind: 'throttled' }, sees: /^429 (?!.*retry-after).*Too many requests/ },
  { rule: { kind: 'throttled', retryAfter: -5 }, sees: /^429 .*retry-after=-5 / },
  { rule: { kind: 'throttled', retryAfter: 'soon' }, sees: /^429 .*retry-after=soon / },
  { rule: { kind: 'throttled', retryAfterDateMs: 90_000 }, sees: /retry-after=Mon, 05 Jan 2026 17:01:30 GMT / },
  { rule: { kind: 'server-error' }, sees: /^500 .*"error"/ },
  {
    rule: { kind: 'server-error', status: 503, retryAfter: 7 },
    sees: /^503 .*retry-after=7 .*503 Service Unavailable/,
  },
  { rule: { kind: 'server-error', status: 502 }, request: `POST ${tokens}`, sees: /^502 .*Bad Gateway/ },
  { rule: { kind: 'html' }, sees: /^502 .*text\/html.*<html>/ },
  { rule: { kind: 'html', status: 200, processed: true }, sees: /^200 .*<html>/ },
  { rule: { kind: 'truncated' }, sees: /^200 .*\[\{"patientid":"1","firstname$/ },
  { rule: { kind: 'truncated', keep: 0 }, sees: /^200 .* \[$/ },
  { rule: { kind: 'truncated', length: 'wrong' }, sees: /^body UND_ERR_SOCKET$/ },
  { rule: { kind: 'oversized', bytes: 300_000 }, sees: /^200 .*\[\{"patientid":"1".*\] {200000,}$/ },
  { rule: { kind: 'reset-before' }, sees: /^fetch ECONNRESET$/ },
  { rule: { kind: 'reset-after' }, sees: /^fetch ECONNRESET$/ },
  { rule: { kind: 'reset-before' }, request: `POST ${tokens}`, sees: /^fetch ECONNRESET$/ },
  { rule: { kind: 'swapped-patient' }, sees: /^200 .*"patientid":"[23]"/ },
  { rule: { kind: 'swapped-patient' }, request: `PUT ${patient}`, sees: /^200 .*"patientid":"[23]"/ },
  { rule: { kind: 'duplicate-items' }, sees: /^200 .*"patientid":"1".*"patientid":"1"/ },
  { rule: { kind: 'expires-in', value: 'soon' }, request: `POST ${tokens}`, sees: /^200 .*"expires_in":"soon"/ },
  { rule: { kind: 'expires-in', value: null }, request: `POST ${tokens}`, sees: /^200 .*"expires_in":null/ },
  { rule: { kind: 'expires-in' }, request: `POST ${tokens}`, sees: /^200 (?!.*expires_in).*"access_token"/ },
]

async function seen(fetch: Fetch, simulator: TinySimulator, request: string): Promise<string> {
  const [method = '', path = ''] = request.split(' ')
  const Authorization = `Bearer ${await simulator.token()}`
  const body = method === 'PUT' ? new URLSearchParams({ departmentid: '1' }) : null
  const init = path === tokens ? tokenRequest('demo-client:demo-secret') : { method, body, headers: { Authorization } }
  let phase = 'fetch'
  try {
    const response = await fetch(`${simulator.url}${path}`, init)
    phase = 'body'
    const { status, headers, text } = await read(response)
    const told = ['content-type', 'retry-after', 'x-mashery-error-code'].map((name) => `${name}=${headers.get(name)}`)
    return `${status} ${told.filter((header) => !header.endsWith('=null')).join(' ')} ${text}`
  } catch (error) {
    const cause = error instanceof TypeError ? error.cause : undefined
    return `${phase} ${cause instanceof Error && 'code' in cause ? cause.code : 'none'}`
  }
}

for (const { rule, request = `GET ${patient}`, sees } of cases) {
  const { kind, ...told } = rule
  test(`${request.split(' ')[0]} meets ${kind} ${JSON.stringify(told)} the same over a socket and in process`, async (t) => {
    const simulator = await tinySimulator(t)
    await simulator.token()
    simulator.faults.add([{ ...rule, when: { every: 1 } }])
    for (const fetch of [globalThis.fetch, simulator.fetch]) assert.match(await seen(fetch, simulator, request), sees)
    simulator.faults.clear()
    const { requests } = simulator.truth.requests({ since: 1 })
    assert.deepEqual(new Set(requests.map(({ fault }) => fault?.kind)), new Set([kind]))
    assert.deepEqual(simulator.truth.defects(), [])
    assert.match(await seen(globalThis.fetch, simulator, `GET ${patient}`), /^200 .*"patientid":"1"/, 'and it is over')
  })
}

const elsewhere: readonly FaultKind[] = [
  'slow',
  'dribble',
  'unordered-items',
  'repeated-page',
  'lost-page',
  'clock-jump',
]
const ofFeeds: readonly FaultKind[] = ['unsubscribed', 'partial', 'retention-cut']

test('every kind has a test', () => {
  const tested = new Set([...cases.map(({ rule }) => rule.kind), ...elsewhere, ...ofFeeds])
  assert.deepEqual([...tested].sort(), Object.keys(faultNames).sort())
})

test('a reset before leaves a write undone, a reset after and a processed error do not', async (t) => {
  const simulator = await tinySimulator(t)
  await simulator.token()
  const undone: readonly FaultRule[] = [{ kind: 'reset-before' }, { kind: 'server-error' }, { kind: 'html' }]
  const done: readonly FaultRule[] = [
    { kind: 'reset-after' },
    { kind: 'server-error', processed: true },
    { kind: 'html', processed: true },
    { kind: 'truncated', length: 'wrong' },
  ]
  for (const [rules, expected] of [
    [undone, 0],
    [done, 1],
  ] as const) {
    for (const rule of rules) {
      const { next: since } = simulator.truth.writes()
      simulator.faults.clear()
      simulator.faults.add([rule])
      await seen(simulator.fetch, simulator, `PUT ${patient}`)
      assert.equal(simulator.truth.writes({ since }).writes.length, expected, rule.kind)
    }
  }
})

for (const over of ['a socket', 'a call']) {
  test(`over ${over} a slow answer comes when virtual time has passed, with the Date of then`, async (t) => {
    const simulator = await tinySimulator(t)
    const fetch = over === 'a call' ? simulator.fetch : globalThis.fetch
    await simulator.token()
    const whole = (await simulator.call(patient)).text.length
    simulator.faults.add([{ kind: 'truncated', delayMs: 20_000 }])
    let answered: Called | undefined
    const asked = fetch(`${simulator.url}${patient}`, {
      headers: { Authorization: `Bearer ${await simulator.token()}` },
    })
      .then(read)
      .then((called) => (answered = called))
    await logged(simulator, 3)
    simulator.clock.advance(19_999)
    await fetch(`${simulator.url}/__sim/clock`)
    assert.equal(answered, undefined)
    simulator.clock.advance(5_000)
    const { status, headers, text } = await asked
    assert.deepEqual([status, headers.get('date'), text.length], [200, 'Mon, 05 Jan 2026 17:00:20 GMT', whole / 2])
  })

  test(`over ${over} a dribbled body comes byte by byte, its head at once`, async (t) => {
    const simulator = await tinySimulator(t)
    const fetch = over === 'a call' ? simulator.fetch : globalThis.fetch
    await simulator.token()
    simulator.faults.add([{ kind: 'dribble', pieceBytes: 1, everyMs: 1000 }])
    const Authorization = `Bearer ${await simulator.token()}`
    const response = await fetch(`${simulator.url}${patient}`, { headers: { Authorization } })
    assert.ok(response.body)
    const reader = response.body.getReader()
    const piece = async () => Buffer.from((await reader.read()).value ?? [])
    for (const letter of ['[', '{']) {
      simulator.clock.advance(1000)
      assert.equal((await piece()).toString(), letter)
    }
    // A letter in it has two bytes: cut anywhere, they come together again.
    simulator.clock.advance(100_000)
    const pieces: Buffer[] = []
    for (let next = await piece(); next.length > 0; next = await piece()) pieces.push(next)
    assert.match(Buffer.concat(pieces).toString(), /^"patientid":"1","firstname":"Zoë".*\}\]$/)
  })

  test(`over ${over} who waits for a late answer may give up, and stopping ends every wait`, async (t) => {
    const simulator = await tinySimulator(t)
    const fetch = over === 'a call' ? simulator.fetch : globalThis.fetch
    const headers = { Authorization: `Bearer ${await simulator.token()}` }
    simulator.faults.add([{ kind: 'slow', when: { nth: 1 } }, { kind: 'slow', when: { nth: 2 } }, { kind: 'dribble' }])
    const controller = new AbortController()
    const given = fetch(`${simulator.url}${patient}`, { headers, signal: controller.signal })
    await logged(simulator, 2)
    controller.abort(new Error('given up'))
    await assert.rejects(given, /given up/)
    const waiting = fetch(`${simulator.url}${patient}`, { headers })
    await logged(simulator, 3)
    const dribbling = await fetch(`${simulator.url}${patient}`, { headers })
    const stopped = simulator.stop()
    await assert.rejects(waiting, { name: 'TypeError', message: 'fetch failed' })
    await assert.rejects(dribbling.text(), TypeError)
    await stopped
  })
}

/** Until the log has so many requests. */
async function logged(simulator: TinySimulator, count: number): Promise<void> {
  while (simulator.truth.requests().totals.requests < count) await fetch(`${simulator.url}/__sim/clock`)
}

test('time jumps before the request arrives, which may find its token expired', async (t) => {
  const simulator = await tinySimulator(t)
  await simulator.token()
  simulator.faults.add([
    { kind: 'clock-jump', ms: 1000, when: { nth: 1 } },
    { kind: 'clock-jump', ms: 3_600_000, when: { nth: 2 } },
  ])
  const { clock } = simulator
  const before = clock.now()
  assert.equal((await simulator.call(patient)).status, 200)
  assert.equal(clock.now() - before, 1000)
  assert.equal((await simulator.call(patient)).status, 401)
  assert.equal(simulator.truth.requests().requests.at(-1)?.at, before + 3_601_000)
})

test('a page of a feed is lost, repeated, older than the last one, or out of order', async (t) => {
  const simulator = await tinySimulator(t, { activationLagMs: 0 })
  await simulator.call(`${feed}/subscription`, { method: 'POST' })
  const change = (id: string, note: string) =>
    simulator.practice.change({ feed: 'appointments', name: 'CheckIn', id, departmentId: '1', fields: { note } })
  const ids = async () => {
    const { body } = await simulator.call(feed)
    return Object.values(body.appointments ?? {}).map(({ appointmentid, note }) => `${appointmentid} ${note}`)
  }
  simulator.faults.add([
    { kind: 'lost-page', when: { nth: 2 } },
    { kind: 'repeated-page', when: { nth: 4 } },
    { kind: 'repeated-page', back: 2, when: { nth: 5 } },
    { kind: 'unordered-items', when: { path: '/appointments/changed', nth: 7 } },
  ])
  assert.deepEqual(await ids(), [], 'an empty page')
  change('7', 'never seen')
  await assert.rejects(ids(), TypeError)
  change('1', 'old')
  assert.deepEqual(await ids(), ['1 old'])
  change('1', 'new')
  change('2', 'new')
  assert.deepEqual(await ids(), ['1 old'], 'the same page again, as it was')
  assert.equal(simulator.faults.list()[2]?.fired, 0)
  simulator.faults.clear()
  simulator.faults.add([
    { kind: 'repeated-page', back: 2, when: { nth: 3 } },
    { kind: 'unordered-items', when: { path: '/appointments/changed', nth: 4 } },
  ])
  assert.deepEqual(await ids(), ['1 new', '2 new'], 'nothing was taken meanwhile')
  change('3', 'new')
  assert.deepEqual(await ids(), ['3 new'])
  change('4', 'new')
  change('5', 'new')
  assert.deepEqual(await ids(), ['1 new', '2 new'], 'older than the last one')
  assert.deepEqual(await ids(), ['5 new', '4 new'])
  assert.deepEqual(await ids(), [])
  const taken = simulator.truth.pages().pages.flatMap((page) => page.ids)
  assert.deepEqual(taken, ['7', '1', '1', '2', '3', '4', '5'])
})

test('a page that is as long as was asked for by records that are in it twice is not the last one of a drain', async (t) => {
  const simulator = await tinySimulator(t, { activationLagMs: 0 })
  await simulator.call(`${feed}/subscription`, { method: 'POST' })
  simulator.practice.change({ feed: 'appointments', name: 'CheckIn', id: '1', departmentId: '1', fields: {} })
  simulator.faults.add([{ kind: 'duplicate-items', when: { nth: 1 } }])
  const drains = async () => {
    await simulator.call(`${feed}?limit=2`)
    return simulator.truth.windows().drains.map(({ starts }) => starts)
  }
  assert.deepEqual(await drains(), [1])
  assert.deepEqual(await drains(), [1], 'its second page')
  assert.deepEqual(await drains(), [2])
})
