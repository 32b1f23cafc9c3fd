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
  #pending: readonly { readonly order: Order; readonly activeAt: number }[] = []
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
    this.#pending = [...this.#pending, { order, activeAt: now + this.#options.lagMs }]
  }

  /** Takes events, or all when undefined, out of the order at once, and out of those that are still to take effect. */
  lose(names: readonly string[] | undefined, now: number): void {
    const without = ({ events, departments }: Order): Order => ({
      events: new Set(names === undefined ? [] : [...events].filter((name) => !names.includes(name))),
      departments,
    })
    this.#active = without(this.activeAt(now))
    this.#wanted = without(this.#wanted)
    this.#pending = this.#pending.map(({ order, activeAt }) => ({ order: without(order), activeAt }))
    if (this.#active.events.size === 0) this.#options.onEnd()
  }

  /** The order in effect at `now`, which is not before earlier calls. */
  activeAt(now: number): Order {
    for (;;) {
      const next = this.#pending[0]
      if (next === undefined || next.activeAt > now) return this.#active
      this.#pending = this.#pending.slice(1)
      this.#active = next.order
      if (this.#active.events.size === 0) this.#options.onEnd()
    }
  }
}
