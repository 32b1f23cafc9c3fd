/** Composition root: starts the parts from the bottom up, and stops them in reverse. */
import type { RunningAegis, Seams } from './aegis.ts'
import { systemClock } from './clock/clock.ts'
import { systemRandom } from './clock/random.ts'
import type { AegisConfig } from './config/aegis-config.ts'
import { migrationsDirectory, readMigrations } from './db/migration-files.ts'
import { AegisError, isAegisError } from './errors/aegis-error.ts'
import { takeOverLeases } from './leases/take-over-leases.ts'
import type { Log } from './log/log.ts'
import { buildMetrics } from './ops/build-metrics.ts'
import { buildQuotaReport, createForecaster } from './ops/build-quota-report.ts'
import { buildStatus, type StatusDeps } from './ops/build-status.ts'
import { bindHome, type Home, identifyHome, prepareHome } from './ops/home.ts'
import { lockHome } from './ops/home-lock.ts'
import { keyOperations } from './ops/key-operations.ts'
import type { Operations } from './ops/operations.ts'
import { runSql } from './ops/run-sql.ts'
import { startOps } from './ops/start-ops.ts'
import { startQueue } from './queue/start-queue.ts'
import { appName, composeParts, type Ground, type Parts } from './start/compose-parts.ts'
import { coreDumpsOf } from './start/core-dumps.ts'
import { configuredApp } from './start/start-key-server.ts'
import { favourMemory } from './start/favour-memory.ts'
import { openLog } from './start/open-log.ts'
import { preflight } from './start/preflight.ts'
import { startClock, type StartedClock } from './start/start-clock.ts'
import { startDatabase, type StartedDatabase } from './start/start-database.ts'
import { startReplica } from './start/start-replica.ts'
import { StopStack } from './start/stop-stack.ts'
import { feedNames } from './sync/feed-name.ts'
import { anyFeedConsumed, resnapshot, syncNow } from './sync/operate-sync.ts'
import { advanceFeedJob, type ScheduleDeps } from './sync/schedule.ts'
import { startSync } from './sync/start-sync.ts'
import { version } from './version.ts'

/**
 * Feeds worked on at a time by one process, at most: each spends most of its time waiting for athenahealth. With 150 ms an
 * answer it takes 15 of them to use 100 calls a second, and as many again while pages are stored and applied.
 */
const feedConcurrency = { least: 8, most: 32 }

/**
 * Starts an instance of Aegis on its home and resolves when it is working. What was started before a failure is stopped
 * again, and the failure is an AegisError that says what to do. One instance per home. `signal` calls a start off: its waits end,
 * what was started is stopped, and it rejects with the signal's reason; once it runs, `stop` is for that.
 */
export async function startAegis(config: AegisConfig, seams: Seams = {}, signal?: AbortSignal): Promise<RunningAegis> {
  favourMemory()
  const stops = new StopStack()
  let log: Log | undefined
  try {
    const home = prepareHome(config.home)
    const lock = lockHome(home)
    stops.push(() => lock.release())
    bindHome(home, config)
    const random = seams.random ?? systemRandom
    const homeId = identifyHome(home, random)
    log = seams.log ?? openLog({ config, home, random }, stops)
    if ((coreDumpsOf('self') ?? 'none') !== 'none') log.warn('aegis.core-dumps')
    return await runPersistently({ config, seams, home, homeId, random, log, signal }, stops)
  } catch (error) {
    if (signal?.aborted) log?.info('aegis.start-called-off')
    else log?.error('aegis.start-failed', error)
    await stops.run(log)
    throw error
  }
}

interface Base extends Omit<Ground, 'db' | keyof StartedClock> {
  readonly signal: AbortSignal | undefined
}

/** Starts made before a database that goes away meanwhile is reported; one second more between each two. */
const startsMax = 4

/** What an embedded PostgreSQL says that was killed a moment ago: it is back in a second. */
const passing: ReadonlySet<string> = new Set(['db.unavailable', 'db.start-failed', 'audit.unavailable'])

