import type { Segment } from './segment.ts'
import type { SyncSettings } from './sync-settings.ts'

/** What the plan of a snapshot rests on. */
export interface PlanFacts {
  /** Latest local dates of the appointments we hold, and of the open slots among them. */
  readonly heldUntil: { readonly any: string | null; readonly open: string | null }
  /** Epoch ms. */
  readonly now: number
  readonly departments: readonly string[]
  readonly settings: SyncSettings
}

/** Patients whose registration department is unknown are listed under this id (athenahealth's documentation of GET /patients). */
const noDepartment = '-1'

/** Patients are listed department by department: a list of all of them cannot be asked for. */
export function planPatients({ departments }: PlanFacts): readonly Segment[] {
  return [...departments, noDepartment].map((departmentId) => ({ list: 'patients', departmentId }))
}

const dayMs = 86_400_000

/**
 * The days that are promised, and beyond them up to the last that we hold anything of: a feed brings appointments of any
 * day, and what it may have missed of them, nobody else would show.
 */
export function planAppointments({ now, departments, settings, heldUntil }: PlanFacts): readonly Segment[] {
  // UTC dates: the window is wide enough that a day more or less of a department's zone does not matter.
  const date = (days: number) => new Date(now + days * dayMs).toISOString().slice(0, 10)
  const daysTo = (held: string | null) => (held === null ? 0 : Math.ceil((Date.parse(held) - now) / dayMs))
  const bookedDays = Math.max(settings.bookedDaysAhead, daysTo(heldUntil.any))
  const segments: Segment[] = []
  for (let day = -settings.bookedDaysBack; day <= bookedDays; day += settings.bookedWindowDays) {
    const last = Math.min(day + settings.bookedWindowDays - 1, bookedDays)
    segments.push({ list: 'booked', from: date(day), to: date(last) })
  }
  const [from, to] = [date(-1), date(Math.max(settings.slotDaysAhead, daysTo(heldUntil.open)))]
  return [...segments, ...departments.map((departmentId) => ({ list: 'open', departmentId, from, to }) as const)]
}
