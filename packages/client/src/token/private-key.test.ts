import assert from 'node:assert/strict'
import { createPrivateKey, sign as signWithNode } from 'node:crypto'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { readJwt, testKey } from '../../testing/test-keys.ts'
import { type AthenaError, isAthenaError } from '../athena-error.ts'
import { makeAssertion } from './client-assertion.ts'
import { checkCredential, type Credential } from './credential.ts'
import type { AssertionAlg, PrivateKeyCredential } from './private-key.ts'

const tokenUrl = 'https://api.preview.platform.athenahealth.com/oauth2/v1/token'
const now = Date.UTC(2026, 2, 2, 15, 0, 0) + 900
const rsa = await testKey('RS384')
const p256 = await testKey('ES256')

function assertion(credential: Omit<PrivateKeyCredential, 'clientId'>) {
  return makeAssertion({ credential: { clientId: 'klient', ...credential }, tokenUrl, now })
}

test('an assertion says who asks, whom, until when, and which key it is', async () => {
  const { header, claims } = readJwt(await assertion({ privateKey: rsa.jwk, kid: 'key-1' }))
  assert.deepEqual(header, { alg: 'RS384', kid: 'key-1', typ: 'JWT' })
  const { jti, exp, ...rest } = claims
  assert.deepEqual(rest, { iss: 'klient', sub: 'klient', aud: tokenUrl })
  assert.match(String(jti), /^[\da-f-]{36}$/)
  const leftSeconds = Number(exp) - now / 1000
  assert.ok(Number.isInteger(exp) && leftSeconds > 60 && leftSeconds <= 300 - 60, 'clocks may differ by a minute')
})

test('no two assertions have the same jti', async () => {
  const made = await Promise.all(Array.from({ length: 20 }, () => assertion({ privateKey: p256.jwk, kid: 'k' })))
  assert.equal(new Set(made.map((jwt) => readJwt(jwt).claims['jti'])).size, 20)
})

test('the audience may be another than the token URL', async () => {
  const { claims } = readJwt(
    await assertion({ privateKey: p256.jwk, kid: 'k', audience: 'https://issuer.example.com' }),
  )
  assert.equal(claims['aud'], 'https://issuer.example.com')
})

test('the kid and alg of a JWK count when none are named', async () => {
  const { header } = readJwt(await assertion({ privateKey: { ...rsa.jwk, kid: 'own', alg: 'PS256' } }))
  assert.deepEqual([header['kid'], header['alg']], ['own', 'PS256'])
})

for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const) {
  test(`${alg} signs what its public key verifies, from a JWK and from PEM`, async () => {
    const key = await testKey(alg)
    for (const privateKey of [key.jwk, key.pem]) {
      const jwt = await assertion({ privateKey, kid: 'k', alg })
      assert.equal(readJwt(jwt).header['alg'], alg)
      assert.ok(await key.verify(jwt))
      assert.ok(!(await key.verify(jwt.replace(/\.[^.]/, '.x'))))
    }
  })
}

for (const [alg, expected] of [
  ['RS512', 'RS384'],
  ['ES256', 'ES256'],
  ['ES384', 'ES384'],
  ['ES512', 'ES512'],
] as const) {
  test(`a PEM key made for ${alg} is used with ${expected} unless told otherwise`, async () => {
    const { pem } = await testKey(alg)
    assert.equal(readJwt(await assertion({ privateKey: pem, kid: 'k' })).header['alg'], expected)
  })
}

test('a JWK meant for signatures keeps its marks: key_ops, ext and use stand in nobody’s way', async () => {
  const privateKey = { ...rsa.jwk, use: 'sig', key_ops: ['sign', 'verify'], ext: true }
  assert.ok(await rsa.verify(await assertion({ privateKey, kid: 'k', alg: 'RS384' })))
})

test('a function may sign, so that the key never comes here', async () => {
  const key = createPrivateKey(p256.pem)
  const privateKey = (input: Uint8Array) => signWithNode('sha256', input, { key, dsaEncoding: 'ieee-p1363' })
  assert.ok(await p256.verify(await assertion({ privateKey, kid: 'k', alg: 'ES256' })))
})

test('a function that signs in DER is found out here and not by a refusal without a reason', async () => {
  const key = createPrivateKey(p256.pem)
  const privateKey = (input: Uint8Array) => signWithNode('sha256', input, { key })
  await assert.rejects(assertion({ privateKey, kid: 'k', alg: 'ES256' }), { code: 'configuration', hint: /not DER/ })
})

