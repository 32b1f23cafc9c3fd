import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { isAegisError } from '../errors/aegis-error.ts'
import { looksLikeKey, PrivateKey } from './private-key.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
const ed = generateKeyPairSync('ed25519').privateKey

const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  String(key.export({ type, format: 'pem' as const }))
const jwk = (key: KeyObject, more: object = {}) => JSON.stringify({ ...key.export({ format: 'jwk' }), ...more })
const read = (text: string, names = {}) => PrivateKey.fromBytes(Buffer.from(text), names)

const taken: readonly (readonly [what: string, text: string, names: object, alg: string, kid?: string])[] = [
  ['an RSA key in PKCS#8', pem(rsa), { kid: 'a' }, 'RS384', 'a'],
  ['an RSA key in PKCS#1', pem(rsa, 'pkcs1'), { alg: 'PS256' }, 'PS256'],
  ['an EC key in SEC 1', pem(p384, 'sec1'), {}, 'ES384'],
  ['a JWK with its names', jwk(rsa, { kid: 'own', alg: 'RS256', use: 'sig' }), {}, 'RS256', 'own'],
  ['a JWK under another name', ` \n${jwk(p384, { kid: 'own' })}`, { kid: 'new' }, 'ES384', 'new'],
]
for (const [what, text, names, alg, kid] of taken) {
  test(`${what} is taken, and only its public half shown`, () => {
    const key = read(text, names)
    assert.equal(key.publicJwk.alg, alg)
    if (kid !== undefined) assert.equal(key.kid, kid)
    assert.equal(key.publicJwk.kid, key.kid)
    assert.ok(createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' }))
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.ok(!(member in key.publicJwk), member)
    const whole: unknown = JSON.parse(key.take().toString())
    assert.ok(typeof whole === 'object' && whole !== null && 'd' in whole)
    assert.throws(
      () => key.take(),
      (error) => isAegisError(error, 'key-server.secret-taken'),
    )
  })
}

test('a key without a name goes by its thumbprint of RFC 7638', () => {
  const one = read(pem(rsa))
  assert.match(one.kid, /^[\w-]{43}$/)
  assert.equal(read(jwk(rsa)).kid, one.kid)
  assert.notEqual(read(pem(p384)).kid, one.kid)
})

const refused: readonly (readonly [what: string, text: string, names: object, said: RegExp])[] = [
  ['a public key', JSON.stringify(createPublicKey(rsa).export({ format: 'jwk' })), {}, /public half/],
  ['a public key in PEM', String(createPublicKey(rsa).export({ type: 'spki', format: 'pem' })), {}, /public/],
  ['a set of keys', JSON.stringify({ keys: [] }), {}, /set of keys/],
  ['a symmetric key', JSON.stringify({ kty: 'oct', k: 'canary' }), {}, /RSA or EC/],
  ['a short key', pem(short), {}, /2,048/],
  ['a key of another kind', pem(ed), {}, /RSA key, or an EC key/],
  ['a key for encryption', jwk(rsa, { use: 'enc' }), {}, /signatures/],
  ['half a key', pem(rsa).slice(0, 200), {}, /not whole/],
  ['half a JWK', '{"kty":"RSA","canary', {}, /no JSON/],
  ['an alg of another kind', pem(rsa), { alg: 'ES384' }, /RS256, RS384/],
  ['HMAC', pem(rsa), { alg: 'HS256' }, /RS256, RS384/],
  ['none', jwk(rsa, { alg: 'none' }), {}, /RS256, RS384/],
  ['a name with blanks', pem(rsa), { kid: 'two words' }, /kid/],
  ['a key with a passphrase', pemWithPassphrase(), {}, /passphrase/],
  ['a novel', `{${'x'.repeat(20_000)}`, {}, /longer/],
]
for (const [what, text, names, said] of refused) {
  test(`${what} is refused with what is wrong, and without a word of it`, () => {
    assert.throws(
      () => read(text, names),
      (error) => {
        assert.ok(isAegisError(error, 'key-server.private-key-invalid'), String(error))
        assert.match(error.message, said)
        assert.doesNotMatch(inspect(error), /canary|MII[A-Z]/)
        return true
      },
    )
  })
}

function pemWithPassphrase(): string {
  return String(rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }))
}

for (const alg of ['RS384', 'ES384'] as const) {
  test(`a key for ${alg} is made, and shows nowhere`, async () => {
    const key = await PrivateKey.generate(alg)
    assert.equal(key.publicJwk.alg, alg)
    const shown = [
      String(key),
      inspect(key, { showHidden: true }),
      JSON.stringify({ key }),
      inspect(structuredClone(key)),
    ]
    const d = String(JSON.parse(key.take().toString()).d)
    for (const text of shown) assert.ok(!text.includes(d))
    if (alg === 'RS384') assert.ok((key.publicJwk.n?.length ?? 0) >= 512, '3,072 bits')
  })
}

test('what begins like a key is one, and everything else is a secret', () => {
  for (const text of ['{"kty":"RSA"}', '\n -----BEGIN PRIVATE KEY-----']) assert.ok(looksLikeKey(Buffer.from(text)))
  for (const text of ['', 'a-secret', '-----', 'x{']) assert.ok(!looksLikeKey(Buffer.from(text)))
})
