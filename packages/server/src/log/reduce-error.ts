import type { Random } from '../clock/random.ts'

/** What a log says of an error. Its message, stack and cause stay out: they may name a patient or hold a secret. */
export interface ReducedError {
  readonly class: string
  /** The nearest code on the way from the error to its first cause: ours, the system's or PostgreSQL's. */
  readonly code: string | undefined
  /** Random: tells two lines about the same kind of error apart. */
  readonly id: string
}

/** A cause of a cause of a cause tells no more. */
const CAUSES_MAX = 5
const WORD = /^[\w.-]{1,64}$/

export function reduceError(error: unknown, random: Pick<Random, 'bytes'>): ReducedError {
  const name = error instanceof Error ? error.constructor.name : typeof error
  return { class: WORD.test(name) ? name : 'Error', code: codeOf(error), id: random.bytes(6).toString('hex') }
}

function codeOf(error: unknown): string | undefined {
  let at: unknown = error
  for (let depth = 0; depth <= CAUSES_MAX && at instanceof Error; depth++) {
    if ('code' in at && typeof at.code === 'string' && WORD.test(at.code)) return at.code
    at = at.cause
  }
  return undefined
}
