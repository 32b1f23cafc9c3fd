/* A process that does the jobs it is sent, one after the other; started by in-workers.ts. It ends with its parent. */
import { closeLifeDatabase } from './life-database.ts'
import { type Job, runJob } from './job.ts'

process.on('message', (job: Job) => {
  // Where the parent is gone while a life is lived, nobody waits for what came of it.
  void runJob(job).then((result) => (process.connected ? process.send?.(result) : undefined))
})
process.once('disconnect', () => void closeLifeDatabase().finally(() => process.exit(0)))
