import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorTable } from '../packages/server/src/errors/error-table.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'
import { type FaultRunOptions, type FaultRunResult, inTurn } from './fault-run.ts'
import { type FaultWorld, inFaultWorld } from './fault-world.ts'

/**
 * An hour behind, standing still, five minutes ahead. The short tier has seed 1 and one of them, which is the clock that stands
 * still: it tells of itself least.
 */
const blows = ['behind', 'frozen', 'ahead'] as const
type Blow = (typeof blows)[number]

const code = 'clock.database-skew'
/** The database's clock is looked at every few seconds. */
const alarmMaxMs = 30_000
/** So long the clock is wrong at least. */
const wrongMs = 20_000
const loadMaxMs = 120_000

/**
 * Fault F14: the wall clock of the Aegis process is stepped or stands still; athenahealth's and PostgreSQL's go on.
 * Everything is in the machine's time, so a fault takes minutes.
 */
export function clockFaults(options: FaultRunOptions): Promise<FaultRunResult> {
  const { seed, count } = options
  let clock: FakeClock | undefined
  return inFaultWorld(
    { ...options, clock: 'system', env: (directory) => (clock = fakeClock(join(directory, 'clock'))).env },
    async (world) => {
      if (!clock) throw new Error('there is a clock')
      const run = new ClockFaults(world, clock)
      await run.refusedAtStart()
      world.start()
      await world.working()
      await run.loaded()
      for (let done = 0; done < count; done += 1) await run.strike(inTurn(blows, { seed, done }))
      const verdict = await world.judge()
      await run.alarmGone()
      return { ...run.totals(), ...verdict }
    },
  )
}

class ClockFaults {
  readonly #world: FaultWorld
  readonly #clock: FakeClock
  readonly #faults: Record<Blow, number> = { behind: 0, ahead: 0, frozen: 0 }
  readonly #counted = { alarms: 0, slowestAlarmMs: 0, refusals: 0 }
  readonly #missed: string[] = []

  constructor(world: FaultWorld, clock: FakeClock) {
    this.#world = world
    this.#clock = clock
  }

  totals(): Pick<FaultRunResult, 'faults' | 'counted' | 'missed'> {
    return { faults: this.#faults, counted: this.#counted, missed: this.#missed }
  }

  /** With a wrong clock the first start is refused. */
  async refusedAtStart(): Promise<void> {
    this.#clock.step(-3_600)
    const said = await this.#world
      .start()
      .ready()
      .then(
        () => 'it started',
        (error: unknown) => String(error),
      )
    if (said.includes(errorTable[code].title)) this.#counted.refusals += 1
    else this.#missed.push(`a first start an hour behind was not refused by ${code}: ${said.slice(-400)}`)
    await this.#world.aegis.stop()
    this.#clock.step(0)
  }

  async loaded(): Promise<void> {
    for (const until = performance.now() + loadMaxMs; performance.now() < until; await sleep(250)) {
      const report = await this.#world.aegis.status().catch(() => undefined)
      if (report?.practices[0]?.feeds.every(({ state, lagMs }) => state === 'live' || lagMs !== null)) return
    }
    throw new Error('the first load took too long')
  }

  async strike(blow: Blow): Promise<void> {
    this.#faults[blow] += 1
    if (blow === 'frozen') this.#clock.freeze()
    else this.#clock.step(blow === 'behind' ? -3_600 : 300)
    const since = performance.now()
    const told = await this.#isAlarmed(true, alarmMaxMs)
    const tookMs = Math.round(performance.now() - since)
    if (told) this.#counted.alarms += 1
    else this.#missed.push(`the clock was ${blow} for ${tookMs} ms without the alarm ${code}`)
    if (told) this.#counted.slowestAlarmMs = Math.max(this.#counted.slowestAlarmMs, tookMs)
    await sleep(Math.max(0, wrongMs - tookMs))
    this.#clock.step(0)
  }

  async alarmGone(): Promise<void> {
    if (!(await this.#isAlarmed(false, alarmMaxMs)))
      this.#missed.push(`${code} was still raised by a clock that is right`)
  }

  async #isAlarmed(wanted: boolean, withinMs: number): Promise<boolean> {
    for (const until = performance.now() + withinMs; performance.now() < until; await sleep(250)) {
      const report = await this.#world.aegis.status().catch(() => undefined)
      if (report && report.alarms.some((alarm) => alarm.code === code) === wanted) return true
    }
    return false
  }
}
