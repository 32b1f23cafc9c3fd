/** One list a snapshot reads through, dates as YYYY-MM-DD; stored with the run, so that a restart goes on with the same plan. */
export type Segment =
  | { readonly list: 'departments' | 'appointmentTypes' | 'providers' | 'referringProviders' }
  | { readonly list: 'patients'; readonly departmentId: string }
  | {
      readonly list: 'booked'
      readonly from: string
      readonly to: string
      /** Only those changed since, Eastern wall time as YYYY-MM-DDTHH:MM:SS. */
      readonly modifiedSince?: string
    }
  | { readonly list: 'open'; readonly departmentId: string; readonly from: string; readonly to: string }
  /** By the day they were created. */
  | { readonly list: 'claims'; readonly from: string; readonly to: string }
  /** Patient by patient. */
  | { readonly list: 'ofPatients' }

/** What a feed handed out between two instants (epoch ms), read again. */
export interface ReplaySegment {
  readonly list: 'replay'
  readonly since: number
  readonly until: number
}

/** A part of what a snapshot or a check reads. */
export type PlannedSegment = Segment | ReplaySegment

/** The lists of a plan that show everything there is in them: what is missing there should be looked for. */
export function wholeLists(plan: readonly PlannedSegment[]): readonly Segment[] {
  return plan.filter((segment): segment is Segment => segment.list !== 'replay' && !('modifiedSince' in segment))
}
