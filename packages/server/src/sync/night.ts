import { type OffHours, offHours } from '../policy/off-hours.ts'

const dayMs = 86_400_000
/** Checks of different practices begin within this share of the night, so that the later ones still have time. */
const spreadShare = 0.5

/**
 * When the first night that begins after `after` is there for a practice (epoch ms): the off-hours window follows the wall
 * clock through daylight saving, and each practice has its own place in it, so that thousands do not begin at once.
 */
export function nextNight(after: number, { hours, practice }: { hours: OffHours; practice: number }): number {
  if (hours === 'always') return after + dayMs
  const window = offHours(after, hours)
  const next = window.opensAt > after ? window : offHours(window.closesAt, hours)
  return next.opensAt + Math.floor((next.closesAt - next.opensAt) * spreadShare * placeOf(practice))
}

/** A place in [0, 1) that is the practice's own: golden-ratio steps keep neighbours far apart. */
function placeOf(practice: number): number {
  return (practice * 0.618_033_988_749_895) % 1
}
