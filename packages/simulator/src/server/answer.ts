/** What a request is and what is sent back, whether it came over a socket or by a call. */
export interface Arrival {
  readonly method: string
  /** Path as sent, without query. */
  readonly path: string
  /** Query as sent, without `?`. */
  readonly query: string
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  /** `X-Request-Id` as sent: a caller's own name for what it intends. */
  readonly requestId?: string | undefined
  /** `Accept` as sent. */
  readonly accept?: string | undefined
  /** Body decoded as `bodyEncoding` says; empty when there was none. */
  readonly body: string
}

export interface Answer {
  readonly status: number
  /** Header names and values in turn, without length and date. */
  readonly headers: readonly string[]
  /** The answer brings quota headers of its own, as a recorded one may. */
  readonly ownRateLimit?: boolean
  /** The body as text or bytes, or its pieces for one that is too large to be built at once. */
  readonly body: string | Buffer | Iterable<string>
  /** How it reaches the caller when not at once and whole. */
  readonly delivery?: Delivery
}

/** What goes wrong with an answer on its way. */
export interface Delivery {
  /** When its head is sent or the connection reset, virtual epoch ms; at once if absent. */
  readonly dueAt?: number
  /** Nothing is sent: the connection is reset. */
  readonly isReset?: boolean
  /** All of the body is announced, but the connection ends after so many bytes of it. */
  readonly cutAt?: number
  /** The body comes in pieces of so many bytes, one every so many virtual ms. */
  readonly dribble?: { readonly pieceBytes: number; readonly everyMs: number }
}

/** A JSON answer without athenahealth's headers. */
export function jsonAnswer(status: number, body: unknown, headers: readonly string[] = []): Answer {
  return { status, headers: ['Content-Type', 'application/json', ...headers], body: JSON.stringify(body) }
}

/** How a body of this content type is held as text: a multipart body, whose parts may be any bytes, with one character a byte. */
export function bodyEncoding(contentType: string | undefined): 'utf8' | 'latin1' {
  return isMultipart(contentType) ? 'latin1' : 'utf8'
}

export function isMultipart(contentType: string | undefined): boolean {
  return contentType !== undefined && /^\s*multipart\//i.test(contentType)
}

/** The urlencoded form in a request's body; other content types carry no fields, as far as is known. */
export function formOf(arrival: Arrival): string {
  const type = arrival.contentType
  return type === undefined || type.startsWith('application/x-www-form-urlencoded') ? arrival.body : ''
}
