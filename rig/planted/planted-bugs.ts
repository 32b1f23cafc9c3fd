import { plantedDayBugs } from './planted-day-bugs.ts'
import { plantedDoubtBugs } from './planted-doubt-bugs.ts'
import { plantedHidingBugs } from './planted-hiding-bugs.ts'
import { plantedKeyServerBugs } from './planted-key-server-bugs.ts'
import { plantedNetworkBugs } from './planted-network-bugs.ts'
import { plantedReadingBugs } from './planted-reading-bugs.ts'
import { plantedQuotaBugs } from './planted-quota-bugs.ts'
import { plantedSubscriptionBugs } from './planted-subscription-bugs.ts'

/** A bug to be planted: one edit of one file, and the tests that must notice. */
export interface PlantedBug {
  /** What somebody might have built instead. */
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /**
   * Test files or folders, and runs of the rig: `seeds 1`, `seeds 1 1000001` with the first seed, `failpoint kill:17`,
   * `drills tokens 30`. Each of them must go red.
   */
  readonly caughtBy: readonly string[]
}

/** The failpoint life with nothing that disturbs it: it has a lost answer, an old page, snapshots and checks in it. */
const wholeLife = 'failpoint kill:0'
const sync = 'packages/server/src/sync'
const quota = 'packages/server/src/quota'
const upstream = 'packages/server/src/upstream'
const keyServer = 'packages/server/src/key-server'
const client = 'packages/client/src'
const pacing = 'packages/server/src/pacing'

