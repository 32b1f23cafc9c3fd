import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestEntry } from '@aegis/simulator'
import type { Cut } from '../packages/server/testing/cuttable-way.ts'
import { type Draw, drawFrom } from './draw.ts'
import { type FaultRunOptions, type FaultRunResult, inTurn } from './fault-run.ts'
import { allRequests } from './judge-limits.ts'
import {
  type HostName,
  hostNames,
  inSplitWorld,
  speed,
  type SplitWorld,
  stopMaxMs,
  type Target,
  tokenLifeMs,
} from './split-world.ts'

/** Who is cut off from what. */
const partitions = {
  'a worker from PostgreSQL': { hosts: ['worker-1'], target: 'postgres' },
  'workers from the key server': { hosts: ['worker-1', 'worker-2'], target: 'key-server' },
  'a worker from athenahealth': { hosts: ['worker-2'], target: 'athenahealth' },
  'the key server from PostgreSQL': { hosts: ['key-server'], target: 'postgres' },
  'all from athenahealth': { hosts: hostNames, target: 'athenahealth' },
  'the key server from athenahealth': { hosts: ['key-server'], target: 'athenahealth' },
  'all from PostgreSQL': { hosts: hostNames, target: 'postgres' },
} as const satisfies Record<string, { hosts: readonly HostName[]; target: Target }>

type Partition = keyof typeof partitions
// The names are the keys.
const [firstPartition, ...otherPartitions] = Object.keys(partitions) as [Partition, ...Partition[]]

/** Until a token that was fresh when the way was cut is over, real ms, and what is then refused has been seen. */
const outliveMs = tokenLifeMs / speed + 4_000
/** How often one of those that are cut off is asked to stop meanwhile. */
const stoppedShare = 0.3
/** The last part of a token's life is not used: 10 s of the practice's time. */
const unusedMs = 10_000
/** A call that left in time arrives so much later at most. */
const onTheWayMs = 30_000
/** For a process to tell how it is while somebody else is cut off. */
const statusMs = 15_000

/**
 * Fault F24: the network between the processes is cut, with resets or silently, one way or both, for moments or for longer
 * than a token lives. What is at hand serves until it ends; then it is refused and said; nobody is asked more than is
 * allowed; and when the network is whole again everything goes on by itself.
 */
export function partitionFaults(options: FaultRunOptions): Promise<FaultRunResult> {
  const { seed, count } = options
  return inSplitWorld(options, async (world) => {
    const run = new PartitionFaults(world, drawFrom(seed))
    await world.startAll()
    for (let done = 0; done < count; done += 1) {
      await world.working()
      // The first meet the first load; later ones a running day.
      await sleep(run.draw.fraction() * (done < count / 2 ? 1_500 : 4_000))
      await run.strike(inTurn([firstPartition, ...otherPartitions], { seed, done }))
    }
    const healedAt = performance.now()
    await world.working()
    await world.comeToRest()
    const recoveredMs = Math.round(performance.now() - healedAt)
    return { ...run.totals(recoveredMs), ...(await world.judge()) }
  })
}

class PartitionFaults {
  readonly draw: Draw
  readonly #world: SplitWorld
  readonly #faults: Record<string, number> = {}
  readonly #missed: string[] = []
  #servedOn = 0
  #outlived = 0
  #stopMostMs = 0

  constructor(world: SplitWorld, draw: Draw) {
    this.draw = draw
    this.#world = world
  }

