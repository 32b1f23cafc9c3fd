const dayMs = 86_400_000
const minuteMs = 60_000

/** The busiest any window of a fixed length has been, wherever it starts. Refused arrivals count too. */
class BusiestWindow {
  readonly #lengthMs: number
  readonly #arrivals: number[] = []
  #head = 0
  most = 0

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  arrive(at: number): void {
    this.#arrivals.push(at)
    while ((this.#arrivals[this.#head] ?? at) <= at - this.#lengthMs) this.#head += 1
    this.most = Math.max(this.most, this.#arrivals.length - this.#head)
    // Compacting half at a time keeps the cost of an arrival constant on average.
    if (this.#head > 1024 && this.#head * 2 > this.#arrivals.length) {
      this.#arrivals.splice(0, this.#head)
      this.#head = 0
    }
  }
}

class BusiestPeriod {
  readonly #periodMs: number
  readonly counts = new Map<number, number>()

  constructor(periodMs: number) {
    this.#periodMs = periodMs
  }

  arrive(at: number): void {
    const period = Math.floor(at / this.#periodMs)
    this.counts.set(period, (this.counts.get(period) ?? 0) + 1)
    // A long run keeps the last year of days or the last hours of minutes; the maximum is kept for ever.
    if (this.counts.size > 400) this.counts.delete(this.counts.keys().next().value ?? 0)
    this.most = Math.max(this.most, this.counts.get(period) ?? 0)
  }

  most = 0
}

interface AppRates {
  readonly second: BusiestWindow
  readonly day: BusiestPeriod
  readonly minute: BusiestPeriod
}

/** Consuming reads of one app, practice and feed. */
interface Drain {
  startedAt: number
  starts: number
  minimumMs: number | undefined
  /** The last page was full, so the next read belongs to the same drain. */
  goesOn: boolean
}

export interface WindowsReport {
  readonly apps: Readonly<
    Record<
      string,
      {
        /** Most API requests in any sliding second. */
        readonly perSecond: number
        /** Most API requests in a GMT day, and the count of each day (`YYYY-MM-DD`). */
        readonly perDay: number
        readonly days: Readonly<Record<string, number>>
        /** Most token requests in a clock minute. */
        readonly tokensPerMinute: number
      }
    >
  >
  readonly drains: readonly {
    readonly app: string
    readonly practice: number
    readonly feed: string
    readonly starts: number
    /** Smallest distance between the starts of two drains, ms; absent with fewer than two. */
    readonly minimumMs?: number
  }[]
}

/** Measures what callers really did, as opposed to what they meant to: the judge of rate limits and polling rules. */
export class RateWitness {
  readonly #apps = new Map<string, AppRates>()
  readonly #drains = new Map<string, Drain & { app: string; practice: number; feed: string }>()

  call(app: string, at: number): void {
    const { second, day } = this.#of(app)
    second.arrive(at)
    day.arrive(at)
  }

  token(app: string, at: number): void {
    this.#of(app).minute.arrive(at)
  }

  /** Notes a consuming read. Pages of one drain follow each other until one is not full. */
  consume(read: { app: string; practice: number; feed: string; at: number; isFull: boolean }): void {
    const { app, practice, feed, at, isFull } = read
    const key = `${practice} ${feed} ${app}`
    const drain = this.#drains.get(key)
    if (drain === undefined) {
      this.#drains.set(key, { app, practice, feed, startedAt: at, starts: 1, minimumMs: undefined, goesOn: isFull })
      return
    }
    if (!drain.goesOn) {
      drain.minimumMs = Math.min(drain.minimumMs ?? Infinity, at - drain.startedAt)
      drain.startedAt = at
      drain.starts += 1
    }
    drain.goesOn = isFull
  }

  /** The last page of a feed was sent as long as was asked for, though less was taken, or nothing: its reader goes on. */
  goOn({ app, practice, feed }: { app: string; practice: number; feed: string }): void {
    const drain = this.#drains.get(`${practice} ${feed} ${app}`)
    if (drain !== undefined) drain.goesOn = true
  }

  report(): WindowsReport {
    const apps: Record<string, WindowsReport['apps'][string]> = {}
    for (const [app, { second, day, minute }] of this.#apps) {
      const days = [...day.counts].map(([number, count]) => [
        new Date(number * dayMs).toISOString().slice(0, 10),
        count,
      ])
      apps[app] = {
        perSecond: second.most,
        perDay: day.most,
        days: Object.fromEntries(days),
        tokensPerMinute: minute.most,
      }
    }
    const drains = [...this.#drains.values()].map(({ app, practice, feed, starts, minimumMs }) => ({
      app,
      practice,
      feed,
      starts,
      ...(minimumMs !== undefined && { minimumMs }),
    }))
    return { apps, drains }
  }

  #of(app: string): AppRates {
    let rates = this.#apps.get(app)
    if (rates === undefined) {
      rates = { second: new BusiestWindow(1000), day: new BusiestPeriod(dayMs), minute: new BusiestPeriod(minuteMs) }
      this.#apps.set(app, rates)
    }
    return rates
  }
}
