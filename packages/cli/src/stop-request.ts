import type { StopSignal, Terminal } from './terminal.ts'

/** Waits for the user or the system to ask the command to end. */
export interface StopRequest {
  /** Resolves at the first request. A second one, while the command is still ending, ends the process at once. */
  readonly requested: Promise<StopSignal>
  readonly isRequested: () => boolean
  dispose(): void
}

/** As a shell reports a process that a signal ended. */
const CODES: Readonly<Record<StopSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** Listens from now on. */
export function stopRequest(terminal: Terminal): StopRequest {
  const first = Promise.withResolvers<StopSignal>()
  let isRequested = false
  const dispose = terminal.onStop((signal) => {
    if (isRequested) {
      terminal.err.write('Ended at once. What was stored is safe; the next start takes up the rest.\n')
      terminal.exit(CODES[signal])
    }
    isRequested = true
    first.resolve(signal)
  })
  return { requested: first.promise, isRequested: () => isRequested, dispose }
}
