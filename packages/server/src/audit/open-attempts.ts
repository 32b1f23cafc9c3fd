import { closeAttempts, type CloseOrphansDeps } from './close-orphans.ts'
import * as table from './audit.sql.ts'
import type { AuditEvent } from './entry.ts'

export interface OpenAttemptsDeps extends CloseOrphansDeps {
  /** The newest id given out. */
  readonly lastId: () => string
}

/** How often it is written down up to where attempts are settled: a recovery has to look through what is newer. */
const settleEveryMs = 10_000
/** Longer than a statement may run: by then a commit that nobody waits for any more has happened, or never will. */
const doubtMs = 60_000

/**
 * This writer's attempts that have no outcome yet, and a mark in the database before which there are none. Attempts whose
 * own or whose outcome's writing failed may stand in the log all the same: they are closed as `unknown` once the
 * database is back.
 */
export class OpenAttempts {
  readonly #deps: OpenAttemptsDeps
  /** In the order of their ids. */
  readonly #open = new Map<string, AuditEvent>()
  /** The oldest attempt of which it is not known whether it stands in the log without an outcome. */
  #doubtFrom: string | undefined
  /** Of the steady clock, as all times here: how long a commit may be under way has nothing to do with what a clock shows. */
  #doubtUntil = Number.NEGATIVE_INFINITY
  #registered: Promise<void> | undefined
  #settling: Promise<void> | undefined
  #settledAt: number

  constructor(deps: OpenAttemptsDeps) {
    this.#deps = deps
    this.#settledAt = deps.clock.steady()
  }

  /** Makes the writer known before its first attempt: a recovery must know whose attempts to look for. */
  register(): Promise<void> {
    this.#registered ??= this.#writeMark().catch((error: unknown) => {
      this.#registered = undefined
      throw error
    })
    return this.#registered
  }

  /** To be called with an id in the turn that made it. */
  open(id: string, event: AuditEvent): void {
    this.#open.set(id, event)
  }

  get(id: string): AuditEvent | undefined {
    return this.#open.get(id)
  }

  /** Its outcome is durable. */
  close(id: string): void {
    this.#open.delete(id)
    this.#settleNowAndThen()
  }

  /** The attempt, or its outcome, may be in the log or not. */
  doubt(id: string): void {
    this.#open.delete(id)
    if (this.#doubtFrom === undefined || id < this.#doubtFrom) this.#doubtFrom = id
    this.#doubtUntil = this.#deps.clock.steady() + doubtMs
  }

  /**
   * Closes what is in doubt and takes the writer off the list; with attempts open it stays there for a recovery. Nothing
   * may be on its way to the log any more.
   */
  async stop(): Promise<void> {
    await this.#settling
    if (!this.#registered) return
    try {
      this.#doubtUntil = Number.NEGATIVE_INFINITY
      await this.#settle()
      if (!this.#open.size) await this.#deps.db.control((tx) => table.removeWriter(tx, this.#deps.writerId))
    } catch {
      // The database is gone: the next recovery does it.
    }
  }

  #settleNowAndThen(): void {
    const now = this.#deps.clock.steady()
    if (this.#settling || now - this.#settledAt < settleEveryMs) return
    this.#settledAt = now
    this.#settling = this.#settle()
      .catch(() => undefined) // tried again after the next attempts; until then a recovery has more to look through
      .finally(() => {
        this.#settling = undefined
      })
  }

  async #settle(): Promise<void> {
    const from = this.#doubtFrom
    if (from !== undefined && this.#deps.clock.steady() >= this.#doubtUntil) {
      const range = { writer: this.#deps.writerId, from, to: this.#deps.lastId(), except: [...this.#open.keys()] }
      await closeAttempts(this.#deps, range)
      if (this.#doubtFrom === from) this.#doubtFrom = undefined
    }
    await this.#writeMark()
  }

  async #writeMark(): Promise<void> {
    const [oldest] = this.#open.keys()
    const marks = [oldest, this.#doubtFrom, this.#deps.lastId()].filter((id) => id !== undefined).sort()
    const { db, writerId } = this.#deps
    await db.control((tx) => table.settleWriter(tx, writerId, marks[0] ?? ''))
  }
}
