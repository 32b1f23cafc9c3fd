/** Time and timers as an input: every wait and every "now" of the server goes through one of these. */
export interface Clock {
  /** Milliseconds since the epoch (UTC). */
  now(): number
  /**
   * Milliseconds since some moment, at the rate of `now`, never set: what has passed between two readings has passed. It
   * says nothing of what another process reads, and may stand while the machine sleeps.
   */
  steady(): number
  /** Resolves after `ms` of this clock's time; rejects with the signal's reason when aborted. 0 or less yields once. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `fire` once after `ms` of this clock's time. A pending timer never keeps the process alive. */
  timer(ms: number, fire: () => void): { cancel(): void }
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  // Somebody awaits it: without a reference the process would end in the middle of that work, if nothing else is open.
  sleep: (ms, signal) => sleepOn({ timer: referencedTimer }, ms, signal),
  timer(ms, fire) {
    const handle = setTimeout(fire, Math.max(0, ms))
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
}

function referencedTimer(ms: number, fire: () => void): { cancel(): void } {
  const handle = setTimeout(fire, Math.max(0, ms))
  return { cancel: () => clearTimeout(handle) }
}

/** `sleep` in terms of `timer`, for every implementation of Clock. */
export function sleepOn(clock: Pick<Clock, 'timer'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const abort = () => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = clock.timer(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}
