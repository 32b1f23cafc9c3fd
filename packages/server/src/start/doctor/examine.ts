import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../clock/clock.ts'
import { type Random, systemRandom } from '../../clock/random.ts'
import { slavedClock } from '../../clock/slaved-clock.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import { type ConfigSources, configuredHome } from '../../config.ts'
import { type RuntimeLogins, memberLogins } from '../../db/database-login.ts'
import { type EmbeddedUrls, runningEmbedded } from '../../db/embedded-urls.ts'
import { startEmbedded } from '../../db/embedded-postgres.ts'
import { examineServer } from '../../db/examine-server.ts'
import { openDb, type OpenDb } from '../../db/open-db.ts'
import { derivedUrl, loginOf } from '../../db/prepare-database.ts'
import { directFetch } from '../../egress/direct-fetch.ts'
import { listCredentials } from '../../key-server/list-credentials.ts'
import { createLog } from '../../log/create-log.ts'
import type { Log } from '../../log/log.ts'
import { buildQuotaReport } from '../../ops/build-quota-report.ts'
import { type Home, homeAt } from '../../ops/home.ts'
import { homeUse, lockHome } from '../../ops/home-lock.ts'
import { listReplicas } from '../../ops/replica.sql.ts'
import type { StatusReport } from '../../ops/status-report.ts'
import { createQuota, type Quota } from '../../quota/quota.ts'
import { appName } from '../compose-parts.ts'
import { keyDirectory } from '../key-directory.ts'
import { coreDumpsOf } from '../core-dumps.ts'
import { configuredApp } from '../start-key-server.ts'
import { StopStack } from '../stop-stack.ts'
import { bareAsker, countedAsker } from './ask-athenahealth.ts'
import {
  checkAccess,
  checkConnection,
  credentialFindings,
  noCredential,
  withoutCredential,
} from './check-athenahealth.ts'
import { lookAtConfiguration } from './check-configuration.ts'
import { databaseFailure, judgeDatabase } from './check-database.ts'
import { checkFiles, nearest } from './check-files.ts'
import { lookAtInstance } from './check-instance.ts'
import { checkListener } from './check-key-server.ts'
import { type KeyLook, lookAtKeys, purposesOf } from './check-keys.ts'
import { checkDisk, checkNode, judgeCoreDumps } from './check-machine.ts'
import { judgeQuota } from './check-quota.ts'
import { checkSecret, readGiven } from './check-secret.ts'
import { checkTokensElsewhere } from './check-tokens-elsewhere.ts'
import { type Area, type Finding, reporter, withinLimit } from './finding.ts'
import { noteTokenRequest } from './note-token-request.ts'
import { presenceOf } from './presence.ts'

/** What the outside may replace; tests do. */
export interface ExamineSeams {
  /** The way to athenahealth. */
  readonly fetch?: typeof globalThis.fetch
  readonly random?: Random
  /** Default: that of this process. */
  readonly nodeVersion?: string
  /** The longest a group of checks may take, ms. Default 20,000. */
  readonly limitMs?: number
}

/** What was found, in the order of the areas. */
export interface Examination {
  /** Undefined where the configuration has mistakes. */
  readonly environment: AegisConfig['environment'] | undefined
  readonly home: string
  readonly findings: readonly Finding[]
}

/**
 * Looks at everything that an installation needs, beside a running instance or without one: configuration, files, keys,
 * database, athenahealth, quota. Changes nothing, but that before the first start it notes when it asked for a token, in a
 * home that is there or in the system's temporary directory; consumes no feed; what it asks athenahealth (one token, where the limit
 * allows it, and each practice's own data) is counted and audited with the installation's calls. Rejects with the
 * reason of `signal` alone, when everything is closed again.
 */
export async function examine(
  sources: ConfigSources,
  seams: ExamineSeams = {},
  signal?: AbortSignal,
): Promise<Examination> {
  const stops = new StopStack()
  const called = Promise.withResolvers<never>()
  signal?.addEventListener('abort', () => called.reject(signal.reason))
  try {
    return await Promise.race([new Examiner(sources, seams, { stops, signal }).run(), called.promise])
  } finally {
    await stops.run()
  }
}

/** Where the database is, and how far it could be looked at. */
type DatabaseState = 'new' | 'usable' | 'unusable'

interface ExaminerEnds {
  readonly stops: StopStack
  readonly signal: AbortSignal | undefined
}

class Examiner {
  readonly #sources: ConfigSources
  readonly #seams: ExamineSeams
  readonly #stops: StopStack
  readonly #signal: AbortSignal | undefined
  readonly #random: Random
  readonly #log: Log
  readonly #findings: Finding[] = []
  #clock: Clock = systemClock
  #db: OpenDb | undefined
  #database: DatabaseState = 'unusable'

  constructor(sources: ConfigSources, seams: ExamineSeams, { stops, signal }: ExaminerEnds) {
    this.#sources = sources
    this.#seams = seams
    this.#stops = stops
    this.#signal = signal
    this.#random = seams.random ?? systemRandom
    // What the parts would log, the findings tell.
    const destination = { write: () => true }
    this.#log = createLog({ level: 'error', destination, clock: systemClock, random: this.#random })
  }

