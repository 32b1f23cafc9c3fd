import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { Journal } from '../journal/journal.ts'

/** The way to the callers: what goes over it late goes when virtual time has come. */
export interface Line {
  /** Acts at a virtual time, epoch ms, or at once when that has passed; unless cancelled before. */
  readonly at: (dueAt: number, act: () => void) => { cancel(): void }
  /** Acts after so much virtual time. */
  readonly after: (ms: number, act: () => void) => { cancel(): void }
}

/** A line of this clock's time. Before anything goes over it late, its time is written down. */
export function lineOf(clock: VirtualClock, journal: Journal | undefined): Line {
  const after: Line['after'] = (ms, act) =>
    clock.timer(ms, () => {
      journal?.cover()
      act()
    })
  return {
    after,
    at(dueAt, act) {
      const ms = dueAt - clock.exactNow()
      if (ms > 0) return after(ms, act)
      act()
      return { cancel: () => undefined }
    },
  }
}
