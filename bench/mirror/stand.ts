import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SimulatorOptions } from '@aegis/simulator'
import pg from 'pg'
import { systemClock } from '../../packages/server/src/clock/clock.ts'
import { clientConfig } from '../../packages/server/src/db/database-login.ts'
import { type EmbeddedPostgres, startEmbedded } from '../../packages/server/src/db/embedded-postgres.ts'
import { silentLog } from '../../packages/server/testing/memory-log.ts'
import { abandonPostgres, onInterrupt } from '../../rig/on-interrupt.ts'
import { Child } from './child.ts'
import type { AegisSetting } from './serve-aegis.ts'
import { type Usage, usageOf } from './usage.ts'

export interface StandOptions {
  readonly simulator: SimulatorOptions
  readonly aegis: Omit<AegisSetting, 'home' | 'databaseUrl' | 'simulatorUrl'>
  /** Processes of Aegis; the ones after the first are workers. Default 1. */
  readonly processes?: number
  /** Flags of Node for the processes of Aegis, such as `--cpu-prof`. */
  readonly aegisFlags?: readonly string[]
}

/** How far one feed of all practices is. */
export interface Progress {
  readonly feeds: number
  readonly provisional: number
  readonly live: number
  readonly records: number
}

/** What one `aegis status` and one reading of the metrics take. */
export interface Looks {
  readonly statusMs: number
  readonly metricsMs: number
}

/** So many times as long as a look takes, none follows: what is measured must not be the measuring. */
const lookShare = 50

const unavailablePattern = /"code":"(?:db|audit)\.unavailable"/g

/** Simulator, PostgreSQL and Aegis, each in processes of its own, all real: sockets, fsync, the machine's clock. */
export class Stand {
  readonly home: string
  readonly simulator: Child
  readonly postgres: EmbeddedPostgres
  readonly owner: pg.Pool
  aegis: Child | undefined
  readonly #workers: Child[] = []
  readonly #options: StandOptions
  #rssMost = { aegis: 0, simulator: 0, postgres: 0 }
  #watch: NodeJS.Timeout | undefined
  readonly #forget: () => void

  private constructor(home: string, parts: { simulator: Child; postgres: EmbeddedPostgres }, options: StandOptions) {
    this.home = home
    this.simulator = parts.simulator
    this.postgres = parts.postgres
    this.owner = new pg.Pool({ ...clientConfig({ url: parts.postgres.ownerUrl }), max: 2 })
    this.owner.on('error', () => undefined) // the server is stopped with connections open
    this.#options = options
    this.#forget = onInterrupt(() => abandonPostgres(parts.postgres.pid, home))
  }

  static async start(options: StandOptions): Promise<Stand> {
    const home = mkdtempSync(join(tmpdir(), 'aegis-bench-'))
    const simulator = new Child('serve-simulator.ts', options.simulator)
    const place = { dataDir: join(home, 'postgres'), runDir: join(home, 'run') }
    const postgres = await startEmbedded({ ...place, log: silentLog, clock: systemClock })
    return new Stand(home, { simulator, postgres }, options)
  }

  /** Starts Aegis and resolves when it works. */
  async startAegis(): Promise<void> {
    const setting: AegisSetting = {
      ...this.#options.aegis,
      home: join(this.home, 'aegis'),
      databaseUrl: this.postgres.ownerUrl,
      simulatorUrl: await this.simulator.ask<string>('url'),
    }
    this.aegis = new Child('serve-aegis.ts', setting, this.#options.aegisFlags)
    await this.aegis.ask('url')
    for (let number = 1; number < (this.#options.processes ?? 1); number += 1) {
      const home = join(this.home, `worker-${number}`)
      cpSync(join(setting.home, 'keys'), join(home, 'keys'), { recursive: true })
      const worker = new Child('serve-aegis.ts', { ...setting, home, role: 'worker' }, this.#options.aegisFlags)
      this.#workers.push(worker)
      await worker.ask('url')
    }
    this.#watch ??= setInterval(() => this.usage(), 500)
  }

  /** Stops Aegis, its workers first. */
  async stopAegis(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()))
    await this.aegis?.stop()
  }

  /** What the three have used so far, and the most memory seen of each: of Aegis, of one process. */
  usage(): Record<'aegis' | 'simulator' | 'postgres', Usage & { readonly rssMost: number }> {
    const now = {
      aegis: this.#usageOfAegis(),
      simulator: usageOf(this.simulator.pid),
      postgres: usageOf(this.postgres.pid, { children: true }),
    }
    const seen = (part: keyof typeof now) => {
      const rssMost = Math.max(this.#rssMost[part], now[part].rssBytes)
      this.#rssMost[part] = rssMost
      return { ...now[part], rssMost }
    }
    return { aegis: seen('aegis'), simulator: seen('simulator'), postgres: seen('postgres') }
  }

  #usageOfAegis(): Usage {
    const each = [this.aegis, ...this.#workers].map((process) => usageOf(process?.pid ?? 0))
    return {
      cpuMs: each.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      rssBytes: Math.max(...each.map(({ rssBytes }) => rssBytes)),
    }
  }

  /** How often Aegis has logged so far that its database, or the audit log there, was not to be had in time. */
  unavailable(): number {
    const logs = globSync('{aegis,worker-*}/logs/*.log', { cwd: this.home })
    const told = logs.map((log) => readFileSync(join(this.home, log), 'utf8').match(unavailablePattern)?.length ?? 0)
    return told.reduce((sum, count) => sum + count, 0)
  }

  async progress(): Promise<Progress> {
    const { rows } = await this.owner.query<Progress>(
      `select count(*)::integer as feeds, count(coalesce(provisional_at, snapshot_at))::integer as provisional,
         count(*) filter (where state = 'live')::integer as live,
         (select coalesce(sum(records), 0) from aegis.record_count)::integer as records from aegis.feed_state`,
    )
    return rows[0] ?? { feeds: 0, provisional: 0, live: 0, records: 0 }
  }

  /** Has the first process of Aegis look once, without the way to who asks. */
  async looks(): Promise<Looks> {
    if (!this.aegis) throw new Error('Aegis was not started')
    return this.aegis.ask<Looks>('looks')
  }

  /** Waits for something to be true of the database; looks each tenth of a second, and seldom where looking takes long. */
  async until(reached: () => Promise<boolean>, { everyMs = 100, withinMs = 900_000 } = {}): Promise<void> {
    const end = performance.now() + withinMs
    for (;;) {
      const from = performance.now()
      if (await reached()) return
      if (from > end) throw new Error('it did not come to an end in time')
      await sleep(Math.max(everyMs, lookShare * (performance.now() - from)))
    }
  }

  async stop(): Promise<void> {
    this.#forget()
    clearInterval(this.#watch)
    await this.stopAegis()
    await this.simulator.stop()
    await this.owner.end()
    await this.postgres.stop()
    rmSync(this.home, { recursive: true, force: true })
  }
}
