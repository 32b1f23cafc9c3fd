import { wallTimeAt } from '../policy/wall-time.ts'

/** One list a snapshot reads through, dates as YYYY-MM-DD; stored with the run, so that a restart goes on with the same plan. */
export type Segment =
  | { readonly list: 'departments' | 'appointmentTypes' | 'providers' | 'referringProviders' }
  | { readonly list: 'patients'; readonly departmentId: string }
  | {
      readonly list: 'booked'
      readonly from: string
      readonly to: string
      /** Of one department only. */
      readonly departmentId?: string
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

/** Patients whose registration department is unknown are listed under this id (athenahealth's documentation of GET /patients). */
export const noDepartment = '-1'

/** The departments that the lists of a plan are limited to; undefined where they show the whole practice. */
export function limitedTo(plan: readonly PlannedSegment[]): ReadonlySet<string> | undefined {
  const departments = new Set<string>()
  for (const segment of plan) {
    if (segment.list === 'booked' && segment.departmentId === undefined) return undefined
    if ('departmentId' in segment && segment.departmentId !== undefined) departments.add(segment.departmentId)
  }
  return departments.size === 0 || departments.has(noDepartment) ? undefined : departments
}

/** An instant (epoch ms) as `modifiedSince` has it. */
export function easternTime(at: number): string {
  const { year, month, day, hour, minute } = wallTimeAt('America/New_York', at)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:00`
}

/** The date after one, both YYYY-MM-DD. */
export function dayAfter(date: string): string {
  return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10)
}
