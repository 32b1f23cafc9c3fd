import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAthenaError } from '@aegis/client'
import { type Simulator, type SimulatorOptions, startSimulator } from '@aegis/simulator'
import { type Clock, sleepOn } from '../../packages/server/src/clock/clock.ts'
import { slaveSqlClock } from '../../packages/server/src/db/sql-clock.sql.ts'
import { isAegisError } from '../../packages/server/src/errors/aegis-error.ts'
import type { Priority } from '../../packages/server/src/quota/priorities.ts'
import { openKek } from '../../packages/server/src/sealing/open-kek.ts'
import { createSealing } from '../../packages/server/src/sealing/sealing.ts'
import { silentLog } from '../../packages/server/testing/memory-log.ts'
import { seededRandom } from '../../packages/server/testing/seeded-random.ts'
import type { Draw } from '../draw.ts'
import { type GuardedRules, GuardedWay } from '../guarded-way.ts'
import { lifeDatabase } from '../life-database.ts'
import { type PassedWorld, PassingTime, WatchedDb } from '../pass-time.ts'
import type { RunContext } from '../run-context.ts'

export const drillPractice = 195900
/** Nobody waits in the simulator in a drill unless it says so: time may move from timer to timer. */
const stepMsMax = 3_600_000

/** Limits that no drill comes near whose matter is another. */
export const wideRules: GuardedRules = {
  perSecond: 50,
  perDay: 50_000,
  tokensPerMinute: 5,
  offHours: 'always',
  onboardingCalls: 0,
  gapCalls: 0,
}

/** Any minute of a day and a night from 10:00 Eastern of a Tuesday on. */
export function anyMinute(draw: Draw): number {
  return Date.UTC(2026, 2, 3, 15) + draw.between(0, 24 * 60) * 60_000
}

export interface DrillOptions {
  readonly seed: number
  readonly startAt: number
  readonly processes: number
  readonly rules: GuardedRules
  /** The practice of all drills alone, if absent. */
  readonly practices?: readonly number[]
  readonly simulator?: SimulatorOptions
  /** By how much all our clocks, the database's among them, are ahead of athenahealth's. */
  readonly aheadMs?: number
  /** What stands between a process and the simulator. */
  readonly onTheWay?: (init: RequestInit | undefined) => Promise<void>
}

export type CallKind = 'read' | 'write' | 'drain'

/** One call that is to be made. */
export interface DrillCall {
  /** Ms from the start of the drill. */
  readonly atMs: number
  readonly process: number
  readonly kind: CallKind
  readonly priority: Priority
  readonly waitMs?: number
  /** The practice of all drills, if absent. */
  readonly practice?: number
}

/** What became of a call. Times in athenahealth's epoch ms. */
export interface DrillOutcome extends DrillCall {
  /** The `intent` of its requests in the simulator's log. */
  readonly id: string
  readonly madeAt: number
  readonly endedAt: number
  /** `ok`, the typed code that it ended with, or what was thrown and has none. */
  readonly code: string
  /** Where the day's calls are used up: until when, epoch ms of our clocks. */
  readonly until?: number
}

/** Several processes of Aegis on one database, each with the whole way to athenahealth, in virtual time. */
export class DrillWorld {
  readonly simulator: Simulator
  readonly time: PassingTime
  readonly ways: readonly GuardedWay[]
  /** When the calls began, epoch ms. */
  startedAt: number
  readonly outcomes: DrillOutcome[] = []
  readonly patient: string
  readonly #deaths: PromiseWithResolvers<never>[]
  #calls = 0

  private constructor(simulator: Simulator, time: PassingTime, ways: readonly GuardedWay[]) {
    this.simulator = simulator
    this.time = time
    this.ways = ways
    this.startedAt = simulator.clock.now()
    this.patient = anyPatient(simulator, drillPractice)
    this.#deaths = ways.map(newDeath)
  }

  static async open(context: RunContext, options: DrillOptions): Promise<DrillWorld> {
    const { seed, startAt, rules, practices = [drillPractice], aheadMs = 0 } = options
    const simulator = await startSimulator({
      seed,
      // The first patient may be one with restricted records: those are to be found as all others.
      practices: practices.map((id) => ({ id, patients: 10, restrictions: 'filtered' as const })),
      limits: 'off',
      speed: 0,
      startAt,
      activationLagMs: 0,
      requestLogSize: 1_000_000,
      ...options.simulator,
    })
    context.after(() => simulator.stop())
    const { db } = await lifeDatabase()
    const work = new WatchedDb(db)
    const random = seededRandom(seed)
    const clock = clockAhead(simulator, aheadMs)
    const tell = (nowMs: number) => db.control((tx) => slaveSqlClock(tx, { nowMs, speed: 1e-9 }))
    const advance: PassedWorld['advance'] = (ms) =>
      work.whileHeld(async (hasBegun) => {
        // The database first: what a timer wakes must not meet a time before its own.
        await tell(clock.now() + ms)
        // What has begun by now set its timers by the time before, and may have to be waited for for less.
        if (hasBegun()) await tell(clock.now())
        else simulator.clock.advance(ms)
      })
    await advance(0)
    const time = new PassingTime({ simulator, clock, advance }, work, stepMsMax)
    const directory = mkdtempSync(join(tmpdir(), 'aegis-drill-'))
    context.after(() => rmSync(directory, { recursive: true }))
    const kek = await openKek({ db: work, random }, { directory, purpose: 'phi' })
    const sealing = createSealing({ db: work, kek, clock: time.clock, random })
    const fetch: Simulator['fetch'] = async (url, init) => {
      await options.onTheWay?.(init)
      return simulator.fetch(url, init)
    }
    const ground = { db: work, clock: time.clock, sealing, log: silentLog, random, simulator, rules, fetch }
    const names = Array.from({ length: options.processes }, (_, index) => `process-${index + 1}`)
    const world = new DrillWorld(simulator, time, await GuardedWay.several(context, ground, names))
    await time.pass(Promise.all(world.ways.map((way) => way.restart())))
    return world
  }

