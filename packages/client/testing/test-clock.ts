import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../src/clock.ts'

/** A clock that stands still until told, or until `run` finds that nothing else can happen. */
export interface TestClock extends Clock {
  /** Moves time on and fires what falls due, in order. */
  advance(ms: number): Promise<void>
  /** Resolves as `work` does; jumps to the next timer whenever all other work has come to rest. */
  run<T>(work: Promise<T>): Promise<T>
  /** Timers that wait. */
  readonly waiting: number
}

/** Many times what the longest test takes. */
const TIMERS_MAX = 100_000

interface Timer {
  readonly at: number
  readonly fire: () => void
}

export function testClock(startAt = Date.UTC(2026, 2, 2, 15, 0, 0)): TestClock {
  let now = startAt
  const timers = new Set<Timer>()
  const fireDue = () => {
    for (const timer of [...timers].sort((left, right) => left.at - right.at)) {
      if (timer.at > now) break
      timers.delete(timer)
      timer.fire()
    }
  }
  const clock: TestClock = {
    now: () => now,
    get waiting() {
      return timers.size
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const timer = { at: now + Math.max(0, ms), fire: resolve }
        timers.add(timer)
        signal?.addEventListener('abort', () => timers.delete(timer) && reject(signal.reason), { once: true })
      }),
    async advance(ms) {
      await settle()
      const end = now + ms
      for (let next = nextAt(timers); next <= end; next = nextAt(timers)) {
        now = Math.max(now, next)
        fireDue()
        await settle()
      }
      now = end
      await settle()
    },
    async run(work) {
      let done = false
      const finish = () => {
        done = true
      }
      work.then(finish, finish)
      let fired = 0
      for (await settle(); !done; await settle()) {
        if (fired++ > TIMERS_MAX) throw new Error('the work is not done, and timer follows timer')
        const next = nextAt(timers)
        if (!Number.isFinite(next)) throw new Error('nothing waits and the work is not done')
        now = Math.max(now, next)
        fireDue()
      }
      return work
    },
  }
  return clock
}

function nextAt(timers: ReadonlySet<Timer>): number {
  return Math.min(Number.POSITIVE_INFINITY, ...[...timers].map((timer) => timer.at))
}

/** Lets promise callbacks run until they have come to rest; in-memory work needs no more turns than these. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate()
}
