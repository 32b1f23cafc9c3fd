import type { PlantedBug } from './planted-bugs.ts'

const server = 'packages/server/src'
const quota = `${server}/quota`

/** Bugs of sharing the limits that show only when something else goes wrong as well. */
export const plantedQuotaBugs: readonly PlantedBug[] = [
  {
    name: 'a block of calls is drawn from before it is known to be committed',
    file: `${quota}/day-ledger.ts`,
    find: `      reserved.push({ row: after, block })\n`,
    replace: `      this.#budget.adopt(after, block)\n`,
    caughtBy: [`${quota}/unsure-commit.test.ts`],
  },
  {
    name: 'a count that leaves nothing holds only once it is written',
    file: `${quota}/day-ledger.ts`,
    find: `    this.#budget.adopt({ ...row, foreign, upstreamLimit: lowerLimit(row.upstreamLimit, limit ?? null) })\n`,
    replace: `    void foreign\n`,
    caughtBy: [`${quota}/count-in-headers.test.ts`],
  },
  {
    name: 'what a header said is forgotten when it cannot be written',
    file: `${quota}/day-ledger.ts`,
    find: `      for (const [day, count] of seen) this.#addSeen(day, count)\n`,
    replace: '',
    caughtBy: [`${quota}/count-in-headers.test.ts`],
  },
  {
    name: 'a machine that slept is not noticed where time is another one’s',
    file: `${quota}/timetable.ts`,
    find: `(wall ? wall() : clock.now())`,
    replace: `(wall ? clock.now() : clock.now())`,
    caughtBy: [`${quota}/clocks-set.test.ts`],
  },
  {
    name: 'after a clock was set back calls wait for the time that it had shown',
    file: `${server}/start/accept-clock.ts`,
    find: `    if (backMs !== undefined) await setBackRows(tx, backMs)\n`,
    replace: '',
    caughtBy: [`${server}/start/calls-after-set-back.pg.test.ts`],
  },
  {
    name: 'with a limit per practice, all wait for the rest of one',
    file: `${quota}/booking-nap.ts`,
    find: `if (isUrgent || isOther) this.wake()`,
    replace: `if (isUrgent) this.wake()`,
    caughtBy: [`${quota}/fairness.test.ts`],
  },
  {
    name: 'records that cannot be asked for today stop the drains of their feed',
    file: `${server}/sync/refetch-records.ts`,
    find: `  return isAegisError(error, 'quota.day-exhausted') || isAegisError(error, 'quota.timeout')\n`,
    replace: `  return isAegisError(error, 'policy.off-hours')\n`,
    caughtBy: [`${server}/sync/refetch-without-calls.pg.test.ts`],
  },
  {
    name: 'each process goes by its own limit of a day',
    file: `${quota}/day-budget.ts`,
    find: `return row.perDay ?? this.#perDay`,
    replace: `return this.#perDay`,
    caughtBy: [`${quota}/held-limit.test.ts`, `${server}/sync/calls-outlook.pg.test.ts`],
  },
  {
    name: 'each process spaces calls by its own limit of a second',
    file: `${quota}/timetable.ts`,
    find: `    return this.#hold(held ?? this.#held)\n`,
    replace: `    return this.#hold({ ...held, ...this.#held })\n`,
    caughtBy: [`${quota}/held-limit.test.ts`],
  },
  {
    name: 'a booking keeps its row until its process has heard of it',
    file: `${quota}/timetable.ts`,
    find: `this.#bookRow(tx, wanted, { isLast: true })`,
    replace: `this.#bookRow(tx, wanted, { isLast: false })`,
    caughtBy: [`${quota}/stalled-booking.test.ts`],
  },
  {
    name: 'a count that athenahealth once named ends the day',
    file: `${quota}/day-budget.ts`,
    find: `      if (!this.#isDoubtful(state, priority)) return { until: end, limit }\n`,
    replace: `      if (!this.#isDoubtful(state, priority) || limit > 0) return { until: end, limit }\n`,
    caughtBy: [`${quota}/count-in-headers.test.ts`],
  },
  {
    name: 'a count that was taken back is believed by who knew of it',
    file: `${quota}/day-budget.ts`,
    find: `  if (row.corrections > known.corrections) return row\n`,
    replace: ``,
    caughtBy: [`${quota}/count-in-headers.test.ts`],
  },
  {
    name: 'a higher limit of a day wakes nothing that waits for it',
    file: `${server}/sync/schedule.sql.ts`,
    find: `where calls_limit < $1::integer`,
    replace: `where calls_limit < least($1::integer, 0)`,
    caughtBy: [`${server}/sync/calls-outlook.pg.test.ts`],
  },
  {
    name: 'what was put off on a used-up day stays so although there are more calls',
    file: `${server}/sync/advance-feed.ts`,
    find: `    await takeUpAgain(tx, held)\n`,
    replace: ``,
    caughtBy: [`${server}/sync/used-up-day.pg.test.ts`],
  },
  {
    name: 'polls go on by a plan that was made of fewer calls',
    file: `${server}/pacing/plan.ts`,
    find: `isAnew ? 0 : planEveryMs`,
    replace: `planEveryMs`,
    caughtBy: [`${server}/sync/calls-outlook.pg.test.ts`],
  },
  {
    name: 'each hint begins the wait of its feed anew',
    file: `${server}/pacing/feed-pace.ts`,
    find: `[this.#hintedSince, this.#hintedAt].find(`,
    replace: `[this.#hintedAt].find(`,
    caughtBy: [`${server}/pacing/feed-pace.pg.test.ts`],
  },
  {
    name: 'calls are kept for feeds that are not configured any more',
    file: `${server}/sync/register-practices.ts`,
    find: `    await leaveOtherFeeds(tx, { practices, feeds: settings.feeds })\n`,
    replace: ``,
    caughtBy: [`${server}/sync/register-practices.pg.test.ts`],
  },
]
