import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { memoryLog } from '../../testing/memory-log.ts'
import type { Refusal } from '../audit/refusal-counter.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { PrivateKey, type PublicJwk } from '../key-server/private-key.ts'
import { prepareHome } from './home.ts'
import { readInstance } from './instance-file.ts'
import type { Operations, SqlResult } from './operations.ts'
import { type RunningOps, startOps } from './start-ops.ts'
import type { QuotaReport } from './quota-report.ts'
import type { FeedStatus, StatusReport } from './status-report.ts'

const folder = mkdtempSync(join(tmpdir(), 'ops-'))
const home = prepareHome(join(folder, 'home'))

const feed: FeedStatus = {
  feed: 'patients',
  state: 'live',
  departments: null,
  explanation: 'live',
  records: 3,
  lastChangeAt: null,
  lagMs: 0,
  readEveryMs: null,
  expectedWaitMs: null,
  openIntents: 0,
  checks: [],
  unexplained: null,
  gaps: [],
  failure: null,
}

const report: StatusReport = {
  version: '0.1.0',
  environment: 'local',
  baseUrl: 'http://127.0.0.1:1',
  clock: 'system',
  now: '2026-11-22T09:00:00.000Z',
  startedAt: '2026-11-22T08:00:00.000Z',
  urls: { api: 'http://127.0.0.1:2', database: 'embedded' },
  home: home.path,
  pid: 1,
  role: 'all',
  replicas: [],
  credentials: [],
  certificates: [],
  vaultLogin: null,
  quota: {
    perSecondLimit: 5,
    dayLimit: 10,
    usedToday: 1,
    foreignToday: 0,
    leftToday: 9,
    resetsAt: '',
    polledFeeds: 3,
    pollIntervalMs: 60_000,
    callsLastMinute: 1,
    forecast: {
      outlook: 'lasts',
      explanation: '',
      restsOn: '',
      endsAt: '',
      basis: 'hours',
      judgedDays: 0,
      wanted: { low: 0, mid: 0, high: 0 },
      leftAtMidnight: { low: 9, mid: 9, high: 9 },
      stops: [],
      feedsServed: { low: 1, mid: 1, high: 1 },
    },
  },
  practices: [
    {
      practice: 195900,
      departments: null,
      feeds: [feed],
      records: { patients: 3 },
      deleted: 0,
      merged: 0,
      changesLastMinute: 0,
      changesLastHour: 0,
      openIntents: 0,
      quarantined: 0,
      waitingPages: 0,
      inDoubt: 0,
    },
  ],
  alarms: [],
}

const quotaReport: QuotaReport = {
  environment: 'local',
  now: '',
  day: { date: '', limit: 10, perSecondLimit: 5, used: 1, foreign: 0, left: 9, keptForFeeds: 0, resetsAt: '' },
  forecast: report.quota.forecast,
  spent: { works: [], practices: [], practicesCount: 0 },
  compared: { today: 1, yesterday: null, weekBefore: null },
  advice: [],
}

const calls: unknown[] = []
/** Public keys. */
let published: PublicJwk[] = []
let result: SqlResult = { columns: [], rows: [], truncated: false }
const operations: Operations = {
  status: async () => report,
  async quota(only) {
    calls.push(['quota', only])
    return quotaReport
  },
  metrics: async () => '# EOF\n',
  syncNow: async (...args) => void calls.push(['now', ...args]),
  resnapshot: async (...args) => void calls.push(['resnapshot', ...args]),
  async sql(query) {
    calls.push(['sql', query])
    return result
  },
  keys: () => ({
    'GET /aegis/v1/keys': () => assert.fail('nobody asks'),
    'POST /aegis/v1/keys': () => assert.fail('nobody asks'),
    async 'POST /aegis/v1/keys/revoke'() {
      published = []
      return { environment: 'local', clientId: 'clinic', revoked: [1] }
    },
    'POST /aegis/v1/keys/holders': () => assert.fail('nobody asks'),
    async 'GET /aegis/v1/jwks.json'() {
      calls.push(['jwks'])
      return { keys: published }
    },
  }),
}

const turnedAway: Refusal[] = []
let ops: RunningOps
before(async () => {
  const refusals = { note: async (refusal: Refusal) => void turnedAway.push(refusal) }
  const seams = { refusals, log: memoryLog(), random: systemRandom, clock: systemClock }
  ops = await startOps({ home, host: '127.0.0.1', port: 0, operations, version: '0.1.0', ...seams })
  assert.equal((await fetch(`${ops.url}/aegis/v1/health`)).status, 503, 'it has the port, and is not ready')
  assert.equal(readInstance(home), undefined)
  ops.open()
})
after(async () => {
  await ops.stop()
  assert.equal(readInstance(home), undefined, 'a stopped instance takes its file away')
  rmSync(folder, { recursive: true, force: true })
})

