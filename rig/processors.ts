import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/**
 * The processors that processes can be bound to, one each, with the program `taskset` of util-linux; none where it is not
 * there, or the system does not say which of its processors this process may use.
 */
export function bindableProcessors(): readonly number[] {
  if (spawnSync('taskset', ['--version']).status !== 0) return []
  try {
    const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    return parseProcessors(list ?? '').slice(0, cpus().length)
  } catch {
    return []
  }
}

/** A list as Linux writes it: `0-2,5` is 0, 1, 2 and 5. */
export function parseProcessors(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
    if (first === undefined) return []
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, more) => Number(first) + more)
  })
}
