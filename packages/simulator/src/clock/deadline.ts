/** A signal that aborts after so much real time; it keeps no process alive. */
export function deadline(afterMs: number): AbortSignal {
  return AbortSignal.timeout(afterMs)
}
