import { AthenaError } from '../athena-error.ts'
import type { Environment } from '../environment.ts'
import { algorithmOfDer, readPkcs8 } from './pkcs8.ts'

/** How an assertion is signed (RFC 7518, section 3). Which of them athenahealth takes is unconfirmed. */
export type AssertionAlg = keyof typeof algorithms

/**
 * Signs an assertion where the key lives, e.g. in a key server or a hardware module. Gets the bytes to sign and gives the
 * signature as JWS wants it: for ES* the numbers r and s side by side (IEEE P1363), not DER.
 */
export type SignAssertion = (input: Uint8Array) => Promise<Uint8Array> | Uint8Array

/**
 * A private key as a JSON Web Key (RFC 7517, RFC 7518). Written out, because the runtime's own type for it is a global in
 * browsers' types only.
 */
export interface PrivateJwk {
  /** `RSA` or `EC`. */
  readonly kty?: string
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
  readonly key_ops?: string[]
  readonly ext?: boolean
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
  readonly d?: string
  readonly p?: string
  readonly q?: string
  readonly dp?: string
  readonly dq?: string
  readonly qi?: string
}

/** An app's client id and a private key whose public half athenahealth knows (`private_key_jwt`, RFC 7523). */
export interface PrivateKeyCredential {
  readonly clientId: string
  /** A JWK, a PKCS#8 key as PEM text, or a function that signs, so that the key need never be here. */
  readonly privateKey: PrivateJwk | string | SignAssertion
  /** Which of the app's published keys it is. May stand in the JWK instead. */
  readonly kid?: string
  /**
   * Default: the JWK's, else what fits the key: RS384 for RSA, ES256, ES384 or ES512 by curve. Required with a function.
   */
  readonly alg?: AssertionAlg
  /** Whom the assertion is made out to. Default: the URL the token is asked at. athenahealth's wish is unconfirmed. */
  readonly audience?: string
  /** The environment the app was made in; if named, it must be the client's. */
  readonly environment?: Environment
}

/** A key ready to sign with: its header members, and how. */
export interface Signer {
  readonly alg: AssertionAlg
  readonly kid: string
  readonly sign: SignAssertion
}

interface Algorithm {
  readonly name: 'RSASSA-PKCS1-v1_5' | 'RSA-PSS' | 'ECDSA'
  readonly hash: 'SHA-256' | 'SHA-384' | 'SHA-512'
  readonly saltLength?: number
  readonly namedCurve?: 'P-256' | 'P-384' | 'P-521'
  /** Of an ECDSA signature: r and s side by side. */
  readonly signatureBytes?: number
}

const algorithms = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  RS384: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' },
  RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 },
  PS384: { name: 'RSA-PSS', hash: 'SHA-384', saltLength: 48 },
  PS512: { name: 'RSA-PSS', hash: 'SHA-512', saltLength: 64 },
  ES256: { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256', signatureBytes: 64 },
  ES384: { name: 'ECDSA', hash: 'SHA-384', namedCurve: 'P-384', signatureBytes: 96 },
  ES512: { name: 'ECDSA', hash: 'SHA-512', namedCurve: 'P-521', signatureBytes: 132 },
} as const satisfies Record<string, Algorithm>

/** Shorter RSA keys are refused by RFC 7518, and by servers that heed it. */
const RSA_BITS_MIN = 2_048
const TOO_SHORT = 'an RSA key has at least 2048 bits'

/** What SMART Backend Services wants of servers: RS384 for RSA; for a curve there is only one. */
const defaultAlgs: Readonly<Record<string, AssertionAlg>> = {
  RSA: 'RS384',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
}

/** Refuses what can be seen to be wrong without using the key: `invalid-argument`, never with anything of the key. */
export function checkPrivateKey(credential: PrivateKeyCredential): void {
  describeKey(credential)
}

/**
 * The signer of a credential. The key is imported for WebCrypto as not extractable. Rejects with `invalid-argument` or,
 * when the key's content is not what it says it is, `configuration`.
 */
export async function makeSigner(credential: PrivateKeyCredential): Promise<Signer> {
  const { alg, kid } = describeKey(credential)
  const { privateKey } = credential
  if (typeof privateKey === 'function')
    return { alg, kid, sign: async (input) => checked(alg, await privateKey(input)) }
  const algorithm: Algorithm = algorithms[alg]
  const key = await importKey(privateKey, algorithm).catch(() => {
    throw unusable(`the private key cannot be used for ${alg}; check that it is whole and of that kind`)
  })
  if ('modulusLength' in key.algorithm && Number(key.algorithm.modulusLength) < RSA_BITS_MIN) throw unusable(TOO_SHORT)
  return {
    alg,
    kid,
    sign: async (input) => {
      // Bytes over a buffer of their own: WebCrypto takes no shared memory, and the type says so.
      const signature = await globalThis.crypto.subtle.sign(algorithm, key, new Uint8Array(input))
      return new Uint8Array(signature)
    },
  }
}

