/** What a rule of faults says, as plain data. */

/** Which requests a rule is about. Every condition that is there must hold; without any it is about all. */
export interface FaultWhen {
  /**
   * A route as the log has it or its part behind `/v1/{practiceid}` (`/patients/{patientid}`), a path (`/patients/12`,
   * `/oauth2/v1/token`), or the beginning of either with `*` at its end.
   */
  readonly path?: string
  readonly method?: string | readonly string[]
  readonly practice?: number
  /** Client id. */
  readonly app?: string
  /** Virtual time from when on, epoch ms or ISO with its zone. */
  readonly from?: number | string
  /** Virtual time before which. */
  readonly until?: number | string
  /** Only the n-th of the requests for which all of the above holds. */
  readonly nth?: number
  /** Only every n-th of them. */
  readonly every?: number
  /** Only this share of them, drawn by the seed: 0 to 1. */
  readonly probability?: number
  /** At most so many times. */
  readonly times?: number
}

/** What each kind of fault can be told beside when. All is optional but where a kind would mean nothing without it. */
export interface FaultParameters {
  unauthorized: { readonly style?: 'recorded' | 'inactive' | 'expired' }
  forbidden: { readonly style?: 'over-qps' | 'over-rate' | 'header' | 'plain' }
  throttled: {
    /** `Retry-After` as sent, whatever it says. */
    readonly retryAfter?: string | number
    /** `Retry-After` as an HTTP date so many virtual ms from now; a negative one has passed. */
    readonly retryAfterDateMs?: number
  }
  'server-error': {
    readonly status?: 500 | 502 | 503 | 504
    readonly retryAfter?: string | number
    /** The request was served before the answer failed; false if absent. */
    readonly processed?: boolean
  }
  html: { readonly status?: number; readonly processed?: boolean }
  truncated: {
    /** Share of the body that arrives, 0 to 1; 0.5 if absent. */
    readonly keep?: number
    /** `right`: the head announces what comes. `wrong`: it announces the whole body, and the connection ends early. */
    readonly length?: 'right' | 'wrong'
  }
  oversized: {
    /** Size of the body; 64 MiB if absent. */
    readonly bytes?: number
  }
  slow: object
  dribble: { readonly pieceBytes?: number; readonly everyMs?: number }
  'reset-before': object
  'reset-after': object
  'swapped-patient': object
  'duplicate-items': { readonly count?: number }
  'unordered-items': object
  'repeated-page': {
    /** Which one: 1, the default, is the last page, 2 the one before it. */
    readonly back?: number
  }
  'lost-page': object
  unsubscribed: { readonly feed?: string }
  partial: { readonly feed?: string; readonly events?: readonly string[] }
  'retention-cut': {
    readonly feed?: string
    /** What was processed longer ago is forgotten; 0 if absent, which is all. */
    readonly olderThanMs?: number
  }
  'clock-jump': { readonly ms: number }
  'expires-in': {
    /** Sent as `expires_in`, whatever it is; left out when absent. */
    readonly value?: unknown
  }
}

export type FaultKind = keyof FaultParameters

/** A kind with what it was told. */
export type FaultAction<K extends FaultKind = FaultKind> = {
  [Each in K]: { readonly kind: Each } & FaultParameters[Each]
}[K]

/** A rule: what happens to which requests. */
export type FaultRule = FaultAction & {
  /** The caller's own name for it: reports and the log of requests repeat it. */
  readonly name?: string
  /** Until the answer's head is sent or its connection reset, virtual ms; 30 s for `slow`, 0 for all others if absent. */
  readonly delayMs?: number
  readonly when?: FaultWhen
}

/** What the log of requests says of one that met a fault. */
export interface FaultMark {
  readonly rule: number
  readonly kind: FaultKind
  readonly name?: string
}

/** A rule with what has come of it. */
export type FaultReport = FaultRule & {
  /** Counts rules from 1, anew after all were cleared. */
  readonly rule: number
  /** Requests it is about. */
  readonly matched: number
  /** Requests that met the fault. */
  readonly fired: number
}
