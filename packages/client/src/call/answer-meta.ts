import type { AnswerMeta, RateLimit } from '../athena-call.ts'

/** Longest wait believed: a day, after which every quota has been reset. */
const RETRY_AFTER_MS_MAX = 86_400_000

export interface MetaInput {
  readonly status: number
  readonly headers: Headers
  readonly requestId: string
  /** Our clock when the headers arrived, epoch ms. */
  readonly receivedAt: number
  readonly attempts: number
}

/** Reads what an answer says besides its body. Never throws: a header that makes no sense is as good as absent. */
export function readMeta(input: MetaInput): AnswerMeta {
  const { headers, status, requestId, receivedAt, attempts } = input
  const serverDate = readHttpDate(headers.get('date'))
  return {
    requestId,
    status,
    receivedAt,
    attempts,
    ...present({
      athenaRequestId: readRequestId(headers.get('x-request-id')),
      rateLimit: readRateLimit(headers, receivedAt),
      retryAfterMs: readRetryAfter(headers.get('retry-after'), serverDate ?? receivedAt),
      serverDate,
    }),
  }
}

/**
 * `Retry-After` (RFC 9110, 10.2.3) in milliseconds: seconds, or a date counted from `now` (epoch ms). Never negative; any
 * number of digits is a number, or an absurd wait would be none at all. Of several, sent by a gateway and by what is
 * behind it, the longest.
 */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d+(\.\d+)?(, *\d+(\.\d+)?)*$/.test(text)) {
    return Math.min(Math.ceil(Math.max(...text.split(',').map(Number)) * 1000), RETRY_AFTER_MS_MAX)
  }
  const date = readHttpDate(text)
  return date === undefined ? undefined : Math.min(Math.max(0, date - now), RETRY_AFTER_MS_MAX)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** An HTTP date (RFC 9110, 5.6.7) as epoch ms; only the one form that may still be sent. */
function readHttpDate(header: string | null): number | undefined {
  const match = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/.exec(
    header?.trim() ?? '',
  )
  if (!match) return undefined
  const [, day, month = '', year, hour, minute, second] = match
  const at = Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second))
  return MONTHS.includes(month) ? at : undefined
}

function readRequestId(header: string | null): string | undefined {
  return header !== null && /^[\w.:-]{1,200}$/.test(header) ? header : undefined
}

function readRateLimit(headers: Headers, now: number): RateLimit | undefined {
  const rateLimit = present({
    limit: readCount(headers.get('x-ratelimit-limit')),
    remaining: readCount(headers.get('x-ratelimit-remaining')),
    resetAt: readReset(readCount(headers.get('x-ratelimit-reset')), now),
  })
  return Object.keys(rateLimit).length > 0 ? rateLimit : undefined
}

function readCount(header: string | null): number | undefined {
  return header !== null && /^\d{1,15}$/.test(header.trim()) ? Number(header) : undefined
}

/** No recording shows this header; servers send epoch milliseconds, epoch seconds, or seconds from now. */
function readReset(value: number | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (value >= 1e12) return value
  return value >= 1e9 ? value * 1000 : now + value * 1000
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Drops absent members: an optional property is absent, never undefined. */
function present<T extends object>(members: T): Present<T> {
  // Object.fromEntries forgets names; only entries that are undefined have been taken out.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>
}
