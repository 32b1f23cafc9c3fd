/** Signed assertions as an app would make them, and as an attacker would. */
import { constants, createHmac, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto'
import { assertionType } from '../src/tokens/client-assertion.ts'

export interface AppKey {
  readonly kid: string
  readonly privateKey: KeyObject
  /** The public part, as registered. */
  readonly jwk: JsonWebKey
}

/** A new key pair: RSA with 2048 bits unless another kind is asked for. */
export function appKey(kid: string, kind: 'rsa' | 'short-rsa' | 'P-256' | 'P-384' | 'P-521' = 'rsa'): AppKey {
  const pair =
    kind === 'rsa' || kind === 'short-rsa'
      ? generateKeyPairSync('rsa', { modulusLength: kind === 'rsa' ? 2048 : 1024 })
      : generateKeyPairSync('ec', { namedCurve: kind })
  return { kid, privateKey: pair.privateKey, jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid } }
}

export interface AssertionParts {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWT of this header and these claims; fields that are undefined are left out. */
export function signedJwt(
  { privateKey }: Pick<AppKey, 'privateKey'>,
  { header = {}, claims = {} }: AssertionParts,
): string {
  const data = `${encoded(header)}.${encoded(claims)}`
  const algorithm = String(header['alg'])
  const bytes = Buffer.from(data)
  if (algorithm === 'none') return `${data}.`
  // The public key as an HMAC secret: what a careless verifier can be talked into.
  if (algorithm.startsWith('HS'))
    return `${data}.${createHmac('sha256', 'known to all').update(bytes).digest('base64url')}`
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const key = algorithm.startsWith('PS')
    ? { key: privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : algorithm.startsWith('ES')
      ? { key: privateKey, dsaEncoding: 'ieee-p1363' as const }
      : { key: privateKey }
  return `${data}.${sign(`sha${algorithm.slice(2)}`, bytes, key).toString('base64url')}`
}

let made = 0

/** The claims of a good assertion, made at `nowMs`. */
export function goodClaims(options: { clientId: string; audience: string; nowMs: number }) {
  const { clientId, audience, nowMs } = options
  const iat = Math.floor(nowMs / 1000)
  made += 1
  return { iss: clientId, sub: clientId, aud: audience, iat, exp: iat + 300, jti: `assertion-${made}` }
}

/** A token request that proves itself with an assertion. */
export function assertionRequest(assertion: string, form: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'athena/service/Athenanet.MDP.*',
      client_assertion_type: assertionType,
      client_assertion: assertion,
      ...form,
    }),
  }
}
