import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import type { Db, Tx } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { Sealing } from '../sealing/sealing.ts'
import * as table from './audit.sql.ts'
import { closeOrphans, type CloseOrphansDeps } from './close-orphans.ts'
import {
  type AuditEvent,
  checkEvent,
  checkFacts,
  type EntryOutcome,
  entryVersion,
  type EventFacts,
  upstreamId,
} from './entry.ts'
import { entryIds } from './entry-id.ts'
import { GroupCommit } from './group-commit.ts'
import { OpenAttempts } from './open-attempts.ts'
import { sealDetail } from './sealed-detail.ts'

export interface AuditDeps {
  readonly db: Db
  readonly sealing: Sealing
  readonly clock: Clock
  readonly random: Random
}

/** Links an outcome to its attempt. */
export type AttemptId = string & { readonly attempt: true }

/** How an attempt ended, and what became known with it. */
export interface AttemptOutcome extends EventFacts {
  readonly outcome: EntryOutcome
}

/**
 * The append-only audit log. Whatever resolves is durable. Whatever cannot be written throws `audit.unavailable`, and the
 * caller must not go on: no call upstream without its attempt, no byte of PHI to anyone without its outcome.
 */
export interface Audit {
  /** The id of this writer among all processes: see `closeOrphans`. */
  readonly writerId: string
  /** Records that something is about to happen. Await it before anything leaves this process. */
  attempt(event: AuditEvent): Promise<AttemptId>
  /** Records how it ended; once. If it throws, the attempt is closed as `unknown` as soon as the log can be written. */
  outcome(attempt: AttemptId, outcome: AttemptOutcome): Promise<void>
  /** Records something that happens within Aegis in one entry; `success` unless said otherwise. */
  record(event: AuditEvent & { readonly outcome?: EntryOutcome }): Promise<void>
  /**
   * Records a local change in the transaction that makes it: both happen or neither. The transaction must be of the
   * event's practice (`db.practice`), or of control tables (`db.control`) with practice 0.
   */
  inTransaction(tx: Tx, event: AuditEvent): Promise<void>
  /**
   * Gives every attempt that other processes left without an outcome the outcome `unknown`, and says how many those
   * were. `live` names the writers that are still running; a sole instance gives none. Who began less than `youngMs` ago
   * (the installation's time; default 0) is left alone: commands and the doctor are on no list.
   */
  closeOrphans(live: readonly string[], options?: { readonly youngMs: number }): Promise<number>
  /** Waits for what is being written. Afterwards nothing may be appended. */
  stop(): Promise<void>
}

export function createAudit(deps: AuditDeps): Audit {
  return new OpenAudit(deps)
}

class OpenAudit implements Audit {
  readonly writerId: string
  readonly #deps: AuditDeps
  readonly #nextId: () => string
  readonly #commits: GroupCommit
  readonly #attempts: OpenAttempts
  readonly #recovery: CloseOrphansDeps
  #lastId: string
  #stopped = false

  constructor(deps: AuditDeps) {
    const { db, clock, random } = deps
    this.#deps = deps
    this.#nextId = entryIds(clock, random)
    this.writerId = random.uuid()
    this.#lastId = this.#nextId()
    this.#recovery = { db, clock, writerId: this.writerId, nextId: () => this.#takeId() }
    this.#attempts = new OpenAttempts({ ...this.#recovery, lastId: () => this.#lastId })
    this.#commits = new GroupCommit({ clock, write: (rows) => db.audit((tx) => table.appendEntries(tx, rows)) })
  }

  async attempt(event: AuditEvent): Promise<AttemptId> {
    checkEvent(event)
    await this.#attempts.register().catch(refuse)
    const id = this.#takeId()
    this.#attempts.open(id, event)
    await this.#append(event, { id, outcome: 'attempt' })
    await failpoint('audit.after-attempt')
    return id as AttemptId // the one place where attempts are made
  }

