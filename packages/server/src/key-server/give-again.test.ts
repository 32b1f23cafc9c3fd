/** A key that is stored already is given once more, to be used otherwise. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { canarySecret, code, keyServers, patientClock } from '../../testing/key-servers.ts'

const { newApp } = await keyServers()
const ann = { kind: 'operator', id: 'ann' } as const
const hour = 3_600_000
/** Head or claims of an assertion. */
const partOf = (jwt: string, part: 0 | 1) =>
  JSON.parse(String(Buffer.from(jwt.split('.')[part] ?? '', 'base64url'))) as Record<string, unknown>
const content = (text: string) => ({ content: Buffer.from(`${text}\n`) })

test('a key that is known is used as said when it is rotated to, and what is not said stays', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential } = await newApp(t, clock)
  const { server, source } = newProcess()
  const desk = server.desk(credential)
  const pem = String(
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  )
  const from = (alg?: string) => ({ ...content(pem), names: { kid: 'a', ...(alg !== undefined && { alg }) } })
  const signed = async () => {
    await source(`s${endpoint.requests.length}`).get()
    const jwt = endpoint.requests.at(-1)?.assertion ?? ''
    return [partOf(jwt, 0)['alg'], partOf(jwt, 1)['aud']]
  }
  await desk.rotate({ from: from('PS256'), actor: ann })
  assert.deepEqual(await signed(), ['PS256', `${endpoint.baseUrl}/oauth2/v1/token`])
  const known = await desk.rotate({ from: from(), actor: ann, audience: 'https://one.example' })
  assert.deepEqual(
    [known.result, known.credential.alg, known.credential.audience],
    ['renewed', 'PS256', 'https://one.example'],
  )
  assert.deepEqual(await signed(), ['PS256', 'https://one.example'])
  await desk.rotate({ from: from('RS512'), actor: ann })
  assert.deepEqual(await signed(), ['RS512', 'https://one.example'])
  assert.deepEqual(
    (await desk.publicKeys()).keys.map(({ alg }) => alg),
    ['RS512'],
  )
})

test('what is added again stays as it is, and what is said of it otherwise is refused', async (t) => {
  const { newProcess, credential } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  const pem = String(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  )
  const give = (more: object, names = {}) => desk.add({ from: { ...content(pem), names }, actor: ann, ...more })
  const expiresAt = Date.UTC(2040, 0, 1)
  await give({ audience: 'https://one.example', expiresAt }, { alg: 'ES256' })
  const same = [{}, { audience: 'https://one.example' }, { expiresAt }]
  for (const more of same) assert.equal((await give(more)).result, 'unchanged')
  assert.equal((await give({}, { alg: 'ES256' })).result, 'unchanged')
  for (const more of [{ audience: 'https://other.example' }, { expiresAt: expiresAt + 1 }, { usedAfterMs: hour }]) {
    await assert.rejects(give(more), code('key-server.credential-known'))
  }
})

test('a secret that is rotated back to for later waits until then, and the one in use serves meanwhile', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential } = await newApp(t, clock)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  const told = async () => (await desk.list()).map(({ number, state, next }) => `${number} ${state}${next ? ' →' : ''}`)
  await desk.rotate({ from: content('new'), actor: ann })
  await tokens.get()
  const back = await desk.rotate({ from: content(canarySecret), actor: ann, usedAfterMs: hour })
  assert.equal(back.result, 'renewed')
  assert.deepEqual(await told(), ['1 waiting', '2 live →'])
  await clock.advance(hour - 1_000)
  assert.deepEqual(await told(), ['1 waiting', '2 live →'])
  await clock.advance(2_000)
  assert.deepEqual(await told(), ['1 live →', '2 live'])
  await tokens.get()
  assert.deepEqual(
    endpoint.requests.map(({ secret }) => secret),
    ['new', canarySecret],
  )
})

test('a key is not taken for another one that was revoked', async (t) => {
  const { newProcess, credential } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  const give = (kid: string) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    return desk.add({ from: { ...content(pem), names: { kid } }, actor: ann })
  }
  const { credential: first } = await give('a')
  await desk.revoke({ number: first.number, actor: ann })
  assert.equal((await give('b')).result, 'added')
})