  totals(recoveredMs: number): Pick<FaultRunResult, 'faults' | 'counted' | 'missed'> {
    const counted = {
      callsServedWhileCutOff: this.#servedOn,
      tokensOutlived: this.#outlived,
      stopMostMs: this.#stopMostMs,
      recoveredMs,
    }
    return { faults: this.#faults, counted, missed: this.#missed }
  }

  async strike(partition: Partition): Promise<void> {
    const { hosts, target } = partitions[partition]
    const cut = this.#drawCut(target)
    const name = `${partition}, ${nameOf(cut)}`
    this.#faults[name] = (this.#faults[name] ?? 0) + 1
    const ways = hosts.map((host) => this.#world.way(host, target))
    const cutAt = this.#world.simulator.clock.now()
    for (const way of ways) way.cut(cut)
    const others = hostNames.filter((host) => !hosts.some((one) => one === host))
    const told = this.#ask(others)
    const isOutlived = target === 'key-server'
    await sleep(isOutlived ? outliveMs : 1_000 + this.draw.fraction() * 6_000)
    for (const host of hosts) await this.#expectAlive(host, name)
    if (isOutlived) await this.#judgeTokens(cutAt, name) // before the stop: whoever has ended tells nothing
    const stopped = this.draw.chance(stoppedShare) ? hosts[0] : undefined
    if (stopped) await this.#stop(stopped, name)
    for (const way of ways) way.heal()
    if (stopped) await this.#world.start(stopped).ready()
    for (const host of await told) this.#missed.push(`${host} did not tell how it is: ${name}`)
  }

  #drawCut(target: Target): Cut {
    if (this.draw.chance(0.3)) return { kind: 'reset' }
    const directions = this.draw.pick<readonly ('there' | 'back')[]>([['there'], ['back'], ['there', 'back']])
    // A statement may arrive whenever it likes. A request that is over is taken to be so at athenahealth too.
    const late = target === 'postgres' ? 'late' : 'late-or-closed'
    return { kind: 'silent', directions, arrives: this.draw.chance(0.5) ? late : 'never' }
  }

  /** Those that are whole go on telling how they are. Returns the others. */
  async #ask(hosts: readonly HostName[]): Promise<HostName[]> {
    const asked = hosts.map(async (host) => {
      const report = this.#world
        .on(host)
        .status()
        .catch(() => undefined)
      return (await Promise.race([report, sleep(statusMs, undefined, { ref: false })])) ? [] : [host]
    })
    return (await Promise.all(asked)).flat()
  }

  /** Asked to stop, a process does not wait for those it cannot reach. */
  async #stop(host: HostName, name: string): Promise<void> {
    const aegis = this.#world.on(host)
    const askedAt = performance.now()
    const code = await aegis.stopWithin(2 * stopMaxMs)
    const ms = Math.round(performance.now() - askedAt)
    this.#stopMostMs = Math.max(this.#stopMostMs, ms)
    if (code !== 0 || ms > stopMaxMs)
      this.#missed.push(`${host} ended with ${code} ${ms} ms after it was asked to: ${name}`)
  }

  /** Cut off from whatever it be, a process is no dead one. */
  async #expectAlive(host: HostName, name: string): Promise<void> {
    const aegis = this.#world.on(host)
    if (!aegis.running) this.#missed.push(`${host} has ended: ${name}`)
    else await aegis.health().catch(() => this.#missed.push(`${host} does not say that it lives: ${name}`))
  }

  /** The token at hand serves until its end and not longer, and then what is the matter is told. */
  async #judgeTokens(cutAt: number, name: string): Promise<void> {
    const requests = allRequests(this.#world.simulator)
    const issued = requests.filter((one) => isToken(one) && one.status === 200 && one.at <= cutAt).at(-1)
    if (!issued) return
    const over = issued.at + tokenLifeMs
    const calls = requests.filter((one) => !isToken(one) && one.at > cutAt)
    this.#outlived += 1
    this.#servedOn += calls.length
    if (over - unusedMs - cutAt > 100_000 && calls.length === 0)
      this.#missed.push(`nobody called with the token at hand: ${name}`)
    const late = calls.filter(({ at }) => at > over + onTheWayMs)
    if (late.length > 0) this.#missed.push(`${late.length} calls with a token that was over: ${name}`)
    for (const host of ['worker-1', 'worker-2'] as const) {
      const report = await this.#world.on(host).status()
      if (!report.alarms.some(({ code }) => code === 'key-server.unreachable'))
        this.#missed.push(`${host} does not say that the key server is away: ${name}`)
    }
  }
}

function isToken({ route }: RequestEntry): boolean {
  return route.endsWith('/token')
}

function nameOf(cut: Cut): string {
  if (cut.kind === 'reset') return 'reset'
  const how = cut.directions.length === 2 ? 'silent' : `silent ${cut.directions[0]}`
  return `${how}, ${cut.arrives}`
}
