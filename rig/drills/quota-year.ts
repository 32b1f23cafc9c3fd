import type { RequestEntry } from '@aegis/simulator'
import type { Priority } from '../../packages/server/src/quota/priorities.ts'
import { quotaDay } from '../../packages/server/src/quota/quota-day.ts'
import { kindsOfDay, type YearPlace } from '../../packages/server/testing/quota-year.ts'
import { type Draw, drawFrom } from '../draw.ts'
import type { GuardedRules } from '../guarded-way.ts'
import { withRunContext } from '../run-context.ts'
import type { Verdict } from '../verdict.ts'
import { apiCalls } from './drill-log.ts'
import { drillPractice, DrillWorld } from './drill-world.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
/** The year that a first seed of 1 begins: both changes of daylight saving, the end of a year and a leap day are in it. */
const firstDay = Date.UTC(2027, 5, 1)
const daysOfDrill = 10
/** Of the days that are used up so much is used at least: a killed process loses what it had reserved, and no more. */
const usedShareMin = 0.6
/** As far as our clocks and athenahealth's are apart, together with the way there less than the guard around midnight. */
const apart = { clocksMs: 100 * second, wayMs: 10 * second }

const rules: GuardedRules = {
  perSecond: 20,
  perDay: 40,
  tokensPerMinute: 5,
  offHours: 'always',
  onboardingCalls: 0,
  gapCalls: 0,
}

/** Of a day's calls, what must be left when the last one of a priority is made. Said here anew: the judge asks nobody. */
const leftShares: Readonly<Record<Priority, number>> = {
  interactive: 0,
  notifications: 0.1,
  feeds: 0.11,
  reconciliation: 0.13,
  bulk: 0.15,
}

/**
 * F19 and F20: ten days of two processes whose calls a day are few, stopped or killed and started again at every hour, the
 * day used up at any of them, its end met from both sides, somebody else spending too. Seeds that follow each other are
 * days that follow each other: 37 are a year. Judged by the simulator's count, which goes by a clock of its own.
 */
export function quotaYearDrill(seed: number): Promise<Verdict> {
  return withRunContext(async (context) => {
    const draw = drawFrom(seed)
    const firstNumber = (seed - 1) * daysOfDrill
    const year: DrillYear = await DrillYear.open(context, {
      seed,
      draw,
      startAt: firstDay + firstNumber * day + 3 * minute,
    })
    await year.world.time.pass(year.live(firstNumber), (daysOfDrill + 1) * day)
    return year.judge()
  })
}

class DrillYear implements YearPlace {
  readonly perDay = rules.perDay
  readonly world: DrillWorld
  readonly #draw: Draw
  readonly #usedUp: string[] = []
  #restarts = 0

  private constructor(world: DrillWorld, draw: Draw) {
    this.world = world
    this.#draw = draw
  }

  static async open(
    context: Parameters<typeof DrillWorld.open>[0],
    { seed, draw, startAt }: { seed: number; draw: Draw; startAt: number },
  ): Promise<DrillYear> {
    const limits = { perSecond: 1_000, perDay: rules.perDay, tokensPerMinute: 50 }
    const aheadMs = Math.round((2 * draw.fraction() - 1) * apart.clocksMs)
    const world: DrillWorld = await DrillWorld.open(context, {
      seed,
      startAt,
      processes: 2,
      rules,
      simulator: { limits },
      aheadMs,
      onTheWay: () => world.time.clock.sleep(draw.fraction() * apart.wayMs),
    })
    return new DrillYear(world, draw)
  }

  now = (): number => this.world.time.clock.now()
  sleep = (ms: number): Promise<void> => this.world.time.clock.sleep(ms)
  fraction = (): number => this.#draw.fraction()

  async ask(priority: Priority, process: number): Promise<'sent' | number | 'gone'> {
    const { code, until } = await this.world.call({ atMs: 0, process, kind: 'read', priority })
    return code === 'ok' ? 'sent' : (until ?? 'gone')
  }

