import { floorOf } from './day-budget.ts'
import { type Priority, priorities, priorityRules } from './priorities.ts'
import type { UseKind } from './use-rhythm.ts'

/** Calls that are wanted in a stretch of time, evenly spread over it. */
export interface Demand {
  /** Epoch ms. */
  readonly from: number
  readonly to: number
  readonly calls: Readonly<Record<UseKind, number>>
}

export interface WalkStart {
  /** Calls left of the day. */
  readonly left: number
  /** The day's limit. */
  readonly limit: number
  /** What bulk work leaves to feeds now beside its floor; it is less the less of the day there is left. */
  readonly kept: number
  /** Of what feeds may use, the part that is planned for polls until the end of the day: they are put off, and do not stop. */
  readonly pollShare: number
  /** Whether polls spread it evenly over the rest of the day, or as they are wanted: each then has its part of what there is. */
  readonly pollsAre: 'even' | 'as-wanted'
}

/** How a day goes on. */
export interface Walk {
  /** Calls left at its end. */
  readonly left: number
  /** When a priority has to stop, epoch ms; absent where it does not. */
  readonly stops: Readonly<Partial<Record<Priority, number>>>
  /** How much of what feeds want they get. */
  readonly feedsServed: number
}

/** Stretches are walked in steps of this at most, since what polls may use depends on what is left. */
const STEP_MS = 10 * 60_000

/**
 * Goes through what is wanted of the rest of a day (pure): who has the lowest priority stops first, each at its floor, and
 * polls do with what is left. Others on the same app stop for nobody.
 */
export function walkDay(demands: readonly Demand[], start: WalkStart): Walk {
  const [begin, end] = [demands[0]?.from ?? 0, demands.at(-1)?.to ?? 0]
  const stops: Partial<Record<Priority, number>> = {}
  let left = start.left
  let [wanted, served] = [0, 0]
  let toCome = demands.reduce((sum, { calls }) => sum + calls.feeds, 0)
  for (const { from, to, calls } of inSteps(demands)) {
    const share = start.pollsAre === 'even' ? (to - from) / (end - from) : calls.feeds / Math.max(toCome, calls.feeds)
    const feeds = calls.feeds > 0 ? Math.min(calls.feeds, forPolls(start, left) * share) : 0
    toCome -= calls.feeds
    wanted += calls.feeds
    const step = { from, to, calls: { ...calls, feeds } }
    const kept = (start.kept * (end - from)) / (end - begin)
    const walked = walkStep(step, { left, limit: start.limit, kept, stops })
    served += walked.feeds
    left = walked.left
  }
  return { left: Math.max(0, left), stops, feedsServed: wanted > 0 ? Math.min(1, served / wanted) : 1 }
}

function forPolls({ limit, pollShare }: WalkStart, left: number): number {
  return Math.max(0, left - priorityRules.feeds.dayFloorShare * limit) * pollShare
}

interface StepState {
  left: number
  readonly limit: number
  readonly kept: number
  readonly stops: Partial<Record<Priority, number>>
}

/** One step, in parts: each ends where somebody reaches a floor. */
function walkStep({ from, to, calls }: Demand, state: StepState): { left: number; feeds: number } {
  let { left } = state
  let feeds = 0
  for (let at = from; at < to; ) {
    const going = priorities.filter((priority) => left > floorOf(priority, state))
    for (const priority of priorities) {
      if (!going.includes(priority) && calls[priority] > 0) state.stops[priority] ??= at
    }
    const perMs = [...going, 'foreign' as const].reduce((sum, kind) => sum + calls[kind], 0) / (to - from)
    const nextFloor = Math.max(0, ...going.map((priority) => floorOf(priority, state)))
    const untilFloor = perMs > 0 && going.length > 0 ? (left - nextFloor) / perMs : Infinity
    // A fraction of a call more: at the floor itself, or it would be reached again and again.
    const next = Math.min(to, at + untilFloor + 1)
    left -= perMs * (next - at)
    if (going.includes('feeds')) feeds += (calls.feeds * (next - at)) / (to - from)
    at = next
  }
  return { left, feeds }
}

function inSteps(demands: readonly Demand[]): Demand[] {
  return demands.flatMap(({ from, to, calls }) => {
    const steps = Math.max(1, Math.ceil((to - from) / STEP_MS))
    const width = (to - from) / steps
    const share = (count: number) => count / steps
    const part: Demand['calls'] = {
      interactive: share(calls.interactive),
      notifications: share(calls.notifications),
      feeds: share(calls.feeds),
      reconciliation: share(calls.reconciliation),
      bulk: share(calls.bulk),
      foreign: share(calls.foreign),
    }
    return Array.from({ length: steps }, (_, index) => ({
      from: from + index * width,
      to: from + (index + 1) * width,
      calls: part,
    }))
  })
}
