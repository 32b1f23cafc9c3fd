import { setTimeout as sleep } from 'node:timers/promises'
import { coreFeeds } from '../packages/server/src/sync/feed-name.ts'
import { hasChangedFeed } from '../packages/server/src/sync/feed-table.ts'
import type { Difference } from '../packages/server/testing/oracle.ts'
import type { AegisProcess } from './aegis-process.ts'
import { compareWithTruth } from './compare-with-truth.ts'
import { type Draw, drawFrom } from './draw.ts'
import { judgeMirror } from './judge-mirror.ts'
import { journeyOf, judgeMemory, judgeRates } from './judge-practice.ts'
import { onInterrupt } from './on-interrupt.ts'
import { comeToRest, feedsOf, type Mirrored, scopes, slowDown } from './one-practice.ts'
import { longestSilence, type Outage, untilRead } from './replica-silence.ts'
import { limits, SharedWorld } from './shared-world.ts'
import { TrueVersions } from './true-versions.ts'

export interface ReplicaRunOptions {
  readonly seed: number
  /** Processes on one database, 2 to 4. */
  readonly replicas: number
  /** How often one of them is paused past its lease, killed or stopped, in turn. */
  readonly pauses: number
  readonly patients: number
  /** Of the processes, real ms. */
  readonly leaseMs: number
  /** How long a process stands still at least, real ms; up to 3 s more are drawn. */
  readonly pauseMs: number
  readonly mirrored: Mirrored
}

export interface ReplicaRunResult {
  readonly done: Readonly<Record<Blow, number>>
  readonly differences: readonly Difference[]
  readonly journeys: readonly string[]
  readonly defects: readonly string[]
  /** What of athenahealth's rules, or of our own promises, was broken. */
  readonly broken: readonly string[]
  readonly drainDistanceMinMs: number | undefined
  readonly perSecondMost: number
  readonly tokenRequests: number
  readonly changes: number
  /** The most that a process held that ran at the end; undefined where the system does not tell. */
  readonly memoryMostMb: number | undefined
  /** How many of those that were killed or paused had a lease that the others had to wait for. */
  readonly holders: number
  /** The longest that a live feed was not read after a process was killed or paused, real ms. */
  readonly takeOverMostMs: number
  /** The slowest stop by SIGTERM, real ms. */
  readonly stopMostMs: number
}

/** Paused past its lease and resumed; killed; asked to stop. The victim of the last two is started again. */
const blows = ['pause', 'kill', 'stop'] as const
type Blow = (typeof blows)[number]

const [first, leaving, coming] = [195900, 195901, 195902] as const
const practices = [first, leaving, coming]
/** The simulated practices live this much faster than we do. */
const speed = 20
/** Decision 91: replicas take over within this. */
const takeOverMaxMs = 35_000
const stopMaxMs = 30_000
/** For a first load among blows, on a machine with much else to do. */
const loadMaxMs = 300_000
/** How often a blow waits until its victim works on a feed, and for how long at most. */
const atWorkShare = 0.75
const atWorkMaxMs = 10_000
/** A token of the simulator lives an hour and is renewed from four fifths of that on. */
const renewalMs = 0.8 * 3_600_000

/**
 * Several processes mirror the same practices on one database while one after the other is paused past its lease,
 * killed or stopped. In the middle one practice is taken out of the configuration and another put in. At the end the
 * mirror must equal the truth, and the simulator must have met one caller: one token, one limit, one drain a minute.
 */
export async function replicaRun(options: ReplicaRunOptions): Promise<ReplicaRunResult> {
  const world = await SharedWorld.begin({ ...options, practices, speed })
  const forget = onInterrupt(() => world.abandon())
  const run = new ReplicaRun(world, options)
  try {
    await run.live()
    return await run.judge()
  } catch (error) {
    const said = `seed ${options.seed}: ${error instanceof Error ? error.message : String(error)}\n${run.said()}`
    throw new Error(said, { cause: error })
  } finally {
    forget()
    await world.end()
  }
}

class ReplicaRun {
  readonly #world: SharedWorld
  readonly #options: ReplicaRunOptions
  readonly #draw: Draw
  /** Of those that are there at the end. */
  readonly #versions: readonly TrueVersions[]
  readonly #processes: AegisProcess[] = []
  readonly #done: Record<Blow, number> = { pause: 0, kill: 0, stop: 0 }
  readonly #outages: Outage[] = []
  #holders = 0
  #stopMostMs = 0
  /** Number of the last request that may have been for the practice taken out. */
  #leftAt = 0

  constructor(world: SharedWorld, options: ReplicaRunOptions) {
    this.#world = world
    this.#options = options
    this.#draw = drawFrom(options.seed)
    const { simulator } = world
    const { kinds: feeds } = scopes[options.mirrored]
    this.#versions = [first, coming].map((practice) => new TrueVersions(simulator, { practice, feeds }))
  }

  said(): string {
    return this.#processes.map((one, number) => `process ${number}:\n${one.said.slice(-2_000)}`).join('\n')
  }

