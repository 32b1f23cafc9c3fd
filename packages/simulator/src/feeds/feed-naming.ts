import { feedNames, type FeedName } from '../practice/practice.ts'
import { feedTable, type FeedRow } from './feed-table.ts'

/** Names that differ from those of the table, by feed. */
export interface FeedNaming {
  /** Name of the array in the list. */
  readonly feedKeys: Readonly<Partial<Record<FeedName, string>>>
  /** Names of events: the table's → the one to use. */
  readonly feedEvents: Readonly<Partial<Record<FeedName, Readonly<Record<string, string>>>>>
}

/** The table with other names where some are given: athenahealth does not document all of them. */
export function namedFeeds({ feedKeys, feedEvents }: FeedNaming): FeedRow[] {
  return feedTable.map((row) => {
    const names = feedEvents[row.feed] ?? {}
    const own = Object.entries(row.renamed ?? {}).map(([event, name]) => [event, names[name] ?? name] as const)
    return {
      ...row,
      key: feedKeys[row.feed] ?? row.key,
      events: row.events.map((name) => names[name] ?? name),
      optional: Object.fromEntries(Object.entries(row.optional).map(([flag, name]) => [flag, names[name] ?? name])),
      renamed: { ...Object.fromEntries(own), ...names },
    }
  })
}

/** Throws TypeError for a feed or an event that there is none of, or a name that is no text. */
export function checkFeedNaming({ feedKeys, feedEvents }: FeedNaming): void {
  const known = (option: string, feed: string): FeedName => {
    const found = feedNames.find((name) => name === feed)
    if (found === undefined) throw new TypeError(`${option}: no feed "${feed}"; there are ${feedNames.join(', ')}`)
    return found
  }
  const checkName = (option: string, name: unknown): void => {
    if (typeof name !== 'string' || name === '') throw new TypeError(`${option}: give names as text`)
  }
  for (const [feed, name] of Object.entries(feedKeys)) {
    known('feedKeys', feed)
    checkName('feedKeys', name)
  }
  for (const [feed, names] of Object.entries(feedEvents)) {
    const events = feedTable.find((row) => row.feed === known('feedEvents', feed))?.events ?? []
    for (const [event, name] of Object.entries(names)) {
      checkName('feedEvents', name)
      if (!events.includes(event)) throw new TypeError(`feedEvents: ${feed} has ${events.join(', ')}, not "${event}"`)
    }
  }
}