  /** athenahealth's time, epoch ms. */
  now(): number {
    return this.simulator.clock.now()
  }

  /** Makes the calls, each at its time, and what else is to happen in between; until the last one has ended. */
  async live(calls: readonly DrillCall[], moments: readonly DrillMoment[] = []): Promise<void> {
    const from = this.now()
    this.startedAt = from
    const at = (atMs: number) => this.time.clock.sleep(from + atMs - this.now())
    const all = [
      ...moments.map(async ({ atMs, happens }) => at(atMs).then(happens)),
      ...calls.map(async (call) => at(call.atMs).then(() => this.call(call))),
    ]
    await this.time.pass(Promise.all(all), 24 * 3_600_000)
  }

  /** Lets the first process subscribe to the feed that `drain` reads. */
  async subscribe(): Promise<void> {
    const context = { purpose: 'drill.subscribe', priority: 'interactive' } as const
    for (const way of this.ways.slice(0, 1)) {
      await this.time.pass<unknown>(way.practice().feeds.patients.subscribe({}, { context }))
    }
  }

  /** Makes one call now. Never rejects: what became of it is in `outcomes`. */
  async call(call: DrillCall): Promise<DrillOutcome> {
    this.#calls += 1
    const id = `drill-${this.#calls}`
    const madeAt = this.now()
    const practice = call.practice ?? drillPractice
    const patient = practice === drillPractice ? this.patient : anyPatient(this.simulator, practice)
    const work = send(this.ways[call.process], { ...call, id, practice, patient })
    const ended = await Promise.race([work, this.#deaths[call.process]?.promise ?? work]).then(() => wentWell, endOf)
    const outcome = { ...call, id, madeAt, endedAt: this.now(), ...ended }
    this.outcomes.push(outcome)
    return outcome
  }

  /** Ends a process in the middle of whatever it does, and starts it again. */
  async kill(index: number): Promise<void> {
    this.#deaths[index]?.reject(new ProcessDied())
    this.#deaths[index] = newDeath()
    await this.ways[index]?.restart()
  }

  /** Stops a process as a person would, and starts it again. */
  async stopAndStart(index: number): Promise<void> {
    await this.ways[index]?.process.quota.stop()
    await this.kill(index)
  }

  /** Calls at this moment from every process, and waits until they ended. */
  async probe(patienceMs: number): Promise<readonly DrillOutcome[]> {
    const calls = this.ways.map((_, process) =>
      this.call({ atMs: 0, process, kind: 'read', priority: 'interactive', waitMs: patienceMs }),
    )
    return this.time.pass(Promise.all(calls))
  }
}

/** Something that happens in a drill beside the calls. */
export interface DrillMoment {
  readonly atMs: number
  /** What it promises is waited for. */
  readonly happens: () => unknown
}

class ProcessDied extends Error {
  readonly code = 'process-died'
}

function newDeath(): PromiseWithResolvers<never> {
  const death = Promise.withResolvers<never>()
  death.promise.catch(() => undefined)
  return death
}

function clockAhead({ clock }: Simulator, aheadMs: number): Clock {
  const now = () => clock.now() + aheadMs
  const timer: Clock['timer'] = (ms, fire) => clock.timer(ms, fire)
  return { now, steady: now, timer, sleep: (ms, signal) => sleepOn({ timer }, ms, signal) }
}

/** Somebody who is there to be read and written, whatever the seed made of the practice. */
function anyPatient({ truth }: Simulator, practice: number): string {
  for (const { patientid, status } of truth.records(practice, 'patients', 'alone')) {
    if (status === 'active') return String(patientid)
  }
  throw new Error('the practice has no active patient')
}

interface Sent extends DrillCall {
  readonly id: string
  readonly practice: number
  readonly patient: string
}

function send(way: GuardedWay | undefined, { id, patient, kind, priority, waitMs, ...sent }: Sent): Promise<unknown> {
  if (!way) throw new Error('there is no such process')
  const practice = way.process.upstream.practice(sent.practice)
  const context = { purpose: `drill.${kind}`, priority, ...(waitMs === undefined ? {} : { waitMs }) }
  const options = { requestId: id, context }
  if (kind === 'read') return practice.patients.get(patient, {}, options)
  if (kind === 'write') return practice.patients.update(patient, { city: 'Salem', departmentid: 1 }, options)
  return practice.feeds.patients.drainPage({ limit: 5 }, options)
}

const wentWell = { code: 'ok' } as const

function endOf(error: unknown): Pick<DrillOutcome, 'code' | 'until'> {
  if (isAegisError(error, 'quota.day-exhausted')) return { code: error.code, until: Number(error.detail['until']) }
  if (isAthenaError(error) || isAegisError(error) || error instanceof ProcessDied) return { code: error.code }
  return { code: `thrown: ${error instanceof Error ? error.message : String(error)}` }
}
