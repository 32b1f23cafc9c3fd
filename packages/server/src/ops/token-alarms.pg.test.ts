/** What is told of tokens, over what really stands in the database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { code, keyServers, patientClock, until } from '../../testing/key-servers.ts'
import { tokenTroubles } from '../key-server/token.sql.ts'
import { credentialAlarms } from './credential-alarms.ts'

const { database, newApp } = await keyServers()

test('tokens that are refused as soon as they are granted are an alarm, until one is renewed in peace', async (t) => {
  const clock = patientClock()
  const { newProcess, credential } = await newApp(t, clock)
  const { server, tokens } = newProcess()
  const alarms = async () => {
    const credentials = await server.desk(credential).list()
    const troubles = await database.db.control((tx) => tokenTroubles(tx, credential))
    return credentialAlarms({ credentials, troubles, now: clock.now() }).map(({ message }) => message)
  }
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
