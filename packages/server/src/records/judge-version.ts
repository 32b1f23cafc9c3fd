import type { RecordKind, Shape } from './record-kind.ts'

/** Where a body came from: what it is worth against what we hold. */
export type Source = 'snapshot' | 'feed' | 'replay' | 'refetch' | 'reconciliation'

/** A version: upstream's own time of last change where known, and the order in which we asked. */
export interface Version {
  /** Epoch ms; undefined when the body carries no trustworthy time. */
  readonly lastModifiedAt: number | undefined
  /** Taken before the request that brought the body was sent. */
  readonly fetchSeq: bigint
}

/** A version that arrives. */
export interface ArrivedVersion extends Version {
  /** Since when at the earliest it was that, also where no time of change orders it, epoch ms. */
  readonly changedFrom?: number | undefined
}

/** A version that is held. */
export interface HeldVersion extends Version {
  /** It came so short a time before that a list may not show it yet. */
  readonly isRecent?: boolean
  /** By when at the latest it had been changed there, where no time of change says when, epoch ms. */
  readonly changedBy?: number
}

export type Verdict =
  /** Write it. */
  | 'apply'
  /** What we hold is newer: leave it. */
  | 'stale'
  /** It may be old and cannot be told: ask for the record by id instead. */
  | 'refetch'

/**
 * Whether a body may replace what we hold. A row never goes backwards: an older `lastModifiedAt` is stale. Without one
 * on either side the order of asking decides, except in a replay, which may carry bodies as they were when the change
 * happened (undocumented): there such an item is only an id to ask for. Nor is a snapshot's list believed against what came so
 * lately that it may lag behind it (see `mayLag`). What was asked for by itself, some time after all
 * that is held of it came, is athenahealth's word: otherwise one wrong time of last change would keep every later body out.
 */
export function judgeVersion(held: HeldVersion | undefined, incoming: ArrivedVersion, source: Source): Verdict {
  if (source === 'replay') return judgeReplay(held, incoming)
  if (!held) return 'apply'
  if (source === 'reconciliation') return judgeCheck(held, incoming)
  if (source === 'refetch' && incoming.fetchSeq > held.fetchSeq && !held.isRecent) return 'apply'
  return judgeOrder(held, incoming, source)
}

function judgeOrder(held: HeldVersion, incoming: Version, source: Source): Verdict {
  const laterMs = laterBy(held, incoming)
  if (laterMs) return laterMs > 0 ? 'apply' : 'stale'
  if (incoming.fetchSeq < held.fetchSeq) return 'stale'
  // A list may lag behind what the feed has just brought, and what has no time of change does not tell.
  return source === 'snapshot' && held.isRecent && laterMs === undefined ? 'refetch' : 'apply'
}

/** How much later a body was changed than what is held; undefined where one of them does not say. */
function laterBy(held: Version, incoming: Version): number | undefined {
  if (held.lastModifiedAt === undefined || incoming.lastModifiedAt === undefined) return undefined
  return incoming.lastModifiedAt - held.lastModifiedAt
}

/**
 * A list read for a check may lag behind what the feed has brought: it never takes back what is newer, or what came so
 * lately that nothing tells which is newer. A list asked for later that shows an older version means that one of the
 * two is wrong. In either case the record itself is asked.
 */
function judgeCheck(held: HeldVersion, incoming: Version): Verdict {
  if (incoming.fetchSeq < held.fetchSeq) return 'stale'
  const laterMs = laterBy(held, incoming)
  if (laterMs !== undefined) return laterMs < 0 ? 'refetch' : 'apply'
  return held.isRecent ? 'refetch' : 'apply'
}

/**
 * Without a time, as from a list that sends none, or with one of the hour that clocks repeat, on either side: what was surely modified
 * after what is held is news. It is not left to the read by id, which need not show what has changed (`frozen` of a slot, and who was
 * the last to touch a visit); what changed later still, the feed brings with a later time.
 */
function judgeReplay(held: HeldVersion | undefined, incoming: ArrivedVersion): Verdict {
  const { lastModifiedAt, changedFrom = lastModifiedAt } = incoming
  if (!held) return lastModifiedAt === undefined ? 'refetch' : 'apply'
  const laterMs = laterBy(held, incoming)
  if (laterMs === 0) return 'refetch'
  if (laterMs !== undefined) return laterMs > 0 ? 'apply' : 'stale'
  const heldBy = held.lastModifiedAt ?? held.changedBy ?? Infinity
  return (changedFrom ?? -Infinity) > heldBy ? 'apply' : 'refetch'
}

/**
 * Whether a snapshot's list may show what was before, and the record itself be asked instead (pure): patients, and slots that
 * are booked by now. Of an open slot the answer by id would tell less than the list (`frozen`).
 */
export function mayLag(
  { isPatient }: Pick<RecordKind, 'isPatient'>,
  shape: Shape,
  held: { readonly patient: string | null },
): boolean {
  return isPatient || (shape === 'open' && held.patient !== null)
}
