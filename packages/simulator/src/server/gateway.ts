/**
 * Answers of the API gateway in front of athenahealth: mostly bare text, unlike the JSON of the API behind it. The
 * statuses are documented or recorded; where a text is not, it says so.
 */
import type { Verdict } from '../limits/limiter.ts'
import type { Answer } from './answer.ts'

/** How a call over its limit is answered: 429 with JSON, or the older gateway's 403 with text. Both are inferred. */
export type ThrottleStyle = 'json' | 'gateway-text'

function text(status: number, body: string, contentType = 'text/html'): Answer {
  return { status, headers: ['Content-Type', contentType], body }
}

/** 404 for a path no service is registered for (recorded 2026: JSON by its header, bare text by its body). */
export function unroutedAnswer(): Answer {
  return text(404, 'Service not registered with API gateway.', 'application/json; charset=utf-8')
}

/** 401 without a usable bearer token. `Developer Inactive` is documented for an absent one, the other two are inferred. */
export function unauthorizedAnswer(why: 'absent' | 'unknown' | 'expired'): Answer {
  const texts = { absent: 'Developer Inactive', unknown: 'Invalid Access Token', expired: 'Access Token expired' }
  return text(401, `<h1>${texts[why]}</h1>`)
}

/**
 * 403 for a token that does not open the API. Neither status nor body is known; FHIR's refusals of a scope are said to read
 * "forbidden" and "Invalid scope".
 */
export function invalidScopeAnswer(): Answer {
  const body = { detailedmessage: 'Invalid scope.', error: 'forbidden' }
  return { status: 403, headers: ['Content-Type', 'application/json'], body: JSON.stringify(body) }
}

/** 413 for a body larger than the simulator reads (ours: athenahealth's own limit is not known). */
export function tooLargeAnswer(): Answer {
  return text(413, '<h1>Request Entity Too Large</h1>')
}

const overLimitTexts = {
  second: 'Account Over Queries Per Second Limit',
  day: 'Account Over Rate Limit',
  minute: 'Account Over Rate Limit',
}

/** The answer to a call over a limit. */
export function throttledAnswer(refusedBy: NonNullable<Verdict['refusedBy']>, style: ThrottleStyle): Answer {
  if (style === 'gateway-text') return text(403, `<h1>${overLimitTexts[refusedBy]}</h1>`)
  const body = { error: 'Too many requests.', detailedmessage: `${overLimitTexts[refusedBy]}.` }
  return { status: 429, headers: ['Content-Type', 'application/json'], body: JSON.stringify(body) }
}

/** `X-RateLimit-*` as recorded: per minute on tokens, per day on API calls. None when there is no limit. */
export function rateLimitHeaders({ limit, remaining }: Verdict): string[] {
  if (!Number.isFinite(limit)) return []
  return ['X-RateLimit-Limit', String(limit), 'X-RateLimit-Remaining', String(remaining)]
}
