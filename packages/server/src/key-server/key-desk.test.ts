import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { code, keyServers, patientClock, until } from '../../testing/key-servers.ts'
import { granting, type TokenAnswer, type TokenEndpoint } from '../../testing/token-endpoint.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { KeyDesk } from './key-desk.ts'

const { owner, newApp } = await keyServers()
const ann = { kind: 'operator', id: 'ann' } as const
const bob = { kind: 'operator', id: 'bob' } as const
const hour = 3_600_000

const content = (text: string) => ({ content: Buffer.from(`${text}\n`) })
const add = (desk: KeyDesk, text: string, first = false) => desk.add({ from: content(text), actor: ann, first })
const told = async (desk: KeyDesk) =>
  (await desk.list()).map(({ number, state, next }) => `${number} ${state}${next ? ' →' : ''}`)

const refusing: TokenAnswer = { status: 401, body: () => '{"error":"invalid_client"}' }

/** Accepts only these secrets from now on. */
function accept(endpoint: TokenEndpoint, secrets: readonly string[]): void {
  endpoint.judge = ({ secret }) => (secrets.includes(secret) ? granting() : refusing)
}

test('of several secrets the first is used, and when athenahealth refuses it, the next at once', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential, log } = await newApp(t, clock)
  const { server, source } = newProcess({ requestsPerMinute: { local: 50 } })
  const desk = server.desk(credential)
  await add(desk, 'second')
  await add(desk, 'zeroth', true)
  assert.deepEqual(await told(desk), ['3 live →', '1 live', '2 live'])
  accept(endpoint, ['second'])
  await source('a').get()
  assert.deepEqual(
    endpoint.requests.map(({ secret }) => secret),
    ['zeroth', 'canary-secret-1', 'second'],
  )
  assert.deepEqual(await told(desk), ['3 refused', '1 refused', '2 live →'])
  assert.equal(log.lines.filter(({ event }) => event === 'key-server.credential-refused').length, 2)
  await source('b').get()
  assert.equal(endpoint.requests.length, 4, 'the refused ones are passed over')
  await clock.advance(hour)
  accept(endpoint, ['zeroth'])
  await source('c').get()
  assert.equal(endpoint.requests.at(-1)?.secret, 'zeroth')
  assert.deepEqual(await told(desk), ['3 live →', '1 live', '2 live'])
})

test('when athenahealth refuses all, it is asked once in five minutes, with one of them', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential } = await newApp(t, clock)
  const { server, tokens } = newProcess({ requestsPerMinute: { local: 50 } })
  await add(server.desk(credential), 'second')
  accept(endpoint, [])
  for (let minute = 0; minute < 15; minute++) {
    await assert.rejects(tokens.get(), code('key-server.credential-refused'))
    await clock.advance(60_000)
  }
  assert.equal(endpoint.requests.length, 4, 'both, and then one in five minutes')
})

test('all secrets together keep the limit per minute', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential } = await newApp(t, clock)
  const { server, tokens } = newProcess({ requestsPerMinute: { local: 2 } })
  const desk = server.desk(credential)
  for (const text of ['second', 'third', 'fourth']) await add(desk, text)
  accept(endpoint, ['fourth'])
  await assert.rejects(tokens.get(), code('key-server.token-unavailable'))
  assert.equal(endpoint.requests.length, 2)
  await clock.advance(61_000)
  await tokens.get()
  assert.equal(endpoint.requests.length, 4)
})

test('a rotation uses the new secret and lets the others end a day after that', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential } = await newApp(t, clock)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  await tokens.get()
  const { result, credential: made } = await desk.rotate({ from: content('new'), actor: ann })
  assert.deepEqual([result, made.number, made.next], ['added', 2, true])
  await clock.advance(hour)
  await tokens.get()
  assert.deepEqual(
    endpoint.requests.map(({ secret }) => secret),
    ['canary-secret-1', 'new'],
  )
  assert.deepEqual(await told(desk), ['2 live →', '1 live'])
  await clock.advance(24 * hour - 1)
  assert.deepEqual(await told(desk), ['2 live →', '1 live'])
  await clock.advance(1)
  assert.deepEqual(await told(desk), ['2 live →', '1 expired'])
})

