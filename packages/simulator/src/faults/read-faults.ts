import { readFile } from 'node:fs/promises'
import { isObject } from './json-body.ts'
import type { FaultRule } from './fault-rule.ts'

/**
 * Reads rules from a JSON file: a list of them, or an object with one under `faults`. Rejects with the system's error when
 * it cannot be read, with TypeError when it is no JSON. What the rules say is checked where they are added.
 */
export async function readFaults(path: string): Promise<readonly FaultRule[]> {
  const text = await readFile(path, 'utf8')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new TypeError(`${path}: not JSON; write [{"kind": "…", "when": {…}}]`, { cause: error })
  }
  // They are checked where they are added.
  return (isObject(parsed) ? parsed['faults'] : parsed) as readonly FaultRule[]
}
