import type { Clock } from '../clock/clock.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { EntryRow } from './audit.sql.ts'

export interface GroupCommitDeps {
  readonly clock: Clock
  /** Appends rows in one transaction; resolves when they are durable. */
  readonly write: (rows: readonly EntryRow[]) => Promise<void>
}

/** Rows of one commit. More make the statement longer than the commit they save. */
const batchMax = 1_000
/** Callers that may wait at the same time; beyond, the log is overrun and nobody else may start work. */
const waitingMax = 20_000
/** The longest a caller waits. Whoever gives up must not go on; the entry may still be written, as an orphan. */
const timeoutMs = 5_000
/** Commits under way at the same time: one waits for the disk while the next is sent. */
const commitsMax = 2

interface Waiting {
  readonly row: EntryRow
  /** Lets the caller go on, or fail with `error`. */
  readonly done: (error?: AegisError) => void
}

/**
 * Makes rows durable, many callers' in one commit: while one commit runs, the next batch gathers. Every failure is
 * `audit.unavailable`.
 */
export class GroupCommit {
  readonly #deps: GroupCommitDeps
  readonly #waiting = new Set<Waiting>()
  #commits = 0
  #idle: (() => void)[] = []

  constructor(deps: GroupCommitDeps) {
    this.#deps = deps
  }

  /** Resolves when the row is durable. */
  append(row: EntryRow): Promise<void> {
    if (this.#waiting.size >= waitingMax) return Promise.reject(unavailable('too many waiting'))
    return new Promise((resolve, reject) => {
      const timer = this.#deps.clock.timer(timeoutMs, () => entry.done(unavailable('timeout')))
      const entry: Waiting = {
        row,
        done: (error) => {
          timer.cancel()
          this.#waiting.delete(entry)
          if (error === undefined) resolve()
          else reject(error)
        },
      }
      this.#waiting.add(entry)
      if (this.#commits < commitsMax) void this.#commitWaiting()
    })
  }

  /** Resolves when nothing is being written and nobody waits. */
  settled(): Promise<void> {
    if (!this.#commits) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  async #commitWaiting(): Promise<void> {
    this.#commits++
    await Promise.resolve() // callers of the same turn share the first commit
    while (this.#waiting.size) {
      const batch: Waiting[] = []
      for (const entry of this.#waiting) {
        if (batch.length >= batchMax) break
        batch.push(entry)
        this.#waiting.delete(entry)
      }
      await this.#commit(batch)
    }
    this.#commits--
    if (this.#commits) return
    for (const idle of this.#idle.splice(0)) idle()
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#deps.write(batch.map(({ row }) => row))
      for (const { done } of batch) done()
    } catch (error) {
      if (batch.length === 1 || isAegisError(error, 'db.unavailable')) {
        for (const { done } of batch) done(unavailable('not written', error))
        return
      }
      // One row that the table refuses must not fail the others.
      for (const entry of batch) await this.#commit([entry])
    }
  }
}

function unavailable(reason: string, cause?: unknown): AegisError {
  const because = isAegisError(cause) ? { because: cause.code } : {}
  return new AegisError('audit.unavailable', { reason, ...because }, { cause })
}
