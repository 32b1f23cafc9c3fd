import type { AthenaErrorCode, Executed } from '../athena-error.ts'
import type { AnswerMeta } from '../athena-call.ts'
import { coerce } from '../wire/coerce.ts'
import { isPlainObject } from '../wire/decode-record.ts'
import { type BodyForm, readJson } from '../wire/read-json.ts'
import { isRejection } from '../wire/read-page.ts'

/** Why a call did not give what was asked for. */
export interface Failure {
  readonly code: AthenaErrorCode
  /** Whether something may have happened upstream, were the call a write or a consuming read. */
  readonly executed: Executed
  readonly retryAfterMs?: number
  readonly missingFields?: readonly string[]
  readonly invalidFields?: readonly string[]
  readonly hint?: string
  readonly cause?: Error
}

/** What is known of an answer. */
export interface ResponseFacts {
  readonly method: string
  readonly text: string
  readonly meta: AnswerMeta
  /** The error headers of a gateway, if any: `X-Mashery-Error-Code`, `X-Error-Detail-Header`. */
  readonly gatewayError?: string
}

/** What an answer means: done, or why not. */
export type Judgement =
  /** `value` is undefined where a write was answered with nothing. */
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }

/**
 * athenahealth's and its gateways' texts, matched here and nowhere else. Sources: athenahealth's Best Practices page
 * ("Developer Inactive"), its error reference, recorded answers, and the gateways' own manuals; read 2026-11.
 */
const texts = {
  overRate: /over[ _](qps|rate)|queries[ _]per[ _]second/i,
  inactive: /developer inactive/i,
  notSubscribed: /require setup \(subscription\)/i,
  noPermission: /incorrect permissions/i,
  noPractice: /invalid practice/i,
  bareRefusal: /^\s*invalid\b/i,
}

/** How much of a body is searched for those texts. */
const SEARCHED_MAX = 4_000

/** Whether a gateway that answers 403 means that calls came too fast. */
export function saysOverRate(text: string): boolean {
  return texts.overRate.test(text.slice(0, SEARCHED_MAX))
}

interface Body {
  readonly text: string
  readonly json: Readonly<Record<string, unknown>> | undefined
  readonly value: unknown
  readonly form: BodyForm | 'json'
}

/** Judges an answer of the API: one to read, or what went wrong. Pure; never throws. */
export function judgeResponse(facts: ResponseFacts): Judgement {
  const { status } = facts.meta
  const body = readBody(facts)
  if (status >= 200 && status < 300) return judgeSuccess(facts.method, body)
  if (status >= 500) return failed({ code: 'server-error', executed: 'unknown', ...retryAfter(facts.meta) })
  if (status >= 400) return failed(judgeRefusal(facts.meta, body))
  return failed({ code: 'malformed-response', executed: 'unknown', hint: 'a redirect or an informational status' })
}

function judgeSuccess(method: string, body: Body): Judgement {
  if (body.form === 'json') {
    if (!saysNo(method, body.value)) return { ok: true, value: body.value }
    // Of a write it is the answer. Of a read none has been seen: what a consuming one took before it is anyone's guess.
    return failed({ code: 'rejected', executed: method === 'GET' ? 'unknown' : 'no' })
  }
  // Writes may answer with nothing at all; a read that does has been cut off.
  if (body.form === 'empty' && method !== 'GET') return { ok: true, value: undefined }
  return failed({ code: 'malformed-response', executed: 'unknown', hint: `the body is ${body.form}, not JSON` })
}

/** Writes also answer with a list of one, `[{"success":"false"}]`, or with a bare text: `"Invalid PROVIDERID input"`. */
function saysNo(method: string, value: unknown): boolean {
  if (Array.isArray(value)) return method !== 'GET' && value.length > 0 && value.every(isRejection)
  return isRejection(value) || (method !== 'GET' && typeof value === 'string' && texts.bareRefusal.test(value))
}

function failed(failure: Failure): Judgement {
  return { ok: false, failure }
}

function judgeRefusal(meta: AnswerMeta, body: Body): Failure {
  if (meta.status === 429) return throttled(meta)
  if (meta.status === 401 || meta.status === 403) return judgePermission(meta, body)
  if (meta.status === 404) return judgeMissing(body)
  const refused = { executed: 'no', ...retryAfter(meta) } as const
  if (meta.status === 402) return { code: 'forbidden', ...refused }
  if (meta.status === 408) return { code: 'server-error', ...refused, executed: 'unknown' }
  if (meta.status === 409) return { code: 'conflict', ...refused }
  if (meta.status === 413) return { code: 'upload-too-large', ...refused }
  return { code: 'invalid-request', ...refused, ...fieldNames(body) }
}

function judgePermission(meta: AnswerMeta, body: Body): Failure {
  const { text } = body
  if (meta.status === 403 && texts.overRate.test(text)) return throttled(meta)
  if (texts.notSubscribed.test(text)) return { code: 'not-subscribed', executed: 'no' }
  // A page of HTML with 401 may be how a gateway says that the token is old: one newer token is worth a try.
  if (texts.inactive.test(text)) return { code: 'configuration', executed: 'no', hint: 'the app is not active' }
  if (body.form === 'html' && meta.status === 403) return { code: 'configuration', executed: 'no' }
  if (meta.status === 403 || texts.noPermission.test(text)) return { code: 'forbidden', executed: 'no' }
  return { code: 'unauthorized', executed: 'no' }
}

/**
 * Only athenahealth's own JSON says that a record does not exist. A gateway's bare 404 means a wrong path, and taking it
 * for a missing record would delete good copies.
 */
function judgeMissing(body: Body): Failure {
  if (texts.noPractice.test(body.text)) return { code: 'unknown-practice', executed: 'no' }
  if (typeof body.json?.['error'] === 'string') return { code: 'not-found', executed: 'no' }
  return { code: 'configuration', executed: 'no', hint: 'no endpoint answers at this path; check base URL and path' }
}

function throttled(meta: AnswerMeta): Failure {
  const untilReset = meta.rateLimit?.remaining === 0 ? untilMidnightMs(meta.serverDate ?? meta.receivedAt) : undefined
  const retryAfterMs = meta.retryAfterMs ?? untilReset
  return { code: 'throttled', executed: 'no', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** The day's quota is renewed at 00:00 GMT (Best Practices page). */
function untilMidnightMs(now: number): number {
  return 86_400_000 - (((now % 86_400_000) + 86_400_000) % 86_400_000)
}

function retryAfter(meta: AnswerMeta): { retryAfterMs?: number } {
  return meta.retryAfterMs === undefined ? {} : { retryAfterMs: meta.retryAfterMs }
}

function fieldNames(body: Body): Pick<Failure, 'missingFields' | 'invalidFields'> {
  return { missingFields: names(body.json?.['missingfields']), invalidFields: names(body.json?.['invalidfields']) }
}

/** Names of fields only: anything that does not look like one might be a value. */
function names(value: unknown): readonly string[] {
  return (coerce.list(value) ?? [])
    .filter((name) => typeof name === 'string')
    .map((name) => name.toLowerCase())
    .filter((name) => /^[a-z][a-z0-9_]{0,63}(\[\])?$/.test(name))
    .slice(0, 50)
}

function readBody(facts: ResponseFacts): Body {
  const json = readJson(facts.text)
  const text = `${facts.gatewayError ?? ''}\n${facts.text.slice(0, SEARCHED_MAX)}`
  if (!json.ok) return { text, json: undefined, value: undefined, form: json.form }
  return { text, json: isPlainObject(json.value) ? json.value : undefined, value: json.value, form: 'json' }
}
