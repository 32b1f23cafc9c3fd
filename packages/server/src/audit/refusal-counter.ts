import type { Clock } from '../clock/clock.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import type { Log } from '../log/log.ts'
import type { Audit } from './audit.ts'
import type { AuditEvent } from './entry.ts'

/** Somebody was turned away. */
export interface Refusal extends Pick<AuditEvent, 'type' | 'subtype' | 'actor' | 'entity' | 'route' | 'peer'> {
  readonly code: ErrorCode
}

/** How many were turned away by this process, by reason. */
export interface RefusalFigures {
  readonly sinceStart: ReadonlyMap<ErrorCode, number>
  readonly lastHour: ReadonlyMap<ErrorCode, number>
}

/**
 * Writes refusals down so that nobody can fill the audit log with them: the first of a kind at once, and those that follow as
 * their number, once a minute. Whoever is refused causes no more than that, however often he asks.
 */
export interface RefusalCounter {
  /** Resolves when it is counted, the first of a kind when it is durable or cannot be; never rejects. */
  note(refusal: Refusal): Promise<void>
  figures(): RefusalFigures
  /** Writes what was counted. Afterwards nothing may be noted. */
  stop(): Promise<void>
}

export interface RefusalDeps {
  readonly audit: Pick<Audit, 'record'>
  /** The machine's: what is lost with a killed process is a minute of it. */
  readonly clock: Clock
  readonly log: Log
}

/** Numbers are written so often. */
const everyMs = 60_000
const hourMinutes = 60
/** Kinds that have an entry of their own each minute; what comes beyond is told together, by its reason alone. */
const kindsMax = 60

export function createRefusalCounter(deps: RefusalDeps): RefusalCounter {
  return new Counter(deps)
}

interface Kind {
  readonly refusal: Refusal
  /** Noted and not written yet. */
  more: number
  timer: { cancel(): void } | undefined
}

class Counter implements RefusalCounter {
  readonly #deps: RefusalDeps
  readonly #kinds = new Map<string, Kind>()
  readonly #sinceStart = new Map<ErrorCode, number>()
  /** The last hour, by minutes of the clock. */
  readonly #minutes = new Map<number, Map<ErrorCode, number>>()

  constructor(deps: RefusalDeps) {
    this.#deps = deps
  }

  note(refusal: Refusal): Promise<void> {
    this.#count(refusal.code)
    const isKnown = this.#kinds.has(keyOf(refusal))
    const told = isKnown || this.#kinds.size < kindsMax ? refusal : withoutDetail(refusal)
    const key = keyOf(told)
    const known = this.#kinds.get(key)
    if (known) {
      known.more += 1
      return Promise.resolve()
    }
    const kind: Kind = { refusal: told, more: 1, timer: undefined }
    this.#kinds.set(key, kind)
    this.#wait(key, kind)
    return this.#write(kind)
  }

  figures(): RefusalFigures {
    this.#forget()
    const lastHour = new Map<ErrorCode, number>()
    for (const minute of this.#minutes.values()) for (const [code, count] of minute) add(lastHour, code, count)
    return { sinceStart: this.#sinceStart, lastHour }
  }

  async stop(): Promise<void> {
    const kinds = [...this.#kinds.values()]
    this.#kinds.clear()
    for (const { timer } of kinds) timer?.cancel()
    await Promise.all(kinds.map((kind) => this.#write(kind)))
  }

  #count(code: ErrorCode): void {
    this.#forget()
    const minute = this.#minute()
    const counts = this.#minutes.get(minute) ?? new Map<ErrorCode, number>()
    this.#minutes.set(minute, counts)
    add(counts, code, 1)
    add(this.#sinceStart, code, 1)
  }

  #minute(): number {
    return Math.floor(this.#deps.clock.steady() / everyMs)
  }

  #forget(): void {
    const first = this.#minute() - hourMinutes
    for (const minute of this.#minutes.keys()) if (minute <= first) this.#minutes.delete(minute)
  }

  /** A kind of which nothing came for a minute is forgotten: the next one of it is written at once again. */
  #wait(key: string, kind: Kind): void {
    kind.timer = this.#deps.clock.timer(everyMs, () => {
      if (kind.more === 0) {
        this.#kinds.delete(key)
        return
      }
      this.#wait(key, kind)
      void this.#write(kind)
    })
  }

  /** What cannot be written is told with the next ones. */
  async #write(kind: Kind): Promise<void> {
    const { refusal, more } = kind
    if (more === 0) return
    kind.more = 0
    try {
      await this.#deps.audit.record({ practice: 0, action: 'E', ...refusal, outcome: 'failure', records: more })
    } catch (error) {
      kind.more += more
      this.#deps.log.error('audit.refusals-unwritten', error)
    }
  }
}

/** Of each kind there is one entry a minute; its parts come from tables, but for the actor. */
function keyOf({ type, subtype, actor, entity, route, peer, code }: Refusal): string {
  return JSON.stringify([type, subtype, actor.kind, actor.id, entity, route, peer, code])
}

function withoutDetail({ type, subtype, code }: Refusal): Refusal {
  return { type, subtype, code, actor: { kind: 'caller', id: 'several' } }
}

function add(counts: Map<ErrorCode, number>, code: ErrorCode, more: number): void {
  counts.set(code, (counts.get(code) ?? 0) + more)
}
