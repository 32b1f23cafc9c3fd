import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { ApplyInput } from './apply-records.ts'
import { lastModifiedAt, lastModifiedBy, lastModifiedFrom } from './last-modified.ts'
import type { ArrivedVersion } from './judge-version.ts'
import { openIfPossible } from './open-record.ts'
import type { RecordKind } from './record-kind.ts'
import type { HeldRow } from './records.sql.ts'
import type { WireRecord } from './wire-record.ts'

/** The version of a body, epoch ms; undefined where it bears no time that orders (pure). */
export function versionOf(kind: RecordKind, body: WireRecord): number | undefined {
  return kind.lastModifiedField === undefined ? undefined : lastModifiedAt(body[kind.lastModifiedField])
}

interface Judging {
  readonly input: Pick<ApplyInput, 'source' | 'fetchSeq'>
  readonly kind: RecordKind
  readonly keys: PracticeKeys
}

/** The version of what arrives. */
export function arrivedVersion(
  { input: { source, fetchSeq }, kind: { lastModifiedField: field } }: Judging,
  { record, lastModifiedAt }: { record: WireRecord; lastModifiedAt: number | undefined },
): ArrivedVersion {
  if (source !== 'replay' || field === undefined) return { lastModifiedAt, fetchSeq }
  return { lastModifiedAt, fetchSeq, changedFrom: lastModifiedFrom(record[field]) }
}

/**
 * By when what is held had been changed at athenahealth: before it became here what it is. It may say so itself by a time that
 * orders nothing, as in the hour that clocks repeat, and have been written here since, as with a merge. A replay alone asks.
 */
export function changedBy({ input, kind, keys }: Judging, held: HeldRow): number {
  const { lastModifiedField: field } = kind
  if (input.source !== 'replay' || held.last_modified_at !== null || field === undefined) return held.changed_at
  // What an earlier row of the same page wrote came just now, and it alone says when it was changed.
  return Math.min(
    held.changed_at || Infinity,
    lastModifiedBy(openIfPossible(keys, kind.kind, held)?.[field]) ?? Infinity,
  )
}
