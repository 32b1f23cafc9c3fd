import type { Clock } from '../clock/clock.ts'
import { AegisError } from '../errors/aegis-error.ts'

/** A database that is there answers within milliseconds. */
const ANSWER_MS = 2_000

/**
 * What is asked of the database, never twice at a time: a question without an answer may be answered yet, and what was done
 * for it counts then. Meanwhile nobody waits for it.
 */
export class OneAnswer<T> {
  readonly #machine: Pick<Clock, 'timer'>
  #asked: { readonly answer: Promise<T>; readonly inTime: Promise<T> } | undefined

  constructor(machine: Pick<Clock, 'timer'>) {
    this.#machine = machine
  }

  get isPending(): boolean {
    return this.#asked !== undefined
  }

  /** What `ask` resolves to, or what was asked before and is not answered yet. Rejects after two seconds: `db.unavailable`. */
  get(ask: () => Promise<T>): Promise<T> {
    this.#asked ??= this.#ask(ask)
    return this.#asked.inTime
  }

  /** Resolves when nothing is asked any more: to whether there was an answer to what was being asked. */
  async settled(): Promise<boolean> {
    const yes = () => true
    const no = () => false
    return this.#asked ? this.#asked.answer.then(yes, no) : false
  }

  #ask(ask: () => Promise<T>) {
    const late = Promise.withResolvers<never>()
    const timer = this.#machine.timer(ANSWER_MS, () => late.reject(new AegisError('db.unavailable')))
    const answer = ask().finally(() => {
      timer.cancel()
      this.#asked = undefined
    })
    return { answer, inTime: Promise.race([answer, late.promise]) }
  }
}
