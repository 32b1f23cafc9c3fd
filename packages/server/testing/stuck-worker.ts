/*
 * A process for tests to kill: works the job 'test.killed' in lanes, says "started" on its standard output for each,
 * and never finishes one. Given the name of a failpoint it finishes each, saying "done", and stands still there instead, which
 * it says. Its logins come as JSON on the standard input.
 */
import { text } from 'node:stream/consumers'
import { systemClock } from '../src/clock/clock.ts'
import type { RuntimeLogins } from '../src/db/database-login.ts'
import { openDb } from '../src/db/open-db.ts'
import { setFailpointHook } from '../src/failpoints/failpoint.ts'
import { defineJob } from '../src/queue/job.ts'
import { startQueue } from '../src/queue/start-queue.ts'
import { silentLog } from './memory-log.ts'

const job = defineJob<{ practice: number }>({ name: 'test.killed', lane: ({ practice }) => `practice ${practice}` })

// Written by the test.
const logins = JSON.parse(await text(process.stdin)) as RuntimeLogins
const db = await openDb({ logins, log: silentLog })
const deps = { db, login: logins.control, clock: systemClock, log: silentLog }
const queue = await startQueue(deps, { jobs: [job], soleInstance: false })
const stuckAt = process.argv[2]
const forever = (what: string) => {
  process.stdout.write(`${what}\n`)
  return new Promise<void>(() => undefined)
}
setFailpointHook((name) => (name === stuckAt ? forever(name) : undefined))
const done = async () => void process.stdout.write('done\n')
await queue.work(job, stuckAt === undefined ? () => forever('started') : done, { concurrency: 2 })