test('an error of a function that signs reaches the caller as it is', async () => {
  const privateKey = () => Promise.reject(new RangeError('the module is locked'))
  await assert.rejects(assertion({ privateKey, kid: 'k', alg: 'ES256' }), { name: 'RangeError' })
})

const damaged = rsa.pem.split('\n').toSpliced(3, 1).join('\n')
const badAlg = 'HS256' as AssertionAlg
for (const [title, members, field, hint] of [
  ['no kid', { privateKey: rsa.jwk }, 'kid', /kid/],
  ['an empty kid', { privateKey: rsa.jwk, kid: '' }, 'kid', /kid/],
  ['an unknown alg', { privateKey: rsa.jwk, kid: 'k', alg: badAlg }, 'alg', /one of RS256/],
  ['a function without alg', { privateKey: () => new Uint8Array(), kid: 'k' }, 'alg', /name the alg/],
  ['an alg for another kind of key', { privateKey: rsa.pem, kid: 'k', alg: 'ES256' }, 'alg', /does not fit/],
  ['an alg for another curve', { privateKey: p256.jwk, kid: 'k', alg: 'ES384' }, 'alg', /does not fit/],
  ['an alg against the JWK', { privateKey: { ...rsa.jwk, alg: 'RS256' }, kid: 'k', alg: 'RS384' }, 'alg', /JWK/],
  ['a public JWK', { privateKey: { ...rsa.jwk, d: undefined }, kid: 'k' }, 'privateKey', /public half/],
  ['a JWK for encryption', { privateKey: { ...rsa.jwk, use: 'enc' }, kid: 'k' }, 'privateKey', /use/],
  ['a symmetric JWK', { privateKey: { kty: 'oct', k: 'c2VjcmV0' }, kid: 'k' }, 'privateKey', /kty RSA/],
  ['an Ed25519 JWK', { privateKey: { kty: 'OKP', crv: 'Ed25519', d: 'x' }, kid: 'k' }, 'privateKey', /kty RSA/],
  ['PKCS#1', { privateKey: rsa.pem.replaceAll(' PRIVATE', ' RSA PRIVATE'), kid: 'k' }, 'privateKey', /pkcs8/],
  ['SEC1', { privateKey: p256.pem.replaceAll(' PRIVATE', ' EC PRIVATE'), kid: 'k' }, 'privateKey', /pkcs8/],
  ['an encrypted PEM', { privateKey: rsa.pem.replaceAll('N PR', 'N ENCRYPTED PR'), kid: 'k' }, 'privateKey', /decrypt/],
  ['a public PEM', { privateKey: rsa.pem.replaceAll('PRIVATE', 'PUBLIC'), kid: 'k' }, 'privateKey', /public half/],
  ['a text that is no PEM', { privateKey: 'hunter2', kid: 'k' }, 'privateKey', /PKCS#8/],
  ['both a secret and a key', { privateKey: rsa.jwk, kid: 'k', secret: 'x' }, 'credential', /not both/],
  ['neither a secret nor a key', {}, 'secret', /secret or a privateKey/],
  ['a way to send the secret that is unknown', { secret: 'x', authMethod: 'carrier_pigeon' }, 'authMethod', /basic/],
] as const) {
  test(`a credential with ${title} is refused before anything is sent`, () => {
    // The border of a program without types.
    const credential = { clientId: 'klient', ...members } as unknown as Credential
    assert.throws(
      () => checkCredential(credential, 'preview'),
      (error: unknown) => {
        assert.ok(isAthenaError(error, 'invalid-argument'), String(error))
        assert.deepEqual(error.invalidFields, [field])
        assert.match(error.message, hint)
        return true
      },
    )
  })
}

const { p: _prime, ...withoutPrime } = rsa.jwk
for (const [title, privateKey] of [
  ['damaged PEM', damaged],
  ['a JWK without one of its numbers', withoutPrime],
  ['an RSA key of 1,024 bits', (await testKey('RS384', 1_024)).jwk],
] as const) {
  test(`${title} is a matter of configuration, and no error shows the key`, async () => {
    const error: unknown = await assertion({ privateKey, kid: 'k' }).catch((caught: unknown) => caught)
    assert.ok(isAthenaError(error) && ['configuration', 'invalid-argument'].includes(error.code), String(error))
    assert.deepEqual(error.invalidFields, ['privateKey'])
    assertSilent(error, privateKey)
  })
}

function assertSilent(error: AthenaError, key: string | object): void {
  const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)
  const secrets = typeof key === 'string' ? key.split('\n').slice(1, 3) : Object.values(key)
  for (const secret of secrets.map(String)) assert.ok(secret.length < 8 || !shown.includes(secret), shown)
}
