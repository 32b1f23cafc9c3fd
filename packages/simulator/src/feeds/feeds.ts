import type { Practice, PracticeEvent } from '../practice/practice.ts'
import { ReplyError, type Reply, type Route, type RouteContext } from '../route.ts'
import { invalidEnum, notSubscribed, ok, success } from '../server/reply.ts'
import type { FallBackHour } from './eastern-time.ts'
import type { FeedRow } from './feed-table.ts'
import { Mailbox } from './mailbox.ts'
import { readFeed, type ReadPage } from './read-feed.ts'
import { FeedSubscription, type Order } from './subscription.ts'

export interface FeedsOptions {
  readonly table: readonly FeedRow[]
  /** Until a change of a subscription takes effect, virtual ms. */
  readonly activationLagMs: number
  /** How long processed messages can be asked for again, virtual ms. */
  readonly retentionMs: number
  readonly unreadRetentionMs: number
  readonly fallBackHour: FallBackHour
  /** Called for every page handed out. */
  readonly onPage: (page: ReadPage & { context: RouteContext; feed: string }) => void
}

/** A feed of a practice as one app has it. */
export interface AppsFeed {
  readonly practice: number
  readonly feed: string
  /** Client id. */
  readonly app: string
}

/** Records of a feed that an app has read. */
export interface Taken extends AppsFeed {
  readonly ids: readonly string[]
}

interface AppFeed {
  readonly row: FeedRow
  readonly subscription: FeedSubscription
  readonly mailbox: Mailbox
}

/**
 * The changed-data feeds of all practices. What happens while an app is not subscribed, or not yet, never reaches it.
 * When a subscription ends, what was waiting is gone (inferred). Marks belong to an app; apps do not see each other's.
 */
export class Feeds {
  readonly #options: FeedsOptions
  /** By practice and feed, then by client id. */
  readonly #feeds = new Map<string, Map<string, AppFeed>>()

  constructor(options: FeedsOptions) {
    this.#options = options
  }

  /** Listens to a practice's changes. */
  attach(practice: Practice): void {
    practice.onEvent((event) => this.#deliver(practice.id, event))
  }

  /** The routes of every feed in the table. */
  routes(): Route[] {
    return this.#options.table.flatMap((row): Route[] => {
      const subscription = `${row.path}/subscription`
      return [
        { method: 'GET', path: row.path, handle: (context) => this.#read(row, context) },
        { method: 'GET', path: `${subscription}/events`, handle: () => ok(eventList(row.events)) },
        { method: 'GET', path: subscription, handle: (context) => this.#show(row, context) },
        { method: 'POST', path: subscription, handle: (context) => this.#subscribe(row, context) },
        { method: 'DELETE', path: subscription, handle: (context) => this.#unsubscribe(row, context) },
      ]
    })
  }

  /** Takes out of a feed what a read took, at `now`. Throws RangeError when it does not all wait there. */
  take({ practice, feed, app, ids }: Taken, now: number): void {
    const found = this.#feeds.get(`${practice} ${feed}`)?.get(app)
    if (found === undefined || found.subscription.activeAt(now).events.size === 0) {
      throw new RangeError(`an app is not subscribed to ${feed} of ${practice}`)
    }
    const messages = ids.flatMap((id) => found.mailbox.find(id) ?? [])
    if (messages.length < ids.length) throw new RangeError(`a record of ${feed} of ${practice} does not wait`)
    found.mailbox.process(messages, now)
  }

  /** Every feed of a practice that an app is subscribed to at `now`, with those of its events that "all" stands for. */
  subscribed({ practice, app }: Omit<AppsFeed, 'feed'>, now: number) {
    return this.#options.table.flatMap((row) => {
      const active = this.#feeds.get(`${practice} ${row.feed}`)?.get(app)?.subscription.activeAt(now).events
      const events = defaultEvents(row).filter((name) => active?.has(name))
      return active === undefined || active.size === 0 ? [] : [{ place: { practice, app, feed: row.feed }, events }]
    })
  }

  /** Ends an app's subscription to events, or to all when undefined, at once and unasked. */
  lose({ practice, feed, app, events }: AppsFeed & { events?: readonly string[] | undefined }, now: number): void {
    this.#feeds.get(`${practice} ${feed}`)?.get(app)?.subscription.lose(events, now)
  }

  /** Forgets what an app processed until `time` (epoch ms), whatever the retention; true when there was anything. */
  forget({ practice, feed, app }: AppsFeed, time: number): boolean {
    return this.#feeds.get(`${practice} ${feed}`)?.get(app)?.mailbox.forgetUntil(time) ?? false
  }

  #deliver(practiceId: number, event: PracticeEvent): void {
    for (const feed of this.#feeds.get(`${practiceId} ${event.feed}`)?.values() ?? []) {
      const { events, departments } = feed.subscription.activeAt(event.at)
      const concerns = event.departmentId === undefined || (departments?.has(event.departmentId) ?? true)
      const name = feed.row.renamed?.[event.name] ?? event.name
      if (events.has(name) && concerns) feed.mailbox.add(event)
    }
  }

