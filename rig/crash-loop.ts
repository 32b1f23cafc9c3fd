import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultRule, RequestEntry } from '@aegis/simulator'
import { type Draw, drawFrom } from './draw.ts'
import type { FaultRunOptions, FaultRunResult } from './fault-run.ts'
import { type FaultWorld, inFaultWorld } from './fault-world.ts'
import { allRequests, mostWithin } from './judge-limits.ts'

/** Those of preview. */
const limits = { perSecond: 5, tokensPerMinute: 5 }
const minuteMs = 60_000
/** Virtual milliseconds per real one: a minute has many starts in it, and then it goes on as in other runs. */
const speeds = { loop: 1, after: 20 }
/** For a start to come as far as to ask for a token, or to work without, real ms. */
const startMostMs = 60_000
/** How long it lives then at most, real ms. */
const livesMostMs = 2_000

const token = '/oauth2/v1/token'
/** What a start finds: what happens to requests for tokens, and whether the token that was there is good no longer. */
const hardships = {
  'no answer before it is killed': { rule: { kind: 'slow', delayMs: minuteMs, when: { path: token } }, revoked: true },
  'an endpoint that fails': { rule: { kind: 'server-error', status: 503, when: { path: token } }, revoked: true },
  'a token that was revoked': { rule: undefined, revoked: true },
  'a token that is good': { rule: undefined, revoked: false },
} as const satisfies Record<string, { rule: FaultRule | undefined; revoked: boolean }>

type Hardship = keyof typeof hardships
/** Twice what leaves nothing behind but a request that counts. */
const drawn = ['no answer before it is killed', ...(Object.keys(hardships) as [Hardship, ...Hardship[]])] as const // its keys

/**
 * Fault F15: the program is killed within seconds of each start, again and again, while it asks for a token, has just got one,
 * or is refused one. What it asked for in lives before counts: athenahealth meets no more token requests in any minute than it
 * allows. When the last start is left alone it gets to work.
 */
export function crashLoop(options: FaultRunOptions): Promise<FaultRunResult> {
  return inFaultWorld({ ...options, limits, speed: speeds.loop }, async (world) => {
    const run = new CrashLoop(world, drawFrom(options.seed))
    for (let done = 0; done < options.count; done += 1) await run.die()
    const { simulator } = world
    simulator.faults.clear()
    simulator.clock.setSpeed(speeds.after)
    const healedAt = performance.now()
    world.start()
    await world.working()
    const verdict = await world.judge()
    return { ...verdict, ...run.judge(Math.round(performance.now() - healedAt)) }
  })
}

class CrashLoop {
  readonly #world: FaultWorld
  readonly #draw: Draw
  readonly #faults: Record<string, number> = {}
  readonly #starts: { readonly at: number }[] = []
  /** Starts that ended by themselves before they were killed, as one does that gets no token. */
  #ended = 0

  constructor(world: FaultWorld, draw: Draw) {
    this.#world = world
    this.#draw = draw
  }

  /** One start, and its end. */
  async die(): Promise<void> {
    const { simulator } = this.#world
    const name = this.#draw.pick(drawn)
    this.#faults[name] = (this.#faults[name] ?? 0) + 1
    const { rule, revoked } = hardships[name]
    simulator.faults.clear()
    if (rule) simulator.faults.add([rule])
    if (revoked) simulator.truth.revokeTokens()
    const before = this.#tokenRequests().length
    this.#starts.push({ at: simulator.clock.now() })
    const aegis = this.#world.start()
    for (const until = performance.now() + startMostMs; performance.now() < until; await sleep(50)) {
      if (!aegis.running || this.#tokenRequests().length > before) break
      if (await aegis.status().catch(() => undefined)) break
    }
    await sleep(this.#draw.fraction() * livesMostMs)
    if (!aegis.running) this.#ended += 1
    await aegis.kill()
  }

  judge(recoveredMs: number): Pick<FaultRunResult, 'faults' | 'counted' | 'missed'> {
    const requests = this.#tokenRequests()
    const most = mostWithin(requests, minuteMs)
    const refused = requests.filter(({ status, fault }) => status !== 200 && !fault).length
    const missed = [
      ...(most > limits.tokensPerMinute ? [`I6 ${most} token requests in a minute`] : []),
      ...(refused > 0 ? [`${refused} token requests were refused`] : []),
    ]
    const counted = {
      startsMostInAMinute: mostWithin(this.#starts, minuteMs),
      endedByThemselves: this.#ended,
      tokenRequests: requests.length,
      tokensMostInAMinute: most,
      recoveredMs,
    }
    return { faults: this.#faults, counted, missed }
  }

  #tokenRequests(): RequestEntry[] {
    return allRequests(this.#world.simulator).filter(({ route }) => route.endsWith('/token'))
  }
}
