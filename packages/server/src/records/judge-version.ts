/** Where a body came from: what it is worth against what we hold. */
export type Source = 'snapshot' | 'feed' | 'replay' | 'refetch'

/** A version: upstream's own time of last change where known, and the order in which we asked. */
export interface Version {
  /** Epoch ms; undefined when the body carries no trustworthy time. */
  readonly lastModifiedAt: number | undefined
  /** Taken before the request that brought the body was sent. */
  readonly fetchSeq: bigint
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
 * happened (undocumented): there such an item is only an id to ask for.
 */
export function judgeVersion(held: Version | undefined, incoming: Version, source: Source): Verdict {
  if (source === 'replay') return judgeReplay(held, incoming)
  if (!held) return 'apply'
  if (held.lastModifiedAt !== undefined && incoming.lastModifiedAt !== undefined) {
    if (incoming.lastModifiedAt !== held.lastModifiedAt) {
      return incoming.lastModifiedAt > held.lastModifiedAt ? 'apply' : 'stale'
    }
  }
  return incoming.fetchSeq >= held.fetchSeq ? 'apply' : 'stale'
}

function judgeReplay(held: Version | undefined, incoming: Version): Verdict {
  if (incoming.lastModifiedAt === undefined) return 'refetch'
  if (!held) return 'apply'
  if (held.lastModifiedAt === undefined) return 'refetch'
  if (incoming.lastModifiedAt === held.lastModifiedAt) return 'refetch'
  return incoming.lastModifiedAt > held.lastModifiedAt ? 'apply' : 'stale'
}
