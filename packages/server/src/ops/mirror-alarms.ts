import { isLimitable } from '../sync/feed-departments.ts'
import type { FeedName } from '../sync/feed-name.ts'
import type { Departments } from '../sync/feed-state.sql.ts'
import type { FeedSummary } from '../sync/read-practice-status.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import { alarmTable } from './alarm-table.ts'
import type { Alarm, StatusReport } from './status-report.ts'

/** What a process is configured with. */
export interface OwnMirror {
  readonly practices: readonly number[]
  readonly settings: Pick<SyncSettings, 'feeds' | 'departments'>
  readonly fixed: Pick<StatusReport, 'role'>
}

/** What is mirrored: all practices, and the feeds of those that were looked at. */
export interface HeldMirror {
  readonly practices: readonly number[]
  readonly feedsOf: ReadonlyMap<number, readonly Pick<FeedSummary, 'feed' | 'departments'>[]>
}

/**
 * That this process is configured to mirror something else than the one that was started last, which may be gone (pure).
 * Nobody reads what is configured here alone, therefore it is an error.
 */
export function mirrorAlarms(own: OwnMirror, held: HeldMirror): Alarm[] {
  if (own.fixed.role === 'key-server') return []
  const [here, there] = [configured(own), mirrored(held, own)]
  const [missing, added] = [besides(here, there), besides(there, here)]
  if (missing.length + added.length === 0) return []
  const differences = [
    ...(missing.length > 0 ? [`Not mirrored though configured here: ${missing.join('; ')}.`] : []),
    ...(added.length > 0 ? [`Mirrored though not configured here: ${added.join('; ')}.`] : []),
  ]
  return [
    {
      level: missing.length > 0 ? 'error' : 'warning',
      code: 'ops.practices-differ',
      message:
        'It is configured to mirror something else than the process that was started last, whose configuration counts for all. ' +
        differences.join(' '),
      remedy: alarmTable['ops.practices-differ'].remedy,
    },
  ]
}

interface Mirror {
  readonly practices: readonly number[]
  readonly feeds: readonly FeedName[]
  /** Of the practices of which they are known. */
  readonly departments: ReadonlyMap<number, Departments>
}

function configured({ practices, settings: { feeds, departments } }: OwnMirror): Mirror {
  return { practices, feeds, departments: new Map(practices.map((each) => [each, departments[each] ?? null])) }
}

function mirrored({ practices, feedsOf }: HeldMirror, { settings }: OwnMirror): Mirror {
  const feeds = [...new Set([...feedsOf.values()].flatMap((some) => some.map(({ feed }) => feed)))]
  const departments = [...feedsOf].flatMap(([practice, some]) => {
    const limitable = some.find(({ feed }) => isLimitable(feed))
    return limitable ? [[practice, limitable.departments] as const] : []
  })
  // Where none was looked at nothing is known of feeds.
  return { practices, feeds: feedsOf.size > 0 ? feeds : settings.feeds, departments: new Map(departments) }
}

/** What of the one the other has not. */
function besides(one: Mirror, other: Mirror): string[] {
  const limited = [...one.departments].flatMap(([practice, departments]) => {
    const others = other.departments.get(practice)
    return others !== undefined && goesBeyond(departments, others) ? [practice] : []
  })
  return [
    ...named('practices', without(one.practices, other.practices)),
    ...named('feeds', without(one.feeds, other.feeds)),
    ...named('departments of the practices', limited),
  ]
}

function goesBeyond(departments: Departments, others: Departments): boolean {
  if (departments === null || others === null) return others !== null
  return without(departments, others).length > 0
}

function without<T>(all: readonly T[], others: readonly T[]): T[] {
  const known = new Set(others)
  return all.filter((each) => !known.has(each))
}

const namedMax = 10

function named(what: string, all: readonly (number | string)[]): string[] {
  if (all.length === 0) return []
  const more = all.length > namedMax ? ` and ${all.length - namedMax} more` : ''
  return [`${what} ${all.slice(0, namedMax).join(', ')}${more}`]
}