/**
 * The bugs that systems of this kind are known to have. Each stands for a way to lose, repeat or mix up records, or to
 * overrun athenahealth's limits: `npm run mutants -- --planted` plants one after the other and sees the checks go red.
 */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'consume-then-save: the intent is closed before the consuming read',
    file: `${sync}/poll-feed.ts`,
    find: `  await failpoint('sync.intent-open')\n`,
    replace: `  await asHolderAtOnce(deps, held, (tx) => closeIntents(tx, held, { ids: [intent.intent_id], outcome: 'stored' }))
  await failpoint('sync.intent-open')\n`,
    caughtBy: [`${sync}/crash-points.pg.test.ts`, 'failpoint kill:sync.after-consume of patients in minute 6'],
  },
  {
    name: 'offset on a consuming feed: its reads begin behind a first page that nobody has read',
    file: `${client}/feeds/feed.ts`,
    find: `at: { limit: page.limit }, consuming: true, options })`,
    replace: `at: { limit: page.limit, offset: page.limit }, consuming: true, options })`,
    caughtBy: [`${client}/feeds/feed.test.ts`, `${sync}/path-of-data.pg.test.ts`, wholeLife],
  },
  {
    name: 'drain of the whole practice: the departments of the subscription are left out of its reads',
    file: `${sync}/read-feed.ts`,
    find: `feed.drainPage({ limit, ...narrowed }`,
    replace: `feed.drainPage({ limit, extra: narrowed.extra }`,
    caughtBy: [`${sync}/departments.pg.test.ts`],
  },
  {
    name: 'a new list of departments is read before it has taken hold',
    file: `${sync}/next-step.ts`,
    find: `state.resubscribed_at + settleMs`,
    replace: `state.resubscribed_at`,
    caughtBy: [`${sync}/departments.pg.test.ts`],
  },
  {
    name: 'replay margin too small: the window begins when the answer was missed',
    file: `${sync}/window-of-doubt.ts`,
    find: `return { from: earliest - replayMarginMs, to: latest + replayMarginMs }`,
    replace: `return { from: Math.min(earliest + replayMarginMs, now), to: now }`,
    caughtBy: [`${sync}/crash-points.pg.test.ts`, wholeLife],
  },
  {
    name: 'fixed window: the calls of nearly two may leave within one second',
    file: `${quota}/timetable.sql.ts`,
    find: `     select (1 / $5::float8 + margin.seconds) / greatest(`,
    replace: `     select (1 / $5::float8 + margin.seconds) / 1.9 / greatest(`,
    caughtBy: [`${quota}/quota.test.ts`, 'drills rushes 4'],
  },
  {
    name: 'per-process limiter: every process has a timetable of its own',
    file: `${quota}/timetable.sql.ts`,
    find: `     next_at = greatest(a.next_at, a.paused_until, aegis.now() + make_interval(secs => $7::float8 / 1000))\n       +`,
    replace: `     next_at = greatest(a.paused_until, aegis.now() + make_interval(secs => $7::float8 / 1000))\n       +`,
    caughtBy: [`${quota}/quota.test.ts`, 'drills rushes 4'],
  },
  {
    name: 'quota forgotten on restart: what is reserved of a day is not written down',
    file: `${quota}/quota-day.sql.ts`,
    find: `set reserved = greatest(0, reserved + $3::integer)`,
    replace: `set reserved = greatest(0, reserved + 0 * $3::integer)`,
    caughtBy: [`${quota}/quota.test.ts`, 'drills quota-year 1'],
  },
  {
    name: 'tokens by the clock of each process: who is ahead forgets the requests of the others',
    file: `${keyServer}/fetch-token.ts`,
    find: `    const now = row.now_at\n`,
    replace: `    const now = deps.clock.now()\n`,
    caughtBy: [`${keyServer}/clocks-apart.test.ts`],
  },
  {
    name: 'tokens asked for after a standstill: the request is sent when it counts no longer',
    file: `${keyServer}/fetch-token.ts`,
    find: `>= holdMs\n`,
    replace: `>= Number.POSITIVE_INFINITY\n`,
    caughtBy: [`${keyServer}/clocks-apart.test.ts`],
  },
  {
    name: 'bulk of one practice at once: large pulls take no turns',
    file: `${upstream}/permit.ts`,
    find: `async () => large && deps.policy.turn(`,
    replace: `async () => (large && practice < 0 ? true : undefined) && deps.policy.turn(`,
    caughtBy: [`${upstream}/large-pulls.test.ts`],
  },
  {
    name: 'a turn for ever: a process hands the turn for large pulls to its own calls while another one waits',
    file: 'packages/server/src/policy/pull-line.ts',
    find: `clock.steady() >= endsAt && (await`,
    replace: `clock.steady() < 0 && (await`,
    caughtBy: ['packages/server/src/policy/pull-turns.test.ts'],
  },
  {
    name: 'token refresh loop: a token that is refused again and again is replaced each time',
    file: `${keyServer}/token-decision.ts`,
    find: `  if (forced && isAfter(nextForcedAt, now)) {\n`,
    replace: `  if (forced && isAfter(nextForcedAt, now) && now < 0) {\n`,
    caughtBy: [`${keyServer}/token-decision.test.ts`, `${keyServer}/key-server.test.ts`],
  },
  {
    name: 'zombie lease holder: who held the right to fetch a token once may still store one',
    file: `${keyServer}/token.sql.ts`,
    find: `and scope = $4 and holder = $5 and exists (`,
    replace: `and scope = $4 and $5::text is not null and exists (`,
    caughtBy: [`${keyServer}/token.sql.test.ts`],
  },
  {
    name: 'zombie lease: a renewal that comes after the end holds it for a term that nobody works in',
    file: 'packages/server/src/leases/leases.sql.ts',
    find: ` and expires_at > aegis.now()\n   returning name\`,\n)\n// While`,
    replace: `\n   returning name\`,\n)\n// While`,
    caughtBy: ['packages/server/src/leases/acquire-lease.test.ts'],
  },
  {
    name: "limiter by the machine's clock: instants of the timetable come when a clock is set",
    file: `${quota}/timetable.ts`,
    find: `    return slot.at + (slot.clocks.offset.bounds?.highMs ?? 0) - this.#deps.clock.steady()\n`,
    replace: `    return slot.at - this.#deps.clock.now()\n`,
    caughtBy: [`${quota}/clocks-set.test.ts`, `${quota}/quota.test.ts`],
  },
  {
    name: 'limiter without a look at the clock: what came due during a standstill leaves at once',
    file: `${quota}/app-limiter.ts`,
    find: `    } else if (this.#timetable.lateMs(slot) <= slot.toleranceMs) {\n`,
    replace: `    } else if (this.#timetable.lateMs(slot) <= Number.POSITIVE_INFINITY) {\n`,
    caughtBy: [`${quota}/quota.test.ts`, `${quota}/clocks-set.test.ts`],
  },
  {
    name: 'guard forgotten: around midnight a call is charged to the day of our clock alone',
    file: `${quota}/quota-day.ts`,
    find: `  const before = quotaDay(at - MIDNIGHT_GUARD_MS)
  const after = quotaDay(at + MIDNIGHT_GUARD_MS)\n`,
    replace: `  const before = quotaDay(at)
  const after = quotaDay(at)\n`,
    caughtBy: [`${quota}/day-budget.test.ts`, `${quota}/day-year.test.ts`],
  },
  {
    name: 'fairness between practices alone: a program that calls for all of them crowds out another',
    file: `${quota}/fair-lane.ts`,
    find: `    this.#isCallersTurn = !isCallersTurn\n`,
    replace: '',
    caughtBy: [`${quota}/fair-lane.test.ts`],
  },
  {
    name: "header of the token endpoint taken for the day's: a minute's count stops the day",
    file: `${upstream}/wrap-fetch.ts`,
    find: `    const { response, sent, close } = await exchange(way, { init, call, target, connection })\n`,
    replace: `    const { response, sent, close } = await exchange(way, { init, call, target, connection })
    learn(way, response, sent)\n`,
    caughtBy: [`${upstream}/upstream.test.ts`],
  },
  {
    name: 'reserve forgotten: everything may use the day to its last call',
    file: `${quota}/day-budget.ts`,
    find: `  const floor = Math.ceil(priorityRules[priority].dayFloorShare * limit)\n`,
    replace: `  const floor = Math.ceil(0 * priorityRules[priority].dayFloorShare * limit)\n`,
    caughtBy: [`${quota}/day-budget.test.ts`, `${quota}/quota.test.ts`, 'drills quota-year 1'],
  },
  {
    name: 'deletes on absence: what a snapshot does not show is taken for deleted',
    file: `${sync}/refetch-records.ts`,
    find: `  const page = await fetchOrNothing(deps, held, wanted.asked)\n`,
    replace: `  const page = wanted.missed ? undefined : await fetchOrNothing(deps, held, wanted.asked).then(() => undefined)\n`,
    caughtBy: [`${sync}/missing-records.pg.test.ts`, `${sync}/hazards.pg.test.ts`, wholeLife],
  },
  {
    name: 'deletes on absence: what a check of the mirror does not see is taken for deleted',
    file: `${sync}/reconcile-snapshot.ts`,
    find: `    await noteWishes(tx, keys, {\n`,
    replace: `    const { markRecord } = await import('../records/records.sql.ts')
    if (runId !== undefined)
      for (const { key } of wishes) await markRecord(tx, of, { key, state: 'deleted', fetchSeq: BigInt(run.first_seq) })
    else await noteWishes(tx, keys, {\n`,
    caughtBy: [`${sync}/reconcile-hazards.pg.test.ts`],
  },
  {
    name: 'deletes on absence: an entry that is not in its chart once is taken for deleted',
    file: `${sync}/settle-patient.ts`,
    find: `missing.filter(await judgeEntries(tx, reading))`,
    replace: `missing`,
    caughtBy: [`${sync}/further-feeds.pg.test.ts`, `${sync}/closed-charts.pg.test.ts`],
  },
  {
    name: 'a new patient has no results: what was filed before we heard of the patient is not read',
    file: `${sync}/apply-inbox.ts`,
    find: `if (isReadByPatient(feed)) return state === 'settling' || state === 'live'`,
    replace: `if (isReadByPatient(feed)) return false`,
    caughtBy: [`${sync}/further-feeds.pg.test.ts`],
  },
  {
    name: 'names taken for records: what a feed announces is not asked for',
    file: `packages/server/src/records/wish-announced.ts`,
    find: `      wishes.set(wish.key, wish)\n`,
    replace: `      if (wishes.size === 0) wishes.set(wish.key, wish)\n`,
    caughtBy: [`${sync}/further-feeds.pg.test.ts`, wholeLife],
  },
  {
    name: 'a load patient by patient leaves out the rest of a step whose process ended',
    file: `${sync}/load-by-patient.ts`,
    find: `after: run.anchors[0] ?? '', most: batch })`,
    replace: `after: run.anchors[0] ?? '', most: batch + 1 }).then((all) => all.slice(1))`,
    caughtBy: [`${sync}/further-feeds.pg.test.ts`],
  },
  {
    name: 'a check of the mirror overwrites what is newer with an older page',
    file: 'packages/server/src/records/judge-version.ts',
    find: `  if (source === 'reconciliation') return judgeCheck(held, incoming)\n`,
    replace: `  if (source === 'reconciliation') return 'apply'\n`,
    caughtBy: ['packages/server/src/records/check-records.pg.test.ts', `${sync}/reconcile-hazards.pg.test.ts`],
  },
  {
    name: 'the weekly snapshot never resumes: what the night cuts off begins anew in the next one',
    file: `${sync}/reconcile-feed.ts`,
    find: `  const isFailure = !toWaitFor.has(code)\n`,
    replace: `  const isFailure = !toWaitFor.has(code)
  await asHolderAtOnce(deps, held, (tx) => runs.abandonAllRuns(tx, held))\n`,
    caughtBy: [`${sync}/reconcile-hazards.pg.test.ts`],
  },
  {
    name: 'after a gap only the promised days are read: what changed on others stays as it was',
    file: `${sync}/plan-snapshot.ts`,
    find: `    ...changedSegments(facts, lastDay),\n`,
    replace: '',
    caughtBy: [`${sync}/plan-checks.test.ts`, `${sync}/missed-changes.pg.test.ts`],
  },
  {
    name: 'new Date() for a date of birth',
    file: `${client}/wire/plain-date.ts`,
    find: `  return us ? makePlainDate(Number(us[3]), Number(us[1]), Number(us[2])) : undefined\n`,
    replace: `  if (!us) return undefined
  const local = new Date(\`\${us[3]}-\${us[1]?.padStart(2, '0')}-\${us[2]?.padStart(2, '0')}\`)
  return makePlainDate(local.getFullYear(), local.getMonth() + 1, local.getDate())\n`,
    caughtBy: [`${client}/host-time-zone.test.ts`, `${client}/wire/plain-date.test.ts`, 'seeds 1'],
  },
  {
    name: 'the list is found by the first key that holds an array',
    file: `${client}/wire/read-page.ts`,
    find: `  const list = findList(shape, value)\n`,
    replace: `  const list = isPlainObject(value)
    ? ((Object.values(value).find((member) => Array.isArray(member)) as unknown[] | undefined) ?? [])
    : findList(shape, value)\n`,
    caughtBy: [`${client}/wire/read-page.test.ts`, `${client}/against-simulator.test.ts`, 'seeds 1 1000001'],
  },
  {
    name: 'an older page replaces a newer record',
    file: 'packages/server/src/records/judge-version.ts',
    find: `  if (laterMs) return laterMs > 0 ? 'apply' : 'stale'\n`,
    replace: `  if (laterMs) return 'apply'\n`,
    caughtBy: ['packages/server/src/records', `${sync}/hazards.pg.test.ts`, wholeLife],
  },
  {
    name: 'lease without fence: whoever held the feed once may still write',
    file: `${sync}/feed-state.sql.ts`,
    find: 'where practice_id = $1 and feed = $2 and fence = $3 for update`',
    replace: 'where practice_id = $1 and feed = $2 and $3::text is not null for update`',
    caughtBy: [`${sync}/as-holder.pg.test.ts`, 'failpoint pause:sync.after-store of patients in minute 6'],
  },
  {
    name: 'dedupe by body: a page that was seen before is not stored again',
    file: `${sync}/store-page.ts`,
    find: `  const sealed = to.keys.seal(`,
    replace: `  const seen = (storePage as unknown as { seen?: Set<string> }).seen ?? new Set<string>()
  Object.assign(storePage, { seen })
  if (seen.has(page.raw)) return Promise.resolve('0')
  seen.add(page.raw)
  const sealed = to.keys.seal(`,
    caughtBy: [`${sync}/path-of-data.pg.test.ts`, wholeLife],
  },
  {
    name: 'a consuming read is repeated by itself',
    file: `${client}/call/decide-retry.ts`,
    find: `  if (call.consuming || call.attempt >= policy.attemptsMax || !facts.affordable) return NO
  if (!(call.idempotent ?`,
    replace: `  if (call.attempt >= policy.attemptsMax || !facts.affordable) return NO
  if (!(call.idempotent || call.consuming ?`,
    caughtBy: [`${client}/call/decide-retry.test.ts`, `${client}/feeds/feed.test.ts`, wholeLife],
  },
  {
    name: 'a feed that is believed never to change is left alone for ever',
    file: `${pacing}/next-drain.ts`,
    find: `const latest = from + mostMs`,
    replace: `const latest = from + 1_000 * mostMs`,
    caughtBy: [`${pacing}/next-drain.test.ts`],
  },
  {
    name: 'whoever wants a feed read now has it read within its minute',
    file: `${pacing}/feed-pace.ts`,
    find: `at: from + leastMs, expectedWaitMs`,
    replace: `at: from, expectedWaitMs`,
    caughtBy: [`${pacing}/feed-pace.pg.test.ts`],
  },
  {
    name: 'polls in proportion: a feed that changes a hundred times as often is read a hundred times as often',
    file: `${pacing}/drain-price.ts`,
    find: `Math.sqrt((2 * price * 3_600_000) / rate)`,
    replace: `(2 * price * 3_600_000) / rate`,
    caughtBy: [`${pacing}/drain-price.test.ts`],
  },
  {
    name: 'calls that are there are saved: of few practices what changes rarely is read a few times an hour',
    file: `${pacing}/pacing-settings.ts`,
    find: `callWorthMs: 0,`,
    replace: `callWorthMs: 1_000,`,
    caughtBy: [`${sync}/paced-practice.pg.test.ts`],
  },
  {
    name: 'a hint that comes while its feed is drained is forgotten',
    file: `${pacing}/feed-pace.ts`,
    find: `> Math.max(known, drainedAt) + againAfterMs`,
    replace: `> Number.POSITIVE_INFINITY`,
    caughtBy: [`${pacing}/feed-pace.pg.test.ts`],
  },
  {
    name: 'a throttling is kept to the process that met it',
    file: `${quota}/throttle-pause.ts`,
    find: `await this.#timetable.pause({ pauseMs: toldMs, sentAt })`,
    replace: `await Promise.resolve(hereMs)`,
    caughtBy: ['drills throttled 30', `${quota}/throttling.test.ts`],
  },
  {
    name: 'whoever is told to wait not at all calls again at once',
    file: `${quota}/throttle-pause.ts`,
    find: `retryAfterMs === undefined || retryAfterMs < PAUSE_MS_MIN ? undefined : retryAfterMs`,
    replace: `retryAfterMs`,
    caughtBy: ['drills throttled 60', `${upstream}/throttled.test.ts`],
  },
  {
    name: 'retries without a budget: an outage is doubled by those who meet it',
    file: `${client}/call/send-call.ts`,
    find: `affordable: budget.affords,`,
    replace: `affordable: true,`,
    caughtBy: ['drills outages 12'],
  },
  {
    name: 'each refused call has a token of its own: whoever held the same one asks once more',
    file: `${keyServer}/token-decision.ts`,
    find: `state.generation > need.newerThan\n`,
    replace: `state.generation > need.newerThan + 1\n`,
    caughtBy: ['drills tokens 20'],
  },
  {
    name: 'a stop breaks off what is under way: every read that it meets is in doubt',
    file: `${sync}/read-feed.ts`,
    find: `audited({ context }, pageFacts`,
    replace: `audited({ context, ended: key.ended }, pageFacts`,
    caughtBy: ['faults graceful 6', `${sync}/ended-work.pg.test.ts`],
  },
  {
    name: 'a lease that ended while the machine slept counts until a timer tells',
    file: `${sync}/schedule.ts`,
    find: `, look: () => lease.look()`,
    replace: ``,
    caughtBy: [`${sync}/ended-work.pg.test.ts`],
  },
  {
    name: 'a stop or a lost lease is waited out: a call that nobody wants any more waits on for its permission',
    file: `${sync}/advance-feed.ts`,
    find: `takeSteps(deps, { ...held, ended: signal }, signal)`,
    replace: `takeSteps(deps, held, signal)`,
    caughtBy: [`${sync}/ended-work.pg.test.ts`],
  },
  ...plantedKeyServerBugs,
  ...plantedNetworkBugs,
  ...plantedReadingBugs,
  ...plantedQuotaBugs,
  ...plantedDayBugs,
  ...plantedDoubtBugs,
  ...plantedHidingBugs,
  ...plantedSubscriptionBugs,
]
