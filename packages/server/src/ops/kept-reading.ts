import type { Clock } from '../clock/clock.ts'

/** What is read once for all who ask at a time, and handed out again for a while. */
export interface KeptReading<T> {
  /** Rejects with what reading throws; that is not kept. */
  get(): Promise<T>
  /** What was read, or is being read, may be out of date. */
  forget(): void
}

/** Reads when it is asked, unless it did less than `forMs` ago, or is about to. */
export function keptReading<T>(
  clock: Pick<Clock, 'steady'>,
  { forMs, read }: { forMs: number; read: () => Promise<T> },
): KeptReading<T> {
  let kept: { readonly value: Promise<T>; until: number } | undefined
  return {
    get() {
      if (kept && clock.steady() < kept.until) return kept.value
      const mine = { value: read(), until: Number.POSITIVE_INFINITY }
      kept = mine
      mine.value.then(
        () => {
          mine.until = clock.steady() + forMs
        },
        () => {
          mine.until = 0
        },
      )
      return mine.value
    },
    forget() {
      kept = undefined
    },
  }
}
