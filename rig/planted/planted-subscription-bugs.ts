import type { PlantedBug } from './planted-bugs.ts'

const server = 'packages/server/src'
const stuck = `${server}/ops/stuck-subscriptions.pg.test.ts`
const gaps = `${server}/sync/subscription-gaps.pg.test.ts`

const refused = `${server}/ops/refused-subscriptions.pg.test.ts`

/** Bugs of subscriptions that athenahealth does not activate, or only in part. */
export const plantedSubscriptionBugs: readonly PlantedBug[] = [
  {
    name: 'asking once more for a subscription that never comes begins anew after which it is told of',
    file: `${server}/sync/feed-state.sql.ts`,
    find: `case when $3 = 'activating' and state = $3 then state_since else aegis.now() end`,
    replace: `aegis.now()`,
    caughtBy: [stuck],
  },
  {
    name: 'a feed whose subscription stays partial never comes to be read',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `if (isOverdue && status === 'PARTIAL') {`,
    replace: `if (false) {`,
    caughtBy: [stuck],
  },
  {
    name: 'a feed whose partial subscription cannot be asked for again never comes to be read',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `  const { state, isNewGap } = await asHolder(`,
    replace: `  await subscribe(deps, held, null)\n  const { state, isNewGap } = await asHolder(`,
    caughtBy: [stuck],
  },
  {
    name: 'a partial subscription that cannot be asked for again is asked for at each look',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `async function askOnceMore(deps: SyncDeps, held: HeldFeed, departments: Departments): Promise<void> {\n`,
    replace: `async function askOnceMore(deps: SyncDeps, held: HeldFeed, departments: Departments): Promise<void> {\n  await subscribe(deps, held, departments)\n`,
    caughtBy: [stuck],
  },
  {
    name: 'a partial subscription that was refused for a moment is not asked for again within the hour',
    file: `${server}/sync/subscription-pauses.ts`,
    find: `Math.max(settleMs, Math.min(askedAt - since, hour))`,
    replace: `hour`,
    caughtBy: [stuck],
  },
  {
    name: 'a snapshot closes the gap of a subscription that is partial still',
    file: `${server}/sync/gap.sql.ts`,
    find: `f.partial_since is not null`,
    replace: `false`,
    caughtBy: [stuck],
  },
  {
    name: 'a subscription that is not active is looked at each half minute for ever',
    file: `${server}/sync/subscription-pauses.ts`,
    find: `Math.min(soFarMs / 4, subscriptionCheckMs)`,
    replace: `0`,
    caughtBy: [stuck, `${server}/sync/next-step.test.ts`],
  },
  {
    name: 'what was being read while events were not subscribed counts when they are',
    file: `${server}/sync/partial-subscription.ts`,
    find: `  await abandonAllRuns(tx, held)\n`,
    replace: ``,
    caughtBy: [`${server}/sync/missed-changes.pg.test.ts`],
  },
  {
    name: 'of a subscription of which athenahealth goes on not to tell no gap is told',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `if (status !== 'UNKNOWN') return undefined`,
    replace: `return undefined`,
    caughtBy: [stuck],
  },
  {
    name: 'a live feed of whose subscription athenahealth does not tell is given up',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `status === 'UNKNOWN' && state.state !== 'live' && isLongUnclear(deps, state)`,
    replace: `status === 'UNKNOWN' && isLongUnclear(deps, state)`,
    caughtBy: [stuck],
  },
  {
    name: 'other departments are never asked for where athenahealth does not tell of the subscription',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `status === 'UNKNOWN' && !isGapOpen`,
    replace: `status === 'UNKNOWN'`,
    caughtBy: [stuck],
  },
  {
    name: 'the gap of a lost subscription begins with the last read, though events were missed before',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `lastKnownActive(deps, state) ?? checkpoint`,
    replace: `checkpoint`,
    caughtBy: [gaps],
  },
  {
    name: 'a look at a subscription that did not show it active counts as one that did',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `if (seenAt !== null || lookedAt === null) return`,
    replace: `if (lookedAt !== null) return lookedAt\n  if (lookedAt === null) return`,
    caughtBy: [gaps],
  },
  {
    name: 'after a release that did not note when a subscription was active, the look that finds it lost counts as one that did',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `if (isGone) await beginAnew(deps, tx, { held, state })`,
    replace: `if (isGone) await beginAnew(deps, tx, { held, state: { ...state, subscription_checked_at: deps.clock.now() } })`,
    caughtBy: [gaps],
  },
  {
    name: 'after such a release a look that did not tell whether it was there counts, too',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `Math.min(lookedAt, troubledSince - checkEveryMs(settings, stretchMax))`,
    replace: `lookedAt + 0 * troubledSince * checkEveryMs(settings, stretchMax)`,
    caughtBy: [gaps],
  },
  {
    name: 'what is not live yet is looked at without end where athenahealth does not tell of its subscription',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `(status === 'UNKNOWN' && state.state !== 'live' && isLongUnclear(deps, state))`,
    replace: `false`,
    caughtBy: [stuck],
  },
  {
    name: 'asking for a partial subscription again puts off from when others who read are looked for',
    file: `${server}/sync/check-foreign.ts`,
    find: `Math.min(askedAt, activeAt)`,
    replace: `askedAt`,
    caughtBy: [`${server}/sync/broken-answers.pg.test.ts`],
  },
  {
    name: 'a partial subscription is asked for once an hour from the first, since each call takes a moment',
    file: `${server}/sync/subscription-pauses.ts`,
    find: `Math.min(askedAt - since, hour)`,
    replace: `hour`,
    caughtBy: [gaps],
  },
  {
    name: 'a feed that is subscribed, where ours is always refused, never comes to be read',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `if (!isThere || order.failures + 1 < most) throw error`,
    replace: `throw error`,
    caughtBy: [refused],
  },
  {
    name: 'a subscription that is refused for a moment only leaves a gap',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `if (!isThere || order.failures + 1 < most) throw error`,
    replace: `if (!isThere) throw error`,
    caughtBy: [refused],
  },
  {
    name: 'an active subscription that is not known to be ours passes for whole',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `return isDoubtful ?`,
    replace: `return isDoubtful && seen.events.length < 0 ?`,
    caughtBy: [refused],
  },
  {
    name: 'the gap of a subscription that was refused at first never closes',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `if (before.subscription_refused) await asHolderAtOnce(deps, held, (tx) => setRefused(tx, held, false))`,
    replace: ``,
    caughtBy: [refused],
  },
  {
    name: 'a subscription that is not there, and is refused, is asked for each time that it could have taken hold',
    file: `${server}/sync/subscribe-feed.ts`,
    find: `status === 'INACTIVE' && isAskDue(deps, state, state.state_since)`,
    replace: `status === 'INACTIVE'`,
    caughtBy: [refused],
  },
  {
    name: 'a subscription that is refused from the first is asked for each few minutes without end',
    file: `${server}/sync/advance-feed.ts`,
    find: `step.do === 'subscribe' && error instanceof AthenaError`,
    replace: `step.do === 'subscribe' && error === step`,
    caughtBy: [refused],
  },
]
