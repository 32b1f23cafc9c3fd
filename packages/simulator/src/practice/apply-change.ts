/** Changes as plain JSON, for tests and the administration: what a practice's staff would do at the screen. */
import { appointmentRunners, type AppointmentChange } from './change-appointments.ts'
import { chartRunners, type ChartChange } from './change-charts.ts'
import { claimRunners, type ClaimChange } from './change-claims.ts'
import { Fields, type Runner } from './change-fields.ts'
import { documentRunners, type DocumentChange } from './change-documents.ts'
import { patientRunners, type PatientChange } from './change-patients.ts'
import { providerRunners, type ProviderChange } from './change-providers.ts'
import { referringProviderRunners, type ReferringProviderChange } from './change-referring-providers.ts'
import { stateOf } from './create-practice.ts'
import { staffUsers } from './populate-schedule.ts'
import type { FeedName, Practice, PracticeEvent } from './practice.ts'
import { Refusal } from './refusal.ts'

/** A change of a practice; ids as on the wire, dates `MM/DD/YYYY`, times `HH:MM` in the department's zone. */
export type PracticeChange =
  | AppointmentChange
  | PatientChange
  | ProviderChange
  | ClaimChange
  | ReferringProviderChange
  | DocumentChange
  | ChartChange

export type ChangeKind = PracticeChange['kind']

/** Ids of the records a change touched, by feed, in the order of their events; the first three feeds are always there. */
export interface Touched extends Readonly<Partial<Record<FeedName, readonly string[]>>> {
  readonly appointments: readonly string[]
  readonly patients: readonly string[]
  readonly providers: readonly string[]
}

/**
 * Makes one change and answers the ids of all records that it changed; it is announced like any other.
 * `change` is a `PracticeChange`, but may be unchecked JSON: RangeError when the practice refuses it or a field is missing or wrong, and then nothing
 * was changed. `now` (epoch ms) defaults to the practice's time.
 */
export function applyChange(practice: Practice, change: unknown, now?: number): Touched {
  const state = stateOf(practice)
  const fields = new Fields(change)
  const kind = fields.text('kind')
  const run = runners.get(kind)
  if (run === undefined) throw new RangeError(`there is no change "${kind}" but ${[...runners.keys()].join(', ')}`)
  const touched = new Map<FeedName, Set<string>>()
  const listener = ({ feed, id }: PracticeEvent): void => {
    touched.set(feed, (touched.get(feed) ?? new Set()).add(id))
  }
  state.listeners.push(listener)
  try {
    run(state, fields, { at: now ?? state.now(), by: staffUsers[0] ?? '' })
  } catch (error) {
    if (error instanceof Refusal)
      throw new RangeError(`the practice refuses to ${kind}: ${error.code}`, { cause: error })
    throw error
  } finally {
    state.listeners.splice(state.listeners.indexOf(listener), 1)
  }
  const none = { appointments: [], patients: [], providers: [] }
  return { ...none, ...Object.fromEntries([...touched].map(([feed, ids]) => [feed, [...ids]])) }
}

const table: Readonly<Record<ChangeKind, Runner>> = {
  ...appointmentRunners,
  ...patientRunners,
  ...providerRunners,
  ...claimRunners,
  ...referringProviderRunners,
  ...documentRunners,
  ...chartRunners,
}

const runners: ReadonlyMap<string, Runner> = new Map(Object.entries(table))

/** Every kind of change, for help texts. */
export const changeKinds: readonly string[] = [...runners.keys()]
