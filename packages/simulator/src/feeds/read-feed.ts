import { appointmentShow } from '../endpoints/appointment-show.ts'
import { sightOf } from '../endpoints/patient-sight.ts'
import { ReplyError, type Reply, type RouteContext } from '../route.ts'
import { invalid, pageBounds, pageLink } from '../server/reply.ts'
import { easternInstant, type FallBackHour } from './eastern-time.ts'
import type { FeedRow } from './feed-table.ts'
import type { Mailbox, Message } from './mailbox.ts'

/** Rows of a page by default and at most (athenahealth's interactive documentation, for appointments and patients). */
const limits = { defaultLimit: 1000, maxLimit: 5000 }

export type ReadMode = 'consume' | 'peek' | 'replay'

/** A page as the truth keeps it. */
export interface ReadPage {
  readonly mode: ReadMode
  readonly ids: readonly string[]
  readonly offset: number
  readonly limit: number
}

/** Times of a replay window have whole seconds: the last one counts to its end. */
const secondMs = 1000

/**
 * Answers one read of a changed-data feed: what waits, taken out of it (consume) or left there (`leaveunprocessed`), or
 * what was processed in a window of Eastern wall time. Records are shown as they are now, not as they were.
 */
export function readFeed(
  row: FeedRow,
  mailbox: Mailbox,
  { context, fallBackHour }: { context: RouteContext; fallBackHour: FallBackHour },
): { reply: Reply; page: ReadPage } {
  const { input, now } = context
  const { limit, offset, isDefault } = pageBounds(input, limits)
  const window = replayWindow(context, fallBackHour)
  const mode = window !== undefined ? 'replay' : input.flag('leaveunprocessed') ? 'peek' : 'consume'
  mailbox.letGo(now)
  const source = window === undefined ? mailbox.waiting() : mailbox.replay({ ...window, now })
  const { page, total } = selectPage(source, filterOf(row, context), {
    offset,
    limit,
    size: window === undefined ? mailbox.size : undefined,
  })
  const show = {
    ...appointmentShow(input),
    copay: input.flag('showcopay'),
    previousPatientIds: input.flag('showpreviouspatientids'),
  }
  const records = page.flatMap(({ id }) => context.practice.wireRecord(row.feed, id, show) ?? [])
  if (mode === 'consume') mailbox.process(page, now)
  const body: Record<string, unknown> = { [row.key]: records, totalcount: total }
  const shown = isDefault ? undefined : limit
  if (offset + limit < total) body.next = pageLink(context, offset + limit, shown)
  if (offset > 0) body.previous = pageLink(context, Math.max(0, offset - limit), shown)
  return { reply: { status: 200, body }, page: { mode, ids: page.map(({ id }) => id), offset, limit } }
}

function replayWindow({ input, now }: RouteContext, fallBackHour: FallBackHour) {
  const bound = (name: string) => {
    const text = input.text(name)
    if (text === undefined) return undefined
    const instant = easternInstant(text, fallBackHour)
    if (instant === undefined) throw new ReplyError(invalid('datetime', text))
    return instant
  }
  const from = bound('showprocessedstartdatetime')
  const until = bound('showprocessedenddatetime')
  if (from === undefined && until === undefined) return undefined
  return { from: from ?? -Infinity, until: until === undefined ? now : until + secondMs - 1 }
}

type Filter = (message: Message) => boolean

function filterOf(row: FeedRow, { input, practice }: RouteContext): Filter | undefined {
  const departments = new Set((row.readByDepartment ?? row.byDepartment) ? input.list('departmentid') : [])
  const portalOnly = row.portalOnly === true && input.flag('showportalonly')
  const fields = Object.entries(row.filters).flatMap(([parameter, field]) => {
    const wanted = new Set(input.list(parameter))
    return wanted.size === 0 ? [] : [{ field, wanted }]
  })
  // Inferred: what a caller may not know of waits until it is asked for.
  const sees = practice.sees?.(row.feed, sightOf(input))
  if (departments.size === 0 && fields.length === 0 && !portalOnly && sees === undefined) return undefined
  return ({ id, departmentId }) => {
    if (sees?.(id) === false) return false
    if (departments.size > 0 && !departments.has(departmentId ?? '')) return false
    if (fields.length === 0 && !portalOnly) return true
    const record = practice.wireRecord(row.feed, id, { portalOnly })
    if (portalOnly && record === undefined) return false
    return fields.every(({ field, wanted }) => wanted.has(String(record?.[field])))
  }
}

interface Bounds {
  readonly offset: number
  readonly limit: number
  /** Number of messages in the source where it is known, so that an unfiltered read looks at its page only. */
  readonly size: number | undefined
}

function selectPage(source: Iterable<Message>, filter: Filter | undefined, bounds: Bounds) {
  const { offset, limit, size } = bounds
  const page: Message[] = []
  let total = 0
  for (const message of source) {
    if (filter !== undefined && !filter(message)) continue
    if (total >= offset && page.length < limit) page.push(message)
    total += 1
    if (filter === undefined && size !== undefined && page.length === limit) return { page, total: size }
  }
  return { page, total }
}
