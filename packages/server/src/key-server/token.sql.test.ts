import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { touchedRows } from '../../testing/touched-rows.ts'
import type { Tx } from '../db/db.ts'
import type { AppRef, TokenKey } from './app-ref.ts'
import * as credentials from './credential.sql.ts'
import * as table from './token.sql.ts'

const { db, owner } = await scratchDatabase()
const tables = [
  'control.app',
  'control.credential',
  'control.credential_holder',
  'control.access_token',
  'control.token_request',
]
const holder = randomUUID()
const request = randomUUID()
const secret = Buffer.alloc(8, 7)
const token = {
  holder,
  generation: 8,
  sealed: secret,
  expiresAt: 9e12,
  refreshAt: 8e12,
  usableUntil: 8.5e12,
  credential: 1,
  forced: false,
}
const never = { countsUntil: 9e12, heldUntil: 9e12, retryAt: 9e12, forcedAt: 9e12 }
let apps = 0

/** One more credential of an app. */
async function store(tx: Tx, app: AppRef, changes: Partial<credentials.StoredCredential> = {}): Promise<number> {
  const number = await credentials.nextNumber(tx, app)
  await credentials.storeCredential(tx, app, {
    number,
    kind: 'secret',
    origin: 'operator',
    first: false,
    sealedSecret: secret,
    sealedDigest: secret,
    key: undefined,
    audience: undefined,
    usedAfterMs: 0,
    expiresAt: undefined,
    ...changes,
  })
  return number
}

/** An app with a token that is being fetched again, and neighbours that differ from it in one thing each. */
async function neighbours(): Promise<TokenKey> {
  const key = { environment: 'local', clientId: `app-${apps++}`, baseUrl: 'http://one', scope: 'all' } as const
  const others: TokenKey[] = [
    key,
    { ...key, environment: 'preview' },
    { ...key, clientId: `${key.clientId}-other` },
    { ...key, baseUrl: 'http://other' },
    { ...key, scope: 'other' },
  ]
  await db.control(async (tx) => {
    for (const other of others) {
      if (!(await credentials.lockedApp(tx, other))) {
        await credentials.ensureApp(tx, other)
        for (const first of [true, false]) await store(tx, other, { first })
        await credentials.storeHolder(tx, other, { holder: 'ann', by: 'ann' })
      }
      await table.ensuredTokenRow(tx, other)
      await table.countRequest(tx, other, { request: randomUUID(), countsUntil: 1_000 })
      await table.countRequest(tx, other, { request, countsUntil: 3_000 })
    }
  })
  await owner.rows(
    `update control.access_token set holder = $1, held_until = '2026-01-05', sealed_token = 'x', failures = 2,
       retry_at = '2026-01-05', failure = 'some', expires_at = '2026-01-05', forced_at = '2026-01-05'
     where client_id like $2`,
    [holder, `${key.clientId}%`],
  )
  await owner.rows(`update control.credential set ends_after = 7, ends_in = '1 h' where client_id like $1`, [
    `${key.clientId}%`,
  ])
  return key
}

const ofApp = ({ environment, clientId }: TokenKey) => ({ environment, client_id: clientId })
const ofHost = (key: TokenKey) => ({ ...ofApp(key), base_url: key.baseUrl })
const ofToken = (key: TokenKey) => ({ ...ofHost(key), scope: key.scope })

