import type { AthenaCall } from '@aegis/client'
import type { AttemptId, AttemptOutcome, Audit } from '../audit/audit.ts'
import type { AuditEvent, EntryAction } from '../audit/entry.ts'
import type { Clock } from '../clock/clock.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import type { Policy } from '../policy/policy.ts'
import type { Turn } from '../policy/pull-turns.ts'
import type { Permission } from '../quota/permission.ts'
import type { Priority } from '../quota/priorities.ts'
import type { Quota } from '../quota/quota.ts'
import type { CallContext } from './call-context.ts'
import { patientsNamed } from './patients-named.ts'

export interface PermitDeps {
  readonly policy: Policy
  readonly quota: Pick<Quota, 'check' | 'permission' | 'unused' | 'observe' | 'throttled'>
  readonly audit: Pick<Audit, 'attempt' | 'outcome'>
  readonly clock: Clock
  /** Name of the athenahealth app for the quota, e.g. `preview/<client id>`. */
  readonly app: string
}

export interface PermitRequest {
  readonly call: AthenaCall & { readonly practice: number }
  readonly url: URL
  /** The form, where there is one. */
  readonly body?: string
  readonly context: CallContext
  readonly signal: AbortSignal
}

/** A call that may be made now, and is in the audit log as attempted. */
export interface Permit {
  /** Waits for another permission in place of the one at hand, which was not used. Rejects like `permit`. */
  again(): Promise<void>
  /** Throws `upstream.given-up` where the call is not wanted any more: to be asked right before it is sent. */
  confirm(): void
  /** The call did not leave and will not: the day and, where it was counted on one, its allowance have it back. Never rejects. */
  unused(): Promise<void>
  /** Records how it ended; once, later ones are ignored. Rejects with what audit throws. */
  settle(outcome: AttemptOutcome): Promise<void>
}

/** How long a call of each priority waits for its turn and a permission unless it says otherwise, in ms. */
const waitMs: Record<Priority, number> = {
  interactive: 10_000,
  notifications: 30_000,
  feeds: 60_000,
  reconciliation: 300_000,
  bulk: 600_000,
}

/**
 * The one gate to athenahealth: policy, the practice's turn for a large pull, audit attempt, permission, in this order. A
 * day that is known to be used up refuses it before all of them.
 * Resolves when the call may be sent: at once. Rejects with an AegisError of policy, quota or audit, with `upstream.given-up`, or the signal's reason;
 * then nothing was sent and nothing may be. The attempt is durable before the permission is asked for, because a permission is for now and
 * writing the log takes time; a call that gets none is recorded as a failure.
 */
export async function permit(deps: PermitDeps, request: PermitRequest): Promise<Permit> {
  const { call, context } = request
  const { unless } = context
  const signal = unless ? AbortSignal.any([request.signal, unless]) : request.signal
  deps.quota.check({ app: deps.app, priority: context.dayPriority ?? context.priority })
  const askedAt = deps.clock.steady()
  const {
    before,
    large,
    unused: giveBack,
  } = await deps.policy.permit({
    method: call.method,
    route: call.route,
    params: paramsOf(request.url),
    practice: call.practice,
    large: context.large !== undefined,
    ofCaller: context.actor?.kind === 'caller',
    ...(typeof context.large === 'string' ? { allowance: context.large } : {}),
  })
  const { practice } = call
  const ending = { giveBack, unless }
  const terms = { before, askedAt }
  const patienceMs = patience(deps, context, terms)
  const turn = await notMade(ending, async () => large && deps.policy.turn({ practice, patienceMs, signal }))
  const attempt = await notMade(ending, () => deps.audit.attempt(eventOf(request))).catch(async (error: unknown) => {
    await turn?.end()
    throw error
  })
  const settle = settleOnce(deps.audit, attempt, turn)
  const asked = { ...request, signal: turn ? AbortSignal.any([signal, turn.lost]) : signal }
  let granted: Permission | undefined
  const again = async () => {
    if (granted) deps.quota.unused(granted)
    const ahead = granted !== undefined
    granted = undefined
    try {
      granted = await notMade(ending, () => permission(deps, asked, { ...terms, ahead }))
    } catch (error) {
      await settle({ outcome: 'failure' }).catch(() => undefined) // the attempt is closed as unknown later on
      throw error
    }
  }
  const unused = async () => {
    // Without a permission all has been given back.
    if (!granted) return
    deps.quota.unused(granted)
    granted = undefined
    await giveBack?.().catch(() => undefined) // it counts as made then
  }
  const confirm = () => {
    context.look?.()
    if (unless?.aborted) throw new AegisError('upstream.given-up')
  }
  await again()
  await failpoint('upstream.permitted')
  return { again, confirm, settle, unused }
}