  async run(): Promise<Examination> {
    const { findings, loaded } = lookAtConfiguration(this.#sources)
    const home = homeAt(loaded?.config.home ?? configuredHome(this.#sources))
    const keys = loaded ? keyDirectory({ config: loaded.config, home }) : home.keys
    this.#add(checkNode(this.#seams.nodeVersion ?? process.versions.node), checkDisk(nearest(home.path)))
    this.#add(...findings, ...checkFiles(home, keys))
    const { findings: told, status } = await lookAtInstance(home, loaded?.config, systemClock)
    this.#add(...told, judgeCoreDumps(coreDumpsOf(status?.pid ?? 'self'), status ? 'running' : 'here'))
    if (loaded) await this.#lookFurther(pointedAt(loaded.config, status), { home, keys, status })
    else this.#skip(['database', 'keys', 'athenahealth', 'quota'], 'Not looked at: the configuration has mistakes.')
    return { environment: loaded?.config.environment, home: home.path, findings: this.#findings }
  }

  async #lookFurther(
    config: AegisConfig,
    { home, keys, status }: { home: Home; keys: string; status: StatusReport | undefined },
  ): Promise<void> {
    if (config.clock === 'simulator') await this.#slaveClock(config, status)
    await this.#group('database', () => this.#lookAtDatabase(config, home))
    let look: KeyLook = { findings: [], keks: undefined }
    await this.#group('keys', async () => {
      const wanted = { directory: keys, purposes: purposesOf(config), isNew: this.#database === 'new' }
      look = await lookAtKeys({ db: this.#db, random: this.#random }, wanted)
      return look.findings
    })
    const { keks } = look
    if (keks) this.#stops.push(() => Object.values(keks).forEach((kek) => kek.close()))
    const [db, kek] = [this.#db, keks?.credentials]
    if (db && kek) await this.#group('keys', () => checkSecret({ db, kek, log: this.#log }, config))
    await this.#group('key-server', () => checkListener(config, { isRunning: status !== undefined }))
    await this.#group('key-server', () => checkTokensElsewhere(config, systemClock))
    const quota = this.#openQuota(config)
    await this.#group('athenahealth', () => this.#lookAtAthenahealth(config, { quota, keks, status }))
    await this.#group('quota', () => this.#lookAtQuota(config, quota))
  }

  #add(...findings: readonly Finding[]): void {
    this.#findings.push(...findings)
  }

  #skip(areas: readonly Area[], why: string): void {
    for (const area of areas) this.#add(reporter(area).skipped(area, why))
  }

  async #group(area: Area, work: () => Promise<readonly Finding[]>): Promise<void> {
    // What is opened now would be opened behind the back of the stopping, and a server be left running.
    this.#signal?.throwIfAborted()
    const { limitMs } = this.#seams
    const at = { report: reporter(area), check: area, clock: systemClock, ...(limitMs !== undefined && { limitMs }) }
    this.#add(...(await withinLimit(at, work)))
  }

  /** Its clock in SQL is the running instance's to set; here it is only read. */
  async #slaveClock(config: AegisConfig, status: StatusReport | undefined): Promise<void> {
    const url = `${status?.urls.simulator ?? config.athena.baseUrl}/__sim/clock`
    try {
      const clock = await slavedClock({ url, fetch: directFetch, onChange: async () => undefined })
      this.#stops.push(() => clock.stop())
      this.#clock = clock
    } catch {
      // That the simulator does not answer is told where it is asked.
    }
  }

  async #lookAtDatabase(config: AegisConfig, home: Home): Promise<readonly Finding[]> {
    const urls = config.database ? externalUrls(config.database) : await this.#embedded(home)
    if (urls === 'none') this.#database = 'new'
    if (typeof urls === 'string') return [reporter('database').skipped('embedded', notThere[urls])]
    const { ownerUrl, logins } = urls
    const migrates = ownerUrl !== undefined
    const url = ownerUrl ?? logins.app.url
    const look = { url, isOwner: migrates, runtimeLogin: loginOf(logins.app.url) }
    const facts = await examineServer(look).catch(databaseFailure)
    if ('level' in facts) return [facts]
    const { applied, pending } = facts.migrations
    this.#database = applied === 0 && migrates ? 'new' : 'unusable'
    if (applied > 0 && pending.length === 0) await this.#open(logins)
    const processes = await this.#processes()
    return judgeDatabase(facts, { processes, embedded: config.database === undefined, migrates })
  }

  async #open(logins: RuntimeLogins): Promise<void> {
    const poolSizes = { app: 2, control: 2, audit: 1 }
    const db = await openDb({ logins, log: this.#log, poolSizes, connectTimeoutMs: 5_000, statementTimeoutMs: 10_000 })
    this.#stops.push(() => db.close())
    this.#db = db
    this.#database = 'usable'
  }

  async #processes(): Promise<number> {
    const rows = this.#db ? await this.#db.control((tx) => listReplicas(tx)) : []
    return Math.max(1, rows.length)
  }