async function ask(path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const instance = readInstance(home)
  assert.ok(instance)
  const response = await fetch(`${instance.url}${path}`, {
    headers: { authorization: `Bearer ${instance.token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}

test('the instance file is enough to reach the instance', async () => {
  assert.deepEqual(await ask('/aegis/v1/status'), { status: 200, body: report })
  assert.equal(readInstance(home)?.url, ops.url)
})

test('health is told to everybody and tells nothing', async () => {
  const response = await fetch(`${ops.url}/aegis/v1/health`)
  assert.deepEqual(await response.json(), { status: 'up' })
  assert.equal((await fetch(`${ops.url}/aegis/v1/status`)).status, 401)
})

test('metrics are text for Prometheus, and for nobody without the token', async () => {
  const instance = readInstance(home)
  assert.equal((await fetch(`${ops.url}/aegis/v1/metrics`)).status, 401)
  const headers = { authorization: `Bearer ${instance?.token}` }
  const response = await fetch(`${ops.url}/aegis/v1/metrics`, { headers })
  assert.match(response.headers.get('content-type') ?? '', /^application\/openmetrics-text; version=1\.0\.0/)
  assert.equal(await response.text(), '# EOF\n')
})

test('who has no token, or one of before, is noted with the route; nobody who has it is', async () => {
  turnedAway.length = 0
  const asked = ['status?practice=195900', 'quota', 'metrics', 'keys', 'nothing-here']
  for (const path of asked) {
    for (const headers of [{}, { authorization: 'Bearer of-before' }]) {
      assert.equal((await fetch(`${ops.url}/aegis/v1/${path}`, { headers })).status, 401)
    }
  }
  const noted = turnedAway.map(({ route }) => route)
  const routes = ['status', 'quota', 'metrics', 'keys'].flatMap((name) => [
    `GET /aegis/v1/${name}`,
    `GET /aegis/v1/${name}`,
  ])
  assert.deepEqual(noted, [...routes, undefined, undefined])
  const { route: _, ...first } = turnedAway[0] ?? assert.fail()
  const who = { actor: { kind: 'caller', id: 'unknown' }, peer: 'loopback' }
  assert.deepEqual(first, { type: 'access', subtype: 'request-refused', code: 'http.unauthorized', ...who })
  turnedAway.length = 0
  await ask('/aegis/v1/status?practice=42')
  await ask('/aegis/v1/sync', { action: 'later' })
  await fetch(`${ops.url}/aegis/v1/health`)
  assert.deepEqual(turnedAway, [])
})

test('the calls of the day are told, of one practice if it is named', async () => {
  calls.length = 0
  assert.deepEqual(await ask('/aegis/v1/quota'), { status: 200, body: quotaReport })
  assert.equal((await ask('/aegis/v1/quota?practice=195900')).status, 200)
  assert.equal((await ask('/aegis/v1/quota?practice=4')).status, 404)
  assert.deepEqual(calls, [
    ['quota', undefined],
    ['quota', { practice: 195900 }],
  ])
})

test('the status of one practice can be asked for', async () => {
  assert.equal((await ask('/aegis/v1/status?practice=195900')).status, 200)
  assert.equal((await ask('/aegis/v1/status?practice=42')).status, 404)
  assert.equal((await ask('/aegis/v1/status?practice=x')).status, 400)
})

test('sync is asked for by practice and feed', async () => {
  calls.length = 0
  assert.equal((await ask('/aegis/v1/sync', { action: 'now', practice: 195900 })).status, 202)
  assert.equal((await ask('/aegis/v1/sync', { action: 'resnapshot', practice: 195900, feed: 'patients' })).status, 202)
  const since = '2026-02-28T23:00:00-05:00'
  assert.equal((await ask('/aegis/v1/sync', { action: 'resnapshot', practice: 195900, since })).status, 202)
  assert.deepEqual(calls, [
    ['now', 195900, undefined],
    ['resnapshot', { practice: 195900, feed: 'patients', since: undefined }],
    ['resnapshot', { practice: 195900, feed: undefined, since: Date.UTC(2026, 2, 1, 4) }],
  ])
})

const refused: [title: string, path: string, body: unknown, status: number, said: RegExp][] = [
  ['a practice that is not mirrored', '/aegis/v1/sync', { action: 'now', practice: 1 }, 404, /ops.unknown-practice/],
  [
    'a feed there is not',
    '/aegis/v1/sync',
    { action: 'now', practice: 195900, feed: 'x' },
    404,
    /"feeds: patients"|feeds: patients/,
  ],
  ['an action there is not', '/aegis/v1/sync', { action: 'later', practice: 195900 }, 400, /fields: action/],
  [
    'a time without a zone',
    '/aegis/v1/sync',
    { action: 'resnapshot', practice: 195900, since: '2026-03-01T04:00:00' },
    400,
    /fields: since/,
  ],
  [
    'a day there is not',
    '/aegis/v1/sync',
    { action: 'resnapshot', practice: 195900, since: '2026-02-30T04:00:00Z' },
    400,
    /fields: since/,
  ],
  [
    'a time for a reading that is only to come sooner',
    '/aegis/v1/sync',
    { action: 'now', practice: 195900, since: '2026-03-01T04:00:00Z' },
    400,
    /malformed/,
  ],
  ['a field there is not', '/aegis/v1/sync', { action: 'now', practice: 195900, force: true }, 400, /malformed/],
  ['no body', '/aegis/v1/sql', null, 400, /malformed/],
  [
    'unsealing without a reason',
    '/aegis/v1/sql',
    { practice: 195900, text: 'x', unseal: { reason: ' ', actor: 'a' } },
    400,
    /unseal.reason/,
  ],
]

describe('refused before anything is done:', () => {
  for (const [title, path, body, status, said] of refused) {
    test(title, async () => {
      calls.length = 0
      const answer = await ask(path, body)
      assert.equal(answer.status, status)
      assert.match(JSON.stringify(answer.body), said)
      assert.deepEqual(calls, [])
    })
  }
})

test('SQL is passed on, and ciphertext does not leave', async () => {
  result = {
    columns: ['id', 'sealed', 'raw', 'note'],
    rows: [[1, 'sealed:patient:abc:abc:QUJD', Buffer.from('ciphertext'), 'sealed letters']],
    truncated: false,
  }
  const unseal = { reason: 'a call by the patient', actor: 'ada' }
  // For any practice: who asks for one that is not mirrored is refused where it can be recorded (run-sql).
  await ask('/aegis/v1/sql', { practice: 1, text: 'select 1', unseal })
  assert.deepEqual(calls.at(-1), ['sql', { practice: 1, text: 'select 1', unseal }])
  const answer = await ask('/aegis/v1/sql', { practice: 195900, text: 'select 1', unseal })
  assert.deepEqual(calls.at(-1), ['sql', { practice: 195900, text: 'select 1', unseal }])
  assert.deepEqual(answer.body, {
    columns: ['id', 'sealed', 'raw', 'note'],
    rows: [[1, { sealed: true }, { sealed: true }, 'sealed letters']],
    truncated: false,
  })
})

test('the public keys are for everybody, and nothing else about credentials is', async () => {
  const set = await fetch(`${ops.url}/aegis/v1/jwks.json`)
  assert.deepEqual([set.status, await set.json()], [200, { keys: [] }])
  assert.equal(set.headers.get('cache-control'), 'public, max-age=300')
  for (const [method, path] of [
    ['GET', 'keys'],
    ['POST', 'keys'],
    ['POST', 'keys/revoke'],
    ['POST', 'keys/holders'],
  ] as const) {
    const refused = await fetch(`${ops.url}/aegis/v1/${path}`, { method })
    assert.equal(refused.status, 401, path)
  }
  assert.equal((await ask('/aegis/v1/keys', { action: 'add', actor: 'x' })).status, 400, 'neither a secret nor a wish')
  assert.equal((await ask('/aegis/v1/keys/revoke', { actor: 'x' })).status, 400, 'neither one nor all')
})

test('of those who ask for the public keys at a time one has them read; after a change they are read again', async () => {
  const { publicJwk } = await PrivateKey.generate('ES384')
  const set = async () => (await (await fetch(`${ops.url}/aegis/v1/jwks.json`)).json()) as { keys: unknown[] }
  await ask('/aegis/v1/keys/revoke', { all: true, actor: 'x' })
  published = [publicJwk]
  calls.length = 0
  const sets = await Promise.all(Array.from({ length: 20 }, set))
  assert.deepEqual(new Set(sets.map(({ keys }) => keys.length)), new Set([1]))
  assert.deepEqual(calls, [['jwks']])
  assert.equal((await ask('/aegis/v1/keys/revoke', { all: true, actor: 'x' })).status, 200)
  assert.deepEqual(await set(), { keys: [] })
})