/** Starts again when our own PostgreSQL dies during the start: what was begun is undone first. */
async function runPersistently(base: Base, stops: StopStack): Promise<RunningAegis> {
  for (let start = 1; ; start += 1) {
    const begun = new StopStack()
    try {
      const running = await unlessCalledOff(base, begun)
      stops.push(() => begun.run(base.log))
      return { ...running, stop: () => stops.run(base.log) }
    } catch (error) {
      await begun.run(base.log)
      base.signal?.throwIfAborted()
      const again = isSole(base.config) && isAegisError(error) && passing.has(error.code)
      if (!again || start === startsMax) throw error
      base.log.error('aegis.start-repeated', error, { start })
      await systemClock.sleep(1_000 * start, base.signal)
    }
  }
}

/** What a start waits for while it is called off fails as soon as what it stands on is stopped. */
async function unlessCalledOff(base: Base, begun: StopStack): Promise<RunningAegis> {
  const { signal } = base
  const callOff = () => void begun.run(base.log)
  signal?.addEventListener('abort', callOff, { once: true })
  try {
    const running = await run(base, begun)
    signal?.throwIfAborted()
    return running
  } finally {
    signal?.removeEventListener('abort', callOff)
  }
}

async function run(base: Base, stops: StopStack): Promise<RunningAegis> {
  const { config, seams, home, random, log, signal } = base
  const database = await startDatabase({ config, home, log, random, signal }, stops)
  const started = await startClock({ config, seams, db: database.db, log }, stops)
  const ground: Ground = { ...base, db: database.db, ...started }
  const parts = await composeParts(ground, stops)
  const shown = shownOf({ config, seams, home, database })
  const operations = operationsOf({ ground, parts, shown })
  const { refusals } = parts
  // Before anything is decided for all processes on the database: one that gets no port does no work.
  const ops = await startOps({ home, log, random, ...config.http, operations, version, refusals, clock: systemClock })
  stops.push(() => ops.stop())
  shown.urls.api = ops.url
  const instance = random.uuid()
  const ended = Promise.withResolvers<Error | undefined>()
  const ttlMs = config.sync.leaseMs * ground.speed
  if (isSole(config)) await takeOver(ground, parts, instance)
  else await startReplica({ ground, parts, stops }, { instance, ttlMs, onReplaced: ended.resolve })
  if (config.role !== 'key-server')
    await mirror({ ground, database, parts, instance, end: ended.resolve, signal }, stops)
  // Nobody is answered while what stands behind the answers is stopped.
  stops.push(() => ops.stop())
  await recordStart(parts)
  ops.open()
  log.info('aegis.started', { practices: config.practices.length })
  return { ...operations, url: ops.url, ended: ended.promise, stop: () => stops.run(log) }
}

interface Mirroring {
  readonly ground: Ground
  readonly database: StartedDatabase
  readonly parts: Parts
  readonly instance: string
  readonly end: (error: Error) => void
  readonly signal: AbortSignal | undefined
}

/** Takes up the reading of feeds. */
async function mirror({ ground, database, parts, instance, end, signal }: Mirroring, stops: StopStack): Promise<void> {
  const { config, log } = ground
  await preflight({ ...ground, upstream: parts.upstream, signal }, config)
  const sync = { ...ground, ...parts, settings: config.sync }
  const onContested = () => {
    endIfAlone(ground, end).catch((error: unknown) => log.error('aegis.contested-unjudged', error))
  }
  const dayUsage = () => parts.quota.usage(appName(config))
  const schedule: ScheduleDeps = {
    sync,
    instance,
    dayUsage,
    keepForFeeds: (needed) => parts.quota.keepForFeeds(appName(config), needed),
    leaseTtlMs: config.sync.leaseMs * ground.speed,
    onContested,
  }
  await parts.quota.holdLimits(appName(config))
  await startWork({ ground, database, schedule }, stops)
}

/** On the embedded cluster the home's lock makes this the only instance; on a server there may be replicas. */
function isSole(config: AegisConfig): boolean {
  return config.database === undefined
}

