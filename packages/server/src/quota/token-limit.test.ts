import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { createQuota } from './quota.ts'
import { tokenWaitMs } from './token-limit.ts'

const now = 1_000_000
const never = Number.NEGATIVE_INFINITY
const cases: [string, { recent: number[]; blocked_until?: number }, number][] = [
  ['the first goes at once', { recent: [] }, 0],
  ['the third of three too', { recent: [now - 10, now - 20] }, 0],
  ['the fourth waits until the first is out of the window', { recent: [now - 10_000, now - 5_000, now] }, 60_000],
  ['requests long ago do not count', { recent: [now - 80_000, now - 75_000, now - 10] }, 0],
  ['a refused request blocks the next', { recent: [], blocked_until: now + 30_000 }, 30_000],
  ['a block is over when it is over', { recent: [], blocked_until: now - 1 }, 0],
  ['a clock that was set back costs one window', { recent: [now + 3_600_000] }, 70_000],
  ['also for a block', { recent: [], blocked_until: now + 3_600_000 }, 70_000],
]
for (const [title, { recent, blocked_until = never }, expected] of cases) {
  test(title, () => assert.equal(tokenWaitMs({ recent, blocked_until, now_at: now }, 3), expected))
}

test('five token requests a minute, whoever makes them and however often a process is started', async () => {
  const database = await scratchDatabase()
  const time = await lockstep(database)
  const limits = { perSecond: 5, perDay: 50_000, tokensPerMinute: 5 }
  const instance = () => createQuota({ db: time.db, clock: time.clock, log: silentLog, holder: 'host' }, limits)
  for (let i = 0; i < 5; i++) await instance().tokenPermission({ app: 'a' })
  const until = time.clock.now() + 70_000
  await assert.rejects(
    instance().tokenPermission({ app: 'a' }),
    (error) => isAegisError(error, 'quota.token-limit') && error.detail['until'] === until,
  )
  await instance().tokenPermission({ app: 'b' })
  await time.run(instance().tokenPermission({ app: 'a', deadlineMs: 90_000 }))
  assert.equal(time.clock.now(), until)
  await time.advance(100_000)
  await instance().tokensThrottled('a', 40_000)
  await assert.rejects(instance().tokenPermission({ app: 'a' }), { code: 'quota.token-limit' })
  await time.advance(40_000)
  await instance().tokenPermission({ app: 'a' })
})
