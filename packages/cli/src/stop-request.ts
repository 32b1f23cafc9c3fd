import type { StopSignal, Terminal } from './terminal.ts'

/** Waits for the user or the system to ask the command to end. */
export interface StopRequest {
  /** Resolves at the first request. A later one, while the command is still ending, ends the process at once. */
  readonly requested: Promise<StopSignal>
  /** Aborted then. */
  readonly signal: AbortSignal
  readonly isRequested: () => boolean
  dispose(): void
}

/** As a shell reports a process that a signal ended. */
const CODES: Readonly<Record<StopSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** A service manager signals every process and npm passes the signal on as well: that is one request, not two. */
const SAME_REQUEST_MS = 500

/** Listens from now on. */
export function stopRequest(terminal: Terminal): StopRequest {
  const first = Promise.withResolvers<StopSignal>()
  const stopping = new AbortController()
  let requestedAt: number | undefined
  const dispose = terminal.onStop((signal) => {
    if (requestedAt === undefined) {
      requestedAt = performance.now()
      first.resolve(signal)
      stopping.abort(new Error(`asked to end by ${signal}`))
    } else if (performance.now() - requestedAt > SAME_REQUEST_MS) {
      terminal.err.write('Ended at once. What was stored is safe; the next start takes up the rest.\n')
      terminal.exit(CODES[signal])
    }
  })
  return { requested: first.promise, signal: stopping.signal, isRequested: () => requestedAt !== undefined, dispose }
}