  /**
   * One starts on an empty database, then the others at once; then one blow after the other falls: the first half while the first
   * load is under way, the others once every feed is live.
   */
  async live(): Promise<void> {
    const { replicas, pauses } = this.#options
    slowDown(this.#world.simulator)
    this.#world.mirror([first, leaving])
    for (let number = 0; number < replicas; number += 1) {
      this.#processes.push(this.#world.start(number))
      // Whoever waits for another's token gives up after 16 s, which at this speed is less than a second of the machine.
      if (number === 0) await this.#allReady()
    }
    await this.#allReady()
    for (let blow = 0; blow < pauses; blow += 1) {
      if (blow === Math.floor(pauses / 2)) {
        await this.#changePractices()
        await untilRead(this.#world.simulator.truth, { practice: first, feeds: this.#feeds(), maxMs: loadMaxMs })
      }
      await this.#strike(blows[blow % blows.length] ?? 'pause')
      await sleep(500 + this.#draw.fraction() * 1_500)
    }
  }

  async judge(): Promise<ReplicaRunResult> {
    const { simulator } = this.#world
    const [aegis, ...others] = this.#processes
    if (!aegis) throw new Error('there is a process')
    await comeToRest(aegis, simulator, [first, coming])
    const ground = { processes: [aegis, ...others], simulator, logins: this.#world.logins } as const
    const memory = judgeMemory(ground.processes)
    const differences: Difference[] = []
    const broken: string[] = [...memory.broken]
    let changes = 0
    for (const versions of this.#versions) {
      const { practice } = versions
      differences.push(...(await compareWithTruth({ aegis, simulator, practice }, scopes[this.#options.mirrored])))
      const { rows } = await aegis.sql(practice, 'select count(*) from change')
      changes += Number(rows[0]?.[0] ?? 0)
      broken.push(...(await judgeMirror(ground, versions)))
    }
    const rates = judgeRates(simulator, limits)
    const { requests, tokenRequests, late } = this.#requests()
    const tokensMost = 1 + Math.floor((simulator.clock.now() - (requests[0]?.at ?? 0)) / renewalMs)
    const silence = longestSilence(simulator.truth, { outages: this.#outages, practices: [first], speed })
    const own = [
      [tokenRequests > tokensMost, `${tokenRequests} token requests where ${tokensMost} would do`],
      [late > 0, `${late} requests for a practice taken out of the configuration`],
      [silence.ms > takeOverMaxMs, `work of a dead process taken over after ${silence.ms} ms: ${silence.of}`],
      [this.#stopMostMs > stopMaxMs, `a stop took ${this.#stopMostMs} ms`],
    ] as const
    return {
      ...rates,
      done: this.#done,
      differences,
      journeys: differences.slice(0, 10).flatMap((difference) => journeyOf(simulator, difference)),
      defects: simulator.truth.defects(),
      broken: [...rates.broken, ...broken, ...own.flatMap(([isBroken, what]) => (isBroken ? [what] : []))],
      tokenRequests,
      changes,
      memoryMostMb: memory.memoryMostMb,
      holders: this.#holders,
      takeOverMostMs: silence.ms,
      stopMostMs: Math.round(this.#stopMostMs),
    }
  }

  #requests() {
    const all = []
    for (let since = 0, more = true; more; ) {
      const page = this.#world.simulator.truth.requests({ since, limit: 1_000 })
      all.push(...page.requests)
      more = page.requests.length > 0
      since = page.next
    }
    return {
      requests: all,
      tokenRequests: all.filter(({ route }) => route.endsWith('/token')).length,
      late: all.filter(({ number, practice }) => practice === leaving && number > this.#leftAt).length,
    }
  }

  /** As an operator would: the file is changed, then every process restarted, one after the other. */
  async #changePractices(): Promise<void> {
    this.#world.mirror([first, coming])
    for (const number of this.#processes.keys()) {
      await this.#stop(number)
      this.#processes[number] = this.#world.start(number)
      await this.#processes[number].ready()
    }
    // What is being read at the moment ends when its lease is next renewed.
    await sleep(this.#options.leaseMs)
    const { simulator } = this.#world
    this.#leftAt = simulator.truth.requests().totals.requests
  }

  /** How many are mirrored that tell of changes. */
  #feeds(): number {
    return [...coreFeeds, ...feedsOf(this.#options.mirrored)].filter(hasChangedFeed).length
  }

  async #strike(blow: Blow): Promise<void> {
    const number = this.#draw.between(0, this.#processes.length - 1)
    this.#done[blow] += 1
    if (blow === 'stop') await this.#stop(number)
    else await this.#silence(number, blow)
    if (blow !== 'pause') {
      await sleep(this.#draw.fraction() * 2_000)
      this.#processes[number] = this.#world.start(number)
      await this.#processes[number].ready()
    }
  }

  /** Killed, or paused for longer than its lease; the others have to go on. */
  async #silence(number: number, blow: 'kill' | 'pause'): Promise<void> {
    const { simulator } = this.#world
    const victim = this.#processes[number]
    if (!victim) return
    if (this.#draw.chance(atWorkShare)) await this.#atWork(number)
    this.#outages.push({ what: `${blow} of process ${number}`, at: simulator.clock.now() })
    if (blow === 'kill') await victim.kill()
    else victim.suspend()
    if ((await this.#world.leasesOf(number, first)) > 0) this.#holders += 1
    if (blow === 'kill') return
    await sleep(this.#options.pauseMs + this.#draw.fraction() * 3_000)
    victim.resume()
  }

  async #atWork(number: number): Promise<void> {
    for (const until = performance.now() + atWorkMaxMs; performance.now() < until; await sleep(10))
      if ((await this.#world.leasesOf(number, first)) > 0) return
  }

  async #stop(number: number): Promise<void> {
    const asked = performance.now()
    const code = await this.#processes[number]?.stop()
    this.#stopMostMs = Math.max(this.#stopMostMs, performance.now() - asked)
    if (code !== 0) throw new Error(`process ${number} ended with ${code} when it was asked to stop`)
  }

  async #allReady(): Promise<void> {
    for (const one of this.#processes) await one.ready()
  }
}
