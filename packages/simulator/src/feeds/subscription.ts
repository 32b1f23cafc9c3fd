/** What an app is subscribed to: events, and the departments they must concern (all when undefined). */
export interface Order {
  readonly events: ReadonlySet<string>
  readonly departments: ReadonlySet<string> | undefined
}

export interface SubscriptionOptions {
  /** Until a change takes effect, virtual ms. */
  readonly lagMs: number
  /** Called when an order without events takes effect, before any later one does. */
  readonly onEnd: () => void
}

const nothing: Order = { events: new Set(), departments: undefined }

/**
 * One app's subscription to one feed of one practice. A change takes effect after a lag, as at athenahealth, where it
 * takes up to 15 minutes; changes made meanwhile build on each other.
 */
export class FeedSubscription {
  readonly #options: SubscriptionOptions
  readonly #pending: { readonly order: Order; readonly activeAt: number }[] = []
  #active = nothing
  #wanted = nothing

  constructor(options: SubscriptionOptions) {
    this.#options = options
  }

  /** The order as it will be once every change has taken effect. */
  get wanted(): Order {
    return this.#wanted
  }

  /** Asks for another order; it is active from `now` + lag on. */
  change(order: Order, now: number): void {
    this.#wanted = order
    this.#pending.push({ order, activeAt: now + this.#options.lagMs })
  }

  /** The order in effect at `now`, which is not before earlier calls. */
  activeAt(now: number): Order {
    while (this.#pending[0] !== undefined && this.#pending[0].activeAt <= now) {
      this.#active = this.#pending.shift()?.order ?? nothing
      if (this.#active.events.size === 0) this.#options.onEnd()
    }
    return this.#active
  }
}
