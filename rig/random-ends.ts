import type { Db } from '../packages/server/src/db/db.ts'
import { AegisError } from '../packages/server/src/errors/aegis-error.ts'
import { setFailpointHook } from '../packages/server/src/failpoints/failpoint.ts'
import type { Draw } from './draw.ts'
import type { RunContext } from './run-context.ts'

/** Ends the process at failpoints that the seed picks: at that one, and at every later one until another process begins. */
export class RandomEnds {
  readonly #draw: Draw
  #left = 0
  #stopped = false
  isDead = false
  count = 0

  constructor(context: RunContext, draw: Draw) {
    this.#draw = draw
    context.after(setFailpointHook(() => this.#meet()))
  }

  /** At the beginning of a round: it may be the last of its process. */
  begin(): void {
    this.#left = this.#draw.chance(0.25) ? this.#draw.between(1, 25) : 0
  }

  /** Another process has begun. */
  revive(): void {
    this.isDead = false
    this.#left = 0
  }

  stop(): void {
    this.#stopped = true
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

  #meet(): void {
    if (!this.isDead) {
      if (this.#left === 0 || this.#stopped) return
      this.#left -= 1
      if (this.#left > 0) return
      this.isDead = true
      this.count += 1
    }
    throw killed()
  }
}

const killed = (): AegisError => new AegisError('db.unavailable', { reason: 'killed' })
