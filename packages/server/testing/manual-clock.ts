import { type Clock, sleepOn } from '../src/clock/clock.ts'

/** A clock that a test moves. */
export interface ManualClock extends Clock {
  /**
   * Moves on by `ms`, firing what falls due in the order of its time (of equal times, in the order it was set). After
   * each, promises that need no input or output settle before the next fires, so a chain of sleeps runs as in life.
   */
  advance(ms: number): Promise<void>
  /** How many timers and sleeps are waiting. */
  readonly pending: number
}

interface Waiting {
  readonly dueMs: number
  readonly order: number
  readonly fire: () => void
}

/** Turns of the event loop given to promises after each timer: enough for chains of awaits, still microseconds. */
const settleTurns = 5

/** A clock that stands at `startMs` (epoch milliseconds; default 2026-01-05 12:00 UTC) until it is moved. */
export function manualClock(startMs: number = Date.UTC(2026, 0, 5, 12)): ManualClock {
  const waiting = new Set<Waiting>()
  let nowMs = startMs
  let order = 0
  const timer = (ms: number, fire: () => void) => {
    const entry = { dueMs: nowMs + Math.max(0, ms), order: order++, fire }
    waiting.add(entry)
    return { cancel: () => void waiting.delete(entry) }
  }
  return {
    now: () => nowMs,
    steady: () => nowMs,
    timer,
    sleep: (ms, signal) => (ms <= 0 && !signal?.aborted ? turn() : sleepOn({ timer }, ms, signal)),
    async advance(ms) {
      const target = nowMs + ms
      await settle()
      for (let next = earliest(waiting, target); next; next = earliest(waiting, target)) {
        waiting.delete(next)
        nowMs = Math.max(nowMs, next.dueMs)
        next.fire()
        await settle()
      }
      nowMs = target
    },
    get pending() {
      return waiting.size
    },
  }
}

function earliest(waiting: ReadonlySet<Waiting>, untilMs: number): Waiting | undefined {
  let found: Waiting | undefined
  for (const entry of waiting) {
    if (entry.dueMs > untilMs) continue
    if (!found || entry.dueMs < found.dueMs || (entry.dueMs === found.dueMs && entry.order < found.order)) found = entry
  }
  return found
}

async function settle(): Promise<void> {
  for (let count = 0; count < settleTurns; count++) await turn()
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
