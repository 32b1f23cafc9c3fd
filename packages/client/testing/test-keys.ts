import type { AssertionAlg, PrivateJwk } from '../src/token/private-key.ts'

const { subtle } = globalThis.crypto

export interface TestKey {
  readonly jwk: PrivateJwk
  /** PKCS#8. */
  readonly pem: string
  /** Whether a JWT's signature is by this key. */
  verify(jwt: string): Promise<boolean>
}

/** A new key pair for an algorithm. RSA keys take a while to make: share one among tests. */
export async function testKey(alg: AssertionAlg, bits = 2_048): Promise<TestKey> {
  const algorithm = algorithmOf(alg, bits)
  const pair = await subtle.generateKey(algorithm, true, ['sign', 'verify'])
  // Signing algorithms give pairs.
  const { privateKey, publicKey } = pair as CryptoKeyPair
  const { alg: _alg, key_ops: _ops, ext: _ext, ...jwk } = await subtle.exportKey('jwk', privateKey)
  const der = Buffer.from(await subtle.exportKey('pkcs8', privateKey)).toString('base64')
  return {
    jwk,
    pem: `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`,
    verify: (jwt) => {
      const [input, signature] = split(jwt)
      return subtle.verify(algorithm, publicKey, Buffer.from(signature, 'base64url'), Buffer.from(input))
    },
  }
}

/** Header and claims of a JWT. */
export function readJwt(jwt: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const [header, claims] = jwt
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return { header, claims }
}

function split(jwt: string): [input: string, signature: string] {
  const dot = jwt.lastIndexOf('.')
  return [jwt.slice(0, dot), jwt.slice(dot + 1)]
}

function algorithmOf(alg: AssertionAlg, bits: number) {
  const hash = `SHA-${alg.slice(2)}`
  if (alg.startsWith('ES')) return { name: 'ECDSA', hash, namedCurve: alg === 'ES512' ? 'P-521' : `P-${alg.slice(2)}` }
  const rsa = {
    hash,
    modulusLength: bits,
    publicExponent: new Uint8Array([1, 0, 1]),
    saltLength: Number(alg.slice(2)) / 8,
  }
  return { ...rsa, name: alg.startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5' }
}
