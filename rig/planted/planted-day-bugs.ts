import type { PlantedBug } from './planted-bugs.ts'

const server = 'packages/server/src'

/** Bugs that show on some days of the year, on a machine in another zone, or when the calls of a day are scarce. */
export const plantedDayBugs: readonly PlantedBug[] = [
  {
    name: "the day of calls is the machine's: anew at its own midnight",
    file: `${server}/quota/quota-day.ts`,
    find: `  return new Date(at).toISOString().slice(0, 10)\n`,
    replace: `  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 10)\n`,
    caughtBy: ['drills calendar 16'],
  },
  {
    name: 'a night is a day after the last one: twice or an hour off where clocks change',
    file: `${server}/sync/night.ts`,
    find: `  const next = window.opensAt > after ? window : offHours(window.closesAt, hours)\n`,
    replace: `  const next = window.opensAt > after ? window : { opensAt: window.opensAt + dayMs, closesAt: window.closesAt + dayMs }\n`,
    caughtBy: ['drills calendar 16'],
  },
  {
    name: 'the hours for large pulls keep to winter time',
    file: `${server}/policy/wall-time.ts`,
    find: `  return offsetMinutesAt({ name: timeZone }, at) * MINUTE_MS\n`,
    replace: `  return offsetMinutesAt({ name: timeZone }, Math.min(at, 0)) * MINUTE_MS\n`,
    caughtBy: ['drills calendar 16', `${server}/policy`],
  },
  {
    name: 'the hours for large pulls are those of GMT',
    file: `${server}/policy/wall-time.ts`,
    find: `  return offsetMinutesAt({ name: timeZone }, at) * MINUTE_MS\n`,
    replace: `  return offsetMinutesAt({ name: timeZone }, at) * 0\n`,
    caughtBy: ['seeds 1 49', 'drills calendar 16', `${server}/policy`],
  },
  {
    name: 'bulk work takes what feeds need until midnight',
    file: `${server}/quota/day-budget.ts`,
    find: `priority === 'bulk' ? floor + kept : floor`,
    replace: `floor`,
    caughtBy: [`${server}/quota/keep-for-feeds.test.ts`],
  },
  {
    name: 'one answer with a date of yesterday is believed: its day is charged, and no other answer is asked for',
    file: `${server}/clock/remote-clock.ts`,
    find: `    if (!contradicts(this.#offset, sample)) this.#doubted = undefined\n`,
    replace: `    if (this.#heard) this.#doubted = undefined\n`,
    caughtBy: [`${server}/quota/wrong-clock.test.ts`, `${server}/clock/remote-clock.test.ts`],
  },
  {
    name: 'of what changed in the hour that clocks repeat a replayed change is news only from when it was last written here',
    file: `${server}/records/apply-records.ts`,
    find: `changedBy: changedBy(work, held)`,
    replace: `changedBy: held.changed_at`,
    caughtBy: [`${server}/sync/patients-over-time.pg.test.ts`],
  },
  {
    name: 'a replayed change of the hour that clocks repeat is only an id, however old what is held is',
    file: `${server}/records/version-of.ts`,
    find: `if (source !== 'replay' || field === undefined)`,
    replace: `if (source !== 'snapshot' || field === undefined)`,
    caughtBy: [`${server}/sync/patients-over-time.pg.test.ts`, 'seeds 1 1400040'],
  },
  {
    name: 'what an earlier row of a replayed page wrote gives way to any later row of the hour that clocks repeat',
    file: `${server}/records/version-of.ts`,
    find: `held.changed_at || Infinity`,
    replace: `held.changed_at`,
    caughtBy: [`${server}/records/repeated-hour.pg.test.ts`],
  },
]
