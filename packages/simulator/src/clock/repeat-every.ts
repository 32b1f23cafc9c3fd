/** Calls `act` every `ms` of real time until it is stopped. Never keeps a process alive. */
export function repeatEvery(ms: number, act: () => void): { stop(): void } {
  const interval = setInterval(act, ms)
  interval.unref()
  return { stop: () => clearInterval(interval) }
}
