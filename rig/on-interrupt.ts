import { rmSync } from 'node:fs'

const signals = ['SIGINT', 'SIGTERM'] as const
const cleaners = new Set<() => void>()

/** Somebody stops a run: what it started goes with it, of each that is under way. Returns what takes this back. */
export function onInterrupt(clean: () => void): () => void {
  if (cleaners.size === 0) for (const signal of signals) process.once(signal, interrupted)
  cleaners.add(clean)
  return () => {
    cleaners.delete(clean)
    if (cleaners.size === 0) for (const signal of signals) process.off(signal, interrupted)
  }
}

function interrupted(signal: NodeJS.Signals): void {
  for (const clean of cleaners) {
    try {
      clean()
    } catch (error) {
      // What is left behind is told, and keeps nothing else from going.
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
  process.exit(signal === 'SIGINT' ? 130 : 143)
}

/** Ends a PostgreSQL server without a word and removes what it kept; waits, or it would write what is being removed. */
export function abandonPostgres(pid: number, directory: string): void {
  process.kill(pid, 'SIGQUIT')
  for (let tries = 0; isRunning(pid) && tries < 50; tries += 1) Atomics.wait(pause, 0, 0, 100)
  rmSync(directory, { recursive: true, force: true })
}

const pause = new Int32Array(new SharedArrayBuffer(4))

/** Whether there is a process of this id. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