  #read(row: FeedRow, context: RouteContext): Reply {
    const feed = this.#find(row, context)
    if (feed === undefined || feed.subscription.activeAt(context.now).events.size === 0) return notSubscribed()
    const { reply, page } = readFeed(row, feed.mailbox, { context, fallBackHour: this.#options.fallBackHour })
    this.#options.onPage({ ...page, context, feed: row.feed })
    return reply
  }

  #show(row: FeedRow, context: RouteContext): Reply {
    const feed = this.#find(row, context)
    const active = feed === undefined ? new Set<string>() : feed.subscription.activeAt(context.now).events
    const visible = visibleEvents(row, context)
    const subscribed = visible.filter((name) => active.has(name))
    const isComplete = defaultEvents(row).every((name) => active.has(name))
    const status = subscribed.length === 0 ? 'INACTIVE' : isComplete ? 'ACTIVE' : 'PARTIAL'
    return ok({ status, ...eventList(subscribed) })
  }

  #subscribe(row: FeedRow, context: RouteContext): Reply {
    const { input, now } = context
    const names = namedEvents(row, context)
    const { subscription } = this.#find(row, context) ?? this.#open(row, context)
    // Every change must name all its departments again: one without any subscribes the whole practice (documented).
    const departments = row.byDepartment ? input.list('departmentids') : []
    const order: Order = {
      events: new Set([...subscription.wanted.events, ...names]),
      departments: departments.length === 0 ? undefined : new Set(departments),
    }
    subscription.change(order, now)
    return success()
  }

  #unsubscribe(row: FeedRow, context: RouteContext): Reply {
    const names = namedEvents(row, context)
    const feed = this.#find(row, context)
    if (feed === undefined) return success()
    const { events, departments } = feed.subscription.wanted
    const order = { events: new Set([...events].filter((name) => !names.includes(name))), departments }
    feed.subscription.change(order, context.now)
    return success()
  }

  #find(row: FeedRow, { practice, app }: RouteContext): AppFeed | undefined {
    return this.#feeds.get(`${practice.id} ${row.feed}`)?.get(app.clientId)
  }

  #open(row: FeedRow, { practice, app }: RouteContext): AppFeed {
    const key = `${practice.id} ${row.feed}`
    const feeds = this.#feeds.get(key) ?? new Map<string, AppFeed>()
    this.#feeds.set(key, feeds)
    const mailbox = new Mailbox(this.#options.retentionMs, this.#options.unreadRetentionMs)
    const subscription = new FeedSubscription({
      lagMs: this.#options.activationLagMs,
      onEnd: () => mailbox.clear(),
    })
    const feed = { row, subscription, mailbox }
    feeds.set(app.clientId, feed)
    return feed
  }
}

function eventList(names: readonly string[]) {
  return { subscriptions: names.map((eventname) => ({ eventname })) }
}

function defaultEvents(row: FeedRow): readonly string[] {
  const optional = Object.values(row.optional)
  return row.events.filter((name) => !optional.includes(name))
}

/** The default events and the optional ones whose flag is sent, in the feed's order. */
function visibleEvents(row: FeedRow, { input }: RouteContext): readonly string[] {
  const hidden = Object.entries(row.optional).flatMap(([flag, name]) => (input.flag(flag) ? [] : [name]))
  return row.events.filter((name) => !hidden.includes(name))
}

/** The event named by `eventname`, or all that are visible; answers 400 for a name the feed does not have. */
function namedEvents(row: FeedRow, context: RouteContext): readonly string[] {
  const name = context.input.text('eventname')
  if (name === undefined) return visibleEvents(row, context)
  if (!row.events.includes(name)) throw new ReplyError(invalidEnum('eventname', name))
  return [name]
}
