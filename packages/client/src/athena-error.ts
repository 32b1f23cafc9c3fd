import type { AnswerMeta } from './athena-call.ts'

/** Every code of an AthenaError, with what to do about it. A message is made of these words only, never of upstream text. */
const advice = {
  aborted: 'the caller gave up',
  configuration:
    'athenahealth does not accept this app as it is set up; check client id, secret, scope, environment and base URL',
  conflict: 'the record is not in a state that allows this; read it again before deciding',
  'content-unreadable': 'the content to upload could not be read to its end',
  environment: 'the base URL does not belong to the named environment; nothing was sent',
  'field-too-long': 'a field is longer than athenahealth stores; shorten it, nothing was sent',
  forbidden: 'the app may not do this in this practice; ask the practice or athenahealth for access',
  'invalid-argument': 'the call was given a value it cannot send; nothing was sent',
  'invalid-request': 'athenahealth refused the fields of the request',
  'malformed-response': 'the answer could not be read as what was asked for',
  network: 'athenahealth could not be reached or the connection broke',
  'not-found': 'athenahealth has no such record',
  'not-subscribed': 'the feed needs a subscription first',
  rejected: 'athenahealth answered that it did not do it',
  'response-too-large': 'the answer is larger than allowed; ask for less at a time or raise responseBytesMax',
  'server-error': 'athenahealth failed to answer; try again later',
  throttled: "athenahealth's rate limit or quota is used up; wait before the next call",
  timeout: 'no complete answer came within the deadline',
  unauthorized: 'athenahealth refused the access token, also a new one',
  'unknown-practice': 'athenahealth knows no such practice in this environment; check the practice id',
  'upload-too-large': 'the content is larger than athenahealth takes; send it in parts or smaller',
  'wrong-record': 'the answer is about another record than the one asked for; do not use it',
} as const

/** The closed set of reasons a call can fail with. */
export type AthenaErrorCode = keyof typeof advice

/** Whether a write or a consuming read may have taken effect upstream. Plain reads have none: `no`. */
export type Executed = 'no' | 'unknown' | 'yes'

export interface AthenaErrorDetails {
  readonly method?: string
  readonly route?: string
  readonly practice?: number
  readonly status?: number
  readonly requestId?: string
  readonly athenaRequestId?: string
  readonly retryAfterMs?: number
  readonly executed?: Executed
  readonly missingFields?: readonly string[]
  readonly invalidFields?: readonly string[]
  /** Words of ours that make the cause clear: names of settings or fields, limits. Never a value or upstream text. */
  readonly hint?: string
  readonly meta?: AnswerMeta
  readonly cause?: unknown
}

/**
 * The one error class of the client. Switch on `code`. The message holds the route template, ids of requests and our own
 * words; it never holds a URL, a value, or a text that athenahealth sent, because those can name a patient.
 */
export class AthenaError extends Error {
  readonly code: AthenaErrorCode
  readonly method: string | undefined
  /** The call's template, e.g. `/patients/{patientid}`. */
  readonly route: string | undefined
  readonly practice: number | undefined
  /** HTTP status, when an answer came. */
  readonly status: number | undefined
  /** Ours; undefined when nothing was about to be sent. */
  readonly requestId: string | undefined
  /** athenahealth's. */
  readonly athenaRequestId: string | undefined
  /** How long athenahealth, or its documented limits, ask us to wait. */
  readonly retryAfterMs: number | undefined
  readonly executed: Executed
  /** `invalid-request`: names of the fields athenahealth missed. */
  readonly missingFields: readonly string[]
  /** `invalid-request`, `invalid-argument`, `field-too-long`: names of the fields that are wrong. */
  readonly invalidFields: readonly string[]
  /** Our words on the cause, also part of the message. */
  readonly hint: string | undefined
  /** What the answer said besides its body, rate limit included; undefined when none came. */
  readonly meta: AnswerMeta | undefined

  constructor(code: AthenaErrorCode, details: AthenaErrorDetails = {}) {
    super(describe(code, details), details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'AthenaError'
    this.code = code
    this.method = details.method
    this.route = details.route
    this.practice = details.practice
    this.status = details.status
    this.requestId = details.requestId
    this.athenaRequestId = details.athenaRequestId
    this.retryAfterMs = details.retryAfterMs
    this.executed = details.executed ?? 'no'
    this.missingFields = details.missingFields ?? []
    this.invalidFields = details.invalidFields ?? []
    this.hint = details.hint
    this.meta = details.meta
  }
}

/** Whether `error` is an AthenaError, with this code if one is given. */
export function isAthenaError(error: unknown, code?: AthenaErrorCode): error is AthenaError {
  return error instanceof AthenaError && (code === undefined || error.code === code)
}

function describe(code: AthenaErrorCode, details: AthenaErrorDetails): string {
  const call = [details.method, details.route].filter(Boolean).join(' ')
  const practice = details.practice === undefined ? '' : ` (practice ${details.practice})`
  const facts = [
    code,
    details.status && `HTTP ${details.status}`,
    fieldList('missing', details.missingFields),
    fieldList('invalid', details.invalidFields),
    details.retryAfterMs !== undefined && `retry after ${details.retryAfterMs} ms`,
    details.requestId && `request ${details.requestId}`,
    details.athenaRequestId && `athenahealth request ${details.athenaRequestId}`,
  ].filter(Boolean)
  const hint = details.hint ? `: ${details.hint}` : ''
  return `${call}${practice}${call || practice ? ': ' : ''}${advice[code]}${hint} [${facts.join(', ')}]`
}

function fieldList(word: string, names: readonly string[] | undefined): string {
  return names?.length ? `${word} ${names.join(' ')}` : ''
}