test('a rotation to a secret that athenahealth does not know takes none away', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential } = await newApp(t, clock)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  accept(endpoint, ['canary-secret-1', 'right'])
  await desk.rotate({ from: content('mistyped'), actor: ann })
  await clock.advance(25 * hour)
  await tokens.get()
  assert.deepEqual(await told(desk), ['2 refused', '1 live →'])
  assert.deepEqual(
    (await desk.list()).map(({ endsAfter }) => endsAfter),
    [undefined, 2],
  )
  await desk.rotate({ from: content('right'), actor: ann })
  await clock.advance(hour)
  await tokens.get()
  await clock.advance(24 * hour)
  assert.deepEqual(await told(desk), ['3 live →', '2 expired', '1 expired'])
})

test('a rotation that was taken back by a revocation lets none end', async (t) => {
  const { newProcess, credential } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  await desk.rotate({ from: content('new'), actor: ann })
  await desk.revoke({ number: 2, actor: ann })
  assert.deepEqual(
    (await desk.list()).map(({ state, endsAfter, expiresAt }) => [state, endsAfter, expiresAt]),
    [
      ['revoked', undefined, undefined],
      ['live', undefined, undefined],
    ],
  )
})

test('one that would end before it is used is refused, and takes none of the others away', async (t) => {
  const clock = patientClock()
  const { newProcess, credential } = await newApp(t, clock)
  const desk = newProcess().server.desk(credential)
  const now = clock.now()
  await desk.add({ from: content('known'), actor: ann })
  for (const [text, expiresAt, usedAfterMs] of [
    ['new', now - 1, 0],
    ['new', now + hour, hour],
    ['known', now, 0],
  ] as const) {
    const given = { from: content(text), actor: ann, expiresAt, usedAfterMs }
    await assert.rejects(desk.rotate(given), code('key-server.expiry-invalid'))
    await assert.rejects(desk.add({ ...given, from: content(text) }), code('key-server.expiry-invalid'))
  }
  assert.deepEqual(
    (await desk.list()).map(({ number, expiresAt, endsAfter }) => [number, expiresAt, endsAfter]),
    [
      [1, undefined, undefined],
      [2, undefined, undefined],
    ],
  )
})

test('one that is to be used later is not used before, and then comes first', async (t) => {
  const clock = patientClock()
  const { newProcess, credential } = await newApp(t, clock)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  await desk.rotate({ from: content('new'), actor: ann, usedAfterMs: hour, keepMs: hour })
  assert.deepEqual(await told(desk), ['2 waiting', '1 live →'])
  await clock.advance(hour)
  await tokens.get()
  assert.deepEqual(await told(desk), ['2 live →', '1 live'], 'the former one lasts an hour from now on')
  await clock.advance(hour)
  assert.deepEqual(await told(desk), ['2 live →', '1 expired'])
})

test('where the only one is still to begin, it is said when, and that is waited for', async (t) => {
  const clock = patientClock()
  const { newProcess, credential, endpoint } = await newApp(t, clock)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  await desk.revoke({ number: 1, actor: ann })
  await desk.add({ from: content('first'), actor: ann, usedAfterMs: hour })
  await desk.add({ from: content('later'), actor: ann, usedAfterMs: 2 * hour })
  const said = await tokens.get().catch((error: unknown) => error)
  assert.ok(isAegisError(said, 'key-server.credential-waiting'), String(said))
  const begins = (await desk.list()).find(({ number }) => number === 2)?.usedFrom ?? 0
  assert.deepEqual([said.detail.credential, said.detail.beginsAt], [2, new Date(begins).toISOString()])
  await clock.advance(hour)
  await tokens.get()
  assert.equal(endpoint.requests.length, 1)
})

test('with the last secret expired, that is what is said', async (t) => {
  const clock = patientClock()
  const { newProcess, credential, endpoint } = await newApp(t, clock)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  await desk.revoke({ number: 1, actor: ann })
  await desk.add({ from: content('brief'), actor: ann, expiresAt: clock.now() + hour })
  await tokens.get()
  await clock.advance(hour)
  await assert.rejects(tokens.get(), code('key-server.credential-expired'))
  assert.equal(endpoint.requests.length, 1)
})

