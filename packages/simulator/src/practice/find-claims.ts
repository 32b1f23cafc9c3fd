/** Which claims a list means. */
import { claimCharges } from './claim-charges.ts'
import { isVoided } from './claim-record.ts'
import { claimCreatedAt, claimPlace, claimsOfAppointment, claimTable, patientClaims } from './claim-table.ts'
import { survivorOf } from './patient-table.ts'
import type { PracticeState } from './practice-state.ts'
import { eastern, wallTime } from './zone-time.ts'

export interface ClaimQuery {
  /** Days, both included. */
  readonly createdFrom?: number | undefined
  readonly createdTo?: number | undefined
  readonly servedFrom?: number | undefined
  readonly servedTo?: number | undefined
  readonly patient?: number | undefined
  /** Indexes. */
  readonly department?: number | undefined
  readonly provider?: number | undefined
  /** Positions; undefined for any. */
  readonly appointments?: readonly number[] | undefined
  readonly procedures?: ReadonlySet<string> | undefined
  /** Whether the caller may know of a patient's claims. */
  readonly sees?: ((patient: number) => boolean) | undefined
}

/** Indexes of the claims that meet the query, oldest first. */
export function findClaims(state: PracticeState, query: ClaimQuery): number[] {
  const { patient } = query
  const meant = { ...query, patient: patient === undefined ? undefined : survivorOf(state.patients, patient) }
  const found: number[] = []
  for (const index of candidates(state, meant)) if (isMeant(state, index, meant)) found.push(index)
  return found
}

/** The claims of the appointments or the patient named, or all: those of one patient are found without looking at all. */
function candidates(state: PracticeState, { appointments, patient }: ClaimQuery): Iterable<number> {
  const ofVisits = appointments && new Set(appointments.flatMap((position) => claimsOfAppointment(state, position)))
  if (patient !== undefined) return patientClaims(state, patient).filter((index) => ofVisits?.has(index) ?? true)
  if (ofVisits !== undefined) return [...ofVisits].sort((a, b) => a - b)
  return Array.from({ length: claimTable(state).count }, (_, index) => index)
}

const within = (value: number, from: number | undefined, to: number | undefined): boolean =>
  (from === undefined || value >= from) && (to === undefined || value <= to)

const is = (wanted: number | undefined, value: number): boolean => wanted === undefined || wanted === value

function isMeant(state: PracticeState, index: number, query: ClaimQuery): boolean {
  if (isVoided(state, index)) return false
  const { patient, department, provider, day } = claimPlace(state, index)
  if (!is(query.patient, patient) || !is(query.department, department)) return false
  if (!within(day, query.servedFrom, query.servedTo) || !wasCreated(state, index, query)) return false
  if (!is(query.provider, provider) && !is(query.provider, supervisorOf(state, index))) return false
  if (query.sees?.(patient) === false) return false
  const { procedures } = query
  return procedures === undefined || claimCharges(state, index).some(({ procedure }) => procedures.has(procedure))
}

function wasCreated(state: PracticeState, index: number, { createdFrom, createdTo }: ClaimQuery): boolean {
  if (createdFrom === undefined && createdTo === undefined) return true
  return within(wallTime(eastern, claimCreatedAt(state, index) * 1000).day, createdFrom, createdTo)
}

/** Index of the provider who answers for the claim's service; the billed one where no other is named. */
export function supervisorOf(state: PracticeState, index: number): number {
  return claimTable(state).written.get(index)?.supervisingProvider ?? claimPlace(state, index).provider
}