const verbs: readonly [
  what: string,
  of: (key: TokenKey) => object,
  work: (tx: Tx, key: TokenKey) => Promise<unknown>,
][] = [
  ['a new secret', ofApp, (tx, key) => store(tx, key)],
  ['a revocation', ofApp, (tx, key) => credentials.wipeCredentials(tx, key, undefined)],
  ['the pardon of failures', ofApp, (tx, key) => credentials.forgiveFailures(tx, key)],
  [
    'a successor',
    ofApp,
    (tx, key) => credentials.noteSuccessorOfOthers(tx, key, { number: 9, inMs: 5, origins: ['operator'] }),
  ],
  ['the end of what has a successor', ofApp, (tx, key) => credentials.endSucceededCredentials(tx, key, 7)],
  [
    'a credential that does not open',
    (key) => ({ ...ofApp(key), number: 2 }),
    (tx, key) => credentials.noteUnusableCredential(tx, key, { number: 2, why: 'sealing.unreadable' }),
  ],
  [
    'a credential that is sealed again',
    (key) => ({ ...ofApp(key), number: 2 }),
    (tx, key) => {
      const sealed = { sealedSecret: Buffer.alloc(8, 9), sealedDigest: secret }
      return credentials.resealCredential(tx, key, { ...sealed, number: 2, publicJwk: undefined, audience: undefined })
    },
  ],
  ['a token that is refused', ofToken, (tx, key) => table.noteTokenRefused(tx, key)],
  [
    'a use of a credential',
    (key) => ({ ...ofApp(key), number: 2 }),
    (tx, key) => credentials.noteCredentialUse(tx, key, { number: 2, refused: true }),
  ],
  ['a holder', ofApp, (tx, key) => credentials.storeHolder(tx, key, { holder: 'bob', by: 'ann' })],
  ['a holder who leaves', ofApp, (tx, key) => credentials.dropHolder(tx, key, 'ann')],
  ['a claim', ofToken, (tx, key) => table.holdTokenRow(tx, key, { holder: randomUUID(), heldUntil: 5, forcedAt: 6 })],
  ['a token', ofToken, (tx, key) => table.storeTokenRow(tx, key, token)],
  [
    'a failure',
    ofToken,
    (tx, key) => table.failTokenRow(tx, key, { holder, retryAt: 5, failure: 'none', forced: true }),
  ],
  ['a counted request', ofHost, (tx, key) => table.countRequest(tx, key, { request, countsUntil: 4_000 })],
  ['the end of a count', ofHost, (tx, key) => table.countingRequests(tx, key, 2_000)],
  ['a longer count', ofHost, (tx, key) => table.postponeCounts(tx, key, { byMs: 1e13, mostMs: 5_000 })],
  ['a bound to what is counted', ofHost, (tx, key) => table.boundTimes(tx, key, { ...never, countsUntil: 2_000 })],
  ['a bound to a claim', ofToken, (tx, key) => table.boundTimes(tx, key, { ...never, heldUntil: 5_000 })],
]

for (const [what, of, work] of verbs) {
  test(`${what} concerns the app, host and scope it is for, and no other`, async () => {
    const key = await neighbours()
    const touched = await touchedRows(owner, tables, () => db.control((tx) => work(tx, key)))
    assert.notEqual(touched.length, 0)
    const own = Object.entries(of(key))
    for (const row of touched)
      assert.deepEqual(
        own.map(([name]) => [name, row[name]]),
        own,
      )
  })
}

test('each app, host and scope is read by its own name', async () => {
  const key = await neighbours()
  await owner.rows(
    `update control.access_token set generation = 7 where client_id = $1 and environment = $2
    and base_url = $3 and scope = $4`,
    [key.clientId, key.environment, key.baseUrl, key.scope],
  )
  await owner.rows(`update control.credential set kid = 'own' where client_id = $1 and environment = $2`, [
    key.clientId,
    key.environment,
  ])
  assert.equal((await db.control((tx) => table.tokenRow(tx, key)))?.generation, '7')
  const kids = (await db.control((tx) => credentials.credentialsOf(tx, key))).map(({ kid }) => kid)
  assert.deepEqual(kids, ['own', 'own'])
  const counted = (await db.control((tx) => table.countingRequests(tx, key, 0))).toSorted((a, b) => a - b)
  assert.deepEqual(counted, [1_000, 1_000, 3_000], 'of both scopes, and no other host')
})

test('a request counts until its time and not at it, the latest is named first', async () => {
  const key = await neighbours()
  assert.deepEqual(await db.control((tx) => table.countingRequests(tx, key, 999)), [3_000, 1_000, 1_000])
  assert.deepEqual(await db.control((tx) => table.countingRequests(tx, key, 1_000)), [3_000])
})

test('counts are postponed by so much and to so far, and never brought forward', async () => {
  const key = await neighbours()
  const now = (await db.control((tx) => table.tokenRow(tx, key)))?.now_at ?? 0
  const counts = async (byMs: number) => {
    await db.control((tx) => table.postponeCounts(tx, key, { byMs, mostMs: 60_000 }))
    return db.control((tx) => table.countingRequests(tx, key, 0))
  }
  assert.deepEqual(await counts(2_000), [5_000, 3_000, 3_000])
  for (const at of await counts(2 * now)) {
    assert.ok(at >= now + 60_000 && at < now + 120_000, `${at - now} ms ahead`)
  }
  const later = now + 3_600_000
  await db.control((tx) => table.countRequest(tx, key, { request, countsUntil: later }))
  assert.ok(Math.abs(((await counts(1_000))[0] ?? 0) - later) < 1)
})

