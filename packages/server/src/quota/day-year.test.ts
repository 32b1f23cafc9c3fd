/**
 * A year of the day's quota, on both sides: two processes share one app's calls, are stopped or killed and started again at
 * every hour of the day, and athenahealth counts what arrives by a clock of its own. No day holds a call too many.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Lockstep, lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { kindsOfDay, type YearPlace } from '../../testing/quota-year.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { seededRandom } from '../../testing/seeded-random.ts'
import { type Clock, sleepOn } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { type Priority, priorities } from './priorities.ts'
import { createQuota, type Quota } from './quota.ts'
import { quotaDay } from './quota-day.ts'

const database = await scratchDatabase()
const random = seededRandom(365)
const limits = { perSecond: 100, perDay: 20, tokensPerMinute: 5, dayBlock: 2 }
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Both changes of daylight saving, the end of a year and a leap day are in it. */
const firstDay = Date.UTC(2027, 5, 1)

/** The other side: counts what arrives on the day that its own clock shows. */
class Athenahealth {
  readonly counted = new Map<string, number>()
  /** By how much its clock is ahead; up to 100 s either way, together with the way there less than the guard. */
  #aheadMs = 0

  newDay(): void {
    this.#aheadMs = (random.fraction() - 0.5) * 200_000
  }

  arrive(sentAt: number): { limit: number; remaining: number } {
    const at = sentAt + this.#aheadMs + random.fraction() * 10_000
    const calls = (this.counted.get(quotaDay(at)) ?? 0) + 1
    this.counted.set(quotaDay(at), calls)
    return { limit: limits.perDay, remaining: Math.max(0, limits.perDay - calls) }
  }
}

interface Process {
  readonly quota: Quota
  /** Rejects when it is killed. */
  readonly death: Promise<never>
  kill(): void
}

/** What a process does is over at once when it is killed: no timer fires, no statement leaves. */
function startProcess(time: Lockstep, holder: string): Process {
  let lives = true
  const death = Promise.withResolvers<never>()
  death.promise.catch(() => undefined)
  const timer: Clock['timer'] = (ms, fire) => time.clock.timer(ms, () => lives && fire())
  const clock: Clock = { ...time.clock, timer, sleep: (ms, signal) => sleepOn({ timer }, ms, signal) }
  const whileAlive = <T>(work: () => Promise<T>): Promise<T> => (lives ? work() : death.promise)
  const db: Db = {
    practice: (practice, work) => whileAlive(() => time.db.practice(practice, work)),
    control: (work) => whileAlive(() => time.db.control(work)),
    audit: (work) => whileAlive(() => time.db.audit(work)),
  }
  return {
    quota: createQuota({ db, clock, log: silentLog, holder }, limits),
    death: death.promise,
    kill() {
      lives = false
      death.reject(new Error('killed'))
    },
  }
}

class Year implements YearPlace {
  readonly perDay = limits.perDay
  readonly athenahealth = new Athenahealth()
  readonly #sent = new Map<string, number>()
  readonly time: Lockstep
  readonly #app: string
  readonly restarts = new Set<number>()
  #processes: Process[]

  constructor(time: Lockstep, app: string) {
    this.time = time
    this.#app = app
    this.#processes = ['one', 'two'].map((holder) => startProcess(time, holder))
  }

  /** Stops or kills a process, and starts it again. */
  async restart(index: number, isKill: boolean): Promise<void> {
    const process = this.#processes[index]
    if (isKill) process?.kill()
    else await process?.quota.stop()
    this.restarts.add(new Date(this.time.clock.now()).getUTCHours())
    this.#processes[index] = startProcess(this.time, index === 0 ? 'one' : 'two')
  }

  /** Asks once; what is sent arrives, and what the answer counts is taken over. */
  async ask(priority: Priority, index: number): Promise<'sent' | number | 'gone'> {
    const process = this.#processes[index]
    assert.ok(process)
    const { quota, death } = process
    try {
      await Promise.race([quota.permission({ app: this.#app, practice: 1, priority }), death])
    } catch (error) {
      if (!isAegisError(error) || error.code === 'quota.stopping') return 'gone'
      assert.equal(error.code, 'quota.day-exhausted')
      return Number(error.detail['until'])
    }
    const at = this.time.clock.now()
    const key = `${quotaDay(at)} ${priority}`
    this.#sent.set(key, (this.#sent.get(key) ?? 0) + 1)
    quota.observe({ app: this.#app, at, ...this.athenahealth.arrive(at) })
    return 'sent'
  }

  now = (): number => this.time.clock.now()
  sleep = (ms: number): Promise<void> => this.time.clock.sleep(ms)
  fraction = (): number => random.fraction()

  async spendElsewhere(calls: number): Promise<void> {
    for (let call = 0; call < calls; call += 1) this.athenahealth.arrive(this.now())
  }

  /** Calls of these priorities that left on the day of `at`. */
  sum(at: number, of: readonly Priority[]): number {
    return of.reduce((sum, priority) => sum + (this.#sent.get(`${quotaDay(at)} ${priority}`) ?? 0), 0)
  }
}

/** In four parts, each with processes of its own. */
const quarters: readonly [number, number][] = [
  [0, 92],
  [92, 184],
  [184, 275],
  [275, 365],
]
for (const [from, to] of quarters) {
  const dates = `${quotaDay(firstDay + from * day)} to ${quotaDay(firstDay + (to - 1) * day)}`
  test(`no day holds a call too many, and a tenth is left to people, with restarts at every hour: ${dates}`, async () => {
    const time = await lockstep(database, firstDay + from * day + 3 * minute)
    const year = new Year(time, `days-from-${from}`)
    const usedUp: number[] = []
    const live = async () => {
      for (let number = from; number < to; number += 1) {
        const startsAt = firstDay + number * day
        await time.clock.sleep(Math.max(0, startsAt + 3 * minute - time.clock.now()))
        year.athenahealth.newDay()
        await time.clock.sleep(Math.max(0, startsAt + (number % 24) * hour - time.clock.now()))
        await kindsOfDay[number % 4]?.(year, () => year.restart(number % 2, number % 3 > 0))
        if (number % 4 < 2) usedUp.push(year.sum(startsAt, priorities))
      }
    }
    await time.run(live(), (to - from + 1) * day)
    const counts = [...year.athenahealth.counted]
    assert.deepEqual(
      counts.filter(([, calls]) => calls > limits.perDay),
      [],
    )
    const others = priorities.filter((priority) => priority !== 'interactive')
    const crowded = Array.from({ length: to - from }, (_, index) => firstDay + (from + index) * day)
      .filter((at) => year.sum(at, others) > 0.9 * limits.perDay)
      .map(quotaDay)
    assert.deepEqual(crowded, [], 'days on which less than a tenth was left to people')
    const share = usedUp.reduce((sum, calls) => sum + calls, 0) / (usedUp.length * limits.perDay)
    assert.ok(share >= 0.9, `of days that are used up ${share} was used: blocks of killed processes are lost, no more`)
    assert.equal(year.restarts.size, 24)
  })
}
