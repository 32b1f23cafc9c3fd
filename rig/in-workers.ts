import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job, JobResult } from './job.ts'
import { onInterrupt } from './on-interrupt.ts'
import { bindableProcessors } from './processors.ts'

export interface Done {
  readonly job: Job
  readonly result: JobResult
}

/** What is to be done, in its order; `length` at most. */
export type Jobs = Iterable<Job> & { readonly length: number }

/** A life that does not end is a failure of its own. */
const jobTimeoutMs = 240_000

/**
 * Does all jobs in as many processes as there are processors, in their order; tells each result as it comes. What a life leaves
 * on the disk that is ended in the middle goes with the directory that all of them share.
 */
export async function inWorkers(jobs: Jobs, tell: (done: Done) => void): Promise<void> {
  const queue = jobs[Symbol.iterator]()
  const directory = mkdtempSync(join(tmpdir(), 'aegis-lives-'))
  const clear = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  const forget = onInterrupt(clear)
  const count = Math.min(availableParallelism(), jobs.length)
  // One alone stays free to move: others of its kind beside it would all be bound to the same processor.
  const processors = count === 1 || isServerGiven() ? [] : bindableProcessors()
  try {
    const places = Array.from({ length: count }, (_, number) => ({ directory, processor: processors[number] }))
    await Promise.all(places.map((place) => work(queue, { place, tell })))
  } finally {
    forget()
    clear()
  }
}

/** Whoever says which PostgreSQL server is to be used has one for all workers. */
function isServerGiven(): boolean {
  return ['AEGIS_TEST_RUN_DIRECTORY', 'AEGIS_TEST_DATABASE_URL'].some((name) => process.env[name] !== undefined)
}

interface Place {
  /** For what the worker keeps on the disk. */
  readonly directory: string
  /** Where it runs, with a PostgreSQL server of its own; undefined: anywhere, with one that all share. */
  readonly processor: number | undefined
}

interface Work {
  readonly place: Place
  readonly tell: (done: Done) => void
}

async function work(queue: Iterator<Job>, { place, tell }: Work): Promise<void> {
  let worker = startWorker(place)
  try {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const result = await doInWorker(worker, next.value)
      tell({ job: next.value, result: result ?? { wrong: ['the life did not end, or its process died'], counts: {} } })
      if (result?.wrong.length === 0) continue
      // What a life that went wrong has left under way must not meet the next one.
      if (result) await stopWorker(worker)
      else worker.kill('SIGKILL')
      worker = startWorker(place)
    }
  } finally {
    await stopWorker(worker)
  }
}

/**
 * A life is a conversation of its process with PostgreSQL, hardly ever both at work: on one processor each wakes the other for
 * much less than across two, and the other processor is free for the next life. On two cores that made a fifth of the time.
 */
function startWorker({ directory, processor }: Place): ChildProcess {
  // Most of what a life allocates is soon forgotten: with more room for it, collecting costs less.
  const options = ['--conditions=aegis-source', '--max-semi-space-size=64']
  const isBound = processor !== undefined
  return fork(join(import.meta.dirname, 'worker.ts'), {
    env: { AEGIS_TEST_RUN_DIRECTORY: serverDirectory({ directory, processor }), ...process.env, TMPDIR: directory },
    ...(isBound ? { execPath: 'taskset' } : {}),
    execArgv: isBound ? ['-c', String(processor), process.execPath, ...options] : options,
  })
}

/** Where its PostgreSQL server is found. One that is shared is one for all that runs, and not to be found among what goes with us. */
function serverDirectory({ directory, processor }: Place): string {
  if (processor === undefined) return tmpdir()
  const own = join(directory, `processor-${processor}`)
  mkdirSync(own, { recursive: true })
  return own
}

/** The result; undefined when none comes. */
function doInWorker(worker: ChildProcess, job: Job): Promise<JobResult | undefined> {
  return new Promise((resolve) => {
    const timeout = setTimeout(() => settle(undefined), jobTimeoutMs)
    const settle = (result: JobResult | undefined): void => {
      clearTimeout(timeout)
      worker.off('message', settle)
      worker.off('exit', none)
      resolve(result)
    }
    const none = (): void => settle(undefined)
    worker.on('message', settle)
    worker.once('exit', none)
    worker.send(job)
  })
}

function stopWorker(worker: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (worker.exitCode !== null || worker.signalCode !== null) return resolve()
    worker.once('exit', () => resolve())
    worker.disconnect()
  })
}
