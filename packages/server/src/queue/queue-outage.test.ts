import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { memoryLog } from '../../testing/memory-log.ts'
import { systemClock } from '../clock/clock.ts'
import { startEmbedded } from '../db/embedded-postgres.ts'
import { migrate } from '../db/migrate.ts'
import { openDb } from '../db/open-db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { enqueue } from './enqueue.ts'
import { installQueue } from './install-queue.ts'
import { defineJob } from './job.ts'
import { startQueue } from './start-queue.ts'

const job = defineJob<{ count: number }>({ name: 'test.outage' })

/** A cluster of its own: this test kills it. */
async function startCluster() {
  const home = mkdtempSync(join(tmpdir(), 'aegis-outage-'))
  const log = memoryLog()
  const options = { dataDir: join(home, 'data'), runDir: join(home, 'run'), log, clock: systemClock }
  const server = await startEmbedded({ ...options, settings: { fsync: 'off' } })
  await migrate({ ownerUrl: server.ownerUrl, log })
  await installQueue({ ownerUrl: server.ownerUrl })
  await installQueue({ ownerUrl: server.ownerUrl })
  const db = await openDb({ logins: server.logins, log })
  const queue = await startQueue(
    { db, login: server.logins.control, clock: systemClock, log },
    {
      jobs: [job],
      soleInstance: true,
      pollSeconds: 0.5,
    },
  )
  const stop = async () => {
    await queue.stop()
    await db.close()
    await server.stop()
    rmSync(home, { recursive: true })
  }
  return { server, db, queue, log, stop }
}

test('jobs go on after PostgreSQL was killed: one that was waiting, one that was running, one that comes later', async () => {
  const { server, db, queue, stop } = await startCluster()
  const seen: number[] = []
  let wake: () => void = () => undefined
  const until = async (check: () => boolean) => {
    while (!check()) await new Promise<void>((resolve) => (wake = resolve))
  }
  let release: () => void = () => undefined
  await queue.work(job, async ({ count }) => {
    seen.push(count)
    wake()
    if (seen.length === 1) await new Promise<void>((resolve) => (release = resolve))
  })
  await db.practice(1, (tx) => enqueue(tx, job, { count: 1 }))
  await until(() => seen.includes(1))
  await db.practice(1, (tx) => enqueue(tx, job, { count: 2 }))
  const before = server.pid
  process.kill(before, 'SIGKILL')
  while (server.pid === before) await systemClock.sleep(10)
  release()
  await until(() => seen.includes(2))
  await retryWhileUnavailable(() => db.practice(1, (tx) => enqueue(tx, job, { count: 3 })))
  await until(() => seen.includes(3))
  assert.equal(seen.filter((count) => count > 1).length, 2)
  await stop()
})

async function retryWhileUnavailable(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isAegisError(error, 'db.unavailable')) throw error
      await systemClock.sleep(20)
    }
  }
}

test('a start of the queue whose PostgreSQL is away says so, for the start of all to be made again', async () => {
  const { server, db, log, stop } = await startCluster()
  const away = new URL(server.logins.control.url)
  away.searchParams.set('host', join(tmpdir(), 'nobody-listens'))
  const deps = { db, login: { url: away.href }, clock: systemClock, log }
  await assert.rejects(
    startQueue(deps, { jobs: [job], soleInstance: true }),
    (error) => isAegisError(error, 'db.unavailable') || assert.fail(String(error)),
  )
  await stop()
})
