import type { AthenaCall } from '@aegis/client'
import type { Actor } from '../audit/actor.ts'
import type { EventFacts, Purpose } from '../audit/entry.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { AllowanceKind } from '../policy/allowances.ts'
import { type Priority, priorities } from '../quota/priorities.ts'

/** What the caller says about a call to athenahealth, in `CallOptions.context`. Nothing leaves without it. */
export interface CallContext {
  /** What is being done, in words joined by dots or hyphens, the part of Aegis first: `sync.drain`. */
  readonly purpose: string
  readonly priority: Priority
  /** Whose part of the day's calls it takes, where that is less urgent than its turn in the line. Default: `priority`. */
  readonly dayPriority?: Priority
  /** Default: the part of Aegis that `purpose` names. */
  readonly actor?: Actor
  /** HL7 purpose of use. Default HOPERAT. */
  readonly purposeOfUse?: Purpose
  /** The intent this call carries out. */
  readonly intentId?: string
  /** This call is one page of a large pull; named, it may use that allowance outside the off-hours. */
  readonly large?: true | AllowanceKind
  /**
   * Once it aborts the call is not sent any more, however long it has waited: `upstream.given-up`. One that has been sent goes
   * on, whereas `CallOptions.signal` breaks it off and leaves in doubt what it did.
   */
  readonly unless?: AbortSignal | undefined
  /** Called right before it is sent: the last moment at which `unless` may abort. */
  readonly look?: (() => void) | undefined
  /** How long to wait for a turn and a permission, in ms. Default: by priority, 10 s for interactive to 600 s for bulk. */
  readonly waitMs?: number
  /**
   * Takes over the duty to record how the call ended. Called for each answer with a 2xx status, before its body is
   * read. Without it the outcome is recorded by itself when the body has been read, without patients or counts.
   */
  readonly outcome?: (open: OpenOutcome) => void
}

/**
 * An answer whose outcome is not in the audit log yet. Record it, with a pseudonym for every patient in it, before
 * anything of it is used. Ends as `unknown` by itself when the body breaks off, or after 10 minutes; as `failure` when
 * the client finds that the answer cannot be used.
 */
export interface OpenOutcome {
  readonly status: number
  /** athenahealth's id of the request. */
  readonly upstreamRequestId?: string
  /** Resolves when the outcome is durable; else `UnrecordedOutcome`, and nothing of the answer may be used. Once. */
  record(facts: Omit<EventFacts, 'upstreamRequestId'>): Promise<void>
}

/**
 * The outcome of an answered call could not be recorded. Not an AegisError on purpose: those say that nothing was sent,
 * and here the call was made, so that a consuming read may have consumed.
 */
export class UnrecordedOutcome extends Error {
  constructor(cause: unknown) {
    super('The call was answered, but its outcome could not be written to the audit log', { cause })
    this.name = 'UnrecordedOutcome'
  }
}

/** The call's context; `upstream.no-context` when it has none, before anything is sent. */
export function contextOf(call: AthenaCall): CallContext {
  const { context } = call
  if (!isContext(context)) throw new AegisError('upstream.no-context', { call: `${call.method} ${call.route}` })
  return context
}

function isContext(context: unknown): context is CallContext {
  if (typeof context !== 'object' || context === null) return false
  const { purpose, priority } = { purpose: undefined, priority: undefined, ...context }
  return (
    typeof purpose === 'string' &&
    /^[a-z][a-z.-]{0,62}$/.test(purpose) &&
    priorities.some((known) => known === priority)
  )
}
