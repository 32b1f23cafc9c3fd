import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { memoryLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import pg from 'pg'
import { systemClock } from '../clock/clock.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { clientConfig } from '../db/database-login.ts'
import { sql, type Tx } from '../db/db.ts'
import { countDeadLetters } from './dead-letters.ts'
import { declareJobs } from './declare-jobs.ts'
import { enqueue } from './enqueue.ts'
import { defineJob, type Job, type JobPayload } from './job.ts'
import { type JobContext, type Queue, startQueue } from './start-queue.ts'
import { queueApplication, takeOverJobs } from './take-over-jobs.ts'

const { db, owner, logins } = await scratchDatabase()
const log = memoryLog()
const queues: Queue[] = []
after(() => Promise.all(queues.map((queue) => queue.stop())))

/** A queue whose workers wait for ever unless something wakes them. */
async function start(jobs: readonly Job<never>[], soleInstance = false): Promise<Queue> {
  const queue = await startQueue(
    { db, login: logins.control, clock: systemClock, log },
    { jobs, soleInstance, pollSeconds: 3600 },
  )
  queues.push(queue)
  return queue
}

/** A handler that a test steers: what it was called with, and when each call may end. */
function steered<T extends JobPayload>() {
  const calls: { payload: T; context: JobContext; done(): void; fail(error: Error): void }[] = []
  let wake: () => void = () => undefined
  const handler = (payload: T, context: JobContext) =>
    new Promise<void>((done, fail) => {
      calls.push({ payload, context, done, fail })
      wake()
    })
  const called = async (count: number) => {
    while (calls.length < count) await new Promise<void>((resolve) => (wake = resolve))
    return calls
  }
  return { calls, handler, called }
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail('it did not happen')
}

async function states(job: Job<never>): Promise<string[]> {
  const rows = await owner.rows<{ state: string }>(
    'select j.state::text from pgboss.job j where name = $1 order by j.state',
    [job.name],
  )
  return rows.map(({ state }) => state)
}

interface Ids extends JobPayload {
  readonly practice: number
}

describe('a job is enqueued in the transaction of what caused it', () => {
  const job = defineJob<Ids>({ name: 'test.plain' })
  beforeEach(async () => {
    await declareJobs({ db }, [job])
    await owner.rows('delete from pgboss.job where name = $1', [job.name])
  })

  test('it exists when a practice transaction commits', async () => {
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    assert.deepEqual(await states(job), ['created'])
  })

  test('it does not when the transaction is rolled back', async () => {
    await assert.rejects(
      db.control(async (tx) => {
        await enqueue(tx, job, { practice: 2 })
        throw new Error('no')
      }),
    )
    assert.deepEqual(await states(job), [])
  })

  test('a job that nobody declared is refused', async () => {
    const stranger = defineJob<Ids>({ name: 'test.stranger' })
    await assert.rejects(
      db.practice(1, (tx) => enqueue(tx, stranger, { practice: 1 })),
      (error) => error instanceof AegisError && error.code === 'queue.unknown-job',
    )
  })

  test('the role of a practice cannot look into the queue', async () => {
    const look = sql('test.look', 'select count(*) from pgboss.job')
    await assert.rejects(
      db.practice(1, (tx) => tx.rows(look)),
      (error) => error instanceof AegisError && error.detail.sqlstate === '42501',
    )
  })

  test('a worker gets it the moment it is committed, one after another without a pause', async () => {
    const queue = await start([job])
    const steer = steered<Ids>()
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    await queue.work(job, steer.handler)
    ;(await steer.called(1))[0]?.done()
    for (let practice = 10; practice < 15; practice++) {
      await db.practice(practice, (tx) => enqueue(tx, job, { practice }))
    }
    for (let count = 2; count <= 6; count++) (await steer.called(count))[count - 1]?.done()
    assert.deepEqual(
      steer.calls.map(({ payload }) => payload.practice),
      [1, 10, 11, 12, 13, 14],
    )
    assert.deepEqual(
      steer.calls.map(({ context }) => context.attempt),
      [1, 1, 1, 1, 1, 1],
    )
    await queue.stop()
    await queue.stop()
  })
})

test('jobs of one transaction are taken in the order in which they were enqueued, wherever the table has room', async () => {
  const job = defineJob<Ids>({ name: 'test.in_order' })
  await declareJobs({ db }, [job])
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
  const enqueueAll = (tx: Tx, practices: number[]) =>
    Promise.all(practices.map((practice) => enqueue(tx, job, { practice })))
  await db.control((tx) => enqueueAll(tx, numbers(0, 100)))
  await owner.rows('delete from pgboss.job_common where name = $1', [job.name])
  await db.control(async (tx) => {
    await enqueueAll(tx, numbers(0, 60))
    // From here on there is room before those.
    await owner.rows('vacuum pgboss.job_common')
    await enqueueAll(tx, numbers(60, 200))
  })
  const queue = await start([job])
  const taken: number[] = []
  await queue.work(job, async ({ practice }) => void taken.push(practice))
  await eventually(async () => taken.length === 200)
  assert.deepEqual(taken, numbers(0, 200))
  await queue.stop()
})

describe('a lane', () => {
  const lane = (payload: Ids) => `practice ${payload.practice}`

  test('turns five jobs that say "there is work" into one', async () => {
    const job = defineJob<Ids>({ name: 'test.five', lane })
    await declareJobs({ db }, [job])
    for (let count = 0; count < 5; count++) await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    await db.practice(2, (tx) => enqueue(tx, job, { practice: 2 }))
    assert.deepEqual(await states(job), ['created', 'created'])
  })

  test('lets one more wait while one runs, and runs it afterwards, never beside it', async () => {
    const job = defineJob<Ids>({ name: 'test.one_more', lane })
    const queue = await start([job])
    const steer = steered<Ids>()
    await queue.work(job, steer.handler, { concurrency: 3 })
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    await steer.called(1)
    for (let count = 0; count < 3; count++) await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    assert.deepEqual(await states(job), ['created', 'active'])
    steer.calls[0]?.done()
    await steer.called(2)
    assert.deepEqual(await states(job), ['active', 'completed'])
    steer.calls[1]?.done()
    await eventually(async () => (await states(job)).join() === 'completed,completed')
    await queue.stop()
  })

  test('that is busy holds up no other lane', async () => {
    const job = defineJob<Ids>({ name: 'test.busy', lane })
    const queue = await start([job])
    const steer = steered<Ids>()
    await queue.work(job, steer.handler, { concurrency: 2 })
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    await steer.called(1)
    // The oldest waiting job is the next one of the busy lane.
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    await db.practice(2, (tx) => enqueue(tx, job, { practice: 2 }))
    const calls = await steer.called(2)
    assert.deepEqual(
      calls.map(({ payload }) => payload.practice),
      [1, 2],
    )
    for (const call of calls) call.done()
    ;(await steer.called(3))[2]?.done()
    await queue.stop()
  })

  test('is served as soon as it is free, though pg-boss has counted it as busy', async () => {
    const job = defineJob<Ids>({ name: 'test.counted', lane })
    await declareJobs({ db }, [job])
    // What pg-boss notes when it looks while a job of the lane is running, and remembers for a minute.
    await owner.rows("update pgboss.queue set singletons_active = array['practice 1'] where name = $1", [job.name])
    const queue = await start([job])
    const steer = steered<Ids>()
    await queue.work(job, steer.handler)
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    await eventually(async () => steer.calls.length === 1)
    steer.calls[0]?.done()
    await queue.stop()
  })

  test('never loses work that was written while its job was waiting', async () => {
    const job = defineJob<Ids>({ name: 'test.joined', lane })
    const queue = await start([job])
    const steer = steered<Ids>()
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    await db.practice(1, async (tx) => {
      await enqueue(tx, job, { practice: 1 }) // joins the waiting job
      await queue.work(job, steer.handler)
      // The worker looks for work while this transaction is still open: it must not take the job and look too early.
      await new Promise((resolve) => setTimeout(resolve, 150))
      assert.equal(steer.calls.length, 0)
    })
    ;(await steer.called(1))[0]?.done()
    await queue.stop()
  })
})

describe('a handler that fails', () => {
  test('is called again, and its error leaves no text in the database', async () => {
    const job = defineJob<Ids>({ name: 'test.retried', retryDelaySeconds: 0 })
    const queue = await start([job])
    const steer = steered<Ids>()
    await queue.work(job, steer.handler)
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
    ;(await steer.called(1))[0]?.fail(new Error('CANARY Marge Simpson'))
    await eventually(async () => (await states(job)).join() === 'retry')
    // The delay before the retry is pg-boss's affair.
    await owner.rows("update pgboss.job set start_after = '-infinity' where name = $1", [job.name])
    await db.control((tx) => enqueue(tx, job, { practice: 2 })) // wakes the worker
    ;(await steer.called(2))[1]?.done()
    ;(await steer.called(3))[2]?.done()
    const attempts = steer.calls.map(({ payload, context }) => [payload.practice, context.attempt])
    assert.deepEqual(attempts, [
      [1, 1],
      [1, 2],
      [2, 1],
    ])
    await eventually(async () => (await states(job)).join() === 'completed,completed')
    const [row] = await owner.rows<{ everything: string }>('select json_agg(j)::text as everything from pgboss.job j')
    assert.doesNotMatch(row?.everything ?? '', /CANARY|Simpson|\.ts/)
    await queue.stop()
  })

  test('becomes a dead letter after its last retry, which is logged and counted', async () => {
    const job = defineJob<Ids>({ name: 'test.doomed', retriesMax: 0 })
    const queue = await start([job])
    const steer = steered<Ids>()
    await queue.work(job, steer.handler)
    await db.practice(1, (tx) => enqueue(tx, job, { practice: 7 }))
    ;(await steer.called(1))[0]?.fail(new AegisError('db.unavailable'))
    await eventually(async () => (await countDeadLetters({ db })).get(job.name) === 1)
    const dead = log.lines.find(({ event }) => event === 'queue.job-dead')
    assert.deepEqual(dead?.fields, { job: 'test.doomed', attempt: 1 })
    const [row] = await owner.rows("select data, source_name from pgboss.job where name = 'test.doomed.dead'")
    assert.deepEqual(row, { data: { practice: 7 }, source_name: 'test.doomed' })
    await queue.stop()
  })
})

test('a job that is enqueued again while there is work leaves no dead letter, also where an earlier release kept them', async () => {
  const kept = defineJob<Ids>({ name: 'test.repeated', retriesMax: 0 })
  await (await start([kept])).stop()
  const job = defineJob<Ids>({ name: 'test.repeated', retriesMax: 0, deadLetters: false })
  const queue = await start([job])
  const steer = steered<Ids>()
  await queue.work(job, steer.handler)
  for (let time = 1; time <= 2; time += 1) {
    await db.practice(1, (tx) => enqueue(tx, job, { practice: time }))
    ;(await steer.called(time))[time - 1]?.fail(new AegisError('db.unavailable'))
    await eventually(async () => (await states(job)).filter((state) => state === 'failed').length === time)
  }
  assert.equal((await countDeadLetters({ db })).get(job.name), undefined)
  await queue.stop()
})

test('stop waits for the running jobs and takes no more', async () => {
  const job = defineJob<Ids>({ name: 'test.drained' })
  const queue = await start([job])
  const steer = steered<Ids>()
  await queue.work(job, steer.handler)
  await db.practice(1, (tx) => enqueue(tx, job, { practice: 1 }))
  await steer.called(1)
  await db.practice(1, (tx) => enqueue(tx, job, { practice: 2 }))
  let stopped = false
  const stopping = queue.stop().then(() => (stopped = true))
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(stopped, false)
  steer.calls[0]?.done()
  await stopping
  assert.deepEqual(await states(job), ['created', 'completed'])
  assert.equal(steer.calls.length, 1)
})

describe('a worker that is killed', () => {
  const job = defineJob<Ids>({ name: 'test.killed', retriesMax: 1, lane: ({ practice }) => `practice ${practice}` })
  beforeEach(async () => {
    await declareJobs({ db }, [job])
    await owner.rows('delete from pgboss.job where name = $1', [job.name])
  })

  async function killWorkerAt(practice: number): Promise<void> {
    await db.practice(practice, (tx) => enqueue(tx, job, { practice }))
    const program = join(import.meta.dirname, '..', '..', 'testing', 'stuck-worker.ts')
    const worker = spawn(process.execPath, ['--conditions=aegis-source', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    worker.stdin.end(JSON.stringify(logins))
    await once(worker.stdout, 'data')
    worker.kill('SIGKILL')
    await once(worker, 'close')
    assert.ok((await states(job)).includes('active'))
  }

  test('leaves its job to the sole instance that starts next, at once, and however often', async () => {
    // More often than the job may be retried: being killed is not its failure.
    for (let kills = 0; kills < 2; kills++) {
      await killWorkerAt(1)
      await takeOverJobs({ db, clock: systemClock })
    }
    await killWorkerAt(1)
    const steer = steered<Ids>()
    const queue = await start([job], true)
    await queue.work(job, steer.handler)
    const calls = await steer.called(1)
    assert.deepEqual([calls[0]?.payload.practice, calls[0]?.context.attempt], [1, 1])
    calls[0]?.done()
    ;(await steer.called(2))[1]?.done() // the one that waited in the lane meanwhile
    await eventually(async () => (await states(job)).every((state) => state === 'completed'))
    await queue.stop()
    assert.deepEqual((await countDeadLetters({ db })).get(job.name), undefined)
  })

  test('may leave a statement behind that still takes a job: it is waited for', async () => {
    await db.practice(5, (tx) => enqueue(tx, job, { practice: 5 }))
    const ghost = new pg.Client({ ...clientConfig(logins.control), application_name: queueApplication })
    await ghost.connect()
    const taking = ghost
      .query("select pg_sleep(0.2); update pgboss.job set state = 'active' where name = 'test.killed'")
      .then(() => ghost.end())
    assert.equal(await takeOverJobs({ db, clock: systemClock }), 1)
    await taking
    assert.deepEqual(await states(job), ['retry'])
  })

  test('leaves one job where the lane has another one waiting for its retry', async () => {
    await db.practice(3, (tx) => enqueue(tx, job, { practice: 3 }))
    await owner.rows("update pgboss.job set state = 'retry' where name = $1", [job.name])
    await db.practice(3, (tx) => enqueue(tx, job, { practice: 3 }))
    await owner.rows("update pgboss.job set state = 'active' where name = $1 and state = 'created'", [job.name])
    assert.equal(await takeOverJobs({ db, clock: systemClock }), 1)
    assert.deepEqual(await states(job), ['retry'])
  })
})
