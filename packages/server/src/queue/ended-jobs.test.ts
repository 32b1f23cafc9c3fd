/** The process ends, or something fails that nobody foresaw, before and after the work of a job. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { beforeEach, test } from 'node:test'
import { memoryLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { systemClock } from '../clock/clock.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'
import { countDeadLetters } from './dead-letters.ts'
import { declareJobs } from './declare-jobs.ts'
import { enqueue } from './enqueue.ts'
import { defineJob } from './job.ts'
import { startQueue } from './start-queue.ts'

const { db, owner, logins } = await scratchDatabase()
const job = defineJob<{ practice: number }>({
  name: 'test.killed',
  retriesMax: 1,
  retryDelaySeconds: 0,
  lane: ({ practice }) => `practice ${practice}`,
})
const program = join(import.meta.dirname, '..', '..', 'testing', 'stuck-worker.ts')

beforeEach(async () => {
  await declareJobs({ db }, [job])
  await owner.rows('delete from pgboss.job where name = $1', [job.name])
})

async function states(): Promise<string[]> {
  const text = 'select state::text from pgboss.job where name = $1'
  return (await owner.rows<{ state: string }>(text, [job.name])).map(({ state }) => state)
}

/** Works what is there until all of it is completed; resolves with the attempts at the job of practice 1. */
async function workUntilCompleted(): Promise<number[]> {
  const queue = await startQueue(
    { db, login: logins.control, clock: systemClock, log: memoryLog() },
    { jobs: [job], soleInstance: true, pollSeconds: 3600 },
  )
  const attempts: number[] = []
  await queue.work(job, async ({ practice }, { attempt }) => void (practice === 1 && attempts.push(attempt)))
  for (let looks = 0; (await states()).some((state) => state !== 'completed'); looks += 1) {
    assert.ok(looks < 1_000, 'it did not happen')
    // The delay before the retry is pg-boss's affair.
    const due = await owner.rows(
      "update pgboss.job set start_after = '-infinity' where name = $1 and state = 'retry' returning 1",
      [job.name],
    )
    if (due.length > 0) await db.practice(2, (tx) => enqueue(tx, job, { practice: 2 })) // wakes the worker
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await queue.stop()
  assert.equal((await countDeadLetters({ db })).get(job.name), undefined)
  return attempts
}

/** What a worker said that was killed where it stood still. */
async function killedAt(point: string): Promise<string> {
  const worker = spawn(process.execPath, ['--conditions=aegis-source', program, point], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  worker.stdin.end(JSON.stringify(logins))
  let said = ''
  for await (const bytes of worker.stdout) {
    said += String(bytes)
    if (said.includes(point)) worker.kill('SIGKILL')
  }
  return said
}

for (const { point, said, worked } of [
  { point: 'queue.before-handler', said: '', worked: [2] },
  { point: 'queue.after-handler', said: 'done\n', worked: [1, 2] },
]) {
  test(`a job is done by the next process, once, when its own is killed at ${point}`, async () => {
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    assert.equal(await killedAt(point), `${said}${point}\n`)
    assert.deepEqual(await states(), ['active'])
    // Being killed is no failure of the job.
    assert.deepEqual(await workUntilCompleted(), [1])
  })

  test(`a job is done once more when something fails at ${point}`, async (t) => {
    let met = 0
    const remove = setFailpointHook((name) => {
      if (name === point && ++met === 1) throw new Error('a failure that nobody foresaw')
    })
    t.after(remove)
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    assert.deepEqual(await workUntilCompleted(), worked)
  })
}