test('what lies later than it can is brought back, one by one, and nothing else is touched', async () => {
  const noted = { countsUntil: 3_000, heldUntil: 6_000, retryAt: 7_000, forcedAt: 8_000 }
  for (const name of ['countsUntil', 'heldUntil', 'retryAt', 'forcedAt'] as const) {
    const key = await neighbours()
    await db.control(async (tx) => {
      await table.failTokenRow(tx, key, { holder, retryAt: noted.retryAt, failure: 'throttled', forced: false })
      await table.holdTokenRow(tx, key, { holder, heldUntil: noted.heldUntil, forcedAt: noted.forcedAt })
      await table.boundTimes(tx, key, { ...never, [name]: 2_000 })
    })
    const row = await db.control((tx) => table.tokenRow(tx, key))
    const [countsUntil] = await db.control((tx) => table.countingRequests(tx, key, 0))
    const found = { countsUntil, heldUntil: row?.held_until, retryAt: row?.retry_at, forcedAt: row?.forced_at }
    assert.deepEqual(found, { ...noted, [name]: 2_000 })
  }
  const key = await neighbours()
  await db.control(async (tx) => {
    await table.storeTokenRow(tx, key, token)
    await table.boundTimes(tx, key, { ...never, heldUntil: 1, retryAt: 1 })
  })
  const row = await db.control((tx) => table.tokenRow(tx, key))
  assert.deepEqual([row?.held_until, row?.retry_at], [null, null], 'nobody waits for what there is not')
})

test('who holds the token no more neither stores one nor notes a failure', async () => {
  const key = await neighbours()
  const stranger = randomUUID()
  const stored = { done: true }
  const touched = await touchedRows(owner, tables, () =>
    db.control(async (tx) => {
      stored.done = await table.storeTokenRow(tx, key, { ...token, holder: stranger })
      await table.failTokenRow(tx, key, { holder: stranger, retryAt: 5, failure: 'none', forced: true })
    }),
  )
  assert.deepEqual([touched, stored.done], [[], false])
  assert.equal(await db.control((tx) => table.storeTokenRow(tx, key, token)), true)
})

test('a token that was stored is nobody’s to fetch, and no failure is left', async () => {
  const key = await neighbours()
  await db.control((tx) => table.storeTokenRow(tx, key, token))
  const row = await db.control((tx) => table.tokenRow(tx, key))
  assert.deepEqual(row && { ...row, now_at: 0 }, {
    generation: '8',
    sealed_token: secret,
    expires_at: 9e12,
    refresh_at: 8e12,
    usable_until: 8.5e12,
    held_until: null,
    forced_at: Date.parse('2026-01-05T00:00:00Z'),
    failures: 0,
    retry_at: null,
    failure: null,
    now_at: 0,
  })
})

test('a failure ends the claim and counts; a claim keeps when a token was last forced', async () => {
  const key = await neighbours()
  await db.control((tx) => table.failTokenRow(tx, key, { holder, retryAt: 5_000, failure: 'throttled', forced: false }))
  const failed = await db.control((tx) => table.tokenRow(tx, key))
  assert.deepEqual(
    [failed?.held_until, failed?.failures, failed?.retry_at, failed?.failure],
    [null, 3, 5_000, 'throttled'],
  )
  await db.control((tx) => table.holdTokenRow(tx, key, { holder, heldUntil: 6_000, forcedAt: null }))
  const held = await db.control((tx) => table.tokenRow(tx, key))
  assert.deepEqual([held?.held_until, held?.forced_at], [6_000, Date.parse('2026-01-05T00:00:00Z')])
  await db.control((tx) => table.holdTokenRow(tx, key, { holder, heldUntil: 6_000, forcedAt: 7_000 }))
  assert.equal((await db.control((tx) => table.tokenRow(tx, key)))?.forced_at, 7_000)
  await db.control((tx) => table.failTokenRow(tx, key, { holder, retryAt: 5, failure: 'network', forced: true }))
  assert.equal(
    (await db.control((tx) => table.tokenRow(tx, key)))?.forced_at,
    null,
    'what it was for is still to be done',
  )
})

