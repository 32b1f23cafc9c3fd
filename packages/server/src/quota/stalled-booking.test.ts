/** A process stands still in the middle of what it does with a row that all processes share. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { type Db, sql, type Tx } from '../db/db.ts'
import { createQuota } from './quota.ts'
import type { QuotaLimits } from './quota-limits.ts'

const database = await scratchDatabase()
const idleTimeout = sql('test.idle_timeout', `select current_setting('idle_in_transaction_session_timeout') as value`)
let apps = 0

/**
 * Two processes, the first of which stands still right after its statement `at` was answered; `goOn` lets it go on, and tells
 * whether its transactions were let alone meanwhile.
 */
async function setUp(at: string, limits: Partial<QuotaLimits> = {}) {
  const time = await lockstep(database)
  const app = `stalled/${apps++}`
  const stands = Promise.withResolvers<Tx>()
  const gate = Promise.withResolvers<void>()
  const ended: Promise<string>[] = []
  let goesOn = false
  const stalling = (tx: Tx): Tx => ({
    async rows<R extends object>(...[statement, ...given]: Parameters<Tx['rows']>) {
      const found = await tx.rows<R>(statement, ...given)
      if (statement.name === at) {
        stands.resolve(tx)
        await gate.promise
      }
      return found
    },
  })
  const standing: Db = {
    ...database.db,
    control: async (work) => {
      const done = database.db.control((tx) => work(stalling(tx)))
      const end = done.then(
        () => 'committed',
        () => 'lost',
      )
      ended.push(end)
      // Time does not wait for what stands still.
      void time.during(goesOn ? end : Promise.race([end, stands.promise]))
      return done
    },
  }
  const all = { perSecond: 100, perDay: 500_000, tokensPerMinute: 5, ...limits }
  const process = (db: Db, holder: string) => createQuota({ db, clock: time.clock, log: silentLog, holder }, all)
  const [one, other] = [process(standing, 'one'), process(time.db, 'other')]
  const call = (quota: typeof one) => quota.permission({ app, practice: 1, priority: 'interactive' })
  await time.run(call(other))
  const goOn = () => {
    goesOn = true
    gate.resolve()
    return time.during(Promise.all(ended))
  }
  return { time, one, other, call, stands: stands.promise, goOn }
}

test('a process that stands still while it books keeps nobody from booking', async () => {
  const { time, one, other, call, stands, goOn } = await setUp('quota.book_instants')
  const called = call(one)
  await time.run(stands)
  for (let calls = 0; calls < 5; calls += 1) await time.run(call(other))
  assert.ok(!(await goOn()).includes('lost'), 'nothing had to be taken from it')
  await time.run(called)
  await time.run(Promise.all([one.stop(), other.stop()]))
})

for (const [what, at, limits] of [
  ['books for a practice', 'quota.book_instants', { perPracticePerSecond: 5 }],
  ['looks which practices are free', 'quota.lock_practices', { perPracticePerSecond: 5 }],
  ['reserves calls of the day', 'quota.lock_days', {}],
  ['has reserved calls of the day', 'quota.reserve_calls', {}],
] as const) {
  test(`of a process that stands still while it ${what}, the server takes the rows back after three seconds`, async () => {
    const { time, one, other, call, stands, goOn } = await setUp(at, limits)
    const called = call(one)
    const tx = await time.run(stands)
    assert.deepEqual(await tx.rows(idleTimeout), [{ value: '3s' }])
    await goOn()
    await time.run(called)
    await time.run(Promise.all([one.stop(), other.stop()]))
  })
}
