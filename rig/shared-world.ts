/** What several processes share: a simulated athenahealth, a PostgreSQL server, a directory of keys. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Simulator, startSimulator } from '@aegis/simulator'
import type { RuntimeLogins } from '../packages/server/src/db/database-login.ts'
import { systemClock } from '../packages/server/src/clock/clock.ts'
import { sql } from '../packages/server/src/db/db.ts'
import { type EmbeddedPostgres, startEmbedded } from '../packages/server/src/db/embedded-postgres.ts'
import { type OpenDb, openDb } from '../packages/server/src/db/open-db.ts'
import { silentLog } from '../packages/server/testing/memory-log.ts'
import { AegisProcess } from './aegis-process.ts'
import { abandonPostgres } from './on-interrupt.ts'
import { feedsOf, type Mirrored, scopes } from './one-practice.ts'

export interface SharedWorldOptions {
  readonly seed: number
  /** Simulated practices; which of them are mirrored, `mirror` says. */
  readonly practices: readonly number[]
  readonly patients: number
  /** Virtual milliseconds per real one. */
  readonly speed: number
  /** `sync.lease`, real ms. */
  readonly leaseMs: number
  readonly mirrored: Mirrored
}

const leasesSql = sql(
  'rig.leases_of',
  `select count(*)::integer as leases from control.lease as l join control.replica as r on r.instance::text = l.holder
   where r.home_id = $1 and l.name like 'sync/' || $2 || '/%' and l.expires_at > aegis.now()`,
)

/** The narrow ones of preview: several processes together come near them where the machine has the time. */
export const limits = { perSecond: 5, tokensPerMinute: 5 }

/**
 * What the processes keep to: a call less. A call may reach the other side later than its instant by what it waits for its token
 * (10 ms at most) and by what two busy processors need, in the machine's time; a second of five calls leaves room for 52 ms of the
 * practices', which live so much faster than that. With four there is room for 316. Processes that do not share the limit make eight.
 */
const kept = { ...limits, perSecond: limits.perSecond - 1 }

/** 10:00 Eastern on a working day: the practices change every few seconds. */
const tuesdayMorning = Date.UTC(2026, 2, 3, 15)

export class SharedWorld {
  readonly simulator: Simulator
  readonly #options: SharedWorldOptions
  readonly #directory: string
  readonly #postgres: EmbeddedPostgres
  readonly #processes = new Set<AegisProcess>()
  #db: Promise<OpenDb> | undefined

  private constructor(
    options: SharedWorldOptions,
    parts: { directory: string; simulator: Simulator; postgres: EmbeddedPostgres },
  ) {
    this.#options = options
    this.#directory = parts.directory
    this.simulator = parts.simulator
    this.#postgres = parts.postgres
  }

  static async begin(options: SharedWorldOptions): Promise<SharedWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'aegis-replicas-'))
    const postgres = await startEmbedded({
      dataDir: join(directory, 'postgres'),
      runDir: join(directory, 'run'),
      log: silentLog,
      clock: systemClock,
      settings: { max_connections: '150' },
    })
    const simulator = await startSimulator({
      seed: options.seed,
      practices: options.practices.map((id) => ({ id, patients: options.patients, restrictions: 'filtered' })),
      limits: 'preview',
      speed: options.speed,
      startAt: tuesdayMorning,
      day: true,
      activationLagMs: 60_000,
    })
    mkdirSync(join(directory, 'keys'), { mode: 0o700 })
    writeFileSync(join(directory, 'secret'), 'demo-secret\n', { mode: 0o600 })
    return new SharedWorld(options, { directory, simulator, postgres })
  }

  get logins(): RuntimeLogins {
    return this.#postgres.logins
  }

  /** What every process started from now on is configured to mirror. */
  mirror(practices: readonly number[]): void {
    const { leaseMs, mirrored } = this.#options
    const scope = scopes[mirrored]
    const lines = [
      'environment: local',
      'clock: simulator',
      `practices: [${practices.join(', ')}]`,
      `keys: ${join(this.#directory, 'keys')}`,
      'athena:',
      '  clientId: demo-client',
      `  secretFile: ${join(this.#directory, 'secret')}`,
      `  baseUrl: ${this.simulator.url}`,
      `limits: { perSecond: ${kept.perSecond}, perDay: 50000, tokensPerMinute: ${kept.tokensPerMinute} }`,
      'policy: { offHours: always }',
      'sync:',
      `  feeds: [${feedsOf(mirrored).join(', ')}]`,
      '  settle: 1m',
      '  activationCheck: 10s',
      `  lease: ${leaseMs / 1_000}s`,
      // So many calls that the first load waits for the limit, in all processes at once.
      '  snapshotPageSize: 20',
      `  bookedDaysBack: ${scope.bookedDaysBack}`,
      `  bookedDaysAhead: ${scope.bookedDaysAhead}`,
    ]
    writeFileSync(join(this.#directory, 'aegis.yaml'), `${lines.join('\n')}\n`)
  }

  /** Starts a process on the home of this number. */
  start(number: number): AegisProcess {
    const child = new AegisProcess({
      home: join(this.#directory, `home-${number}`),
      config: join(this.#directory, 'aegis.yaml'),
      args: ['--role', number === 0 ? 'all' : 'worker'],
      env: { DATABASE_URL: this.#postgres.ownerUrl },
    })
    this.#processes.add(child)
    return child
  }

  /** How many feeds of a practice the process on the home of this number holds, also when it is dead. To be asked when it was ready. */
  async leasesOf(number: number, practice: number): Promise<number> {
    const homeId = readFileSync(join(this.#directory, `home-${number}`, 'id'), 'utf8').trim()
    this.#db ??= openDb({ logins: this.logins, log: silentLog, poolSizes: { app: 1, control: 1, audit: 1 } })
    const db = await this.#db
    const [row] = await db.control((tx) => tx.rows<{ leases: number }>(leasesSql, [homeId, String(practice)]))
    return row?.leases ?? 0
  }

  /** Ends everything without waiting: somebody interrupts the rig. */
  abandon(): void {
    for (const child of this.#processes) child.abandon()
    abandonPostgres(this.#postgres.pid, this.#directory)
  }

  async end(): Promise<void> {
    for (const child of this.#processes) {
      child.resume()
      await child.stop()
    }
    await (await this.#db)?.close()
    await this.simulator.stop()
    await this.#postgres.stop()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
