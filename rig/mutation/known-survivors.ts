import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const survivorsFile = 'rig/mutation/survivors.txt'

/**
 * The mutants that are known to survive, by id, with the reason. A line of the file: the id, what is changed, ` # ` and the
 * reason.
 */
export function readKnownSurvivors(root: string): Map<string, string> {
  const lines = readFileSync(join(root, survivorsFile), 'utf8').split('\n')
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const { id, reason } = /^(?<id>\S+\.ts:[0-9a-f]{8}) .*? # (?<reason>.+)$/.exec(line)?.groups ?? {}
      if (id && reason) return [[id, reason]]
      if (!line.trim() || line.startsWith('#')) return []
      throw new Error(`${survivorsFile}: a line is an id, what is changed, " # " and the reason, not\n${line}`)
    }),
  )
}
