import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { test } from 'node:test'
import { actor, keyServers, patientClock, settled, until } from '../../testing/key-servers.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { memoryLog } from '../../testing/memory-log.ts'
import { vaultLoginAlarms } from '../ops/vault-login-alarms.ts'
import { followVault } from './follow-vault.ts'

const { newApp, owner } = await keyServers()

test('a new version in the vault is taken up, an outage changes nothing, and what was revoked stays so', async (t) => {
  const { newProcess, credential, endpoint } = await newApp(t, patientClock())
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  let answer: readonly [number, object] = [503, { errors: [] }]
  const holding = (secret: string) => [200, { data: { data: { client_secret: secret }, metadata: {} } }] as const
  const vault = createServer((_, response) => {
    response.writeHead(answer[0], { connection: 'close' }).end(JSON.stringify(answer[1]))
  })
  await once(vault.listen(0, '127.0.0.1'), 'listening')
  const bound = vault.address()
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  const clock = manualClock()
  const log = memoryLog()
  const place = { url, mount: 'secret', path: 'athena', field: 'client_secret', login: { token: () => 't' } }
  const followed = await followVault({ keyServer: server, clock, log }, credential, { place, refreshMs: 1_000 })
  t.after(async () => {
    await followed.stop()
    vault.close()
    await once(vault, 'close')
  })
  const numbers = async () =>
    (await desk.list()).map(({ number, origin, next }) => `${number} ${origin}${next ? ' →' : ''}`)
  const stands = () => followed.standing()?.error.code
  const look = async (count: number) => {
    await clock.advance(1_000)
    await until(async () => (await desk.list()).length === count && clock.pending > 0)
    await settled()
  }
  assert.deepEqual(await numbers(), ['1 configuration →'])
  assert.deepEqual(log.events(), ['key-server.vault-unread'])
  assert.equal(stands(), 'key-server.vault-unreachable')
  answer = [403, { errors: ['permission denied'] }]
  await look(1)
  assert.equal(stands(), 'key-server.vault-refused')
  answer = holding('from-vault-1')
  await look(2)
  assert.equal(stands(), undefined)
  assert.deepEqual(await numbers(), ['2 vault →', '1 configuration'])
  answer = holding('from-vault-2')
  await look(3)
  await look(3)
  await tokens.get()
  assert.equal(endpoint.requests[0]?.secret, 'from-vault-2')
  answer = holding('from-vault-1')
  await look(3)
  assert.deepEqual(await numbers(), ['2 vault →', '3 vault', '1 configuration'], 'back to the version before')
  answer = holding('from-vault-2')
  await look(3)
  await desk.revoke({ number: 3, actor })
  await look(3)
  assert.deepEqual(await numbers(), ['3 vault', '2 vault →', '1 configuration'])
  assert.equal(stands(), 'key-server.credential-spent')
  answer = holding('from-vault-1')
  await look(3)
  assert.equal(stands(), undefined)
  await owner.rows(
    `update control.credential set expires_at = aegis.now() - interval '1 minute' where client_id = $1 and number = 2`,
    [credential.clientId],
  )
  await look(3)
  assert.equal(stands(), 'key-server.credential-over', 'which nobody took away')
  answer = [200, { data: { data: { client_secret: 'two\nlines' } } }]
  await look(3)
  assert.equal(stands(), 'key-server.secret-invalid')
  assert.deepEqual(log.events().filter((event) => event === 'key-server.vault-unread').length, 5, 'each is told once')
  assert.doesNotMatch(JSON.stringify(log.lines), /from-vault/)
})

test('the secret is used before the vault tells until when the login serves, which runs while no look succeeds', async (t) => {
  const { newProcess, credential } = await newApp(t, patientClock())
  const { server } = newProcess()
  let asked: ServerResponse | undefined
  let isSealed = false
  const vault = createServer((request, response) => {
    response.setHeader('connection', 'close')
    response.statusCode = isSealed ? 503 : 200
    if (request.url?.endsWith('/lookup-self')) asked = response
    else response.end(JSON.stringify({ data: { data: { client_secret: 'from-vault' } } }))
  })
  await once(vault.listen(0, '127.0.0.1'), 'listening')
  const bound = vault.address()
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  const clock = manualClock()
  const deps = { keyServer: server, clock, log: memoryLog() }
  const place = { url, mount: 'secret', path: 'athena', field: 'client_secret', login: { token: () => 't' } }
  const followed = await followVault(deps, credential, { place, refreshMs: 300_000 })
  t.after(async () => {
    asked?.end()
    await followed.stop()
    vault.close()
    await once(vault, 'close')
  })
  assert.equal((await server.desk(credential).list())[0]?.origin, 'vault')
  assert.equal(followed.status().login, null)
  await until(async () => asked !== undefined)
  asked?.end(JSON.stringify({ data: { ttl: 300, creation_ttl: 900 } }))
  await until(async () => followed.status().login !== null)
  assert.deepEqual(followed.status().login, { of: 'token', leftMs: 300_000, lifeMs: 900_000 })
  const alarms = () => vaultLoginAlarms(followed.status().login).map(({ message }) => message)
  await clock.advance(299_999)
  assert.deepEqual(alarms(), [], 'an agent may have renewed it since')
  isSealed = true
  await clock.advance(1)
  await until(async () => followed.standing() !== undefined)
  assert.match(alarms().join(), /has expired/)
})
