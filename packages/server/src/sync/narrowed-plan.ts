import type { RangeLimits } from '../policy/intensive-calls.ts'
import { dayAfter, type PlannedSegment } from './segment.ts'

const dayMs = 86_400_000

/** A plan whose lists of some days are no wider than they may be asked for: of each that is wider it has several (pure). */
export function narrowedPlan(plan: readonly PlannedSegment[], ranges: RangeLimits): readonly PlannedSegment[] {
  const widest = { booked: ranges.bookedDaysMax, open: ranges.openDaysMax, claims: ranges.claimsDaysMax }
  return plan.flatMap((part): PlannedSegment[] => {
    if (part.list !== 'booked' && part.list !== 'open' && part.list !== 'claims') return [part]
    const parts: PlannedSegment[] = []
    for (let { from } = part; from <= part.to; ) {
      const last = new Date(Date.parse(from) + (widest[part.list] - 1) * dayMs).toISOString().slice(0, 10)
      const to = last < part.to ? last : part.to
      parts.push({ ...part, from, to })
      from = dayAfter(to)
    }
    return parts
  })
}
