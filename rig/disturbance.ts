import type { Db } from '../packages/server/src/db/db.ts'
import { AegisError } from '../packages/server/src/errors/aegis-error.ts'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'
import type { FailpointLifeName } from './failpoint-life.ts'

/**
 * What happens at the chosen point. `kill`: the process ends there and another one goes on. `fail`: the step fails for a
 * reason nobody foresaw. `pause`: the holder stands still past its lease, another one works, and then it wakes up.
 */
export const failpointModes = ['kill', 'fail', 'pause'] as const
export type FailpointMode = (typeof failpointModes)[number]

export interface FailpointRun {
  readonly life: FailpointLifeName
  readonly mode: FailpointMode
  /**
   * Which passing of any point, from 1 on, or the first one of a place (`sync.intent-open of patients in minute 6`); one that
   * the life does not reach leaves it undisturbed.
   */
  readonly at: number | string
}

/** What a step fails with that fails for no known reason. */
export const unforeseen = 'a failure that nobody foresaw'

/** Points inside of a transaction: who stands still there keeps the others waiting, and nothing can be seen of it. */
const insideTransaction: ReadonlySet<string> = new Set([
  'sync.before-applied',
  'sync.before-intent-closed',
  'sync.before-judged',
])

/** Meets every failpoint of a life, and disturbs it at one. */
export class Disturbance {
  readonly #run: FailpointRun
  readonly #awake = Promise.withResolvers<void>()
  readonly #asleep = Promise.withResolvers<void>()
  #woken = false
  /** Place → number of its first passing. */
  readonly firsts = new Map<string, number>()
  passed = 0
  /** Every point that was passed. */
  readonly points = new Set<string>()
  #feed: FeedName = 'departments'
  #round = 0
  where: string | undefined
  /** What was being worked on where it was disturbed. */
  feed: FeedName = 'departments'
  isAsleep = false
  /** Whether the process has ended, and no other one begun. */
  isDead = false

  constructor(run: FailpointRun) {
    this.#run = run
  }

  /** Settles when a holder stands still; never once it is awake again. */
  get sleeping(): Promise<void> {
    return this.#woken ? new Promise(() => undefined) : this.#asleep.promise
  }

  /** What is being worked on. */
  at(feed: FeedName, round: number): void {
    this.#feed = feed
    this.#round = round
  }

  /** A database in which a dead process has no part: what it would have written after its end was not written. */
  mortal(db: Db): Db {
    const alive = <T>(begin: () => Promise<T>): Promise<T> => (this.isDead ? Promise.reject(killed()) : begin())
    return {
      practice: (practice, work) => alive(() => db.practice(practice, work)),
      control: (work) => alive(() => db.control(work)),
      audit: (work) => alive(() => db.audit(work)),
    }
  }

  /** Another process begins. */
  revive(): void {
    this.isDead = false
  }

  async meet(name: string): Promise<void> {
    if (this.isDead) throw killed()
    this.passed += 1
    this.points.add(name)
    const place = `${name} of ${this.#feed} in minute ${this.#round}`
    if (!this.firsts.has(place)) this.firsts.set(place, this.passed)
    const { at } = this.#run
    if (typeof at === 'string' ? this.where !== undefined || place !== at : this.passed !== at) return
    this.where = place
    this.feed = this.#feed
    if (this.#run.mode === 'kill') {
      this.isDead = true
      throw killed()
    }
    if (this.#run.mode === 'fail') throw new Error(unforeseen)
    if (insideTransaction.has(name) || this.#woken) return
    this.isAsleep = true
    this.#asleep.resolve()
    await this.#awake.promise
  }

  wake(): void {
    this.#woken = true
    this.isAsleep = false
    this.#awake.resolve()
  }
}

/** The one failure that nothing in sync records, mends or goes on after. */
const killed = (): AegisError => new AegisError('db.unavailable', { reason: 'killed' })