test('a revocation leaves nothing to use, makes older tokens old, and is made once', async () => {
  const key = await neighbours()
  const revoke = () => db.control((tx) => credentials.wipeCredentials(tx, key, undefined))
  assert.deepEqual(new Set(await revoke()), new Set([1, 2]))
  const row = await db.control((tx) => table.tokenRow(tx, key))
  assert.deepEqual(
    [row?.generation, row?.sealed_token, row?.expires_at, row?.refresh_at, row?.usable_until],
    ['1', null, null, null, null],
  )
  assert.equal(await db.control((tx) => table.storeTokenRow(tx, key, token)), false, 'its fetch was under way')
  assert.deepEqual(await revoke(), [])
})

test('the revocation of one credential leaves the others, and the tokens that were got with them', async () => {
  const key = await neighbours()
  const stored = await db.control(async (tx) => {
    await table.storeTokenRow(tx, key, { ...token, credential: 2 })
    await credentials.wipeCredentials(tx, key, 1)
    return { row: await table.tokenRow(tx, key), credentials: await credentials.credentialsOf(tx, key) }
  })
  assert.equal(stored.row?.generation, '8')
  const found = stored.credentials.map((each) => [each.number, each.sealed_secret !== null, each.revoked_at !== null])
  assert.deepEqual(found, [
    [1, false, true],
    [2, true, false],
  ])
  await db.control((tx) => credentials.wipeCredentials(tx, key, 2))
  assert.equal((await db.control((tx) => table.tokenRow(tx, key)))?.sealed_token, null)
})

test('credentials stand in the order in which they are used, whatever their numbers', async () => {
  const key = await neighbours()
  const numbers = await db.control(async (tx) => {
    await store(tx, key, { first: true })
    await store(tx, key)
    return (await credentials.credentialsOf(tx, key)).map(({ number }) => number)
  })
  assert.deepEqual(numbers, [3, 1, 2, 4])
})

test('the others end after the first use of their successor, and none of them later than it would', async () => {
  const key = await neighbours()
  const ends = await db.control(async (tx) => {
    const now = (await credentials.credentialsOf(tx, key))[0]?.now_at ?? 0
    const soon = await store(tx, key, { expiresAt: now + 1_000 })
    const kept = await store(tx, key, { origin: 'vault' })
    const newest = await store(tx, key)
    await credentials.noteSuccessorOfOthers(tx, key, { number: newest, inMs: 60_000, origins: ['operator'] })
    const inSeconds = async () => {
      const rows = await credentials.credentialsOf(tx, key)
      return [1, 2, soon, kept, newest].map((number) => {
        const at = rows.find((row) => row.number === number)?.expires_at ?? null
        return at === null ? null : Math.round((at - now) / 1_000)
      })
    }
    const before = await inSeconds()
    await credentials.endSucceededCredentials(tx, key, newest)
    return [before, await inSeconds()]
  })
  assert.deepEqual(ends, [
    [null, null, 1, null, null],
    [60, 60, 1, null, null],
  ])
})

test('how long a token lives on is counted from the database’s time, of the app alone, and never less than nothing', async () => {
  const key = await neighbours()
  const left = (of: TokenKey) => db.control((tx) => table.readTokenLeftMs(tx, of))
  const expiringIn = (interval: string, { environment, clientId, scope }: TokenKey) =>
    owner.rows(
      `update control.access_token set expires_at = aegis.now() + $1::interval
       where environment = $2 and client_id = $3 and scope = $4`,
      [interval, environment, clientId, scope],
    )
  await expiringIn('2 hours', { ...key, environment: 'preview' })
  await expiringIn('2 hours', { ...key, clientId: `${key.clientId}-other` })
  await expiringIn('-1 minute', key)
  assert.equal(await left(key), 0)
  await expiringIn('1 hour', { ...key, scope: 'other' })
  const leftMs = (await left(key)) ?? 0
  assert.ok(leftMs > 3_500_000 && leftMs <= 3_600_000, `${leftMs} ms`)
  assert.equal(await left({ ...key, clientId: 'nobody' }), undefined)
})
