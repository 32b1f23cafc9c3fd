import type { AnswerMeta } from '../athena-call.ts'
import { type Failure, saysOverRate } from '../call/judge-response.ts'
import { coerce } from '../wire/coerce.ts'
import { isPlainObject } from '../wire/decode-record.ts'
import { readJson } from '../wire/read-json.ts'

/**
 * What a token is taken to live when athenahealth does not say so in a way that can be believed: one hour
 * (docs.athenahealth.com, "Authentication", read 2026-11). Too long costs one renewal after a 401; too short would cost
 * token requests, of which preview allows five a minute.
 */
const LIFE_SECONDS_DEFAULT = 3_600
const LIFE_SECONDS_MAX = 86_400

/** What is known of an answer to a request for a token. */
export interface TokenResponseFacts {
  readonly text: string
  readonly meta: AnswerMeta
  /** When the request left, epoch ms: the token's life is counted from here, on the safe side. */
  readonly sentAt: number
}

/** A token as granted. `value` does not show in logs. */
export interface TokenGrant {
  readonly value: string
  /** Epoch ms. */
  readonly expiresAt: number
  readonly lifeMs: number
  /** `rateLimit` here is per minute. */
  readonly meta: AnswerMeta
}

/** What an answer to a request for a token means. */
export type TokenJudgement =
  | { readonly ok: true; readonly grant: TokenGrant }
  | { readonly ok: false; readonly failure: Failure }

/** Judges the token endpoint's answer. Pure; never throws and never quotes the answer. */
export function judgeTokenResponse({ text, meta, sentAt }: TokenResponseFacts): TokenJudgement {
  const json = readJson(text)
  const body = json.ok && isPlainObject(json.value) ? json.value : {}
  if (meta.status !== 200) return { ok: false, failure: judgeRefusal({ text, meta, error: body['error'] }) }
  const value = body['access_token']
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(value)) {
    return { ok: false, failure: { code: 'malformed-response', executed: 'no', hint: 'no access token in it' } }
  }
  const lifeMs = readLifeSeconds(body['expires_in']) * 1000
  const grant = { value, expiresAt: sentAt + lifeMs, lifeMs, meta }
  return { ok: true, grant: Object.defineProperty(grant, 'value', { enumerable: false }) }
}

/** `expires_in` comes as a string or a number; what is no life of 1 second to a day is the default. */
function readLifeSeconds(value: unknown): number {
  const seconds = coerce.number(value) ?? LIFE_SECONDS_DEFAULT
  return seconds >= 1 && seconds <= LIFE_SECONDS_MAX ? seconds : LIFE_SECONDS_DEFAULT
}

/** What the errors that OAuth and athenahealth name mean here (RFC 6749, 5.2); the words are ours, whatever they sent. */
const refusals: Readonly<Record<string, string>> = {
  access_denied: 'the token endpoint refused the request: the scope is missing or the app may not have it',
  invalid_client:
    'the token endpoint does not accept the client id with its secret, or the assertion (key, kid, alg, audience)',
  invalid_scope: 'the token endpoint refused the scope',
  unauthorized_client: 'the app may not ask for tokens this way; three-legged apps cannot',
}

const REFUSED = 'the token endpoint refused the client id, secret, key or scope'

interface Refusal {
  readonly text: string
  readonly meta: AnswerMeta
  readonly error: unknown
}

function judgeRefusal({ text, meta, error }: Refusal): Failure {
  const { status, retryAfterMs } = meta
  if (status === 429 || (status === 403 && saysOverRate(text)))
    return { code: 'throttled', executed: 'no', retryAfterMs: retryAfterMs ?? untilResetMs(meta) }
  if (status >= 500 || status === 408) {
    return { code: 'server-error', executed: 'no', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }
  if (status >= 400) {
    const known = typeof error === 'string' && Object.hasOwn(refusals, error) ? refusals[error] : undefined
    return { code: 'configuration', executed: 'no', hint: known ?? REFUSED }
  }
  return { code: 'malformed-response', executed: 'no', hint: 'a redirect or an empty answer instead of a token' }
}

/**
 * Above the limit tokens are refused for the rest of the minute; the count begins anew at its top (Best Practices page).
 * A reset named within the minute is believed.
 */
function untilResetMs({ serverDate, receivedAt, rateLimit }: AnswerMeta): number {
  const named = (rateLimit?.resetAt ?? 0) - receivedAt
  return named > 0 && named <= 60_000 ? named : 60_000 - ((serverDate ?? receivedAt) % 60_000)
}
