import { constants, createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto'

/** Algorithms an assertion may be signed with. `none` and HMAC are not among them and cannot be added. */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

/** A set of public keys (RFC 7517). */
export interface JwkSet {
  readonly keys: readonly JsonWebKey[]
}

/** A key that signatures can be checked with. */
export interface PublicKey {
  readonly kid: string | undefined
  /** The one algorithm it is for; any that fits its kind if undefined. */
  readonly algorithm: string | undefined
  readonly key: KeyObject
}

/** A set that is larger is refused: nobody rotates through so many. */
const keysMax = 100
/** RFC 7518, 3.3 and 3.5: RSA keys have 2048 bits or more. */
const modulusBitsMin = 2048

/** Curve by algorithm, RFC 7518, 3.4, with the names of OpenSSL. */
const curves: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' }

/** Members only private and symmetric keys have. */
const privateMembers = ['d', 'p', 'q', 'k'] as const

/**
 * Reads a set of keys. Keys that cannot check a signature (for encryption, of an unknown kind or curve, too short) are
 * left out, as RFC 7517, 5 asks. Throws TypeError when it is no set or holds a private key, which nobody else may have.
 */
export function readJwkSet(set: unknown): readonly PublicKey[] {
  if (typeof set !== 'object' || set === null || !('keys' in set) || !Array.isArray(set.keys)) {
    throw new TypeError('is no JWKS; give {"keys": [{"kty": "RSA", "kid": "…", "n": "…", "e": "AQAB"}]}')
  }
  if (set.keys.length > keysMax) throw new TypeError(`holds more than ${keysMax} keys`)
  return set.keys.flatMap((jwk: unknown) => readJwk(jwk) ?? [])
}

function readJwk(jwk: unknown): PublicKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError('holds something that is no key')
  // Node checks the members that matter.
  const { kid, alg, use, kty } = jwk as Readonly<Record<string, unknown>>
  if (privateMembers.some((member) => member in jwk)) {
    throw new TypeError('holds a private key: keep it, and give its public part')
  }
  if ((use !== undefined && use !== 'sig') || (kty !== 'RSA' && kty !== 'EC')) return undefined
  const key = keyOf(jwk)
  if (key === undefined || !isStrong(key)) return undefined
  return {
    kid: typeof kid === 'string' ? kid : undefined,
    algorithm: typeof alg === 'string' ? alg : undefined,
    key,
  }
}

function keyOf(jwk: object): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    return undefined
  }
}

function isStrong({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= modulusBitsMin
  return Object.values(curves).includes(details?.namedCurve ?? '')
}

export interface Signed {
  readonly algorithm: SignatureAlgorithm
  readonly data: string
  readonly signature: Buffer
}

/** Whether a signature was made with the private part of a key. A key of another kind or curve made none. */
export function isSignedBy({ key, algorithm: only }: PublicKey, { algorithm, data, signature }: Signed): boolean {
  if (only !== undefined && only !== algorithm) return false
  const hash = `sha${algorithm.slice(2)}`
  const bytes = Buffer.from(data, 'utf8')
  const curve = curves[algorithm]
  if (curve !== undefined) {
    if (key.asymmetricKeyDetails?.namedCurve !== curve) return false
    return verify(hash, bytes, { key, dsaEncoding: 'ieee-p1363' }, signature)
  }
  if (key.asymmetricKeyType !== 'rsa') return false
  if (algorithm.startsWith('RS')) return verify(hash, bytes, key, signature)
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return verify(hash, bytes, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature)
}
