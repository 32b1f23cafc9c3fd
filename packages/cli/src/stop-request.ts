import { CliError } from './cli-error.ts'
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
const CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const satisfies Readonly<Record<StopSignal, number>>

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

/**
 * Does `work`, which closes what it opened when its signal is aborted, and rejects. Then it is told that it was ended, with the
 * exit code of a shell for that; `remedy` says what is open then.
 */
export async function untilStopped<T>(
  { terminal, remedy }: { terminal: Terminal; remedy: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = stopRequest(terminal)
  try {
    return await work(stop.signal)
  } catch (error) {
    if (!stop.isRequested()) throw error
    const by = await stop.requested
    throw new CliError(`Ended by ${by}`, { remedy, exitCode: CODES[by], cause: error })
  } finally {
    stop.dispose()
  }
}
