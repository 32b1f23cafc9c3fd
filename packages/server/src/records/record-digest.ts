import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { ClearValue, Kind } from './record-kind.ts'

/** The digest of a body in its canonical text, and of the instant that follows from it where it has one. */
export function recordDigest(
  keys: PracticeKeys,
  kind: Kind,
  { text, startsAt = '' }: { text: string; startsAt?: ClearValue | undefined },
): string {
  return keys.digest(`record.${kind}`, `${text}${String(startsAt)}`)
}
