import { type Belief, busyLately, hourlyRates } from './change-rate.ts'
import { hourMs, hourParts } from './hour-of-week.ts'

/** Between two drains of one feed. */
export interface DrainBounds {
  /** Never sooner. */
  readonly leastMs: number
  /** Never later: whatever is believed, so long a change waits at most. */
  readonly mostMs: number
}

/** When to read a feed, and what comes of it. */
export interface ChosenDrain {
  /** Epoch ms. */
  readonly at: number
  /** How long a change of the time until then is expected to have waited when it is read. */
  readonly expectedWaitMs: number
}

export interface DrainChoice extends DrainBounds {
  /** When it was read last, epoch ms. */
  readonly from: number
  /** Changes that wait times how long they wait (ms) that a call is spent for. */
  readonly price: number
  /** When athenahealth told of a change since then, epoch ms. */
  readonly hintAt?: number
}

/**
 * When to read a feed next: as soon as the changes that are expected to wait will have waited for `price` altogether, each
 * from its own time on. For a rate r that stays the same that is every sqrt(2 price / r). A change that was told of waits
 * for certain.
 */
export function nextDrain(belief: Belief, { from, price, leastMs, mostMs, hintAt }: DrainChoice): ChosenDrain {
  const rateOf = hourlyRates(belief)
  const lately = busyLately(belief.seen)
  const latest = from + mostMs
  let waiting = 0
  let waited = 0
  let at = from
  for (const part of cutAt(hourParts(belief.zone, from, latest), hintAt)) {
    if (part.from === hintAt) waiting += 1
    const rate = (rateOf(part.hour) * lately) / hourMs
    const lengthMs = part.to - part.from
    const untilMs = untilWaited(price - waited, waiting, rate)
    const spentMs = Math.max(Math.min(lengthMs, untilMs), Math.min(lengthMs, from + leastMs - part.from))
    waited += waiting * spentMs + (rate * spentMs ** 2) / 2
    waiting += rate * spentMs
    at = part.from + spentMs
    if (spentMs < lengthMs || (waited >= price && at >= from + leastMs)) break
  }
  // Rounded, it is still neither sooner nor later. Where hardly anything is expected, a change waits half the time.
  at = Math.min(Math.max(Math.ceil(at), from + leastMs), Math.max(latest, from + leastMs))
  return { at, expectedWaitMs: waiting > 1e-12 ? waited / waiting : (at - from) / 2 }
}

/** Solves waiting x + rate x^2 / 2 = left for the time x. */
function untilWaited(left: number, waiting: number, rate: number): number {
  if (left <= 0) return 0
  if (left === Number.POSITIVE_INFINITY) return left
  return (2 * left) / (waiting + Math.sqrt(waiting ** 2 + 2 * rate * left))
}

/** So that a part begins at the hint. */
function* cutAt(parts: Iterable<{ hour: number; from: number; to: number }>, cut: number | undefined) {
  for (const part of parts) {
    if (cut !== undefined && cut > part.from && cut < part.to) {
      yield { ...part, to: cut }
      yield { ...part, from: cut }
    } else yield part
  }
}
