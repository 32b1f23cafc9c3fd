import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job, JobResult } from './job.ts'
import { onInterrupt } from './on-interrupt.ts'

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
  try {
    await Promise.all(Array.from({ length: count }, () => work(queue, { directory, tell })))
  } finally {
    forget()
    clear()
  }
}

interface Work {
  /** For what the worker keeps on the disk. */
  readonly directory: string
  readonly tell: (done: Done) => void
}

async function work(queue: Iterator<Job>, { directory, tell }: Work): Promise<void> {
  let worker = startWorker(directory)
  try {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const result = await doInWorker(worker, next.value)
      tell({ job: next.value, result: result ?? { wrong: ['the life did not end, or its process died'], counts: {} } })
      if (result?.wrong.length === 0) continue
      // What a life that went wrong has left under way must not meet the next one.
      if (result) await stopWorker(worker)
      else worker.kill('SIGKILL')
      worker = startWorker(directory)
    }
  } finally {
    await stopWorker(worker)
  }
}

function startWorker(directory: string): ChildProcess {
  return fork(join(import.meta.dirname, 'worker.ts'), {
    // Its PostgreSQL server is one for all that runs, and not to be found there.
    env: { AEGIS_TEST_RUN_DIRECTORY: tmpdir(), ...process.env, TMPDIR: directory },
    // Most of what a life allocates is soon forgotten: with more room for it, collecting costs less.
    execArgv: ['--conditions=aegis-source', '--max-semi-space-size=64'],
  })
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
