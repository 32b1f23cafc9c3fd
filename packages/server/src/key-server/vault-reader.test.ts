/** Against the documented HTTP contract of KV version 2 and AppRole, as Vault and OpenBao share it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { code } from '../../testing/key-servers.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { testAuthority } from '../../testing/test-certificates.ts'
import { type LoginTimes, type VaultPlace, type VaultReader, vaultReader } from './vault-reader.ts'

const readVault = (place: VaultPlace) => vaultReader(place).read()
const canary = 'canary-secret-1'
const entry = { data: { data: { client_secret: canary }, metadata: { version: 4, destroyed: false } } }

/** A listener that answers as the contract says, and notes what it was asked. */
async function vault(t: TestContext, answers: Readonly<Record<string, readonly [number, unknown]>>) {
  const asked: { line: string; headers: IncomingMessage['headers']; body: string }[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const line = `${request.method} ${request.url}`
    asked.push({ line, headers: request.headers, body: await text(request) })
    const [status, body] = answers[line] ?? [404, { errors: [] }]
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const server = createServer((request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(async () => {
    server.close()
    await once(server, 'close')
  })
  const bound = server.address()
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  const place: VaultPlace = {
    url,
    mount: 'secret',
    path: 'athena/preview',
    field: 'client_secret',
    login: { token: () => 's.token' },
  }
  return { place, asked }
}

const read = 'GET /v1/secret/data/athena/preview'

test('the newest version of the entry is read with a token', async (t) => {
  const { place, asked } = await vault(t, { [read]: [200, entry] })
  assert.equal((await readVault({ ...place, namespace: 'clinic' })).toString(), canary)
  assert.equal(asked[0]?.headers['x-vault-token'], 's.token')
  assert.equal(asked[0]?.headers['x-vault-namespace'], 'clinic')
  assert.equal(asked[0]?.headers['x-vault-request'], 'true')
})

test('an AppRole logs in first, and what it logs in with stands in the body only', async (t) => {
  const login = { roleId: () => 'role', secretId: () => 'secret-id', mount: 'approle' }
  const { place, asked } = await vault(t, {
    'POST /v1/auth/approle/login': [200, { auth: { client_token: 's.granted', lease_duration: 600 } }],
    [read]: [200, entry],
  })
  assert.equal((await readVault({ ...place, login })).toString(), canary)
  assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), { role_id: 'role', secret_id: 'secret-id' })
  assert.equal(asked[0]?.headers['x-vault-token'], undefined)
  assert.equal(asked[1]?.headers['x-vault-token'], 's.granted')
})

test('an AppRole is logged in for half of the life of what it gets, and again once that is refused', async (t) => {
  const login = { roleId: () => 'role', secretId: () => 'secret-id', mount: 'approle' }
  const answers: Record<string, readonly [number, unknown]> = {
    'POST /v1/auth/approle/login': [200, { auth: { client_token: 's.granted', lease_duration: 600 } }],
    [read]: [200, entry],
  }
  const { place, asked } = await vault(t, answers)
  const clock = manualClock()
  const reader = vaultReader({ ...place, login }, clock)
  const logins = () => asked.filter(({ line }) => line.startsWith('POST')).length
  await reader.read()
  await clock.advance(299_999)
  await reader.read()
  assert.deepEqual([logins(), asked.length], [1, 3])
  await clock.advance(1)
  await reader.read()
  assert.equal(logins(), 2)
  answers[read] = [403, { errors: ['permission denied'] }]
  await assert.rejects(reader.read(), code('key-server.vault-refused'))
  assert.equal(logins(), 3, 'it may have been revoked')
  answers[read] = [404, { errors: [] }]
  await assert.rejects(reader.read(), code('key-server.vault-refused'))
  assert.equal(logins(), 3, 'a login would not bring the entry')
})

test('an AppRole without the right to the entry logs in every quarter of an hour, not at every look', async (t) => {
  const login = { roleId: () => 'role', secretId: () => 'secret-id', mount: 'approle' }
  const answers: Record<string, readonly [number, unknown]> = {
    'POST /v1/auth/approle/login': [200, { auth: { client_token: 's.granted', lease_duration: 86_400 } }],
    [read]: [403, { errors: ['permission denied'] }],
  }
  const { place, asked } = await vault(t, answers)
  const clock = manualClock()
  const reader = vaultReader({ ...place, login }, clock)
  const logins = () => asked.filter(({ line }) => line.startsWith('POST')).length
  for (let look = 0; look < 60; look++) {
    await assert.rejects(reader.read(), code('key-server.vault-refused'))
    await clock.advance(15_000)
  }
  assert.deepEqual([logins(), asked.length], [1, 61])
  answers[read] = [200, entry]
  await reader.read()
  assert.equal(logins(), 2, 'the role may have been given another policy')
  await clock.advance(43_000_000)
  await reader.read()
  assert.equal(logins(), 2)
})

async function readAndLookUp(reader: VaultReader) {
  await reader.read()
  await reader.lookUp()
}

const lookSelf = 'GET /v1/auth/token/lookup-self'
const lookSecretId = 'POST /v1/auth/approle/role/athena/secret-id/lookup'
const loggedIn = { client_token: 's.granted', lease_duration: 600, metadata: { role_name: 'athena' } }
const day = 86_400

const lives: readonly [
  what: string,
  asked: string,
  answer: readonly [number, unknown],
  login: LoginTimes | undefined,
][] = [
  [
    'a token with an end',
    lookSelf,
    [200, { data: { ttl: 3 * day, creation_ttl: 32 * day, expire_time: '2027-01-01T00:00:00Z' } }],
    { of: 'token', expiresAt: 3 * day * 1_000, lifeMs: 32 * day * 1_000 },
  ],
  [
    'a token without one',
    lookSelf,
    [200, { data: { ttl: 0, creation_ttl: 0, expire_time: null } }],
    { of: 'token', expiresAt: Number.POSITIVE_INFINITY, lifeMs: Number.POSITIVE_INFINITY },
  ],
  ['a token that may not look itself up', lookSelf, [403, { errors: ['permission denied'] }], undefined],
  ['a token of a vault that says something else', lookSelf, [200, '<html>'], undefined],
  ['a token of a vault that fails at that', lookSelf, [500, {}], undefined],
  [
    'a secret id with an end',
    lookSecretId,
    [200, { data: { expiration_time: '1970-01-11T00:00:00Z', secret_id_ttl: 90 * day, secret_id_num_uses: 0 } }],
    { of: 'secret-id', expiresAt: 10 * day * 1_000, lifeMs: 90 * day * 1_000 },
  ],
  [
    'a secret id without one',
    lookSecretId,
    [200, { data: { expiration_time: '0001-01-01T00:00:00Z', secret_id_ttl: 0 } }],
    { of: 'secret-id', expiresAt: Number.POSITIVE_INFINITY, lifeMs: Number.POSITIVE_INFINITY },
  ],
  ['a secret id of a role that may not look it up', lookSecretId, [403, { errors: [] }], undefined],
  ['a secret id that the vault does not know', lookSecretId, [204, ''], undefined],
]
for (const [what, path, answer, expected] of lives) {
  test(`until when the login serves, of ${what}; the secret is read in any case`, async (t) => {
    const { place, asked } = await vault(t, {
      'POST /v1/auth/approle/login': [200, { auth: loggedIn }],
      [read]: [200, entry],
      [path]: answer,
    })
    const appRole = { roleId: () => 'role', secretId: () => 'secret-id', mount: 'approle' }
    const clock = manualClock(0)
    const reader = vaultReader(path === lookSelf ? place : { ...place, login: appRole }, clock)
    assert.equal((await reader.read()).toString(), canary)
    assert.ok(!asked.some(({ line }) => line === path), 'the secret does not wait for that')
    await reader.lookUp()
    assert.deepEqual(reader.times(), { login: expected, loginAsOf: 0, authorityExpiresAt: undefined })
    const [lookedUp] = asked.filter(({ line }) => line === path)
    assert.equal(lookedUp?.headers['x-vault-token'], path === lookSelf ? 's.token' : 's.granted')
    if (path === lookSecretId) assert.deepEqual(JSON.parse(lookedUp?.body ?? ''), { secret_id: 'secret-id' })
    const lookedUpAfter = async (ms: number) => {
      await clock.advance(ms)
      await readAndLookUp(reader)
      return asked.filter(({ line }) => line === path).length
    }
    assert.equal(await lookedUpAfter(899_999), 1, 'a refusal is not asked for again at once')
    assert.equal(await lookedUpAfter(1), expected ? 1 : 2)
    assert.equal(await lookedUpAfter(3 * 3_600_000 + 2_699_999), expected ? 1 : 3)
    assert.equal(await lookedUpAfter(1), expected ? 2 : 3)
  })
}

test('what is known of a token is of no other one, and stays while the vault is away', async (t) => {
  const answers: Record<string, readonly [number, unknown]> = {
    [read]: [200, entry],
    [lookSelf]: [200, { data: { ttl: 60, creation_ttl: 600 } }],
  }
  const { place, asked } = await vault(t, answers)
  let token = 's.one'
  const clock = manualClock(0)
  const reader = vaultReader({ ...place, login: { token: () => token } }, clock)
  await readAndLookUp(reader)
  await clock.advance(29_999)
  await readAndLookUp(reader)
  assert.equal(asked.length, 3)
  answers[lookSelf] = [503, {}]
  await clock.advance(1)
  await readAndLookUp(reader)
  assert.equal(asked.length, 5, 'half of what was left is over')
  await clock.advance(10_000)
  assert.equal(reader.times().loginAsOf, 40_000, 'it counts on: it was not known anew')
  answers[read] = [503, {}]
  await assert.rejects(reader.read())
  assert.equal(reader.times().login?.expiresAt, 60_000)
  token = 's.two'
  answers[lookSelf] = [200, { data: { ttl: 60, creation_ttl: 600 } }]
  await clock.advance(900_000)
  await assert.rejects(reader.read())
  await reader.lookUp()
  assert.equal(reader.times().login, undefined)
})

test('a new secret id is looked up at once, while what the former one logged in for serves on', async (t) => {
  const { place, asked } = await vault(t, {
    'POST /v1/auth/approle/login': [200, { auth: loggedIn }],
    [read]: [200, entry],
    [lookSecretId]: [200, { data: { expiration_time: '1970-01-11T00:00:00Z', secret_id_ttl: 0 } }],
  })
  let secretId = 'one'
  const login = { roleId: () => 'role', secretId: () => secretId, mount: 'approle' }
  const reader = vaultReader({ ...place, login }, manualClock(0))
  await readAndLookUp(reader)
  secretId = 'two'
  await readAndLookUp(reader)
  const lookedUp = asked.filter(({ line }) => line === lookSecretId).map(({ body }) => JSON.parse(body).secret_id)
  assert.deepEqual(lookedUp, ['one', 'two'])
  assert.equal(asked.length, 5, 'one login')
})

const damaged = '-----BEGIN CERTIFICATE-----\nMIIB!!damaged!!\n-----END CERTIFICATE-----\n'

test('of the authorities in the file the one counts that the vault’s certificate is from', async (t) => {
  const [brief, lasting] = [testAuthority('vault authority', '270101'), testAuthority('vault authority', '400101')]
  const { key, cert } = brief.identity('vault', ['localhost'])
  const server = createTlsServer({ key, cert }, (_, response) => {
    response.writeHead(200, { connection: 'close' }).end(JSON.stringify(entry))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(async () => {
    server.close()
    await once(server, 'close')
  })
  const bound = server.address()
  const url = `https://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  const { place } = await vault(t, {})
  let ca = brief.ca + lasting.ca
  const reader = vaultReader({ ...place, url, ca: () => ca })
  const endsIn = () => new Date(reader.times().authorityExpiresAt ?? 0).getUTCFullYear()
  assert.equal((await reader.read()).toString(), canary)
  assert.equal(endsIn(), 2027)
  ca = lasting.ca
  await assert.rejects(reader.read(), code('key-server.vault-unreachable'))
  assert.equal(endsIn(), 2040)
  ca = brief.ca + damaged
  assert.equal((await reader.read()).toString(), canary, 'damage behind the one that counts')
  assert.equal(reader.times().authorityExpiresAt, undefined)
})

const failures: readonly (readonly [
  what: string,
  answer: readonly [number, unknown],
  expected: Parameters<typeof code>[0],
])[] = [
  ['a token without the right', [403, { errors: ['permission denied: canary'] }], 'key-server.vault-refused'],
  ['no such entry', [404, { errors: [] }], 'key-server.vault-refused'],
  ['a deleted version', [200, { data: { data: null, metadata: { deletion_time: 'x' } } }], 'key-server.vault-refused'],
  ['no such field', [200, { data: { data: { other: canary } } }], 'key-server.vault-refused'],
  ['a field that is no text', [200, { data: { data: { client_secret: 5 } } }], 'key-server.vault-refused'],
  ['a page of something else', [200, '<html>canary'], 'key-server.vault-refused'],
  ['a sealed vault', [503, { errors: ['Vault is sealed'] }], 'key-server.vault-unreachable'],
  ['one over its limits', [429, {}], 'key-server.vault-unreachable'],
  ['a standby that sends on to the active one', [307, ''], 'key-server.vault-unreachable'],
  ['a replica that is not up to date yet', [412, { errors: ['canary'] }], 'key-server.vault-unreachable'],
]
for (const [what, answer, expected] of failures) {
  test(`${what}: said with the remedy, and without a word of the answer`, async (t) => {
    const { place } = await vault(t, { [read]: answer })
    const failure: unknown = await readVault(place).catch((error: unknown) => error)
    code(expected)(failure)
    assert.match(String(failure), /Remedy: /)
    assert.doesNotMatch(inspect(failure), /canary|s\.token/)
  })
}

test('of an answer without an end no more is read than an entry can have', async (t) => {
  const flood = createServer((_, response) => {
    const pour = () => {
      while (response.write('x'.repeat(65_536)));
    }
    response.writeHead(200).on('drain', pour)
    pour()
  })
  await once(flood.listen(0, '127.0.0.1'), 'listening')
  t.after(async () => {
    flood.closeAllConnections()
    flood.close()
    await once(flood, 'close')
  })
  const bound = flood.address()
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  const { place } = await vault(t, {})
  await assert.rejects(readVault({ ...place, url }), /UND_ERR_RES_EXCEEDED_MAX_SIZE/)
})

test('one that does not answer is said to be unreachable', async (t) => {
  const { place } = await vault(t, {})
  await assert.rejects(readVault({ ...place, url: 'http://127.0.0.1:1' }), code('key-server.vault-unreachable'))
})
