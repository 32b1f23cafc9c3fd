import type { CallOptions } from '@aegis/client'
import type { CallContext, OpenOutcome } from '../upstream/call-context.ts'

/** What the audit log is told of an answer. */
export interface AnswerFacts {
  readonly records: number
  /** Ids of every patient in the answer. */
  readonly patientIds: readonly string[]
}

/** What a call is made for. */
export interface Asking {
  readonly context: CallContext
  /** Aborts when nobody wants the answer any more: the call is given up, wherever it is. Not for what consumes. */
  readonly ended?: AbortSignal | undefined
}

/**
 * Makes a call whose answer holds records of patients. Resolves only when the audit log says, durably, which patients
 * they are: nothing of the answer is used before.
 */
export async function audited<T>(
  { context, ended }: Asking,
  factsOf: (answer: T) => AnswerFacts,
  call: (options: CallOptions) => Promise<T>,
): Promise<T> {
  let open: OpenOutcome | undefined
  const withOutcome: CallContext = {
    ...context,
    outcome(outcome) {
      open = outcome
    },
  }
  const answer = await call({ context: withOutcome, ...(ended && { signal: ended }) })
  await open?.record(factsOf(answer))
  return answer
}
