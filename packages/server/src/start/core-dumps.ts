import { readFileSync } from 'node:fs'

/**
 * How much of its memory a process that dies leaves in a file, as the system's table of its limits says; undefined where it
 * tells nothing of the process.
 */
export function coreDumpsOf(pid: number | 'self'): 'none' | 'some' | undefined {
  try {
    return coreDumpsIn(readFileSync(`/proc/${pid}/limits`, 'utf8'))
  } catch {
    return undefined
  }
}

/** The limit in force, which the second of the two only bounds (pure). */
export function coreDumpsIn(limits: string): 'none' | 'some' | undefined {
  const soft = /^Max core file size\s+(\S+)/m.exec(limits)?.[1]
  if (soft === undefined) return undefined
  return soft === '0' ? 'none' : 'some'
}
