import { VirtualClock } from '../../packages/simulator/src/clock/virtual-clock.ts'
import { startDay } from '../../packages/simulator/src/day/start-day.ts'
import { createPractice } from '../../packages/simulator/src/practice/create-practice.ts'

/** What one feed of one practice told, in order of time. */
export interface FeedTrace {
  readonly practice: number
  readonly feed: string
  /** When each change was made, ms from the start. */
  readonly at: Float64Array
  /** Which record changed. A feed hands out a record once, however often it changed since it was read. */
  readonly record: Int32Array
}

export interface RecordedPractice {
  readonly id: number
  readonly seed: number
  readonly patients: number
  readonly startAt: number
  readonly days: number
}

/** Changes an hour for each patient at the busiest time: what the simulator takes for practices that nobody watches. */
const ratePerPatientHour = 0.02

/** Lives through a practice's days and notes what its feeds would tell. */
export function recordDays(
  { id, seed, patients, startAt, days }: RecordedPractice,
  feeds: readonly string[],
): FeedTrace[] {
  const clock = new VirtualClock({ startAt, speed: 0 })
  const practice = createPractice({ id, seed, patients, now: () => clock.now() })
  const noted = new Map(feeds.map((feed) => [feed, { at: [] as number[], record: [] as number[] }]))
  const numbers = new Map<string, number>()
  practice.onEvent(({ feed, id: record, at }) => {
    const of = noted.get(feed)
    if (!of) return
    const key = `${feed} ${record}`
    const number = numbers.get(key) ?? numbers.size
    numbers.set(key, number)
    of.at.push(at - startAt)
    of.record.push(number)
  })
  const day = startDay(practice, { clock, seed, ratePerHour: patients * ratePerPatientHour })
  // Day by day: one leap over weeks would let everything planned pile up.
  for (let passed = 0; passed < days; passed += 1) clock.advance(86_400_000)
  day.stop()
  clock.stop()
  return [...noted].map(([feed, { at, record }]) => ({
    practice: id,
    feed,
    at: Float64Array.from(at),
    record: Int32Array.from(record),
  }))
}