/** What a killed predecessor held is free at once. */
async function takeOver({ db, log }: Ground, { audit }: Parts, instance: string): Promise<void> {
  const leases = await takeOverLeases({ db }, { instance })
  const attempts = await audit.closeOrphans([])
  if (leases + attempts > 0) log.info('aegis.taken-over', { leases, attempts })
}

async function startWork(
  work: { ground: Ground; database: StartedDatabase; schedule: ScheduleDeps },
  stops: StopStack,
): Promise<void> {
  const { ground, database, schedule } = work
  const soleInstance = isSole(ground.config)
  // The queue lives in the machine's time: pg-boss reads the system's clock (decision 0012).
  const deps = { db: ground.db, login: database.logins.control, clock: systemClock, log: ground.log }
  const queue = await startQueue(deps, { jobs: [advanceFeedJob], soleInstance })
  stops.push(() => queue.stop())
  stops.pushLastResort(() => queue.giveUp())
  const { practices, environment } = ground.config
  const service = await startSync(schedule, {
    queue,
    practices,
    environment,
    concurrency: Math.min(feedConcurrency.most, Math.max(feedConcurrency.least, practices.length * feedNames.length)),
    soleInstance,
  })
  stops.push(() => service.stop())
}

/** A second deployment ends this one, unless it already mirrors other practices: then it is a matter of that one. */
async function endIfAlone(ground: Ground, end: (error: Error) => void): Promise<void> {
  if (!(await anyFeedConsumed(ground))) end(new AegisError('start.second-deployment'))
}

/** What status says that does not change; the API's own address is known last. */
type Shown = StatusDeps['fixed'] & { urls: { api: string } }

function shownOf(from: { config: AegisConfig; seams: Seams; home: Home; database: StartedDatabase }): Shown {
  const { config, seams, home, database } = from
  return {
    version,
    environment: config.environment,
    role: config.role,
    baseUrl: config.athena.baseUrl,
    clock: config.clock,
    startedAt: new Date(systemClock.now()).toISOString(),
    urls: { api: '', database: database.shownUrl, ...(seams.simulatorUrl && { simulator: seams.simulatorUrl }) },
    home: home.path,
    pid: process.pid,
  }
}

function operationsOf({ ground, parts, shown }: { ground: Ground; parts: Parts; shown: Shown }): Operations {
  const { db, clock, config, home } = ground
  const status: StatusDeps = {
    db,
    clock,
    quota: parts.quota,
    app: appName(config),
    credentialsOf: configuredApp(config),
    practices: config.practices,
    settings: config.sync,
    forecast: createForecaster({ db, clock, app: appName(config), settings: config.sync }),
    sharedMs: isSole(config) ? undefined : config.sync.leaseMs * ground.speed,
    dataPath: isSole(config) ? home.data : undefined,
    certainSkewMs: () => parts.upstream.certainSkewMs(),
    machineOffMs: ground.machineOffMs,
    standing: parts.standing,
    certificates: parts.certificates,
    vaultLogin: parts.vaultLogin,
    limits: parts.limits,
    refused: parts.refused,
    knownMigrations: readMigrations(migrationsDirectory).map(({ number }) => number),
    homeId: ground.homeId,
    fixed: shown,
  }
  const running = { count: 0 }
  return {
    status: (only) => buildStatus(status, only),
    quota: (only) => buildQuotaReport(status, only),
    metrics: () => buildMetrics(status),
    syncNow: (practice, feed) => syncNow(ground, practice, feed),
    resnapshot: (wish) => resnapshot(ground, wish),
    sql: (query) => runSql({ db, ...parts, running }, query),
    keys() {
      if (!parts.keyServer) throw new AegisError('key-server.elsewhere')
      return keyOperations(parts.keyServer.desk(configuredApp(config)))
    },
  }
}

function recordStart({ audit }: Parts): Promise<void> {
  const actor = { kind: 'system', id: 'aegis' } as const
  return audit.record({ practice: 0, type: 'lifecycle', subtype: 'start', action: 'E', actor })
}
