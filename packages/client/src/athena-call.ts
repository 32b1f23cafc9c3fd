/**
 * What hooks and `fetch` wrappers know of a call: enough for permission, quota, audit and metrics, and nothing that
 * names a patient. The URL is kept out on purpose: a search carries names and dates of birth in its query.
 */
export interface AthenaCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Template without host, version and practice, e.g. `/appointments/{appointmentid}`; `/oauth2/v1/token` for tokens. */
  readonly route: string
  /** Absent for token requests. */
  readonly practice?: number
  /** 1 for the first attempt. */
  readonly attempt: number
  readonly kind: 'token' | 'api'
  /** A feed read that marks what it returns as processed: an answer lost is a page lost, so it is never repeated blindly. */
  readonly consuming: boolean
  /** One of the calls athenahealth names as heavy (GET /patients, /appointments/booked, …/multipledepartment, /claims). */
  readonly intensive: boolean
  /** Whether repeating the call changes nothing upstream: plain reads and token requests. */
  readonly idempotent: boolean
  /** Ours, sent as `X-Request-Id`; the same for every attempt of one call. */
  readonly requestId: string
  /** Whatever the caller gave in `CallOptions.context`, untouched. */
  readonly context?: unknown
}

/**
 * The way out. Any standard `fetch` fits: it ignores the third argument. A wrapper gets `init.headers` as a plain object
 * with lower-case names. What it throws is taken as a failure of the network only if it looks like one (TypeError,
 * DOMException, or an error with a system, TLS or undici code); any other error reaches the caller as it is and is
 * never retried, so a wrapper can refuse a call with an error of its own.
 */
export type AthenaFetch = (url: string, init: AthenaRequestInit, call: AthenaCall) => Promise<Response>

/** The part of `RequestInit` that the client uses. */
export interface AthenaRequestInit {
  readonly method: string
  readonly headers: Record<string, string>
  /** A form; or, of an upload, a stream that can be read once. */
  readonly body?: string | ReadableStream<Uint8Array>
  /** Given with a stream, which standard `fetch` takes in no other way. */
  readonly duplex?: 'half'
  /**
   * Given with a stream, for wrappers that must know whom a call is about: the form without the file. `fetch` ignores it.
   */
  readonly fields?: string
  readonly signal: AbortSignal
  /**
   * A redirect is never followed: it would carry the token to another host. `manual`; with a stream `error`, because
   * Node's `fetch` keeps a copy of a streamed body in memory unless redirects are errors and `window` is null.
   */
  readonly redirect: 'manual' | 'error'
  /** Given with a stream; see `redirect`. */
  readonly window?: null
  /**
   * Of an API call, for a wrapper that holds calls back: takes the token again and puts it into `headers`. The one that
   * stands there may have been replaced or revoked meanwhile. What it rejects with is for the caller: send nothing then.
   */
  readonly authorize?: () => Promise<void>
}

/** What a caller may say about one call. */
export interface CallOptions {
  /** Gives up at once; the error's code is `aborted`. */
  readonly signal?: AbortSignal
  /** For the whole call with its waits and attempts, in milliseconds from now. Default: `timeouts.callMs` (30 s). */
  readonly deadlineMs?: number
  /** Handed to `fetch` and hooks as `AthenaCall.context`. */
  readonly context?: unknown
  /** Default: a new random UUID. Letters, digits and `._:-`, at most 128. */
  readonly requestId?: string
  /** Largest answer taken, in bytes after decompression. Default: the client's `responseBytesMax` (16 MiB). */
  readonly responseBytesMax?: number
}

/** Observability without PHI: route templates, never URLs. A hook that throws is ignored. */
export interface AthenaHooks {
  /** Before an attempt is sent. */
  onAttempt?(event: AttemptEvent): void
  /** After an attempt ended, however it ended, unless `fetch` refused it with an error of its own. */
  onResponse?(event: ResponseEvent): void
}

/** An attempt that is about to be sent. */
export interface AttemptEvent {
  readonly call: AthenaCall
  /** Epoch ms. */
  readonly at: number
}

/** An attempt that has ended. */
export interface ResponseEvent {
  readonly call: AthenaCall
  /** `ok`, or the error's code. */
  readonly outcome: string
  /** Epoch ms. */
  readonly at: number
  /** From sending to the last byte of the answer. */
  readonly durationMs: number
  /** Absent when no answer came. */
  readonly meta?: AnswerMeta
  /** Present when another attempt follows after this wait. */
  readonly retryInMs?: number
}

/** What athenahealth said besides the body. */
export interface AnswerMeta {
  /** Ours. */
  readonly requestId: string
  /** athenahealth's own `X-Request-Id`: what its support asks for. */
  readonly athenaRequestId?: string
  readonly status: number
  /** Per day on API calls, per minute on token requests: the same header means either. */
  readonly rateLimit?: RateLimit
  /** From `Retry-After` (seconds or date), capped at a day. */
  readonly retryAfterMs?: number
  /** The answer's `Date` header, epoch ms: whole seconds, for measuring skew. */
  readonly serverDate?: number
  /** Our clock when the headers arrived, epoch ms. */
  readonly receivedAt: number
  /** How many attempts the call took. */
  readonly attempts: number
}

/** What athenahealth says of a limit and of what is left of it. */
export interface RateLimit {
  readonly limit?: number
  readonly remaining?: number
  /** Epoch ms. Seldom sent. */
  readonly resetAt?: number
}

/** One value with what came with it. */
export interface Answer<T> {
  readonly value: T
  /** The body's text as received. */
  readonly raw: string
  readonly meta: AnswerMeta
  /** Names of known fields whose values could not be read; they are left out of `value`. Absent when there are none. */
  readonly unreadable?: readonly string[]
}
