/** Every process of an installation may write to the tables of the key server; only its key file makes a key of ours. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { keyServers } from '../../testing/key-servers.ts'
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