  /** The server that runs, or one that is started to be looked at and stopped again. */
  async #embedded(home: Home): Promise<EmbeddedUrls | keyof typeof notThere> {
    const dataDir = join(home.data, 'postgres')
    const presence = presenceOf(dataDir, statSync)
    if (presence !== 'there') return presence === 'missing' ? 'none' : 'hidden'
    const running = runningEmbedded(dataDir)
    if (running) return running
    if (homeUse(home).held) return 'held'
    const lock = lockHome(home)
    this.#stops.push(() => lock.release())
    const options = {
      dataDir,
      runDir: home.run,
      log: this.#log,
      clock: systemClock,
      random: this.#random,
      signal: this.#signal,
    }
    const starting = startEmbedded(options)
    this.#stops.push(() =>
      starting.then(
        (server) => server.stop(),
        () => undefined,
      ),
    )
    return starting
  }

  #openQuota(config: AegisConfig): Quota | undefined {
    const db = this.#db
    if (!db) return undefined
    const quota = createQuota(
      { db, clock: this.#clock, machine: systemClock, log: this.#log, holder: `doctor ${this.#random.uuid()}` },
      config.limits,
    )
    this.#stops.push(() => quota.stop())
    return quota
  }

  async #lookAtAthenahealth(
    config: AegisConfig,
    { quota, keks, status }: { quota: Quota | undefined; keks: KeyLook['keks']; status: StatusReport | undefined },
  ): Promise<readonly Finding[]> {
    const report = reporter('athenahealth')
    if (config.demo && !status) return [report.skipped('connection', "The demo's simulator runs with the demo only.")]
    const { fetch } = this.#seams
    const connection = fetch ? report.ok('connection', 'A way of its own') : await checkConnection(config, systemClock)
    if (connection.level === 'failure') return [connection]
    return [connection, ...(await this.#access(config, { quota, keks }))]
  }

  /** Whether the credential opens what it should: by calls that are counted, or before anything is there to count them in. */
  async #access(
    config: AegisConfig,
    { quota, keks }: { quota: Quota | undefined; keks: KeyLook['keks'] },
  ): Promise<readonly Finding[]> {
    const { fetch } = this.#seams
    const ground = { config, clock: this.#clock, random: this.#random, log: this.#log, ...(fetch && { fetch }) }
    const db = this.#db
    if (db && quota && keks) {
      const credentials = await listCredentials({ db }, configuredApp(config))
      const stored = credentialFindings(credentials, this.#clock.now())
      if (!credentials.some(({ next }) => next)) return [...stored, ...withoutCredential]
      return [...stored, ...(await checkAccess(countedAsker({ ...ground, db, quota, keks }, this.#stops), config))]
    }
    if (this.#database !== 'new') {
      const why = 'Not asked: calls are counted and audited in the database, which, or whose keys, cannot be used now.'
      return [reporter('athenahealth').skipped('credential', why)]
    }
    if (config.keyServer.at) {
      const why = 'Not asked before the first start: calls are counted and audited in the database.'
      return [reporter('athenahealth').skipped('credential', why)]
    }
    const { content, findings } = await readGiven(config)
    if (!content) return findings.length > 0 ? [...findings, ...withoutCredential] : noCredential
    const { tokensPerMinute: perMinute } = config.limits
    const noteRequest = () =>
      noteTokenRequest(homeAt(config.home), { now: systemClock.now(), perMinute, temporary: tmpdir() })
    return [...findings, ...(await checkAccess(bareAsker({ ...ground, content, noteRequest }, this.#stops), config))]
  }

  async #lookAtQuota(config: AegisConfig, quota: Quota | undefined): Promise<readonly Finding[]> {
    const db = this.#db
    if (!db || !quota) return [reporter('quota').skipped('left', 'Not known: calls are counted in the database.')]
    const { environment, sync: settings } = config
    const deps = { db, clock: this.#clock, quota, app: appName(config), settings, fixed: { environment } }
    return judgeQuota(await buildQuotaReport(deps))
  }
}

/** Why an embedded database is not looked at. */
const notThere = {
  none: 'There is none yet; the first start makes it.',
  hidden: 'Whether there is one is not known: the home cannot be looked at.',
  held: 'It does not run, and the process that holds the home is the one to start it.',
}

/** How a database is reached; without the owner's URL where another process migrates it. */
type ReachedBy = Pick<EmbeddedUrls, 'logins'> & Partial<EmbeddedUrls>

function externalUrls({ url, ownerUrl }: NonNullable<AegisConfig['database']>): ReachedBy {
  const [runtime, owner] = [url.reveal(), ownerUrl?.reveal()]
  const logins = memberLogins(runtime === owner ? derivedUrl(owner) : runtime)
  return { logins, ...(owner !== undefined && { ownerUrl: owner }) }
}

/** The demo's simulator is wherever the running demo has it. */
function pointedAt(config: AegisConfig, status: StatusReport | undefined): AegisConfig {
  return config.demo && status ? { ...config, athena: { ...config.athena, baseUrl: status.baseUrl } } : config
}
