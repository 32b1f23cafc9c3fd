import type { Priority } from './priorities.ts'

/** Of one process and app: who waits for a permission, how many were given since the start, and what that took together. */
export type WaitFigures = Readonly<
  Record<Priority, { readonly waiting: number; readonly served: number; readonly waitedMs: number }>
>

/** Counts what those who were served have waited. */
export class WaitCounts {
  readonly #served = new Map<Priority, { served: number; waitedMs: number }>()

  /** One was served who had waited for `waitedMs`. */
  add(priority: Priority, waitedMs: number): void {
    const before = this.#of(priority)
    this.#served.set(priority, { served: before.served + 1, waitedMs: before.waitedMs + waitedMs })
  }

  /** What was counted, with who waits now. */
  figures(waiting: (priority: Priority) => number): WaitFigures {
    const of = (priority: Priority) => ({ ...this.#of(priority), waiting: waiting(priority) })
    const [interactive, notifications, feeds] = [of('interactive'), of('notifications'), of('feeds')]
    return { interactive, notifications, feeds, reconciliation: of('reconciliation'), bulk: of('bulk') }
  }

  #of(priority: Priority): { served: number; waitedMs: number } {
    return this.#served.get(priority) ?? { served: 0, waitedMs: 0 }
  }
}
