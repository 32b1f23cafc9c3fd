/** What is told of tokens, over what really stands in the database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { code, until } from '../../testing/key-servers.ts'
import { remoteKeyServers } from '../../testing/remote-key-servers.ts'
import { granting } from '../../testing/token-endpoint.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { tokenTroubles } from '../key-server/token.sql.ts'
import { credentialAlarms } from './credential-alarms.ts'

const { database, world } = await remoteKeyServers()

async function alarmsOf({ clock, credential, desk }: Awaited<ReturnType<typeof world>>) {
  const credentials = await desk.list()
  const troubles = await database.db.control((tx) => tokenTroubles(tx, credential))
  return credentialAlarms({ credentials, troubles, now: clock.now() })
}

test('tokens that are refused as soon as they are granted are an alarm, until one is renewed in peace', async (t) => {
  const app = await world(t)
  const { clock } = app
  const { tokens } = app.newProcess()
  const alarms = async () => (await alarmsOf(app)).map(({ message }) => message)
  const refused = ['athenahealth refuses tokens that it granted a moment ago.']
  let { generation } = await tokens.get()
  for (let minute = 0; minute < 3; minute++) {
    generation = (await tokens.get({ newerThan: generation })).generation
    assert.deepEqual(await alarms(), minute === 0 ? [] : refused, 'one that is refused alone may have been revoked')
    await assert.rejects(tokens.get({ newerThan: generation }), code('key-server.token-unavailable'))
    assert.deepEqual(await alarms(), refused)
    await clock.advance(60_000)
  }
  await clock.advance(3_240_000)
  await tokens.get()
  await until(async () => (await tokens.get()).generation !== generation)
  assert.deepEqual(await alarms(), [])
})

test('a page that a gateway answers with 200 in the place of a token is an alarm about the way to athenahealth, not about the credential', async (t) => {
  const app = await world(t)
  const { endpoint, clock } = app
  endpoint.answer = { status: 200, contentType: 'text/html', body: () => '<html>canary <form action="/sign-in">' }
  const own = app.newProcess().tokens
  const asked = [own, app.worker().tokens].flatMap((tokens) => Array.from({ length: 20 }, () => tokens.get()))
  for (const result of await Promise.allSettled(asked)) {
    assert.ok(result.status === 'rejected')
    assert.ok(isAegisError(result.reason, 'key-server.token-unavailable'), String(result.reason))
    assert.doesNotMatch(JSON.stringify([String(result.reason), result.reason.detail]), /canary|<html/)
  }
  assert.equal(endpoint.requests.length, 1)
  const [alarm, ...others] = await alarmsOf(app)
  assert.deepEqual([alarm?.level, alarm?.code, others], ['error', 'key-server.token-unavailable', []])
  assert.match(alarm?.message ?? '', /^No new token can be had \(malformed-response\)/)
  assert.match(alarm?.remedy ?? '', /^What answers at the base URL is not the token endpoint .*: check athena\.baseUrl/)
  endpoint.answer = granting()
  await clock.advance(60_000)
  assert.equal((await own.get()).value, 'canary-token-2')
  assert.deepEqual(await alarmsOf(app), [])
})