function importKey(key: PrivateJwk | string, algorithm: Algorithm): Promise<CryptoKey> {
  const { subtle } = globalThis.crypto
  if (typeof key === 'string') return subtle.importKey('pkcs8', readPkcs8(key), algorithm, false, ['sign'])
  // Only what makes the key: `alg`, `use`, `key_ops` and `ext` are hints for others, and some stand in WebCrypto's way.
  const { kty, n, e, d, p, q, dp, dq, qi, crv, x, y } = key
  const members = Object.entries({ kty, n, e, d, p, q, dp, dq, qi, crv, x, y }).filter(
    ([, value]) => value !== undefined,
  )
  return subtle.importKey('jwk', Object.fromEntries(members), algorithm, false, ['sign'])
}

function describeKey(credential: PrivateKeyCredential): { readonly alg: AssertionAlg; readonly kid: string } {
  const { privateKey } = credential
  const jwk: PrivateJwk = typeof privateKey === 'object' && privateKey !== null ? privateKey : {}
  if (typeof privateKey === 'object') checkJwk(jwk)
  const kid = credential.kid ?? jwk.kid
  if (typeof kid !== 'string' || kid === '') {
    throw invalid('kid', 'name the key by the kid it has in the key set that athenahealth knows')
  }
  if (jwk.alg !== undefined && credential.alg !== undefined && jwk.alg !== credential.alg) {
    throw invalid('alg', 'alg is another one than in the JWK')
  }
  return { alg: checkAlg(credential.alg ?? jwk.alg, kindOf(privateKey)), kid }
}

/** `RSA`, a curve's name, or undefined where only the signing function knows. */
function kindOf(key: PrivateKeyCredential['privateKey']): string | undefined {
  if (typeof key === 'function') return undefined
  if (typeof key === 'string') return algorithmOfDer(readPkcs8(key))
  return key.kty === 'RSA' ? 'RSA' : key.crv
}

function checkAlg(alg: string | undefined, kind: string | undefined): AssertionAlg {
  const chosen = alg ?? (kind === undefined ? undefined : defaultAlgs[kind])
  if (chosen === undefined) throw invalid('alg', 'name the alg that the function signs with, e.g. RS384')
  if (!isAlg(chosen)) throw invalid('alg', `alg is one of ${Object.keys(algorithms).join(', ')}`)
  const algorithm: Algorithm = algorithms[chosen]
  if (kind !== undefined && kind !== (algorithm.namedCurve ?? 'RSA')) {
    throw invalid('alg', `${chosen} does not fit a key of the kind ${kind}`)
  }
  return chosen
}

function isAlg(alg: string): alg is AssertionAlg {
  return Object.hasOwn(algorithms, alg)
}

function checkJwk(jwk: PrivateJwk): void {
  const known = jwk.kty === 'RSA' || (jwk.kty === 'EC' && defaultAlgs[jwk.crv ?? ''] !== undefined)
  if (!known) throw wrongKey('the JWK must be of kty RSA, or of kty EC on P-256, P-384 or P-521')
  if (typeof jwk.d !== 'string' || jwk.d === '')
    throw wrongKey('this is the public half of the key; give the private one')
  if (jwk.use !== undefined && jwk.use !== 'sig') throw wrongKey('the JWK is not meant for signatures (use)')
}

/** A DER signature has the wrong length; sent as it is, athenahealth would say no more than that the client is invalid. */
function checked(alg: AssertionAlg, signature: Uint8Array): Uint8Array {
  const { signatureBytes }: Algorithm = algorithms[alg]
  if (signature instanceof Uint8Array && (signatureBytes ?? signature.length) === signature.length) return signature
  const wants = signatureBytes === undefined ? 'bytes' : `${signatureBytes} bytes, r and s side by side (not DER)`
  throw unusable(`the function that signs must give ${wants} for ${alg}`)
}

function unusable(hint: string): AthenaError {
  return new AthenaError('configuration', { invalidFields: ['privateKey'], hint })
}

function wrongKey(hint: string): AthenaError {
  return invalid('privateKey', hint)
}

function invalid(field: string, hint: string): AthenaError {
  return new AthenaError('invalid-argument', { invalidFields: [field], hint })
}
