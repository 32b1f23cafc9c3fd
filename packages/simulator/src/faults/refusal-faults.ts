/** Faults that are answers of gateways and servers which did not do what they were asked. */
import { jsonAnswer, type Answer } from '../server/answer.ts'
import { gatewayText } from '../server/disguise-answer.ts'
import { throttledAnswer, unauthorizedAnswer } from '../server/gateway.ts'
import { badAuth } from '../server/reply.ts'
import { tokenPath } from '../tokens/oauth.ts'
import { accessDenied } from '../tokens/token-endpoint.ts'
import { number, oneOf, textOrNumber, yesOrNo } from './fault-field.ts'
import type { FaultRows, MetRequest } from './fault-kind.ts'
import type { FaultParameters } from './fault-rule.ts'
import { quotaHeaders } from './quota-headers.ts'

type Style<K extends 'unauthorized' | 'forbidden'> = NonNullable<FaultParameters[K]['style']>

export const refusalFaults: FaultRows<'unauthorized' | 'forbidden' | 'throttled' | 'server-error' | 'html'> = {
  unauthorized: {
    meets: '401: as recorded, or with the text of the gateway',
    fields: { style: oneOf(['recorded', 'inactive', 'expired']) },
    isServed: () => false,
    answer: ({ action, request }, given) => withQuota(unauthorized(action.style ?? 'recorded', request), given),
  },
  forbidden: {
    meets: '403 with the text of a gateway: over a rate, or plain',
    fields: { style: oneOf(['over-qps', 'over-rate', 'header', 'plain']) },
    isServed: () => false,
    answer: ({ action }, given) => withQuota(forbidden(action.style ?? 'over-qps'), given),
  },
  throttled: {
    meets: '429, with Retry-After or without',
    fields: { retryAfter: textOrNumber, retryAfterDateMs: number },
    isServed: () => false,
    answer({ action: { retryAfter, retryAfterDateMs }, request }, given) {
      const date = retryAfterDateMs === undefined ? undefined : new Date(request.at + retryAfterDateMs).toUTCString()
      return withRetryAfter(withQuota(throttledAnswer('second', 'json'), given), date ?? retryAfter)
    },
  },
  'server-error': {
    meets: '500 (the default), 502, 503 or 504',
    fields: { status: oneOf([500, 502, 503, 504]), retryAfter: textOrNumber, processed: yesOrNo },
    isServed: ({ processed }) => processed === true,
    answer({ action: { status = 500, retryAfter } }, given) {
      // The API's own error is JSON; the others are a gateway's (inferred).
      const answer =
        status === 500 ? jsonAnswer(500, { error: 'The request could not be processed.' }) : page(status, 'text')
      return withRetryAfter(withQuota(answer, given), retryAfter)
    },
  },
  html: {
    meets: 'a page of HTML, 502 by default',
    fields: {
      status: [(value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599, '200 to 599'],
      processed: yesOrNo,
    },
    isServed: ({ processed }) => processed === true,
    answer: ({ action: { status = 502 } }) => page(status, 'html'),
  },
}

function unauthorized(style: Style<'unauthorized'>, { arrival }: MetRequest): Answer {
  if (style === 'inactive') return unauthorizedAnswer('absent')
  if (style === 'expired') return unauthorizedAnswer('expired')
  if (arrival.path === tokenPath) return accessDenied()
  const { status, body } = badAuth()
  return jsonAnswer(status, body)
}

/** `header` is the way Mashery tells it beside its text; that athenahealth's gateway did so too is not known. */
function forbidden(style: Style<'forbidden'>): Answer {
  if (style === 'over-qps') return throttledAnswer('second', 'gateway-text')
  if (style === 'over-rate') return throttledAnswer('day', 'gateway-text')
  const { headers, ...answer } = page(403, 'html')
  return style === 'plain'
    ? { ...answer, headers }
    : { ...answer, headers: [...headers, 'X-Mashery-Error-Code', 'ERR_403_DEVELOPER_OVER_QPS'] }
}

function page(status: number, style: 'html' | 'text'): Answer {
  return {
    status,
    headers: ['Content-Type', `text/${style === 'html' ? 'html' : 'plain'}`],
    body: gatewayText(status, style),
  }
}

function withRetryAfter(answer: Answer, retryAfter: string | number | undefined): Answer {
  return retryAfter === undefined
    ? answer
    : { ...answer, headers: [...answer.headers, 'Retry-After', String(retryAfter)] }
}

/** A refusal with the quota headers of the answer in whose place it is given. */
function withQuota(answer: Answer, given: Answer): Answer {
  return { ...answer, headers: [...answer.headers, ...quotaHeaders(given)] }
}
