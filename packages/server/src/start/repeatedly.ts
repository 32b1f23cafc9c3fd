import type { Clock } from '../clock/clock.ts'

/** Does the work again and again, each time so long after it was done, until it is stopped; stopping waits for what is under way. */
export function repeatedly(
  { clock, afterMs }: { clock: Pick<Clock, 'sleep'>; afterMs: () => number },
  work: () => Promise<void>,
): () => Promise<void> {
  const stopping = new AbortController()
  const run = async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(afterMs(), stopping.signal).catch(() => undefined)
      if (!stopping.signal.aborted) await work()
    }
  }
  const running = run()
  return async () => {
    stopping.abort(new Error('the process is stopping'))
    await running
  }
}
