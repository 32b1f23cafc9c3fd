import type { Tx } from '../db/db.ts'
import { type Belief, noteDrain, nothingSeen, relativeSize, type SeenChanges } from './change-rate.ts'
import { sizeStep } from './day-forecast.ts'
import { zoneDefault } from './hour-of-week.ts'
import { type ChosenDrain, nextDrain } from './next-drain.ts'
import { type PacedFeed, type PacingRow, readPacing, savePacing } from './pacing.sql.ts'
import { latestOf, type PacingSettings } from './pacing-settings.ts'
import type { Plan } from './plan.ts'
import { profileDefault } from './profile.ts'

/** What goes for every feed. */
export interface PaceRules {
  readonly plan: Plan
  readonly settings: PacingSettings
  /** Never sooner after the drain before. */
  readonly leastMs: number
}

/** What a drain told, in the database's time. */
export interface DrainTold {
  /** When the drain before it began, epoch ms; null before the first. */
  readonly before: number | null
  readonly startedAt: number
  readonly changes: number
}

/** A hint that nothing came of may be ahead of the feed. It counts once more, as one of just after the drain. */
const againAfterMs = 1

/** When to read one feed, and what was learned of it while it is being worked on. */
export class FeedPace {
  readonly #key: PacedFeed
  readonly #rules: PaceRules
  readonly #zone: string
  #seen: SeenChanges
  #hintedAt: number | undefined
  #hintedSince: number | undefined
  #wantedAt: number | undefined
  #isHintAgain: boolean
  #drainedAt: number | undefined
  #hasBrought = false
  #told: number | undefined

  constructor(key: PacedFeed, rules: PaceRules, row: PacingRow | undefined) {
    this.#key = key
    this.#rules = rules
    this.#zone = row?.zone ?? zoneDefault
    this.#seen = row ? seenIn(row) : nothingSeen
    this.#hintedAt = row?.hinted_at ?? undefined
    this.#hintedSince = row?.hinted_since ?? undefined
    this.#wantedAt = row?.wanted_at ?? undefined
    this.#isHintAgain = row?.hint_again ?? false
  }

  /** Whether calls are scarce: then what is not drains is put off as well. */
  get isScarce(): boolean {
    const { plan, settings } = this.#rules
    return plan.stretch > 1 || plan.price > settings.callWorthMs * 1.05
  }

  /** When the calls are counted anew, epoch ms. */
  get endsAt(): number {
    return this.#rules.plan.endsAt
  }

  /** Whether drains since it was made brought anything. */
  get hasBrought(): boolean {
    return this.#hasBrought
  }

  /** When to drain the feed, which was last drained at `from` (epoch ms). */
  next(from: number): ChosenDrain {
    const { plan, settings, leastMs } = this.#rules
    if (this.#wantedAt !== undefined && this.#wantedAt > from)
      return { at: from + leastMs, expectedWaitMs: leastMs / 2 }
    const bound = Math.max(leastMs, latestOf(settings, this.#key.feed))
    // Not into the next day of calls, when there are calls again.
    const untilNewDayMs = Math.max(bound, plan.endsAt - from)
    const mostMs = Math.min(bound * plan.stretch, untilNewDayMs)
    // What the first hint told of has waited for longest: later ones do not put it off.
    const hintAt = [this.#hintedSince, this.#hintedAt].find((at) => at !== undefined && at > from)
    const hint = hintAt === undefined ? {} : { hintAt }
    return nextDrain(this.#belief, { from, price: plan.price, leastMs, mostMs, ...hint })
  }

  /** Notes how many changes a drain that is complete has brought; `begun` says when it was. */
  told(changes: number): void {
    this.#told = changes
  }

  /** Learns from what was told, if anything was, by the times at which that drain and the one before began. */
  begun({ before, startedAt }: { before: number | null; startedAt: number | null }): void {
    const changes = this.#told
    this.#told = undefined
    if (changes !== undefined && startedAt !== null) this.drained({ before, startedAt, changes })
  }

  /**
   * Learns from a drain that read everything there was. Changes that a hint announced do not count: it is asked how often the
   * feed has to be read without one.
   */
  drained({ before, startedAt, changes }: DrainTold): void {
    const isHinted = before !== null && this.#hintedAt !== undefined && this.#hintedAt > before
    if (before !== null) {
      const counted = isHinted ? 0 : changes
      this.#seen = noteDrain(this.#belief, { from: before, to: startedAt, changes: counted })
    }
    const isInVain = isHinted && changes === 0 && !this.#isHintAgain
    this.#hintedAt = isInVain ? startedAt + againAfterMs : undefined
    this.#hintedSince = undefined
    this.#isHintAgain = isInVain
    this.#drainedAt = startedAt
    this.#hasBrought ||= changes > 0
  }

  /** Keeps what was learned, if anything was. True where a hint or a wish came meanwhile: then it is to be looked at again. */
  async save(tx: Tx): Promise<boolean> {
    const drainedAt = this.#drainedAt
    if (drainedAt === undefined) return false
    const { at, expectedWaitMs } = this.next(drainedAt)
    const { changes, hours, lately } = this.#seen
    const hintedAt = this.#hintedAt === undefined ? null : new Date(this.#hintedAt).toISOString()
    const latest = await savePacing(tx, this.#key, {
      changes,
      hours,
      lately,
      sizeStep: sizeStep(relativeSize(this.#belief)),
      drainedAt: new Date(drainedAt).toISOString(),
      everyMs: at - drainedAt,
      waitMs: expectedWaitMs,
      hintedAt,
      hintAgain: this.#isHintAgain,
    })
    const known = this.#hintedAt ?? drainedAt
    return Math.max(latest.hinted_at ?? 0, latest.wanted_at ?? 0) > Math.max(known, drainedAt) + againAfterMs
  }

  get #belief(): Belief {
    return {
      zone: this.#zone,
      seen: this.#seen,
      profile: this.#rules.plan.profiles.get(this.#key.feed) ?? profileDefault,
    }
  }
}

/** What is known of a feed, for whoever works on it now. */
export async function feedPace(tx: Tx, key: PacedFeed, rules: PaceRules): Promise<FeedPace> {
  return new FeedPace(key, rules, await readPacing(tx, key))
}

function seenIn(row: PacingRow): SeenChanges {
  const { changes, hours } = row
  if (changes === null || hours === null) return nothingSeen
  return { changes, hours, lately: { changes: row.lately_changes, expected: row.lately_expected } }
}
