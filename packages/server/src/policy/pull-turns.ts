import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import type { Log } from '../log/log.ts'
import { PullLine } from './pull-line.ts'

export interface TurnDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  /** Names this process; its turns end when another one takes over its home. */
  readonly holder: string
}

export interface TurnRequest {
  readonly practice: number
  /** How long to wait at most, in ms. */
  readonly patienceMs: number
  /** Gives up waiting; the promise rejects with the signal's reason. */
  readonly signal: AbortSignal
}

/** A practice's turn to be asked for a large pull: nobody else has it meanwhile. */
export interface Turn {
  /**
   * Aborts with `quota.timeout` when it was lost: the process stood still, or the database was away for long. That concerns
   * the call alone, which may be made again: the work that it is for is still its holder's.
   */
  readonly lost: AbortSignal
  /** To be called when the answer is there, or will not come. Never throws. */
  end(): Promise<void>
}

/**
 * Large pulls of one practice, of whatever feeds and processes, burden the same tables upstream: they go one after another,
 * and `spacingMs` apart. Within the process they go in the order in which they came.
 */
export class PullTurns {
  readonly #deps: TurnDeps
  readonly #spacingMs: number
  readonly #lines = new Map<number, PullLine>()

  constructor(deps: TurnDeps, spacingMs: number) {
    this.#deps = deps
    this.#spacingMs = spacingMs
  }

  /** Waits for the practice's turn. Rejects with `quota.timeout` when it takes too long, or with what the database throws. */
  take({ practice, ...wait }: TurnRequest): Promise<Turn> {
    const line = this.#lines.get(practice) ?? this.#begin(practice)
    return line.join(wait)
  }

  #begin(practice: number): PullLine {
    const line = new PullLine(this.#deps, {
      practice,
      spacingMs: this.#spacingMs,
      onEmpty: () => this.#lines.delete(practice),
    })
    this.#lines.set(practice, line)
    return line
  }
}
