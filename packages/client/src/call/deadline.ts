import type { Clock } from '../clock.ts'

/** Why a signal of ours was aborted. */
export type AbortCause = 'timeout' | 'aborted'

/** A signal that is aborted when its time is over or its caller gives up. Close it when the work is done. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Undefined while the signal is not aborted. */
  cause(): AbortCause | undefined
  /** Milliseconds left; Infinity without a limit. */
  leftMs(): number
  /** Ends the limit; the parent's signal goes on to be heeded. */
  lift(): void
  close(): void
}

/** Why a limit of time ends early. Nobody sees it: making an error of its own for every call that goes well costs much. */
const done = Symbol('done')

/** Starts a deadline of `ms` (Infinity: none) on the clock, under a parent signal if there is one. */
export function startDeadline(clock: Clock, ms: number, parent: AbortSignal | undefined): Deadline {
  const controller = new AbortController()
  const timer = new AbortController()
  const endsAt = clock.now() + ms
  let cause: AbortCause | undefined
  const abort = (why: AbortCause, reason: unknown) => {
    if (cause) return
    cause = why
    controller.abort(reason)
  }
  const follow = () => abort('aborted', parent?.reason)
  if (parent?.aborted) follow()
  parent?.addEventListener('abort', follow, { once: true })
  const end = () => abort('timeout', new DOMException('deadline passed', 'TimeoutError'))
  // Nothing is begun that is over already, and a timer would end after the first step.
  if (ms <= 0) end()
  else if (Number.isFinite(ms)) clock.sleep(ms, timer.signal).then(end, () => undefined)
  return {
    signal: controller.signal,
    cause: () => cause,
    leftMs: () => endsAt - clock.now(),
    lift: () => timer.abort(done),
    close() {
      parent?.removeEventListener('abort', follow)
      timer.abort(done)
    },
  }
}
