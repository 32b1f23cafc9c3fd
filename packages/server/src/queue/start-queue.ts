import { AssertionError } from 'node:assert'
import { Socket } from 'node:net'
import { PgBoss } from 'pg-boss'
import type { Clock } from '../clock/clock.ts'
import { clientConfig, type DatabaseLogin } from '../db/database-login.ts'
import type { Db } from '../db/db.ts'
import { HeldSockets } from '../db/held-sockets.ts'
import { fromDriverError } from '../db/sql-error.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import type { Log } from '../log/log.ts'
import { declareJobs } from './declare-jobs.ts'
import { queueSchema } from './install-queue.ts'
import type { Job, JobPayload } from './job.ts'
import { queueApplication, takeOverJobs } from './take-over-jobs.ts'

export interface QueueDeps {
  db: Pick<Db, 'control'>
  /** The login of the control role. */
  login: DatabaseLogin
  clock: Clock
  log: Log
}

export interface QueueOptions {
  /** Every kind of job that this process enqueues or works. */
  jobs: readonly Job<never>[]
  /**
   * Whether this process is the only one on the database (it holds the home's lock): it then takes over, at once, the
   * jobs that a killed predecessor was working on. Beside replicas those are found by their missing heartbeats.
   */
  soleInstance: boolean
  /**
   * How long a worker waits at most when nothing wakes it: neither a notification nor the end of its own last job, e.g.
   * when the delay of a retry is over. Default 2 s.
   */
  pollSeconds?: number
}

/** What a handler is given besides the payload. */
export interface JobContext {
  /** 1 for the first run. */
  readonly attempt: number
  /** Aborts when the job has run longer than it may, or the queue is stopped without waiting for it. */
  readonly signal: AbortSignal
}

export type JobHandler<T extends JobPayload> = (payload: T, context: JobContext) => Promise<void>

/**
 * Runs jobs. A job is done when its handler resolves; one whose process was killed runs again, so handlers must bear
 * being repeated. A handler that throws is tried again with growing delays, then becomes a dead letter.
 */
export interface Queue {
  /** Begins to run the jobs of this kind, up to `concurrency` (default 1) at a time in this process. */
  work<T extends JobPayload>(job: Job<T>, handler: JobHandler<T>, options?: { concurrency?: number }): Promise<void>
  /** Takes no more jobs and resolves when the running ones are done, at most 20 s. May be called twice. */
  stop(): Promise<void>
  /** Ends its connections at once: nobody answers on them, and to stop without an answer would take for ever. */
  giveUp(): void
}

const defaultPollSeconds = 2
/** How often replicas look for jobs whose worker is dead: with heartbeats of 10 s, taken over in about 20 s. */
const superviseSeconds = 5
const maintenanceSeconds = 600
/** pg-boss can join jobs into flows. We do not; its loop for them must run at some interval all the same. */
const flowSeconds = 3600
/** A service manager usually allows 30 s for everything. */
const stopTimeoutMs = 20_000
const connectionsMax = 4
/** Its statements are short. A connection that the network has lost without telling anybody is given up after this. */
const answerTimeoutMs = 30_000
/** For the server to close its end of connections that were closed here. */
const farewellMs = 1_000

/** Declares the jobs, takes over dead ones if this is the sole instance, and gets ready to work. */
export async function startQueue(deps: QueueDeps, options: QueueOptions): Promise<Queue> {
  const { jobs, soleInstance, pollSeconds = defaultPollSeconds } = options
  await declareJobs(deps, jobs)
  if (soleInstance) {
    const revived = await takeOverJobs(deps)
    if (revived > 0) deps.log.info('queue.jobs-taken-over', { count: revived })
  }
  const sockets = new HeldSockets()
  const boss = new PgBoss({
    ...bossConnection(deps.login, sockets),
    schema: queueSchema,
    migrate: false,
    createSchema: false,
    supervise: true,
    schedule: false,
    useListenNotify: true,
    monitorVacuum: false,
    reindex: false,
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    maintenanceIntervalSeconds: maintenanceSeconds,
    flowIntervalSeconds: flowSeconds,
  })
  boss.on('error', (error) => deps.log.error('queue.error', error))
  boss.on('warning', () => deps.log.warn('queue.warning'))
  try {
    await orOurError(boss.start())
  } catch (error) {
    sockets.end()
    await boss.stop({ graceful: false }).catch(() => undefined) // it has hardly begun
    throw error
  }
  return new BossQueue(boss, { ...deps, pollSeconds, sockets })
}