test('the revocation of one secret takes its token away everywhere, and the next one serves', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential } = await newApp(t, clock)
  const [one, other] = [newProcess(), newProcess()]
  const desk = one.server.desk(credential)
  await add(desk, 'second')
  await Promise.all([one.tokens.get(), other.tokens.get()])
  assert.deepEqual(await desk.revoke({ number: 1, actor: ann }), [1])
  assert.equal((await one.tokens.get()).value, 'canary-token-2')
  await clock.advance(5_000)
  assert.equal((await other.tokens.get()).value, 'canary-token-2')
  assert.deepEqual(
    endpoint.requests.map(({ secret }) => secret),
    ['canary-secret-1', 'second'],
  )
  await desk.revoke({ number: 2, actor: ann })
  await assert.rejects(one.tokens.get(), code('key-server.credential-missing'))
})

test('a revocation takes the tokens of every scope away', async (t) => {
  const { newProcess, credential } = await newApp(t)
  const { server, source } = newProcess()
  for (const scope of ['a', 'b']) await source(scope).get()
  await server.desk(credential).revoke({ actor: ann })
  for (const scope of ['a', 'b']) await assert.rejects(source(scope).get(), code('key-server.credential-missing'))
})

test('the revocation of a secret that is not in use costs no token', async (t) => {
  const { endpoint, newProcess, credential } = await newApp(t)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  await add(desk, 'second')
  await tokens.get()
  await desk.revoke({ number: 2, actor: ann })
  await tokens.get()
  assert.equal(endpoint.requests.length, 1)
})

test('a token that was on its way when its secret was revoked is not used', async (t) => {
  const { endpoint, newProcess, credential } = await newApp(t)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  await add(desk, 'second')
  let opened = () => undefined as void
  endpoint.gate = new Promise((resolve) => {
    opened = resolve
  })
  const asked = tokens.get()
  await until(async () => endpoint.requests.length > 0)
  await desk.revoke({ number: 1, actor: ann })
  opened()
  assert.equal((await asked).value, 'canary-token-2')
  assert.equal(endpoint.requests.at(-1)?.secret, 'second')
})

test('a secret given by a person again is tried again; one that was revoked never is', async (t) => {
  const { endpoint, newProcess, credential } = await newApp(t)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  accept(endpoint, [])
  await assert.rejects(tokens.get(), code('key-server.credential-refused'))
  accept(endpoint, ['canary-secret-1'])
  await assert.rejects(tokens.get(), code('key-server.credential-refused'))
  assert.equal((await add(desk, 'canary-secret-1')).result, 'unchanged')
  await tokens.get()
  await desk.revoke({ number: 1, actor: ann })
  await assert.rejects(add(desk, 'canary-secret-1'), code('key-server.credential-spent'))
})

test('a rotation back to a secret that is about to end uses it first again, for good', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, credential } = await newApp(t, clock)
  const { server, tokens } = newProcess()
  const desk = server.desk(credential)
  await desk.rotate({ from: content('wrong'), actor: ann })
  const { result, credential: back } = await desk.rotate({ from: content('canary-secret-1'), actor: ann })
  assert.deepEqual([result, back.number, back.next, back.endsAfter], ['renewed', 1, true, undefined])
  await tokens.get()
  await clock.advance(24 * hour)
  assert.deepEqual(await told(desk), ['1 live →', '2 expired'])
  await tokens.get()
  assert.equal(endpoint.requests.at(-1)?.secret, 'canary-secret-1')
})

test('one that had expired, was given again and then revoked is not taken up once more', async (t) => {
  const clock = patientClock()
  const { newProcess, credential } = await newApp(t, clock)
  const desk = newProcess().server.desk(credential)
  await desk.add({ from: content('brief'), actor: ann, expiresAt: clock.now() + hour })
  await clock.advance(hour)
  assert.equal((await desk.rotate({ from: content('brief'), actor: ann })).result, 'renewed')
  assert.deepEqual(await told(desk), ['2 live →', '1 live'])
  await desk.revoke({ number: 2, actor: ann })
  await assert.rejects(desk.rotate({ from: content('brief'), actor: ann }), code('key-server.credential-spent'))
})

test('a key is known by itself: under another kid once it was revoked, and no other one takes its kid', async (t) => {
  const { newProcess, credential } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  const [key, other] = ['P-256', 'P-256'].map((namedCurve) =>
    String(generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'pem' })),
  )
  const give = (pem = '', kid = '') => desk.add({ from: { ...content(pem), names: { kid } }, actor: ann })
  await give(key, 'a')
  assert.equal((await give(key, 'a')).result, 'unchanged')
  await assert.rejects(give(other, 'a'), code('key-server.private-key-invalid'))
  await desk.revoke({ number: 2, actor: ann })
  for (const kid of ['a', 'b']) await assert.rejects(give(key, kid), code('key-server.credential-spent'))
})

