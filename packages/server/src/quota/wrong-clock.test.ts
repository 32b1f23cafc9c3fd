/** athenahealth's day begins at its own midnight, whatever the clocks of this side show. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { RemoteClock } from '../clock/remote-clock.ts'
import { createQuota } from './quota.ts'
import { quotaDay } from './quota-day.ts'

const database = await scratchDatabase()
const hour = 3_600_000
const perDay = 40
let apps = 0

/** One process on one machine with its database, and athenahealth, whose answers tell the true time but count nothing. */
async function oneMachine(startAt: number) {
  const time = await lockstep(database, startAt)
  const app = `wrong-clock-${apps++}`
  const clock = time.machineClock({})
  const theirTime = () => ({ earliest: time.clock.now() - 1_000, latest: time.clock.now() })
  const limits = { perSecond: 100, perDay, tokensPerMinute: 5 }
  const quota = createQuota({ db: time.db, clock, log: silentLog, holder: app, theirTime }, limits)
  const arrived = new Map<string, number>()
  /** Calls until there are none to be had; returns until when, from now on by the machine's clock. */
  const useUp = async (most = 2 * perDay): Promise<number | undefined> => {
    for (let calls = 0; calls < most; calls += 1) {
      const refused = await time.run(
        quota.permission({ app, practice: 1, priority: 'interactive' }).then(
          () => undefined,
          (error: unknown) => error,
        ),
      )
      if (refused !== undefined) {
        assert.ok(isAegisError(refused, 'quota.day-exhausted'), String(refused))
        return Number(refused.detail.until) - clock.now()
      }
      const day = quotaDay(time.clock.now())
      arrived.set(day, (arrived.get(day) ?? 0) + 1)
    }
    return undefined
  }
  const set = async (ms: number) => {
    clock.set(ms)
    await time.setDatabaseClock(ms)
    await time.advance(2_000)
  }
  const end = async () => {
    await time.run(quota.stop())
    await time.setDatabaseClock(0)
  }
  return { time, arrived, useUp, set, end }
}

const settings: readonly [title: string, startAt: number, setBy: number][] = [
  ['ahead into tomorrow', Date.UTC(2026, 2, 2, 22), 3 * hour],
  ['ahead by a year', Date.UTC(2026, 2, 2, 22), 365 * 24 * hour],
  ['back into yesterday', Date.UTC(2026, 2, 3, 2), -3 * hour],
]
for (const [title, startAt, setBy] of settings) {
  test(`no day of athenahealth's holds a call too many when all our clocks are set ${title}`, async () => {
    const { time, arrived, useUp, set, end } = await oneMachine(startAt)
    await useUp(perDay / 2)
    await set(setBy)
    await useUp()
    await set(-setBy)
    await useUp()
    assert.deepEqual(
      [...arrived.values()].filter((calls) => calls > perDay),
      [],
      JSON.stringify([...arrived]),
    )
    await time.advance(24 * hour)
    await useUp()
    await time.advance(60_000)
    await useUp()
    const next = arrived.get(quotaDay(time.clock.now())) ?? 0
    assert.ok(next > 0 && next <= perDay, `${next} calls the day after`)
    await end()
  })
}

test('who is refused is told when athenahealth has a new day, by the clock of this side', async () => {
  const { useUp, set, end } = await oneMachine(Date.UTC(2026, 2, 2, 20))
  await useUp(1)
  await set(-hour)
  const waitMs = (await useUp()) ?? 0
  assert.ok(Math.abs(waitMs - 4 * hour) < 10 * 60_000, `${waitMs / hour} hours`)
  await end()
})

test("an answer of yesterday's date does not keep feeds from being read where yesterday was used up", async () => {
  const startAt = Date.UTC(2026, 2, 2, 22)
  const time = await lockstep(database, startAt)
  const [app, clock] = [`wrong-clock-${apps++}`, time.machineClock({})]
  const theirs = new RemoteClock(clock)
  const limits = { perSecond: 100, perDay, tokensPerMinute: 5 }
  const theirTime = () => theirs.reading
  const quota = createQuota({ db: time.db, clock, log: silentLog, holder: app, theirTime }, limits)
  const ask = () => time.run(quota.permission({ app, practice: 1, priority: 'feeds' }))
  const answer = (at: number) => {
    const steady = clock.steady()
    theirs.observe({ sentAt: steady, receivedAt: steady, headers: new Headers({ date: new Date(at).toUTCString() }) })
  }
  answer(startAt)
  await assert.rejects(
    async () => {
      for (let calls = 0; calls < 2 * perDay; calls += 1) await ask()
    },
    (error) => isAegisError(error, 'quota.day-exhausted'),
  )
  await time.advance(6 * hour)
  await ask()
  answer(startAt)
  await ask()
  await time.run(quota.stop())
})