/** Errors of the driver that have no code; pg-boss's own have none either. */
const connectionLost = /^(Connection terminated|Query read timeout|timeout exceeded)/

/** A start that meets a database which is just coming back is made again: for that it has to say so. */
function orOurError<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    const isOfDriver =
      error instanceof Error &&
      !(error instanceof AssertionError) &&
      ('code' in error || connectionLost.test(error.message))
    throw isOfDriver ? fromDriverError(error) : error
  })
}

interface BossDeps {
  clock: Clock
  log: Log
  pollSeconds: number
  sockets: HeldSockets
}

class BossQueue implements Queue {
  readonly #boss: PgBoss
  readonly #clock: Clock
  readonly #log: Log
  readonly #pollSeconds: number
  readonly #sockets: HeldSockets
  readonly #workers: { name: string; id: string }[] = []
  #stopping: Promise<void> | undefined

  constructor(boss: PgBoss, { clock, log, pollSeconds, sockets }: BossDeps) {
    this.#boss = boss
    this.#clock = clock
    this.#log = log
    this.#pollSeconds = pollSeconds
    this.#sockets = sockets
  }

  async work<T extends JobPayload>(
    job: Job<T>,
    handler: JobHandler<T>,
    options?: { concurrency?: number },
  ): Promise<void> {
    // One registration per worker: pg-boss tells only the id of the first of several, and each must be woken by its id.
    for (let count = 0; count < (options?.concurrency ?? 1); count++) await this.#addWorker(job, handler)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  giveUp(): void {
    this.#sockets.end()
  }

  async #addWorker<T extends JobPayload>(job: Job<T>, handler: JobHandler<T>): Promise<void> {
    const worker = { name: job.name, id: '' }
    const settings = {
      batchSize: 1,
      includeMetadata: true,
      pollingIntervalSeconds: this.#pollSeconds,
      notifyPollingIntervalSeconds: this.#pollSeconds,
      // Passes over lanes that have a running job. Without it the oldest waiting job of such a lane would be tried
      // again and again, and all lanes behind it would wait.
      ...(job.lane ? { groupConcurrency: 1 } : {}),
    } as const
    const begun = this.#boss.work<T, void, typeof settings>(job.name, settings, async ([taken]) => {
      if (!taken) return
      const attempt = taken.retryCount + 1
      try {
        await this.#run(job, () => handler(taken.data, { attempt, signal: taken.signal }), attempt)
      } finally {
        // A worker of one job at a time would sleep after each, notifications or not: there may be more.
        this.#boss.notifyWorker(worker.id)
      }
    })
    worker.id = await orOurError(begun)
    this.#workers.push(worker)
  }

  async #run<T extends JobPayload>(job: Job<T>, handle: () => Promise<void>, attempt: number): Promise<void> {
    try {
      await failpoint('queue.before-handler')
      await handle()
      await failpoint('queue.after-handler')
    } catch (error) {
      const isDead = attempt > job.retriesMax && job.deadLetters
      this.#log.error(isDead ? 'queue.job-dead' : 'queue.job-failed', error, { job: job.name, attempt })
      // pg-boss stores what is thrown, with message and stack, in the clear.
      throw new JobFailure(isAegisError(error) ? error.code : 'internal.unexpected')
    }
  }

  async #stop(): Promise<void> {
    const drained = Promise.all(this.#workers.map(({ name, id }) => this.#boss.offWork(name, { id, wait: true })))
    const patience = new AbortController()
    const late = this.#clock.sleep(stopTimeoutMs, patience.signal).catch(() => undefined)
    await Promise.race([drained, late])
    patience.abort()
    // Not pg-boss's own way of waiting, which looks only every half second. What still runs becomes a retry.
    await this.#boss.stop({ graceful: false })
    await this.#sockets.closedWithin(farewellMs, this.#clock)
  }
}

/** What is kept of a handler's error. */
class JobFailure extends Error {
  constructor(code: string) {
    super(code)
    this.name = 'JobFailure'
    delete this.stack
  }
}

function bossConnection(login: DatabaseLogin, sockets: HeldSockets): Record<string, unknown> {
  // pg-boss hands its options on to the driver; its own types name only some of them.
  return {
    ...clientConfig(login),
    application_name: queueApplication,
    max: connectionsMax,
    keepAlive: true,
    query_timeout: answerTimeoutMs,
    stream: () => sockets.hold(new Socket()),
  }
}
