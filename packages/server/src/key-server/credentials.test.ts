import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { actor, code, keyServers, patientClock } from '../../testing/key-servers.ts'
import { Secret } from './secret.ts'

const { owner, newApp } = await keyServers()

test('a revoked credential hands out no token, in other processes within five seconds', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential, give } = await newApp(t, clock)
  const [one, other] = [newProcess(), newProcess()]
  await Promise.all([one.tokens.get(), other.tokens.get()])
  await one.server.desk(credential).revoke({ actor })
  await assert.rejects(one.tokens.get(), code('key-server.credential-missing'))
  await clock.advance(5_000)
  await assert.rejects(other.tokens.get(), code('key-server.credential-missing'))
  assert.equal(endpoint.requests.length, 1)
  const [row] = await owner.rows<{ secret: unknown; tokens: string }>(
    `select sealed_secret as secret, (select count(*) from control.access_token t where t.client_id = c.client_id
       and sealed_token is not null) as tokens from control.credential c where client_id = $1`,
    [credential.clientId],
  )
  assert.deepEqual(row, { secret: null, tokens: '0' })
  await assert.rejects(one.server.desk(credential).revoke({ actor }), code('key-server.credential-missing'))
  assert.equal(await give(), 'revoked', 'an old file does not bring it back')
  await assert.rejects(other.tokens.get(), code('key-server.credential-missing'))
  assert.equal(await give('canary-secret-3'), 'added')
  assert.equal((await other.tokens.get()).value, 'canary-token-2')
})

test('a secret given again changes nothing, another one takes its place, and no call gives one back', async (t) => {
  const { credential, newProcess, give } = await newApp(t)
  assert.equal(await give(), 'unchanged')
  assert.equal(await give('canary-secret-2'), 'replaced')
  assert.equal(await give('canary-secret-2'), 'unchanged')
  assert.equal(await give(), 'unchanged', 'the former one stands by')
  const listed = await newProcess().server.desk(credential).list()
  assert.deepEqual(
    listed.map(({ number, next, endsAfter }) => [number, next, endsAfter]),
    [
      [2, true, undefined],
      [1, false, 2],
    ],
  )
  assert.doesNotMatch(JSON.stringify(listed), /canary/)
})

test('processes that start together with the same secret agree, and one of them stores it', async (t) => {
  const { newProcess } = await newApp(t)
  const credential = { environment: 'local', clientId: `together-${randomUUID()}` } as const
  const results = await Promise.all(
    Array.from({ length: 8 }, () => {
      const material = Secret.fromBytes(Buffer.from('canary-secret-1'))
      return newProcess().server.offerCredential(credential, { material, origin: 'configuration' })
    }),
  )
  assert.deepEqual(results.toSorted(), ['added', ...Array(7).fill('unchanged')])
})

test('a credential of one environment is refused in another, and a host of another too, before any request', async (t) => {
  const { credential, endpoint, newProcess } = await newApp(t)
  const { server } = newProcess()
  const { baseUrl } = endpoint
  assert.throws(
    () => server.tokenSource({ credential, environment: 'production' }),
    code('key-server.environment-crossed'),
  )
  const preview = { environment: 'preview', clientId: credential.clientId } as const
  assert.throws(
    () => server.tokenSource({ credential: preview, environment: 'production' }),
    code('key-server.environment-crossed'),
  )
  for (const wrong of [baseUrl, 'https://api.platform.athenahealth.com', 'https://example.com']) {
    assert.throws(
      () => server.tokenSource({ credential: preview, environment: 'preview', baseUrl: wrong }),
      code('key-server.base-url-refused'),
    )
  }
  assert.equal(endpoint.requests.length, 0)
})

test('a secret moved to another environment in the database does not open, and nothing is sent', async (t) => {
  const { credential, endpoint, newProcess } = await newApp(t)
  await owner.rows(
    `with app as (insert into control.app select 'production', client_id, last_number from control.app where client_id = $1)
     insert into control.credential (environment, client_id, number, kind, origin, place, sealed_secret, added_at)
     select 'production', client_id, number, kind, origin, place, sealed_secret, added_at
     from control.credential where client_id = $1`,
    [credential.clientId],
  )
  const moved = newProcess().server.tokenSource({
    credential: { environment: 'production', clientId: credential.clientId },
    environment: 'production',
  })
  await assert.rejects(moved.get(), /sealing\.unreadable/)
  assert.equal(endpoint.requests.length, 0)
})

test('every change and every use of a credential is in the audit log', async (t) => {
  const { credential, endpoint, newProcess, give } = await newApp(t)
  const { server, tokens } = newProcess()
  await tokens.get()
  await tokens.get()
  endpoint.answer = { status: 500, body: () => '' }
  await assert.rejects(
    server.tokenSource({ credential, environment: 'local', baseUrl: endpoint.baseUrl, scope: 'other' }).get(),
  )
  await give('canary-secret-2')
  await server.desk(credential).revoke({ actor })
  const entries = await owner.rows<{ subtype: string; action: string; outcome: string; entity: string }>(
    'select subtype, action, outcome, entity from audit.entry where entity like $1',
    [`local/${credential.clientId}/%`],
  )
  const told = entries.map(
    ({ subtype, action, outcome, entity }) => `${entity.split('/')[2]} ${subtype} ${action} ${outcome}`,
  )
  assert.deepEqual(told.toSorted(), [
    '1 add C success',
    '1 revoke D success',
    '1 token-request E attempt',
    '1 token-request E attempt',
    '1 token-request E failure',
    '1 token-request E success',
    '2 add C success',
    '2 revoke D success',
  ])
})

test('neither secret nor token is anywhere in the database, in the log or in errors', async (t) => {
  const { credential, endpoint, newProcess, log } = await newApp(t)
  const { tokens, source } = newProcess()
  await tokens.get()
  endpoint.answer = { status: 401, body: () => '{"error":"canary","detailedmessage":"canary-secret-1"}' }
  const failure = await source('other')
    .get()
    .catch((error: unknown) => error)
  const tables = await owner.rows<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('aegis', 'control', 'audit')`,
  )
  assert.ok(tables.length > 5)
  const dump: string[] = []
  for (const { name } of tables) {
    for (const { line } of await owner.rows<{ line: string }>(`select t::text as line from ${name} t`)) dump.push(line)
  }
  const text = [...dump, JSON.stringify(log.lines), String(failure), JSON.stringify(failure)].join('\n')
  const spellings = (canary: string) =>
    ['utf8', 'hex', 'base64', 'base64url'].map((coding) => Buffer.from(canary).toString(coding as BufferEncoding))
  for (const needle of [...spellings('canary-secret'), ...spellings('canary-token')]) {
    assert.ok(!text.includes(needle.replace(/=+$/, '').slice(0, 16)), needle)
  }
  assert.ok(
    dump.some((line) => line.includes(credential.clientId)),
    'the dump is empty',
  )
})
