import type { CallContext } from '../upstream/call-context.ts'
import { refetchContext } from './fetch-record.ts'
import type { SyncDeps } from './sync-deps.ts'

const leastWaitMs = 1_000

/** Why records are asked for by themselves, in a step that ends at `endsAt` of the steady clock. */
export function contextUntil({ clock }: SyncDeps, endsAt: number): CallContext {
  if (endsAt === Number.POSITIVE_INFINITY) return refetchContext
  return {
    ...refetchContext,
    // Looked at with each call.
    get waitMs() {
      return Math.max(leastWaitMs, endsAt - clock.steady())
    },
  }
}
