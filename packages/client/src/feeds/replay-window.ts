import { toUsDate } from '../wire/plain-date.ts'
import { easternZone, instantOf, instantsOf, instantToEasternWall, type WallTime } from '../wire/time-zone.ts'

/** A window of processed records as athenahealth wants it: Eastern wall times `MM/DD/YYYY HH24:MI:SS`. */
export interface ReplayWindow {
  readonly showprocessedstartdatetime: string
  readonly showprocessedenddatetime: string
}

/** Clocks go back by an hour at most (America/New_York), so a repeated reading lies within an hour of its twin. */
const HOUR_MS = 3_600_000

/**
 * Writes a window of instants (epoch ms) so that, whichever way its wall times are read, it covers the instants: whole
 * seconds outwards, and where an end falls in the hour that clocks show twice, out past that hour on that side. A wall
 * time has no word for which of the two it means, and athenahealth does not say how it reads one.
 */
export function replayWindow({ from, to }: { from: number; to: number }): ReplayWindow {
  return {
    showprocessedstartdatetime: writeWall(instantToEasternWall(beforeRepeated(Math.floor(from / 1000) * 1000))),
    showprocessedenddatetime: writeWall(instantToEasternWall(afterRepeated(Math.ceil(to / 1000) * 1000))),
  }
}

/** The instant itself, or the last second before the repeated hour's first showing. */
function beforeRepeated(instant: number): number {
  if (!isRepeated(instant)) return instant
  const first = startOfHour(instant)
  return first - 1000
}

/** The instant itself, or the first second after the repeated hour's second showing. */
function afterRepeated(instant: number): number {
  return isRepeated(instant) ? startOfHour(instant) + 2 * HOUR_MS : instant
}

function isRepeated(instant: number): boolean {
  return instantsOf(easternZone, instantToEasternWall(instant)).length > 1
}

/** When the repeated hour that shows this reading begins for the first time. */
function startOfHour(instant: number): number {
  const earlier = instantOf(easternZone, instantToEasternWall(instant))
  return Math.floor(earlier / HOUR_MS) * HOUR_MS
}

function writeWall({ date, time }: WallTime): string {
  return `${toUsDate(date)} ${time}`
}