  async outcome(attempt: AttemptId, { outcome, ...facts }: AttemptOutcome): Promise<void> {
    const event = this.#attempts.get(attempt)
    if (!event) throw new AegisError('audit.invalid-entry', { field: 'attempt' })
    checkFacts(facts)
    await failpoint('audit.before-outcome')
    await this.#append({ ...event, ...facts }, { id: this.#takeId(), attempt, outcome })
    this.#attempts.close(attempt)
  }

  async record({ outcome = 'success', ...event }: AuditEvent & { outcome?: EntryOutcome }): Promise<void> {
    checkEvent(event)
    await this.#append(event, { id: this.#takeId(), outcome })
  }

  async inTransaction(tx: Tx, event: AuditEvent): Promise<void> {
    checkEvent(event)
    // A practice's keys are read through its own transaction; the role of control tables cannot read them.
    const through = event.practice === 0 ? undefined : tx
    const keys = hasDetail(event) ? await this.#deps.sealing.practice(through, event.practice) : undefined
    await table.appendEntries(tx, [this.#row(keys, event, { id: this.#takeId(), outcome: 'success' })])
  }

  closeOrphans(live: readonly string[], { youngMs } = { youngMs: 0 }): Promise<number> {
    return closeOrphans(this.#recovery, { live: [...live, this.writerId], youngMs })
  }

  async stop(): Promise<void> {
    await this.#commits.settled()
    await this.#attempts.stop()
    this.#stopped = true
  }

  #takeId(): string {
    if (this.#stopped) throw new AegisError('audit.unavailable', { reason: 'stopped' })
    this.#lastId = this.#nextId()
    return this.#lastId
  }

  async #append(event: AuditEvent, entry: EntryKind): Promise<void> {
    try {
      const keys = hasDetail(event) ? await this.#deps.sealing.practice(undefined, event.practice) : undefined
      await this.#commits.append(this.#row(keys, event, entry))
    } catch (error) {
      const attempt = entry.outcome === 'attempt' ? entry.id : entry.attempt
      if (attempt) this.#attempts.doubt(attempt)
      refuse(error)
    }
  }

  #row(keys: PracticeKeys | undefined, event: AuditEvent, entry: EntryKind): table.EntryRow {
    return {
      practice_id: event.practice,
      id: entry.id,
      attempt_id: entry.attempt ?? null,
      writer_id: this.writerId,
      occurred_ms: this.#deps.clock.now(),
      type: event.type,
      subtype: event.subtype,
      action: event.action,
      outcome: entry.outcome,
      actor_kind: event.actor.kind,
      actor_id: event.actor.id,
      purpose: event.purpose ?? null,
      entity: event.entity ?? null,
      patients: patientsOf(keys, event),
      record_count: event.records ?? null,
      route: event.route ?? null,
      request_id: event.requestId ?? null,
      code: event.code ?? null,
      peer: event.peer ?? null,
      upstream_request_id: upstreamId(event.upstreamRequestId),
      detail: keys ? sealDetail(keys, entry.id, event).toString('base64') : null,
      version: entryVersion,
    }
  }
}

interface EntryKind {
  readonly id: string
  readonly outcome: EntryOutcome | 'attempt'
  readonly attempt?: AttemptId
}

function hasDetail(event: EventFacts): boolean {
  return event.detail !== undefined || (event.patientIds?.length ?? 0) > 0
}

function patientsOf(keys: PracticeKeys | undefined, event: EventFacts): Pseudonym[] {
  const patients = new Set(event.patients)
  if (keys) for (const id of event.patientIds ?? []) patients.add(keys.pseudonym('patient', id))
  return [...patients]
}

/** Whatever keeps an entry from being written is the same to the caller. */
function refuse(error: unknown): never {
  if (isAegisError(error, 'audit.unavailable')) throw error
  const reason = isAegisError(error) ? error.code : 'unexpected'
  throw new AegisError('audit.unavailable', { reason }, { cause: error })
}
