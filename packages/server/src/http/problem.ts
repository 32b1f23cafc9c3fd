import type { FastifyReply } from 'fastify'
import { AegisError } from '../errors/aegis-error.ts'
import { type ErrorCode, errorTable } from '../errors/error-table.ts'
import { dayFields } from './rate-limit-fields.ts'

/** An error as a caller sees it (RFC 9457). `detail` and `remedy` are for operators and never hold PHI. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail?: string
  readonly remedy: string
  /** When asking again makes sense, in whole seconds from now. */
  readonly retryAfter?: number
  /** Where a day's calls are used up: how many a day those are. */
  readonly callsPerDay?: number
  /** Names the request in our log. */
  readonly requestId: string
}

/**
 * What to answer for an error. Ours are told with their detail and remedy; of every other one nothing is told but that
 * something went wrong, because its message could hold anything.
 */
export function problemOf(error: unknown, requestId: string): Problem {
  if (error instanceof AegisError) return fromTable(error.code, requestId, error.detail)
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : 500
  if (status === 413) return fromTable('http.request-too-large', requestId)
  // The framework's refusals of what it could not parse.
  const refused = typeof status === 'number' && status >= 400 && status < 500
  return fromTable(refused ? 'http.malformed-request' : 'internal.unexpected', requestId)
}

/** Sends it with its status, when to try again, which limit stands in the way and, for a missing token, the scheme to use. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  const { retryAfter, callsPerDay: limit } = problem
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (retryAfter !== undefined && limit !== undefined)
    reply.headers({ ...dayFields({ limit, left: 0, resetsInMs: retryAfter * 1_000 }) })
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

function fromTable(code: ErrorCode, requestId: string, detail: AegisError['detail'] = {}): Problem {
  const { status, title, remedy } = errorTable[code]
  const { retryAfterMs, limit } = detail
  const words = Object.entries(detail).map(([name, value]) => `${name}: ${value}`)
  return {
    type: `urn:aegis:error:${code}`,
    title,
    status,
    code,
    ...(words.length && { detail: words.join(', ') }),
    remedy,
    ...(typeof retryAfterMs === 'number' && { retryAfter: Math.max(1, Math.ceil(retryAfterMs / 1_000)) }),
    ...(code === 'quota.day-exhausted' && typeof limit === 'number' && { callsPerDay: limit }),
    requestId,
  }
}
