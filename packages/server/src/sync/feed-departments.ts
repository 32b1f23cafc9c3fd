import { feedTable as athenaFeeds } from '@aegis/client'
import type { WireRecord } from '../records/wire-record.ts'
import type { Resubscribed } from './feed-departments.sql.ts'
import type { FeedName } from './feed-name.ts'
import type { Departments, FeedStateRow } from './feed-state.sql.ts'
import { type ChangedFeed, feedTable } from './feed-table.ts'

/** Whether athenahealth can limit a feed's subscription to departments. All others are mirrored for the whole practice. */
export function isLimitable(feed: FeedName): boolean {
  const changed: ChangedFeed | undefined = feedTable[feed].changed
  return changed !== undefined && athenaFeeds[changed.name].subscribesDepartments
}

/** Whether a subscription is to be asked for anew, because other departments are wanted than it was asked for with. */
export function isListChanged(state: Pick<FeedStateRow, 'departments' | 'subscribed_departments'>): boolean {
  return JSON.stringify(state.departments) !== JSON.stringify(state.subscribed_departments)
}

type Before = Pick<FeedStateRow, 'subscribed_departments' | 'added_departments' | 'resnapshot_wanted_at'>

/**
 * What other departments of a live feed's subscription entail (pure): the events of those that were added come from now on,
 * what was there before is read in a snapshot. One of everything that is wanted already reads them too.
 */
export function judgeResubscription(before: Before, departments: Departments): Resubscribed {
  const had = before.subscribed_departments
  const isPending = before.resnapshot_wanted_at !== null
  if (departments === null) return { departments, added: null, wantsSnapshot: isPending || had !== null }
  const pending = before.added_departments ?? []
  const isNew = (id: string) => pending.includes(id) || (had !== null && !had.includes(id))
  const added = departments.filter(isNew)
  const readsAll = isPending && before.added_departments === null
  return {
    departments,
    added: readsAll || added.length === 0 ? null : added,
    wantsSnapshot: isPending || added.length > 0,
  }
}

/** Those of some departments that a feed is limited to. */
export function departmentsWithin(all: readonly string[], only: Departments | undefined): readonly string[] {
  return only ? all.filter((id) => only.includes(id)) : all
}

/**
 * Whether a record lies outside of the departments given. Which of a patient's two departments lists and feeds go by is not
 * documented: either does.
 */
export function isOutside(record: WireRecord, only: ReadonlySet<string>): boolean {
  return ![record.departmentid, record.primarydepartmentid].some((id) => only.has(String(id)))
}
