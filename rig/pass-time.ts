import type { Db } from '../packages/server/src/db/db.ts'
import type { MirroredPractice } from '../packages/server/testing/mirrored-practice.ts'

/** How far time moves whenever nothing but time is waited for. */
const stepMs = 1_000
/** Turns of the event loop without work in the database after which only time can bring anything on. */
const quietTurns = 12
/** No work of sync waits longer for anything, virtual ms: every call has a deadline. */
const waitMsMax = 3_600_000

/** Lets virtual time pass while work waits for nothing else, so that time-outs and slow answers run in moments. */
export class PassingTime {
  readonly #mirrored: MirroredPractice
  #working = 0
  #worked = (): void => undefined

  constructor(mirrored: MirroredPractice) {
    this.#mirrored = mirrored
    const { db } = mirrored.deps
    const watched: Db = {
      practice: (practice, work) => this.#watch(db.practice(practice, work)),
      control: (work) => this.#watch(db.control(work)),
      audit: (work) => this.#watch(db.audit(work)),
    }
    mirrored.deps = { ...mirrored.deps, db: watched }
  }

  /** Waits for `work`, moving time whenever it stands. Throws when an hour of it brings nothing. */
  async pass<T>(work: Promise<T>): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    work.then(settle, settle)
    for (let waitedMs = 0; ; waitedMs += stepMs) {
      await this.#quiet(() => settled)
      if (settled) return work
      if (waitedMs > waitMsMax) throw new Error('an hour passed and nothing came of it')
      await this.#mirrored.advance(stepMs)
    }
  }

  async #watch<T>(work: Promise<T>): Promise<T> {
    this.#working += 1
    return work.finally(() => {
      this.#working -= 1
      this.#worked()
    })
  }

  /** Until nothing is done any more in the database, and nothing begins for some turns of the event loop. */
  async #quiet(isOver: () => boolean): Promise<void> {
    for (let turns = 0; turns < quietTurns && !isOver(); turns += 1) {
      if (this.#working > 0) {
        // Turning meanwhile would take the processor from the database.
        await new Promise<void>((resolve) => {
          this.#worked = resolve
        })
        turns = 0
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
