import { createHash, createPrivateKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto'
import { promisify, inspect } from 'node:util'
import type { AssertionAlg } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'

/** A public key as others may see it (RFC 7517). */
export interface PublicJwk {
  readonly kty: string
  readonly kid: string
  readonly alg: string
  readonly use: 'sig'
  readonly n?: string
  readonly e?: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
}

/** How a key of our own making signs. athenahealth's wish is unconfirmed; RS384 is what SMART asks servers to take. */
export const generatedAlgs = ['RS384', 'ES384', 'RS256', 'ES256', 'RS512', 'ES512'] as const
export type GeneratedAlg = (typeof generatedAlgs)[number]

/** RFC 7518, 3.3 asks for 2,048; NIST SP 800-57 takes 3,072 for what is to last beyond 2030. */
const modulusLength = 3_072
const modulusBitsMin = 2_048
const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
const rsaAlgs: readonly string[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const bytesMax = 16_384
const kidPattern = /^[\x21-\x7e]{1,256}$/

/** What of a given key is not in it, or not as wanted. */
export interface KeyNames {
  readonly kid?: string
  readonly alg?: string
}

/**
 * An app's private key on its way in. Shows as `[redacted]` wherever it is printed; it can be taken once, as the JSON of
 * its JWK. Its public half may be shown to everybody.
 */
export class PrivateKey {
  readonly kid: string
  readonly publicJwk: PublicJwk
  /** How it is to sign, where that was said; else what fits was chosen. */
  readonly namedAlg: string | undefined
  #bytes: Buffer | undefined

  private constructor(key: KeyObject, { kid, alg }: KeyNames) {
    const { d, p, q, dp, dq, qi, ...pub } = key.export({ format: 'jwk' })
    const chosen = algOf(key, pub, alg)
    this.namedAlg = alg
    this.kid = kid ?? thumbprint(pub)
    if (!kidPattern.test(this.kid)) throw invalid('the kid is longer than 256 characters or holds strange ones')
    this.publicJwk = { ...named(pub), kid: this.kid, alg: chosen, use: 'sig' }
    const secret = Object.fromEntries(
      Object.entries({ d, p, q, dp, dq, qi }).filter(([, value]) => value !== undefined),
    )
    this.#bytes = Buffer.from(JSON.stringify({ ...pub, ...secret, kid: this.kid, alg: chosen }))
  }

  /**
   * From the content of a file or of standard input: a JWK, or a key in PEM (PKCS#8, PKCS#1 or SEC 1) without a
   * passphrase. The bytes given are wiped. A kid that is not named is the key's thumbprint (RFC 7638).
   * `key-server.private-key-invalid` with what is wrong, and never with anything of the key.
   */
  static fromBytes(bytes: Uint8Array, names: KeyNames = {}): PrivateKey {
    const text = Buffer.from(bytes).toString('utf8')
    bytes.fill(0)
    if (text.length > bytesMax) throw invalid('it is longer than any key')
    const jwk = text.trimStart().startsWith('{') ? readJwk(text) : undefined
    const key = jwk ? fromJwk(jwk) : fromPem(text)
    const kid = names.kid ?? textOf(jwk?.kid)
    const alg = names.alg ?? textOf(jwk?.alg)
    return new PrivateKey(key, { ...(kid !== undefined && { kid }), ...(alg !== undefined && { alg }) })
  }

  /** A new key. Its private half is nowhere but in what is returned. */
  static async generate(alg: GeneratedAlg): Promise<PrivateKey> {
    const curve = curves[alg]
    const make = promisify(generateKeyPair)
    const { privateKey } = await (curve === undefined
      ? make('rsa', { modulusLength })
      : make('ec', { namedCurve: curve }))
    return new PrivateKey(privateKey, { alg })
  }

  /** Whether this is its public half, under whatever kid. */
  isOf(other: PublicJwk | null): boolean {
    return other !== null && thumbprint(other) === thumbprint(this.publicJwk)
  }

  /** What `take` gave, for signing in another way. The receiver wipes both. */
  withAlg(bytes: Buffer, alg: string): Buffer {
    // Our own JSON.
    const jwk = JSON.parse(bytes.toString('utf8')) as object
    return Buffer.from(JSON.stringify({ ...jwk, alg }))
  }

  /** Hands the JWK over, once; the receiver wipes it. */
  take(): Buffer {
    const bytes = this.#bytes
    if (!bytes) throw new AegisError('key-server.secret-taken')
    this.#bytes = undefined
    return bytes
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [inspect.custom](): string {
    return '[redacted]'
  }
}

/** Whether what is in a file is meant to be a private key and not a secret. */
export function looksLikeKey(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1').trimStart()
  return head.startsWith('{') || head.startsWith('-----BEGIN ')
}

/** What stands in a JWK that is to sign an assertion. */
export function isAssertionAlg(alg: string): alg is AssertionAlg {
  return rsaAlgs.includes(alg) || Object.hasOwn(curves, alg)
}

function readJwk(text: string): JsonWebKey {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch {
    // Without its cause: a parser's message quotes the text.
  }
  throw invalid('it begins like a JWK and is no JSON')
}

function fromJwk(jwk: JsonWebKey): KeyObject {
  if ('keys' in jwk) throw invalid('it is a set of keys; give one of them')
  if (jwk.kty !== 'RSA' && jwk.kty !== 'EC') throw invalid('the JWK must be of kty RSA or EC')
  if (typeof jwk.d !== 'string') throw invalid('it is the public half; give the private one')
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') throw invalid('it is not meant for signatures (use)')
  return parsed(() => createPrivateKey({ key: jwk, format: 'jwk' }))
}

function fromPem(text: string): KeyObject {
  if (/BEGIN (?:CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY)/.test(text)) throw invalid('it is public; give the private key')
  if (/ENCRYPTED/.test(text)) {
    throw invalid('it has a passphrase; take it off with "openssl pkey", it is sealed here anyway')
  }
  return parsed(() => createPrivateKey(text))
}

function parsed(parse: () => KeyObject): KeyObject {
  try {
    return parse()
  } catch {
    throw invalid('it is not whole, or of a kind that is not known')
  }
}

function algOf(key: KeyObject, pub: JsonWebKey, wanted: string | undefined): string {
  if (key.asymmetricKeyType === 'rsa') {
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < modulusBitsMin)
      throw invalid('an RSA key has 2,048 bits or more')
    return fitting(wanted ?? 'RS384', rsaAlgs)
  }
  const own = Object.keys(curves).filter((alg) => curves[alg] === pub.crv)
  if (own[0] === undefined) throw invalid('it must be an RSA key, or an EC key on P-256, P-384 or P-521')
  return fitting(wanted ?? own[0], own)
}

function fitting(alg: string, fit: readonly string[]): string {
  if (fit.includes(alg)) return alg
  throw invalid(`the alg of this key is one of ${fit.join(', ')}`)
}

/** RFC 7638: the required members in the order of the alphabet. */
function thumbprint({ crv, e, kty, n, x, y }: Pick<JsonWebKey, 'crv' | 'e' | 'kty' | 'n' | 'x' | 'y'>): string {
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

function named({ kty = '', n, e, crv, x, y }: JsonWebKey): Pick<PublicJwk, 'kty' | 'n' | 'e' | 'crv' | 'x' | 'y'> {
  const rest = Object.fromEntries(Object.entries({ n, e, crv, x, y }).filter(([, value]) => value !== undefined))
  return { kty, ...rest }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function invalid(reason: string): AegisError {
  return new AegisError('key-server.private-key-invalid', { reason })
}
