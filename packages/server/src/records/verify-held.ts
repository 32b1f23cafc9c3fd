import { isDeepStrictEqual } from 'node:util'
import type { PracticeFacts, RecordKind } from './record-kind.ts'
import type { HeldRow } from './records.sql.ts'
import { versionOf } from './version-of.ts'
import type { WireRecord } from './wire-record.ts'

/** Names of what may be wrong with a row itself; in parentheses, since none is a field of athenahealth's. */
export const unreadable = '(unreadable)'
const clearFields = '(clear)'
const version = '(version)'
/** The instant that a wall time stands for: it follows from the department's zone, which may become known later. */
export const startInstant = '(startsAt)'

/**
 * What of a row does not follow from the body sealed in it (pure): what analysts read in clear, and the version that newer
 * bodies are compared with.
 */
export function flawsOf(
  kind: RecordKind,
  facts: PracticeFacts,
  { row, body }: { row: Pick<HeldRow, 'clear' | 'last_modified_at'>; body: WireRecord },
): string[] {
  const flaws: string[] = []
  const { startsAt: heldStart, ...held } = plain(row.clear ?? {})
  const { startsAt: trueStart, ...due } = plain(kind.clear(body, facts))
  if (!isDeepStrictEqual(held, due)) flaws.push(clearFields)
  if (heldStart !== trueStart) flaws.push(startInstant)
  if ((row.last_modified_at ?? undefined) !== versionOf(kind, body)) flaws.push(version)
  return flaws
}

/** As it is stored: without what is undefined. */
function plain(clear: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(clear)) as Record<string, unknown> // an object stays one
}
