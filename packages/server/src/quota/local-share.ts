/**
 * What a process may do while the shared rate limit is out of reach. It cannot know whether the others still reach it,
 * so its share must be safe either way: one call in a little more than a second. Whoever still reaches the database
 * counts each process unseen for `lapsedAfterMs` as one that makes this call, and plans with a limit that is one lower
 * for each. A process therefore waits twice that long before it begins, and ends before the others stop counting it.
 *
 * Calls also need a durable audit entry. Where the audit log is in the same database nothing leaves during an outage;
 * the share is for losing this pool, role or lock alone, and for an audit log that is elsewhere. With a limit per practice there is
 * none: several processes could make their call for the same practice.
 */
export const localShareTimes = {
  /** Unseen for this long, a process counts as cut off. Four times what a busy one takes between two signs of life. */
  lapsedAfterMs: 12_000,
  /** The share ends this long after the last contact: a longer outage is not something to call through. */
  endsAfterMs: 300_000,
  /** How long others count a cut-off process: past the end of its share. */
  lapsedUntilMs: 310_000,
  /** Between two calls of the share: past the one second that limits are counted in. */
  spacingMs: 1_100,
  /** A calling process says so this often. */
  signOfLifeMs: 3_000,
  /** A process that has not called for this long takes itself off the list, so that nobody plans for it. */
  idleAfterMs: 8_000,
} as const

/** Send one call now; wait and look again; or nothing any more until the database is back. */
export type Share =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'over' }

export interface ShareFacts {
  /** Of the steady clock, as all times here. */
  readonly now: number
  /** When the last sign of life that arrived was sent; undefined before the first. */
  readonly contactAt: number | undefined
  /** How many processes called at that time, this one included. */
  readonly holders: number
  /** The app's limit. */
  readonly perSecond: number
  /** Each practice has a limit as well, of which nobody knows what the others have made of it. */
  readonly isPerPractice: boolean
  /** The last call of the share. */
  readonly lastCallAt: number | undefined
}

/** What the share allows now. Pure. */
export function judgeShare(facts: ShareFacts): Share {
  const times = localShareTimes
  const { now, contactAt } = facts
  // With more processes than calls per second not each can have one.
  if (contactAt === undefined || facts.holders > facts.perSecond) return { kind: 'over' }
  if (now >= contactAt + times.endsAfterMs) return { kind: 'over' }
  if (facts.isPerPractice && now >= contactAt + 2 * times.lapsedAfterMs) return { kind: 'over' }
  const beginsAt = contactAt + 2 * times.lapsedAfterMs
  const nextAt = Math.max(beginsAt, (facts.lastCallAt ?? Number.NEGATIVE_INFINITY) + times.spacingMs)
  return now < nextAt ? { kind: 'wait', waitMs: nextAt - now } : { kind: 'go' }
}
