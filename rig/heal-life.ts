import { hasChangedFeed } from '../packages/server/src/sync/feed-table.ts'
import type { MirroredPractice } from '../packages/server/testing/mirrored-practice.ts'
import type { Judgement } from './judge-history.ts'
import { type Life, liveRound, restart } from './live-round.ts'
import { isUnderWay } from './verdict.ts'

const minute = 60_000
const roundsMax = 160
/** From this round on it is looked less often: what is left waits for calls of the next day. */
const patientFrom = 30
const patientMs = 15 * minute
/** After the last fault a feed is up to date again within this; one that has to be subscribed and read anew, within that. */
const wellWithin = { live: 5 * minute, anew: 10 * minute }

/**
 * Ends all faults and changes, and lets sync come to rest: every feed up to date, in time (I11), nothing under way, and
 * every look that it takes by itself taken twice.
 */
export async function healLife(life: Life): Promise<Judgement> {
  const { mirrored, time, ends, subscriptionCheckMs } = life
  const { simulator } = mirrored
  simulator.faults.clear()
  simulator.days.pause()
  // Up to date within the minutes that are judged: none waits for its turn.
  mirrored.deps = { ...mirrored.deps, plan: undefined }
  ends.stop()
  if (ends.isDead) await time.pass(restart(life))
  // What has no feed is read once a day, and changes with the clocks.
  for (const feed of ['departments', 'appointmenttypes'] as const) await mirrored.wantSnapshot(feed)
  const watch = new Watch(mirrored, await isAllLive(mirrored))
  const restMs = 2 * subscriptionCheckMs + 4 * minute
  const endsAt = simulator.clock.now() + restMs
  for (let round = 0; round < roundsMax; round += 1) {
    life.due.clear()
    await time.pass(liveRound(life))
    const isWell = await watch.look()
    // That a record is gone is believed in athenahealth's own words alone: in others it would be in doubt for good.
    if (isWell) simulator.apps.setQuirks({ errorBodies: 'json' })
    const now = simulator.clock.now()
    if (now > endsAt && isWell && !isAnyDue(life, now) && !(await isUnderWay(mirrored))) break
    const toldMs = await watch.toldToWaitMs()
    const leastMs = round < patientFrom ? minute : patientMs
    await time.idle(Math.max(toldMs, isWell && simulator.clock.now() < endsAt ? restMs / 8 : leastMs) + 1_000)
  }
  return { wrong: watch.wrong(), checked: { I11: 1 } }
}

/** Whether a feed has stopped in the middle of its work and would go on at once. */
function isAnyDue({ due }: Life, now: number): boolean {
  return [...due.values()].some((at) => at <= now)
}

async function isAllLive(mirrored: MirroredPractice): Promise<boolean> {
  return (await mirrored.states()).every(({ feed, state }) => !hasChangedFeed(feed) || state === 'live')
}

/** Watches until every feed has once been drained to its end within two poll periods. */
class Watch {
  readonly #mirrored: MirroredPractice
  readonly #withinMs: number
  #from: number
  #wellAt: number | undefined

  constructor(mirrored: MirroredPractice, wasLive: boolean) {
    this.#mirrored = mirrored
    this.#withinMs = wasLive ? wellWithin.live : wellWithin.anew
    this.#from = mirrored.simulator.clock.now()
  }

  async look(): Promise<boolean> {
    if (this.#wellAt !== undefined) return true
    const now = this.#mirrored.simulator.clock.now()
    const polls = 2 * this.#mirrored.deps.settings.pollIntervalMs
    const isWell = (await this.#mirrored.states()).every(({ feed, state, failure_code, drain_ended_at: drained }) => {
      if (!hasChangedFeed(feed)) return true
      return state === 'live' && failure_code === null && drained !== null && now - drained < polls
    })
    if (isWell) this.#wellAt = now
    return isWell
  }

  /** What athenahealth or the day's quota has told a feed to wait counts from its end. */
  async toldToWaitMs(): Promise<number> {
    const now = this.#mirrored.simulator.clock.now()
    const until = Math.max(now, ...(await this.#mirrored.states()).map(({ retry_at }) => retry_at ?? 0))
    if (until > now + minute) this.#from = until
    return until - now
  }

  wrong(): string[] {
    if (this.#wellAt === undefined) return ['I11 a feed never came up to date again']
    const tookMs = this.#wellAt - this.#from
    return tookMs > this.#withinMs ? [`I11 it took ${Math.round(tookMs / minute)} minutes to be up to date again`] : []
  }
}
