/** Every process of an installation may write to the tables of the key server; only its key file makes a key of ours. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { keyServers, patientClock } from '../../testing/key-servers.ts'
import { sql } from '../db/db.ts'
import { PrivateKey } from './private-key.ts'

const { database, newApp } = await keyServers()
const ann = { kind: 'operator', id: 'ann' } as const

const plantKey = sql(
  'test.plant_key',
  `insert into control.credential (environment, client_id, number, kind, origin, place, sealed_secret, kid, public_key, added_at)
   select environment, client_id, $2, 'private-key', 'operator', 99, sealed_secret, $3, $4::jsonb, now()
   from control.credential where client_id = $1 and number = $5`,
)
const changeKey = sql(
  'test.change_key',
  `update control.credential set public_key = $3::jsonb, kid = $4 where client_id = $1 and number = $2`,
)

test('a key that a process without the key file puts into the table is not published, nor what it makes of ours', async (t) => {
  const { newProcess, credential } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  const { credential: own, publicJwk } = await desk.add({ from: { generate: 'ES384' }, actor: ann })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const pem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const foreign = PrivateKey.fromBytes(pem, { kid: 'foreign' })
  const { clientId } = credential
  await database.db.control(async (tx) => {
    // Beside what is sealed of a secret, and beside what is sealed of another key.
    for (const [number, from] of [
      [7, 1],
      [8, own.number],
    ]) {
      await tx.rows(plantKey, [clientId, number, `foreign-${number}`, JSON.stringify(foreign.publicJwk), from])
    }
    await tx.rows(changeKey, [clientId, own.number, JSON.stringify(foreign.publicJwk), 'foreign'])
  })
  assert.deepEqual(await desk.publicKeys(), { keys: [publicJwk] })
})

test('a key of our own is published a quarter of an hour before it is used, and not once it is revoked', async (t) => {
  const clock = patientClock()
  const { newProcess, credential, endpoint } = await newApp(t, clock)
  const { server, source } = newProcess()
  const desk = server.desk(credential)
  const { credential: own, publicJwk } = await desk.rotate({ from: { generate: 'ES384' }, actor: ann })
  assert.equal(own.state, 'waiting')
  assert.deepEqual(await desk.publicKeys(), { keys: [publicJwk] })
  await clock.advance(899_000)
  await source('a').get()
  assert.equal(endpoint.requests.at(-1)?.assertion, '', 'athenahealth may have fetched the set just before')
  await clock.advance(1_000)
  await source('b').get()
  assert.notEqual(endpoint.requests.at(-1)?.assertion, '')
  await desk.revoke({ number: own.number, actor: ann })
  assert.deepEqual(await desk.publicKeys(), { keys: [] })
})
