import type { Clock } from '../clock/clock.ts'
import { type Permission, type PermissionRequest, refusal, type Spender } from './permission.ts'
import type { Priority } from './priorities.ts'
import type { Waiting } from './waiting-line.ts'

/** The longest wait of a caller that named none: whoever waits longer is better told so. */
const DEADLINE_MS = 600_000

export interface WaiterEvents {
  readonly clock: Clock
  resolve(permission: Permission): void
  reject(reason: unknown): void
  /** The waiter gives up by itself and has to be taken out of the line. */
  left(): void
  /** How long it would wait if it asked again, in ms. */
  waitMs(): number
}

/** One caller that waits for a permission, until it is served, refused, cancelled or past its deadline. */
export class Waiter implements Waiting {
  readonly priority: Priority
  readonly practice: number
  readonly caller: string | undefined
  /** Whose call it is. */
  readonly spender: Spender
  /** When it began to wait, of the steady clock. */
  readonly since: number
  readonly #events: WaiterEvents
  readonly #signal: AbortSignal | undefined
  readonly #timer: { cancel(): void }
  readonly #abort = () => this.#giveUp(this.#signal?.reason)

  constructor(request: PermissionRequest, events: WaiterEvents) {
    this.priority = request.priority
    this.practice = request.practice
    this.caller = request.caller
    const { practice, priority, dayPriority = priority, work, caller } = request
    this.spender = {
      practice,
      priority: dayPriority,
      ...(work !== undefined && { work }),
      ...(caller !== undefined && { caller }),
    }
    this.since = events.clock.steady()
    this.#events = events
    this.#signal = request.signal
    this.#signal?.addEventListener('abort', this.#abort, { once: true })
    const deadlineMs = request.deadlineMs ?? DEADLINE_MS
    this.#timer = events.clock.timer(deadlineMs, () => this.#giveUp(refusal('quota.timeout', events.waitMs())))
  }

  serve(permission: Permission): void {
    this.#settle()
    this.#events.resolve(permission)
  }

  refuse(reason: unknown): void {
    this.#settle()
    this.#events.reject(reason)
  }

  #giveUp(reason: unknown): void {
    this.#events.left()
    this.refuse(reason)
  }

  #settle(): void {
    this.#timer.cancel()
    this.#signal?.removeEventListener('abort', this.#abort)
  }
}
