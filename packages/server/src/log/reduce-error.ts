import type { Random } from '../clock/random.ts'
import { isAegisError } from '../errors/aegis-error.ts'

/** What a log says of an error. Its message, stack and cause stay out: they may name a patient or hold a secret. */
export interface ReducedError {
  readonly class: string
  /** The nearest code on the way from the error to its first cause: ours, the system's or PostgreSQL's. */
  readonly code: string | undefined
  /** PostgreSQL's, of a statement that failed: what to do about it goes by it. */
  readonly sqlstate?: string
  /** Random: tells two lines about the same kind of error apart. */
  readonly id: string
}

/** A cause of a cause of a cause tells no more. */
const CAUSES_MAX = 5
const SQLSTATE = /^[0-9A-Z]{5}$/
const WORD = /^[\w.-]{1,64}$/

export function reduceError(error: unknown, random: Pick<Random, 'bytes'>): ReducedError {
  const name = error instanceof Error ? error.constructor.name : typeof error
  const coded = nearestCoded(error)
  const sqlstate = isAegisError(coded, 'db.statement-failed') ? coded.detail.sqlstate : undefined
  return {
    class: WORD.test(name) ? name : 'Error',
    code: coded?.code,
    ...(typeof sqlstate === 'string' && SQLSTATE.test(sqlstate) && { sqlstate }),
    id: random.bytes(6).toString('hex'),
  }
}

function nearestCoded(error: unknown): (Error & { readonly code: string }) | undefined {
  let at: unknown = error
  for (let depth = 0; depth <= CAUSES_MAX && at instanceof Error; depth++) {
    if (hasCode(at)) return at
    at = at.cause
  }
  return undefined
}

function hasCode(error: Error): error is Error & { readonly code: string } {
  return 'code' in error && typeof error.code === 'string' && WORD.test(error.code)
}
