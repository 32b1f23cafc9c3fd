/** Signed JWTs by which an app proves who it is (RFC 7523, 3), as far as athenahealth's rules for them are known. */
import { isSignedBy, signatureAlgorithms, type PublicKey, type SignatureAlgorithm } from './public-key.ts'

/** The one value of `client_assertion_type`. */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Longer ones are refused unread: a real one has less than a thousand characters. */
const lengthMax = 16_384
/** What the clocks of two machines may differ by, in `nbf`, `iat` and the longest life. Inferred; `exp` has none. */
const leewayS = 10

/** An assertion taken apart; nothing of it is proven yet. */
export interface Assertion {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** What is signed. */
  readonly data: string
  readonly signature: Buffer
}

/** Takes an assertion apart; undefined when it is no signed JWT. */
export function readAssertion(text: string): Assertion | undefined {
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/.exec(text.length > lengthMax ? '' : text)
  if (parts === null) return undefined
  const [, head = '', body = '', signature = ''] = parts
  const header = objectOf(head)
  const claims = objectOf(body)
  if (header === undefined || claims === undefined) return undefined
  return { header, claims, data: `${head}.${body}`, signature: Buffer.from(signature, 'base64url') }
}

function objectOf(encoded: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

export interface AssertionRules {
  /** Accepted in `aud`. */
  readonly audiences: () => readonly string[]
  /** Longest time from now to `exp`, seconds. */
  readonly lifetimeMaxS: number
  readonly algorithms: readonly SignatureAlgorithm[]
}

export interface AssertionContext {
  readonly clientId: string
  readonly keys: readonly PublicKey[]
  /** Virtual epoch ms. */
  readonly now: number
}

/** Why an assertion proves nothing, in words for the developer; undefined when all but its `jti` is in order. */
export function problemOfAssertion(
  rules: AssertionRules,
  assertion: Assertion,
  context: AssertionContext,
): string | undefined {
  return (
    problemOfSignature(rules, assertion, context) ??
    problemOfClaims(rules, assertion, context) ??
    problemOfTimes(rules, assertion, context)
  )
}

function problemOfSignature(
  rules: AssertionRules,
  { header, data, signature }: Assertion,
  { keys }: AssertionContext,
): string | undefined {
  const { alg, kid, crit } = header
  const algorithm = signatureAlgorithms.find((known) => known === alg)
  if (algorithm === undefined || !rules.algorithms.includes(algorithm)) {
    return 'The client_assertion is signed with an algorithm that is not allowed.'
  }
  if (crit !== undefined) return 'The client_assertion has a critical header that is not understood.'
  if (typeof kid !== 'string') return 'The client_assertion has no kid.'
  // A key registered without an id can be meant by any.
  const candidates = keys.filter((key) => key.kid === kid || key.kid === undefined)
  if (candidates.length === 0) return 'The client_assertion names a key that is not registered.'
  if (candidates.some((key) => isSignedBy(key, { algorithm, data, signature }))) return undefined
  return 'The signature of the client_assertion is not valid.'
}

function problemOfClaims(
  rules: AssertionRules,
  { claims }: Assertion,
  { clientId }: AssertionContext,
): string | undefined {
  const { iss, sub, aud, jti } = claims
  if (iss !== clientId || sub !== clientId) return 'iss and sub of the client_assertion must both be the client_id.'
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const accepted = rules.audiences()
  if (!named.some((one) => typeof one === 'string' && accepted.includes(one))) {
    return 'aud of the client_assertion must be the URL of the token endpoint.'
  }
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) return 'The client_assertion has no usable jti.'
  return undefined
}

function problemOfTimes(rules: AssertionRules, { claims }: Assertion, { now }: AssertionContext): string | undefined {
  const { exp, nbf, iat } = claims
  const nowS = now / 1000
  if (typeof exp !== 'number') return 'The client_assertion has no exp.'
  if (exp <= nowS) return 'The client_assertion is expired.'
  if (exp - nowS > rules.lifetimeMaxS + leewayS) {
    return `The client_assertion may be good for ${rules.lifetimeMaxS} seconds at most.`
  }
  for (const [name, value] of [
    ['nbf', nbf],
    ['iat', iat],
  ] as const) {
    if (value === undefined) continue
    if (typeof value !== 'number') return `${name} of the client_assertion must be a number.`
    if (value > nowS + leewayS) return `${name} of the client_assertion lies in the future.`
  }
  return undefined
}

/** Most assertions of one app that can be outstanding: far above what any limit lets through in an hour. */
const outstandingMax = 200_000

/** Remembers `jti` until their assertions expire, so that none proves anything twice. */
export class UsedAssertions {
  /** By client id; `exp` (virtual epoch ms) by `jti`. */
  readonly #used = new Map<string, Map<string, number>>()

  /** Whether this is the assertion's first use. Refuses when more are outstanding than can be remembered. */
  use(clientId: string, { claims }: Assertion, now: number): boolean {
    // Both have been checked.
    const { jti, exp } = claims as { jti: string; exp: number }
    const used = this.#used.get(clientId) ?? new Map<string, number>()
    this.#used.set(clientId, used)
    if (used.has(jti)) return false
    if (used.size >= outstandingMax) forgetExpired(used, now)
    if (used.size >= outstandingMax) return false
    used.set(jti, exp * 1000)
    return true
  }
}

function forgetExpired(used: Map<string, number>, now: number): void {
  for (const [jti, expiresAt] of used) if (expiresAt <= now) used.delete(jti)
}
