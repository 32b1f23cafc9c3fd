import { readFileSync } from 'node:fs'

/** What becomes of the memory of a process that dies. `handed-over`: a program gets it, which may keep it. */
export type CoreDumps = 'none' | 'some' | 'handed-over'

/**
 * How much of its memory a process that dies leaves behind, as the system's table of its limits and its pattern for core
 * dumps say; undefined where they tell nothing of the process.
 */
export function coreDumpsOf(pid: number | 'self'): CoreDumps | undefined {
  try {
    const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
    return coreDumpsIn({ limits: readFileSync(`/proc/${pid}/limits`, 'utf8'), pattern })
  } catch {
    return undefined
  }
}

/** By the limit in force, which the second of the two only bounds (pure). */
export function coreDumpsIn({ limits, pattern }: { limits: string; pattern: string }): CoreDumps | undefined {
  const soft = /^Max core file size\s+(\S+)/m.exec(limits)?.[1]
  if (soft === undefined) return undefined
  // One byte is no room for a file, and Linux's own sign that no program is to be started for it either: 0 does not keep it from that.
  if (soft === '1') return 'none'
  if (pattern.startsWith('|')) return 'handed-over'
  return soft === '0' ? 'none' : 'some'
}
