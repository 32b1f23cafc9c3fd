import type { CallContext } from '../upstream/call-context.ts'
import type { SyncDeps } from './sync-deps.ts'

const leastWaitMs = 1_000

/** With the checks. */
const doubted = { priority: 'reconciliation', purpose: 'sync.refetch' } as const
/**
 * What a feed has only named is its content: in turn with the feeds. Of the day it leaves them the last part, so that they go on to
 * be read.
 */
const named = { priority: 'feeds', dayPriority: 'reconciliation', purpose: 'sync.refetch' } as const

/** Why records are asked for by themselves, in a step that ends at `endsAt` of the steady clock. `isOfFeed`: a feed has named some. */
export function contextUntil(
  { clock }: SyncDeps,
  { endsAt, isOfFeed }: { endsAt: number; isOfFeed: boolean },
): CallContext {
  const context = isOfFeed ? named : doubted
  if (endsAt === Number.POSITIVE_INFINITY) return context
  return {
    ...context,
    // Looked at with each call.
    get waitMs() {
      return Math.max(leastWaitMs, endsAt - clock.steady())
    },
  }
}
