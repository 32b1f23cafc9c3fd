const newYork = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  weekday: 'short',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
})

/** How many days ago the last working day was. */
const daysBack: Readonly<Record<string, number>> = { Sat: 1, Sun: 2 }
const opensAtHour = 9
/** 09:00 in New York without daylight saving, in UTC. */
const standardHour = 14
const hourMs = 3_600_000

/** 09:00 in New York, epoch ms, on the last day from Monday to Friday that is not after the one `now` falls on there. */
export function workingMorning(now: number): number {
  const today = wallTime(now)
  const { weekday = '', year, month, day } = today
  const guess = Date.UTC(Number(year), Number(month) - 1, Number(day) - (daysBack[weekday] ?? 0), standardHour)
  // Clocks change at night, so at either hour the offset is that of the whole working day.
  return guess - (Number(wallTime(guess).hour) - opensAtHour) * hourMs
}

function wallTime(at: number): Partial<Record<Intl.DateTimeFormatPartTypes, string>> {
  return Object.fromEntries(newYork.formatToParts(at).map(({ type, value }) => [type, value]))
}