interface Ending {
  readonly giveBack: (() => Promise<void>) | undefined
  readonly unless: AbortSignal | undefined
}

/** What `work` is for comes to nothing when it fails: then what the policy has counted for the call is given back. */
async function notMade<T>({ giveBack, unless }: Ending, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await giveBack?.().catch(() => undefined) // it counts as made then
    throw unless?.aborted ? new AegisError('upstream.given-up') : error
  }
}

interface Terms {
  /** The call must have left by then, epoch ms. */
  readonly before: number | undefined
  /** Since when it waits, for whatever: of the steady clock. */
  readonly askedAt: number
  readonly ahead: boolean
}

function permission(deps: PermitDeps, request: PermitRequest, { ahead, ...terms }: Terms): Promise<Permission> {
  const { context, call, signal } = request
  return deps.quota.permission({
    app: deps.app,
    practice: call.practice,
    priority: context.priority,
    ...(context.dayPriority && { dayPriority: context.dayPriority }),
    work: context.purpose,
    ...(context.actor?.kind === 'caller' && { caller: context.actor.id }),
    signal,
    ahead,
    deadlineMs: patience(deps, context, terms),
  })
}

/** How long to wait. A large pull that is still waiting when the off-hours end has to stop. */
function patience({ clock }: PermitDeps, context: CallContext, { before, askedAt }: Omit<Terms, 'ahead'>): number {
  const spentMs = clock.steady() - askedAt
  const patienceMs = Math.max(0, (context.waitMs ?? waitMs[context.priority]) - spentMs)
  return before === undefined ? patienceMs : Math.min(patienceMs, Math.max(0, before - clock.now()))
}

function settleOnce(audit: PermitDeps['audit'], attempt: AttemptId, turn: Turn | undefined): Permit['settle'] {
  let settled = false
  return async (outcome) => {
    if (settled) return
    settled = true
    try {
      await audit.outcome(attempt, outcome)
    } finally {
      await turn?.end()
    }
  }
}

const actions: Record<AthenaCall['method'], EntryAction> = { GET: 'R', POST: 'C', PUT: 'U', DELETE: 'D' }

function eventOf({ call, url, body, context }: PermitRequest): AuditEvent {
  const patientIds = patientsNamed(call, url, body)
  const [part = ''] = context.purpose.split(/[.-]/)
  return {
    practice: call.practice,
    type: 'upstream',
    subtype: context.purpose.replaceAll('.', '-'),
    action: actions[call.method],
    actor: context.actor ?? { kind: 'system', id: part },
    purpose: context.purposeOfUse ?? 'HOPERAT',
    route: `${call.method} /v1/{practiceid}${call.route}`,
    requestId: call.requestId,
    ...(patientIds.length > 0 ? { patientIds } : {}),
    ...(context.intentId === undefined ? {} : { detail: { intentId: context.intentId } }),
  }
}

function paramsOf(url: URL): Map<string, string> {
  const params = new Map<string, string>()
  for (const [name, value] of url.searchParams) params.set(name.toLowerCase(), value)
  return params
}
