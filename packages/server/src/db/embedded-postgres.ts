import { realpathSync } from 'node:fs'
import type { Clock } from '../clock/clock.ts'
import { type Random, systemRandom } from '../clock/random.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import { type ClusterPaths, clusterPaths, prepareCluster } from './cluster.ts'
import type { ClusterPasswords } from './cluster-passwords.ts'
import type { RuntimeLogins } from './database-login.ts'
import { embeddedDatabase, embeddedUrl, embeddedUrls } from './embedded-urls.ts'
import { ensureLogins } from './cluster-logins.ts'
import type { PostgresUser } from './postgres-user.ts'
import { launchPostmaster, type Postmaster } from './postmaster.ts'
import { limitLogFile } from './postgres-log-file.ts'
import { removeSocketDirectory } from './socket-directory.ts'

export interface EmbeddedOptions {
  /** Where the cluster is; made when missing. Its passwords are kept beside it, in `<dataDir>.passwords`. */
  dataDir: string
  /** A private directory for the socket. */
  runDir: string
  log: Log
  clock: Clock
  random?: Random
  /** As whom PostgreSQL runs. Default: see `postgresUser`; for tests. */
  user?: PostgresUser
  /** Settings of PostgreSQL over those of cluster-settings.ts; for tests. */
  settings?: Readonly<Record<string, string>>
  /** Ends the start at once, with the signal's reason, and the server if it was started or taken over. */
  signal?: AbortSignal | undefined
}

/** A running embedded server. */
export interface EmbeddedPostgres {
  /** For migrations only. */
  readonly ownerUrl: string
  readonly logins: RuntimeLogins
  /** The server's process; another one after it was restarted. */
  readonly pid: number
  /** Whether a server that was already running was taken over (its former parent was killed). */
  readonly adopted: boolean
  /** Stops the server and resolves when it is gone. Close every connection first. May be called twice. */
  stop(): Promise<void>
}

/** How often a server that died is looked for, and how long to wait between two attempts to start it again. */
const watchIntervalMs = 200
const restartDelayMaxMs = 10_000
const logCheckIntervalMs = 60_000

/**
 * Starts the embedded PostgreSQL of `dataDir`, making the cluster at the first start; takes over the server when one is
 * running there already. A server that dies (even by SIGKILL) is started again until `stop()`: connections break, the
 * URLs stay. Errors: `db.binaries-missing`, `db.no-unprivileged-user`, `db.cluster-version`, `db.data-directory`,
 * `db.disk-full`, `db.start-failed`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const paths = clusterPaths(options)
  const sync = options.settings?.['fsync'] !== 'off'
  const passwords = await prepareCluster(paths, { random: options.random ?? systemRandom, sync })
  const server = await startUsable(options, { ...paths, dataDir: realpathSync(paths.dataDir) }, passwords)
  return {
    ...embeddedUrls(server.socketDirectory, passwords),
    get pid() {
      return server.pid
    },
    adopted: server.adopted,
    stop: () => server.stop(),
  }
}

/** A server that was killed a moment ago can still look alive and be taken over: it is given up this often. */
const startsMax = 3

/** Starts or takes over the server and makes its logins. */
async function startUsable(
  options: EmbeddedOptions,
  paths: ClusterPaths,
  passwords: ClusterPasswords,
): Promise<SupervisedServer> {
  for (let start = 1; ; start += 1) {
    const server = new SupervisedServer(options, paths)
    try {
      await server.start()
      const owner = { name: 'aegis_owner', password: passwords.aegis_owner, of: 'postgres' } as const
      const url = embeddedUrl(server.socketDirectory, owner)
      await ensureLogins({ url, database: embeddedDatabase, passwords, signal: options.signal })
      return server
    } catch (error) {
      await server.stop()
      if (!server.adopted || !isAegisError(error, 'db.unavailable') || start === startsMax) throw error
    }
  }
}

/** The server process over its life: started, watched, started again, stopped. */
class SupervisedServer {
  readonly #options: EmbeddedOptions
  readonly #paths: ClusterPaths
  #postmaster: Postmaster | undefined
  #stopping: Promise<void> | undefined
  #watch: { cancel(): void } | undefined
  #logCheck: { cancel(): void } | undefined
  #restarting: Promise<void> | undefined
  readonly #ending = new AbortController()

  constructor(options: EmbeddedOptions, paths: ClusterPaths) {
    this.#options = options
    this.#paths = paths
  }

  get pid(): number {
    return this.#postmaster?.pid ?? 0
  }

  get adopted(): boolean {
    return this.#postmaster?.adopted ?? false
  }

  get socketDirectory(): string {
    if (!this.#postmaster) throw new AegisError('db.start-failed', { log: this.#paths.logFile })
    return this.#postmaster.socketDirectory
  }

  async start(): Promise<void> {
    const { clock, settings, signal } = this.#options
    this.#postmaster = await launchPostmaster({ paths: this.#paths, clock, settings: settings ?? {}, signal })
    this.#watchNext()
    this.#limitLog()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#ending.abort()
    this.#watch?.cancel()
    this.#logCheck?.cancel()
    await this.#restarting
    await this.#postmaster?.stop()
    removeSocketDirectory(this.#paths.socketDir)
  }

  #watchNext(): void {
    this.#watch = this.#options.clock.timer(watchIntervalMs, () => {
      if (this.#stopping) return
      if (this.#postmaster?.isRunning()) this.#watchNext()
      else this.#restarting = this.#restart()
    })
  }

  async #restart(): Promise<void> {
    const { clock, log, settings } = this.#options
    log.warn('db.server-died')
    for (let delayMs = watchIntervalMs; !this.#stopping; delayMs = Math.min(delayMs * 2, restartDelayMaxMs)) {
      try {
        this.#postmaster = await launchPostmaster({ paths: this.#paths, clock, settings: settings ?? {} })
        log.info('db.server-restarted')
        this.#watchNext()
        return
      } catch (error) {
        log.error('db.server-restart-failed', error)
        await clock.sleep(delayMs, this.#ending.signal).catch(() => undefined)
      }
    }
  }

  #limitLog(): void {
    limitLogFile(this.#paths.logFile)
    this.#logCheck = this.#options.clock.timer(logCheckIntervalMs, () => this.#limitLog())
  }
}
