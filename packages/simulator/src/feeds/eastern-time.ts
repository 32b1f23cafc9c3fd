/** US Eastern wall time, in which athenahealth takes the replay windows of its feeds. */

const wallTime = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2}):(\d{2})$/
const hourMs = 3_600_000
const daylight = { name: 'first', offsetMs: 4 * hourMs } as const
const standard = { name: 'second', offsetMs: 5 * hourMs } as const

const eastern = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', timeZoneName: 'longOffset' })

/** Which of the two instants a wall time stands for in the hour that comes twice when clocks go back. */
export type FallBackHour = 'first' | 'second'

/**
 * The instant (epoch ms) of an Eastern wall time `MM/DD/YYYY HH24:MI:SS`, or undefined when the text is not one. A time
 * of the hour that comes twice is taken as `fallBackHour` says; one of the hour that is left out counts as an hour later.
 */
export function easternInstant(text: string, fallBackHour: FallBackHour): number | undefined {
  const wall = wallClock(text)
  if (wall === undefined) return undefined
  const readings = [daylight, standard].filter(({ offsetMs }) => offsetAt(wall + offsetMs) === offsetMs)
  const reading = readings.find(({ name }) => name === fallBackHour) ?? readings[0] ?? standard
  return wall + reading.offsetMs
}

/** The wall time as if it were GMT, epoch ms; undefined for text of another form or a day that does not exist. */
function wallClock(text: string): number | undefined {
  const parts = wallTime.exec(text.trim())
  if (parts === null) return undefined
  const [, month = '', day = '', year = '', hour = '', ...rest] = parts
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${[hour.padStart(2, '0'), ...rest].join(':')}`
  const wall = Date.parse(`${iso}Z`)
  // Some parsers roll 30 February over into March.
  const exists = !Number.isNaN(wall) && new Date(wall).toISOString().startsWith(iso)
  return exists ? wall : undefined
}

/** How far Eastern time is behind GMT at an instant, ms. */
function offsetAt(instant: number): number {
  const name = eastern.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  return Number(/GMT-(\d{2})/.exec(name)?.[1] ?? 0) * hourMs
}