test('what a person gives wrongly is refused, and nothing is stored', async (t) => {
  const { newProcess, credential } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  await assert.rejects(add(desk, 'two\nlines'), code('key-server.secret-invalid'))
  await assert.rejects(add(desk, '{"kty":"RSA"}'), code('key-server.private-key-invalid'))
  await assert.rejects(desk.revoke({ number: 7, actor: ann }), code('key-server.credential-missing'))
  assert.deepEqual(await told(desk), ['1 live →'])
})

test('with holders, nobody else changes a credential, and who tries is in the audit log', async (t) => {
  const { newProcess, credential } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  await assert.rejects(
    desk.changeHolders({ action: 'add', holder: 'ann', actor: bob }),
    code('key-server.holder-refused'),
  )
  assert.equal(await desk.changeHolders({ action: 'add', holder: 'ann', actor: ann }), true)
  assert.equal(await desk.changeHolders({ action: 'add', holder: 'ann', actor: ann }), false)
  const attempts: readonly (() => Promise<unknown>)[] = [
    () => desk.add({ from: content('second'), actor: bob }),
    () => desk.rotate({ from: content('second'), actor: bob }),
    () => desk.revoke({ actor: bob }),
    () => desk.changeHolders({ action: 'add', holder: 'bob', actor: bob }),
    () => desk.changeHolders({ action: 'remove', holder: 'ann', actor: bob }),
  ]
  for (const attempt of attempts) await assert.rejects(attempt(), code('key-server.not-a-holder'))
  assert.deepEqual(await told(desk), ['1 live →'])
  await assert.rejects(
    desk.changeHolders({ action: 'remove', holder: 'ann', actor: ann }),
    code('key-server.holder-refused'),
  )
  await desk.changeHolders({ action: 'add', holder: 'bob', actor: ann })
  await desk.add({ from: content('second'), actor: bob })
  await desk.changeHolders({ action: 'remove', holder: 'ann', actor: bob })
  assert.deepEqual(
    (await desk.holders()).map(({ holder, addedBy }) => [holder, addedBy]),
    [['bob', 'ann']],
  )
  await assert.rejects(add(desk, 'third'), code('key-server.not-a-holder'))
  const refused = await owner.rows<{ actor_id: string }>(
    `select actor_id from audit.entry where entity = $1 and subtype = 'change-refused' and outcome = 'failure'`,
    [`local/${credential.clientId}`],
  )
  assert.deepEqual(refused.map(({ actor_id }) => actor_id).toSorted(), ['ann', 'ann', ...Array(6).fill('bob')])
})

test('a change that is refused for what is given is in the audit log, once; one of the configuration is not', async (t) => {
  const { newProcess, credential, give } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  await desk.revoke({ actor: ann })
  await give()
  await assert.rejects(add(desk, 'canary-secret-1'), code('key-server.credential-spent'))
  await assert.rejects(desk.add({ from: content('late'), actor: bob, expiresAt: 0 }), code('key-server.expiry-invalid'))
  const refused = await owner.rows<{ actor_id: string }>(
    `select actor_id from audit.entry where entity = $1 and subtype = 'change-refused' and outcome = 'failure'`,
    [`local/${credential.clientId}`],
  )
  assert.deepEqual(refused.map(({ actor_id }) => actor_id).toSorted(), ['ann', 'bob'])
})

test('the configuration is no person: it gives a secret whoever the holders are', async (t) => {
  const { newProcess, credential, give } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  await desk.changeHolders({ action: 'add', holder: 'ann', actor: ann })
  assert.equal(await give('canary-secret-2'), 'replaced')
})

test('nothing that the desk answers holds a secret', async (t) => {
  const { newProcess, credential } = await newApp(t)
  const desk = newProcess().server.desk(credential)
  const answers = [
    await desk.add({ from: content('canary-secret-2'), actor: ann }),
    await desk.add({ from: { generate: 'ES384' }, actor: ann }),
    await desk.list(),
    await desk.publicKeys(),
    await desk.holders(),
    await desk.revoke({ number: 2, actor: ann }),
  ]
  const text = JSON.stringify(answers)
  assert.doesNotMatch(text, /canary|"d"|sealed/)
  assert.match(text, /"crv":"P-384"/)
})
