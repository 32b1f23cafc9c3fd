import { dayAfter, easternTime, type PlannedSegment, type ReplaySegment } from './segment.ts'

/**
 * Whether a reading of a plan shows again what stood in a list, or a window of a feed, at a place that could not be read
 * (pure). Not one that reads no list; of a list of some days one that reads all of them; where only what changed was
 * listed, what has changed since the same time at least.
 */
export function isReadAgain(place: PlannedSegment, plan: readonly PlannedSegment[]): boolean {
  if (place.list === 'replay') return isChangeShown(place, plan)
  if (place.list !== 'booked' && place.list !== 'claims') return plan.some(({ list }) => list !== 'replay')
  const since = 'modifiedSince' in place ? place.modifiedSince : undefined
  const showing = plan.flatMap((one) => {
    if (one.list !== place.list) return []
    const isWhole = !('modifiedSince' in one) || one.modifiedSince === undefined
    return isWhole || (since !== undefined && String(one.modifiedSince) <= since) ? [one] : []
  })
  let unread = place.from
  for (const { from, to } of showing.toSorted((a, b) => a.from.localeCompare(b.from))) {
    if (from <= unread && unread <= to) unread = dayAfter(to)
  }
  return unread > place.to
}

/** What a feed told of may be an appointment of any day: where lists are of some days, what changed since is to be listed too. */
function isChangeShown({ since }: ReplaySegment, plan: readonly PlannedSegment[]): boolean {
  const booked = plan.filter((one) => one.list === 'booked')
  if (booked.length === 0) return plan.some(({ list }) => list !== 'replay')
  return booked.some(({ modifiedSince }) => modifiedSince !== undefined && modifiedSince <= easternTime(since))
}
