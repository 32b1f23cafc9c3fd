import { setTimeout as sleep } from 'node:timers/promises'
import type { Simulator } from '@aegis/simulator'
import type { RuntimeLogins } from '../packages/server/src/db/database-login.ts'
import { sql } from '../packages/server/src/db/db.ts'
import { openDb } from '../packages/server/src/db/open-db.ts'
import { silentLog } from '../packages/server/testing/memory-log.ts'
import type { AegisProcess } from './aegis-process.ts'
import { type Draw, drawFrom } from './draw.ts'
import type { FaultRunOptions, FaultRunResult } from './fault-run.ts'
import { inFaultWorld } from './fault-world.ts'
import { embeddedLogins } from './held-mirror.ts'
import { practice, slowDown, slowFeeds } from './one-practice.ts'
import { longestSilence, type Outage, untilRead } from './replica-silence.ts'
import { hostNames, inSplitWorld, speed, stopMaxMs } from './split-world.ts'

/** Of what is stopped, by name: each can be started again. */
interface Ground {
  readonly simulator: Simulator
  readonly hosts: readonly string[]
  on(host: string): AegisProcess
  start(host: string): AegisProcess
  /** Whether others go on while one is stopped: then its work is theirs at once. */
  readonly isShared: boolean
  /** Of the database, while it runs. */
  logins(): RuntimeLogins | undefined
}

/** A lease that is not given back holds up the others for so long, real ms: more than `goneOnMs`. */
const leaseMs = 30_000
const loadMaxMs = 180_000
/** From a stop, or a start where there is nobody else, to the next read of every feed that was being read. */
const goneOnMs = 20_000

/**
 * Fault F31: a process is asked to stop, at any instant and again and again: alone, or one of a key server and two workers. It
 * ends in time and well; what it has begun is finished, so that no read is in doubt and made again; its work is taken up at once.
 */
export function gracefulStops(options: FaultRunOptions): Promise<FaultRunResult> {
  const { seed } = options
  if (seed % 2 === 1) {
    return inFaultWorld(options, async (world) => {
      const { simulator } = world
      world.start()
      const ground: Ground = {
        simulator,
        hosts: ['all'],
        on: () => world.aegis,
        start: () => world.start(),
        isShared: false,
        logins: () => embeddedLogins(world.home),
      }
      const stops = new GracefulStops(ground, options)
      await stops.live()
      const verdict = await world.judge()
      return { ...verdict, ...(await stops.judge()) }
    })
  }
  return inSplitWorld({ ...options, leaseMs }, async (world) => {
    const { simulator } = world
    await world.startAll()
    const hosts: Record<string, (typeof hostNames)[number]> = Object.fromEntries(hostNames.map((name) => [name, name]))
    const known = (host: string) => hosts[host] ?? 'key-server'
    const ground: Ground = {
      simulator,
      hosts: hostNames,
      on: (host: string) => world.on(known(host)),
      start: (host: string) => world.start(known(host)),
      isShared: true,
      logins: () => world.logins,
    }
    const stops = new GracefulStops(ground, options)
    await stops.live()
    await world.comeToRest()
    return { ...(await world.judge()), ...(await stops.judge()) }
  })
}

class GracefulStops {
  readonly #ground: Ground
  readonly #count: number
  readonly #draw: Draw
  readonly #faults: Record<string, number> = {}
  readonly #missed: string[] = []
  readonly #gone: Outage[] = []
  #stopMostMs = 0

  constructor(ground: Ground, { seed, count }: FaultRunOptions) {
    this.#ground = ground
    this.#count = count
    this.#draw = drawFrom(seed)
  }

  async live(): Promise<void> {
    const { hosts, simulator } = this.#ground
    // So that hardly a stop finds no read under way.
    slowDown(simulator)
    for (let done = 0; done < this.#count; done += 1) {
      const host = hosts[this.#draw.between(0, hosts.length - 1)] ?? 'all'
      const isLoading = done < this.#count / 2
      if (!isLoading) await untilRead(simulator.truth, { practice, feeds: slowFeeds.length, maxMs: loadMaxMs })
      // Some are asked while they start.
      if (!isLoading || this.#draw.chance(0.7)) await this.#ground.on(host).ready()
      else await listening(this.#ground.on(host))
      await sleep(this.#draw.fraction() * (isLoading ? 1_500 : 4_000))
      await this.#stop(host)
      if (this.#ground.isShared) await sleep(this.#draw.fraction() * 3_000)
      const again = this.#ground.start(host)
      if (this.#ground.isShared) await again.ready()
    }
    for (const host of hosts) await this.#ground.on(host).ready()
  }

  async judge(): Promise<Pick<FaultRunResult, 'faults' | 'counted' | 'missed'>> {
    const { simulator, logins } = this.#ground
    const silence = longestSilence(simulator.truth, { outages: this.#gone, practices: [practice], speed })
    if (silence.ms > goneOnMs) this.#missed.push(`a feed was not read for ${silence.ms} ms: ${silence.of}`)
    const reads = await readsOf(logins())
    for (const { feed, outcome, count } of reads)
      if (doubtful.has(outcome)) this.#missed.push(`${count} reads of ${feed} ended in doubt and were ${outcome}`)
    const counted = { stopMostMs: this.#stopMostMs, silenceMostMs: silence.ms, reads: sumOf(reads) }
    return { faults: this.#faults, counted, missed: this.#missed }
  }

  async #stop(host: string): Promise<void> {
    const { simulator } = this.#ground
    this.#faults[host] = (this.#faults[host] ?? 0) + 1
    const askedAt = performance.now()
    const asked = simulator.clock.now()
    const code = await this.#ground.on(host).stopWithin(2 * stopMaxMs)
    const ms = Math.round(performance.now() - askedAt)
    this.#stopMostMs = Math.max(this.#stopMostMs, ms)
    if (code !== 0 || ms > stopMaxMs) this.#missed.push(`${host} ended with ${code} ${ms} ms after it was asked to`)
    this.#gone.push({ what: `stop of ${host}`, at: this.#ground.isShared ? asked : simulator.clock.now() })
  }
}

/** Until the process hears what it is asked: before that, a signal ends it as it does any program. */
async function listening(aegis: AegisProcess): Promise<void> {
  for (let looks = 0; looks < 1_200 && aegis.running && aegis.said === ''; looks += 1) await sleep(50)
}

const readsSql = sql(
  'rig.reads',
  `select feed, coalesce(outcome, 'open') as outcome, count(*)::integer as count from aegis.feed_intent group by 1, 2`,
)
/** Of reads whose end nobody saw. */
const doubtful: ReadonlySet<string> = new Set(['replayed', 'gap'])

interface Reads {
  readonly feed: string
  readonly outcome: string
  readonly count: number
}

/** The consuming reads that were begun, and what became of them. */
async function readsOf(logins: RuntimeLogins | undefined): Promise<Reads[]> {
  if (!logins) throw new Error('the database does not run')
  const db = await openDb({ logins, log: silentLog })
  try {
    return await db.practice(practice, (tx) => tx.rows<Reads>(readsSql))
  } finally {
    await db.close()
  }
}

function sumOf(reads: readonly Reads[]): number {
  return reads.reduce((sum, { count }) => sum + count, 0)
}
