import { lstatSync } from 'node:fs'
import { systemCode } from '../../config/system-code.ts'

/** `hidden`: it cannot be looked at, for want of rights or because the disk fails; it may well be there. */
export type Presence = 'there' | 'missing' | 'hidden'

/** Whether something is at a path. `look`: `statSync` to go by what a link leads to. */
export function presenceOf(path: string, look: (path: string) => unknown = lstatSync): Presence {
  try {
    look(path)
    return 'there'
  } catch (error) {
    return isMissing(error) ? 'missing' : 'hidden'
  }
}

/** Whether a call on a file failed because there is none (pure). */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemCode(error))
}
