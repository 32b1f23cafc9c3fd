import type { Reading } from '../clock/remote-clock.ts'
import type { Intent } from './intent.sql.ts'

/** Epoch ms, by athenahealth's clock. */
export interface Window {
  readonly from: number
  readonly to: number
}

interface Present {
  /** The database's time. */
  readonly now: number
  /** What athenahealth's clock shows; undefined where its answers do not tell. */
  readonly theirs: Reading | undefined
  readonly replayMarginMs: number
  readonly retentionMs: number
}

/**
 * What has to be read again so that nothing is missed that the reads of these intents may have taken (pure). athenahealth
 * counts in its own time, of which there are two witnesses: the database's clock, which somebody may have set since, and
 * the `Date` of its answers, which need not come from the machine that counts. So the window reaches as far on both sides
 * as either of them says. `passed`: it reaches back to where athenahealth may have forgotten, or nobody can tell where to.
 */
export function windowOfDoubt(
  intents: readonly Pick<Intent, 'opened_at' | 'upstream_at'>[],
  { now, theirs, replayMarginMs, retentionMs }: Present,
): Window | 'passed' {
  const latest = Math.max(now, theirs?.latest ?? now)
  // The database's clock was set back since, and nothing else tells when it was.
  if (intents.some((intent) => intent.upstream_at === null && intent.opened_at > now + replayMarginMs)) return 'passed'
  const earliest = Math.min(now, ...intents.map(earliestOf))
  if (latest - earliest > retentionMs) return 'passed'
  return { from: earliest - replayMarginMs, to: latest + replayMarginMs }
}

/** The earliest that athenahealth's clock can have shown when a read was about to be made. */
export function earliestOf({ opened_at, upstream_at }: Pick<Intent, 'opened_at' | 'upstream_at'>): number {
  return Math.min(opened_at, upstream_at ?? opened_at)
}