  async spendElsewhere(calls: number): Promise<void> {
    const { simulator } = this.world
    const form = 'grant_type=client_credentials&scope=athena/service/Athenanet.MDP.*'
    const authorization = `Basic ${Buffer.from('demo-client:demo-secret').toString('base64')}`
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await simulator.fetch(`${simulator.url}/oauth2/v1/token`, { method: 'POST', headers, body: form })
    const { access_token: token } = (await answer.json()) as { access_token: string } // as RFC 6749 has it
    for (let call = 0; call < calls; call += 1) {
      const own = { authorization: `Bearer ${token}`, 'x-request-id': `elsewhere-${call}` }
      await simulator.fetch(`${simulator.url}/v1/${drillPractice}/patients/${this.world.patient}`, { headers: own })
    }
  }

  async live(firstNumber: number): Promise<void> {
    for (let number = firstNumber; number < firstNumber + daysOfDrill; number += 1) {
      const startsAt = firstDay + number * day
      for (let hourOfDay = 0; hourOfDay < 24; hourOfDay += 1) {
        await this.sleep(Math.max(0, startsAt + 3 * minute + hourOfDay * hour - this.now()))
        if (hourOfDay !== number % 24) {
          if (this.#draw.chance(0.1)) await this.ask('feeds', hourOfDay % 2)
          await this.#restart(hourOfDay % 2, this.#draw.chance(0.1))
          continue
        }
        await kindsOfDay[number % 4]?.(this, () => this.#restart(number % 2, number % 3 > 0))
        if (number % 4 < 2) this.#usedUp.push(quotaDay(startsAt))
      }
    }
  }

  async #restart(index: number, isKill: boolean): Promise<void> {
    this.#restarts += 1
    await (isKill ? this.world.kill(index) : this.world.stopAndStart(index))
  }

  judge(): Verdict {
    // A token that ended on the way is refused before anything is counted.
    const requests = apiCalls(this.world.simulator).filter(({ app }) => app !== undefined)
    const days = Map.groupBy(requests, ({ at }) => quotaDay(at))
    const own = requests.filter(({ intent }) => intent?.startsWith('drill-'))
    const wrong = [
      ...own
        .filter(({ status }) => status === 429 || status === 403)
        .map(({ at }) => `I6 a call too many at ${new Date(at).toISOString()}`),
      ...[...days].flatMap(([name, calls]) => this.#judgeDay(name, calls)),
      ...this.#judgeUse(days),
      ...this.world.outcomes
        .filter(({ code }) => !known.includes(code))
        .map(({ priority, code }) => `F19 a call for ${priority} ended with ${code}`),
    ]
    const counts = {
      days: daysOfDrill,
      restarts: this.#restarts,
      'days used up': this.#usedUp.length,
      calls: own.length,
    }
    return { wrong, checked: { I6: requests.length }, counts }
  }

  /** What the less urgent leave for those above them is there: they stop when so much of the day is spent. */
  #judgeDay(name: string, calls: readonly RequestEntry[]): string[] {
    const priorities = new Map(this.world.outcomes.map(({ id, priority }) => [id, priority]))
    return calls.flatMap(({ intent }, before) => {
      const priority = priorities.get(intent ?? '')
      if (!priority) return []
      const mostBefore = Math.ceil((1 - leftShares[priority]) * rules.perDay)
      return before < mostBefore ? [] : [`F19 call ${before + 1} of ${name} was one for ${priority}`]
    })
  }

  #judgeUse(days: ReadonlyMap<string, readonly RequestEntry[]>): string[] {
    if (this.#usedUp.length === 0) return []
    const used = this.#usedUp.reduce((sum, name) => sum + (days.get(name)?.length ?? 0), 0)
    const share = used / (this.#usedUp.length * rules.perDay)
    return share >= usedShareMin ? [] : [`F19 of days that are used up ${share.toFixed(2)} was used`]
  }
}

/** Whoever waits for a token that a killed process was fetching may be told to try again. */
const known = [
  'key-server.token-unavailable',
  'ok',
  'quota.day-exhausted',
  'quota.stopping',
  'process-died',
  'quota.timeout',
]
