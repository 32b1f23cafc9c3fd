import type { AthenaPractice, CallOptions } from '@aegis/client'
import type { CallContext } from '../upstream/call-context.ts'
import { audited } from './audited-call.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { feedTable } from './feed-table.ts'
import { type FetchedPage, fetchedPage, pageFacts } from './fetched-page.ts'
import type { Segment } from './segment.ts'
import type { SyncDeps } from './sync-deps.ts'

/** Reads one page of a list. */
export async function listPage(
  deps: SyncDeps,
  key: HeldFeed,
  at: {
    readonly segment: Exclude<Segment, { list: 'ofPatients' }>
    readonly offset: number
    readonly limit: number
    readonly context: CallContext
  },
): Promise<FetchedPage> {
  const { limit } = at
  const practice = deps.upstream.practice(key.practice)
  const page = await audited({ context: at.context, ended: key.ended }, pageFacts, (options) =>
    segmentList(practice, at.segment, options).fetchPage({ offset: at.offset, limit }, options),
  )
  const { list } = at.segment
  return fetchedPage(feedTable[key.feed].kind, page, {
    limit,
    offset: at.offset,
    shape: list === 'booked' || list === 'open' ? list : 'list',
  })
}

function segmentList(
  practice: AthenaPractice,
  segment: Exclude<Segment, { list: 'ofPatients' }>,
  options: CallOptions,
) {
  switch (segment.list) {
    case 'departments':
      return practice.departments.list({ showalldepartments: true }, options)
    case 'appointmentTypes':
      return practice.appointmentTypes.list({ hidenonpatient: false }, options)
    case 'providers':
      return practice.providers.list({}, options)
    case 'referringProviders':
      return practice.referringProviders.list({}, options)
    case 'claims':
      return practice.claims.list({ createdstartdate: segment.from, createdenddate: segment.to }, options)
    case 'patients':
      return practice.patients.list({ departmentid: segment.departmentId }, options)
    case 'booked':
      return practice.appointments.booked(
        {
          startdate: segment.from,
          enddate: segment.to,
          showcancelled: true,
          ...(segment.departmentId !== undefined && { departmentid: segment.departmentId }),
          ...(segment.modifiedSince !== undefined && { startlastmodified: segment.modifiedSince }),
        },
        options,
      )
    case 'open':
      return practice.appointments.open(
        {
          departmentid: segment.departmentId,
          reasonid: '-1',
          startdate: segment.from,
          enddate: segment.to,
          ...allSlots,
        },
        options,
      )
  }
}

/** Slots that patients may not book yet, or not by themselves, are slots all the same. */
const allSlots = { bypassscheduletimechecks: true, ignoreschedulablepermission: true, showfrozenslots: true }
