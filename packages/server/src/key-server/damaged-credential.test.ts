/** What is sealed may be damaged, and what goes wrong before a request is sent is no answer of athenahealth's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyServers, patientClock } from '../../testing/key-servers.ts'
import { readSqlClock } from '../db/sql-clock.sql.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { AppRef } from './app-ref.ts'
import * as table from './token.sql.ts'

const { owner, database, newApp, newServer } = await keyServers()
const ann = { kind: 'operator', id: 'ann' } as const
const content = (text: string) => ({ content: Buffer.from(`${text}\n`) })

/** Flips a bit of what is sealed of a credential. */
async function damage(app: AppRef, number: number, column: 'sealed_secret' | 'sealed_digest'): Promise<void> {
  await owner.rows(
    `update control.credential set ${column} = set_byte(${column}, 90, get_byte(${column}, 90) # 1)
     where client_id = $1 and number = $2`,
    [app.clientId, number],
  )
}

async function auditOf(app: AppRef): Promise<string[]> {
  const rows = await owner.rows<{ entity: string; outcome: string }>(
    `select entity, outcome from audit.entry where entity like $1 and subtype = 'token-request' and outcome <> 'attempt'`,
    [`local/${app.clientId}/%`],
  )
  return rows.map(({ entity, outcome }) => `${entity.split('/')[2]} ${outcome}`).toSorted()
}

test('of two secrets the first does not open: the second serves, and the first is told of until it is given again', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential, log } = await newApp(t, clock)
  const { server, tokens, source } = newProcess({ requestsPerMinute: { local: 2 } })
  const desk = server.desk(credential)
  await desk.add({ from: content('second'), actor: ann })
  await damage(credential, 1, 'sealed_secret')
  await tokens.get()
  assert.equal(endpoint.requests[0]?.secret, 'second')
  assert.deepEqual(
    (await desk.list()).map(({ number, state, unusable }) => [number, state, unusable]),
    [
      [1, 'refused', 'sealing.unreadable'],
      [2, 'live', undefined],
    ],
  )
  assert.deepEqual(await auditOf(credential), ['1 failure', '2 success'])
  assert.ok(log.events().includes('key-server.credential-unreadable'))
  await source('other').get()
  assert.equal(endpoint.requests.length, 2, 'what was not sent does not count towards the limit')
  await desk.add({ from: content('canary-secret-1'), actor: ann })
  assert.deepEqual((await desk.list())[0]?.unusable, undefined)
  await clock.advance(3_600_000)
  await tokens.get()
  assert.equal(endpoint.requests.at(-1)?.secret, 'canary-secret-1')
})

test('the only secret does not open: that is said, and what the configuration gives again mends it', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential, give } = await newApp(t, clock)
  const { tokens } = newProcess()
  await damage(credential, 1, 'sealed_secret')
  await assert.rejects(tokens.get(), (error) => {
    assert.ok(isAegisError(error, 'key-server.token-unavailable'), String(error))
    return error.detail['reason'] === 'sealing.unreadable' && isAegisError(error.cause, 'sealing.unreadable')
  })
  assert.deepEqual(endpoint.requests, [])
  const [trouble] = await database.db.control((tx) => table.tokenTroubles(tx, credential))
  assert.deepEqual([trouble?.failure, trouble?.failures], ['sealing.unreadable', 1])
  assert.equal(await give(), 'unchanged')
  await tokens.get()
})

test('what is refused before it is sent ends the claim, counts for nothing, and is told', async (t) => {
  const { endpoint, credential, log } = await newApp(t)
  const clock = patientClock()
  let refusals = 1
  const fetch: typeof endpoint.fetch = async (...args) => {
    if (refusals-- > 0) throw new AegisError('egress.address-refused', { allowed: 'x', reach: 'y' })
    return endpoint.fetch(...args)
  }
  const server = newServer({ clock, fetch, log, options: { requestsPerMinute: { local: 1 } } })
  t.after(() => server.stop())
  const { baseUrl } = endpoint
  const tokens = server.tokenSource({ credential, environment: 'local', baseUrl })
  const unavailable = (error: unknown) =>
    isAegisError(error, 'key-server.token-unavailable') && error.detail['reason'] === 'egress.address-refused'
  await assert.rejects(tokens.get(), unavailable)
  await assert.rejects(tokens.get(), unavailable, 'at once, and not after the claim of a dead process')
  const [troubles, counting] = await database.db.control(async (tx) => {
    const key = { ...credential, baseUrl, scope: 'athena/service/Athenanet.MDP.*' }
    return [await table.tokenTroubles(tx, credential), await table.countingRequests(tx, key, await readSqlClock(tx))]
  })
  assert.deepEqual([troubles.map(({ failure }) => failure), counting], [['egress.address-refused'], []])
  assert.deepEqual(await auditOf(credential), ['1 failure'])
})

test('a secret of which not even the digest opens keeps none from being given', async (t) => {
  const { newProcess, credential, give, log } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  await damage(credential, 1, 'sealed_digest')
  assert.equal((await desk.add({ from: content('second'), actor: ann })).result, 'added')
  await desk.revoke({ number: 1, actor: ann })
  assert.equal((await desk.rotate({ from: content('third'), actor: ann })).result, 'added')
  assert.equal(await give('fourth'), 'replaced')
  assert.equal(await give('fourth'), 'unchanged', 'the others are still known')
  assert.ok(log.events().includes('key-server.credential-unrecognizable'))
})
