import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Job, JobResult } from './job.ts'

export interface Done {
  readonly job: Job
  readonly result: JobResult
}

/** A life that does not end is a failure of its own. */
const jobTimeoutMs = 240_000

/** Does all jobs in as many processes as there are processors, in their order; tells each result as it comes. */
export async function inWorkers(jobs: readonly Job[], tell: (done: Done) => void): Promise<void> {
  const queue = jobs[Symbol.iterator]()
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, () => work(queue, tell)))
}

async function work(queue: Iterator<Job>, tell: (done: Done) => void): Promise<void> {
  let worker = startWorker()
  try {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const result = await doInWorker(worker, next.value)
      tell({ job: next.value, result: result ?? { wrong: ['the life did not end, or its process died'], counts: {} } })
      if (!result) {
        worker.kill('SIGKILL')
        worker = startWorker()
      }
    }
  } finally {
    await stopWorker(worker)
  }
}

function startWorker(): ChildProcess {
  return fork(join(import.meta.dirname, 'worker.ts'), {
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
