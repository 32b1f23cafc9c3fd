/** The database is lost while a block of calls is reserved: nobody knows whether it was committed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Db } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { DayLedger } from './day-ledger.ts'
import { checkedLimits } from './quota-limits.ts'

const database = await scratchDatabase()
const lost = new AegisError('db.unavailable')

const losses: readonly [title: string, reserved: number, control: Db['control']][] = [
  [
    'before its commit',
    0,
    (work) =>
      database.db.control(async (tx) => {
        await work(tx)
        throw lost
      }),
  ],
  [
    'before the commit was answered',
    20,
    async (work) => {
      await database.db.control(work)
      throw lost
    },
  ],
]
for (const [title, reserved, control] of losses) {
  test(`of a block that was reserved no call is drawn when the database is lost ${title}`, async () => {
    const time = await lockstep(database)
    const app = `unsure/${title}`
    const limits = checkedLimits({ perSecond: 5, perDay: 50_000, tokensPerMinute: 5, dayBlock: 500 })
    let isLost = true
    const db: Db = { ...database.db, control: (work) => (isLost ? control(work) : database.db.control(work)) }
    const now = () => time.clock.now()
    const ledger = new DayLedger({ db, clock: time.clock, log: silentLog, databaseNow: now }, app, limits)
    await assert.rejects(ledger.ensure(now(), 1), { code: 'db.unavailable' })
    assert.equal(ledger.inHand(now()), 0)
    assert.equal(ledger.draw({ practice: 1, priority: 'interactive' }, now()).kind, 'reserve')
    isLost = false
    await ledger.ensure(now(), 1)
    assert.equal(ledger.inHand(now()), 20)
    const [row] = await database.owner.rows<{ reserved: number }>(
      'select reserved from control.quota_day where app = $1',
      [app],
    )
    assert.equal(row?.reserved, 20 + reserved, 'a crash counts too many, never too few')
  })
}

test('counts of use that cannot be written are written with the next ones, once', async () => {
  const time = await lockstep(database)
  const app = 'unsure/use'
  const limits = checkedLimits({ perSecond: 5, perDay: 50_000, tokensPerMinute: 5, dayBlock: 500 })
  let isLost = false
  const refuse = () => Promise.reject(lost)
  const db: Db = { ...database.db, control: (work) => (isLost ? refuse() : database.db.control(work)) }
  const now = () => time.clock.now()
  const ledger = new DayLedger({ db, clock: time.clock, log: silentLog, databaseNow: now }, app, limits)
  await ledger.ensure(now(), 1)
  for (let calls = 0; calls < 3; calls++) ledger.draw({ practice: 1, priority: 'interactive' }, now())
  isLost = true
  await assert.rejects(ledger.write(), { code: 'db.unavailable' })
  ledger.draw({ practice: 1, priority: 'interactive' }, now())
  isLost = false
  await ledger.write()
  await ledger.write()
  const rows = await database.owner.rows<{ calls: number }>(
    'select sum(calls)::integer as calls from control.quota_use where app = $1',
    [app],
  )
  assert.deepEqual(rows, [{ calls: 4 }])
  ledger.abandon()
})
