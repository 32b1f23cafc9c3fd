/**
 * The claims of a practice. Those of visits that were charged when the practice was made follow from the calendar and
 * the seed: kept of each are its appointment and how far it got, nine bytes. Of one written by a caller all is kept.
 */
import { appointmentsOf, statusOf, type AppointmentTable } from './appointment-table.ts'
import { seededProgress } from './claim-progress.ts'
import { Column } from './column.ts'
import { practicePart } from './practice-part.ts'
import type { PracticeState } from './practice-state.ts'

/** Far from the ids of patients and appointments, so that mixed-up ids show. */
const firstClaimId = 3_000_001

export interface ClaimTable {
  /** Indexes 0 to `count` - 1 exist. */
  count: number
  /** Those before this one are of visits charged when the practice was made, in the order of their appointments. */
  readonly seeded: number
  /** Position of the appointment + 1, 0 for a claim without one. */
  readonly appointment: Column
  /** Epoch seconds. */
  readonly createdAt: Column
  /** How far the claim got; see `claim-progress.ts`. */
  readonly stage: Column
  /** What was written of a claim, by index. */
  readonly written: Map<number, WrittenClaim>
  /** Claims of appointments that were charged since, by position. */
  readonly later: Map<number, number[]>
  /** Claims without an appointment, by index. */
  readonly filed: number[]
  /** Patient a seeded claim was made for, by index, where a merge gave it to another one. */
  readonly madeFor: Map<number, number>
}

/** A line of a claim. */
export interface Charge {
  readonly procedure: string
  readonly dollars: number
  /** ICD-10-CM, or ICD-9 where so sent. */
  readonly diagnoses: readonly Diagnosis[]
}

export interface Diagnosis {
  readonly code: string
  readonly codeSet: 'ICD10' | 'ICD9'
}

export interface ClaimNote {
  readonly id: number
  readonly text: string
  readonly at: number
  readonly by: string
}

/** Who pays a part of a claim. */
export const claimPayers = ['primary', 'secondary', 'patient'] as const
export type ClaimPayer = (typeof claimPayers)[number]

export interface WrittenClaim {
  /** Set for a claim without appointment. */
  readonly place?: ClaimPlace
  readonly charges?: readonly Charge[]
  /** Ids of the insurances billed, 0 for none; those in force when the claim was made. */
  readonly insurances?: readonly [primary: number, secondary: number]
  /** Index of the provider who answers for the visit, where that is another. */
  readonly supervisingProvider?: number
  /** Values by custom field id. */
  readonly customFields?: Readonly<Record<string, string>>
  readonly notes?: readonly ClaimNote[]
  /** Statuses set by hand: the claim goes no further by itself. */
  readonly statuses?: Readonly<Partial<Record<ClaimPayer, string>>>
  /** Further fields as they were sent, by request name; answers do not show them. */
  readonly references?: Readonly<Record<string, string>>
}

export interface ClaimPlace {
  readonly patient: number
  /** Indexes. */
  readonly department: number
  readonly provider: number
  /** Day of service. */
  readonly day: number
}

/**
 * The practice's claims. Whoever charges a visit asks for them first: what the seed gave is counted on the first look,
 * and a visit charged since must not be among it.
 */
export const claimTable = practicePart((state): ClaimTable => {
  const { appointments } = state
  const positions = chargedPositions(appointments)
  const appointment = new Column('u32', positions.length)
  const stage = new Column('u8', positions.length)
  for (const [index, position] of positions.entries()) {
    appointment.set(index, position + 1)
    stage.set(index, seededProgress(state, index, seededCreation(state, position)))
  }
  return {
    count: positions.length,
    seeded: positions.length,
    appointment,
    createdAt: new Column('u32'),
    stage,
    written: new Map(),
    later: new Map(),
    filed: [],
    madeFor: new Map(),
  }
})

function chargedPositions(appointments: AppointmentTable): number[] {
  const positions: number[] = []
  for (let position = 0; position < appointments.count; position += 1) {
    if (statusOf(appointments, position) === '4') positions.push(position)
  }
  return positions
}

/** A claim is made when its charges are entered: up to a day after the visit, and not after the practice was made. */
function seededCreation({ appointments, openedAt }: PracticeState, position: number): number {
  const leftAt = appointments.checkedOutAt.get(position)
  return Math.min(leftAt + 7200 + ((position * 7919) % 72_000), Math.floor(openedAt / 1000))
}

/** Wire id of an index. */
export function claimId(index: number): string {
  return String(firstClaimId + index)
}

/** Index of a wire id; undefined when no such claim ever existed. */
export function claimAt(state: PracticeState, id: string | number): number | undefined {
  const index = Number(id) - firstClaimId
  return Number.isInteger(index) && index >= 0 && index < claimTable(state).count ? index : undefined
}

/** Epoch seconds at which a claim was made. */
export function claimCreatedAt(state: PracticeState, index: number): number {
  const table = claimTable(state)
  if (index >= table.seeded) return table.createdAt.get(index - table.seeded)
  return seededCreation(state, table.appointment.get(index) - 1)
}

/** Whose claim it is, where, by whom and when the service was: the appointment's, or what was written. */
export function claimPlace(state: PracticeState, index: number): ClaimPlace {
  const table = claimTable(state)
  const written = table.written.get(index)?.place
  if (written !== undefined) return written
  const { appointments } = state
  const position = table.appointment.get(index) - 1
  return {
    patient: appointments.patient.get(position),
    department: appointments.department.get(position),
    provider: appointments.provider.get(position),
    day: appointments.day.get(position),
  }
}

/** Adds a claim as it is made and answers its index. */
export function addClaimRow(
  state: PracticeState,
  row: { position: number | undefined; at: number; stage: number; written: WrittenClaim },
): number {
  const table = claimTable(state)
  const index = table.count
  table.count += 1
  table.appointment.set(index, row.position === undefined ? 0 : row.position + 1)
  table.createdAt.set(index - table.seeded, Math.floor(row.at / 1000))
  table.stage.set(index, row.stage)
  table.written.set(index, row.written)
  if (row.position === undefined) table.filed.push(index)
  else table.later.set(row.position, [...(table.later.get(row.position) ?? []), index])
  return index
}

/** Changes what is written of a claim; of fields by name those not given stay. */
export function writeClaim(state: PracticeState, index: number, written: WrittenClaim): void {
  const table = claimTable(state)
  const known = table.written.get(index)
  table.written.set(index, {
    ...known,
    ...written,
    ...(written.references && { references: { ...known?.references, ...written.references } }),
    ...(written.customFields && { customFields: { ...known?.customFields, ...written.customFields } }),
  })
}

/** Indexes of the claims of an appointment, oldest first. */
export function claimsOfAppointment(state: PracticeState, position: number): readonly number[] {
  const table = claimTable(state)
  const later = table.later.get(position) ?? []
  let low = 0
  let high = table.seeded
  while (low < high) {
    const middle = (low + high) >>> 1
    if (table.appointment.get(middle) <= position) low = middle + 1
    else high = middle
  }
  return low < table.seeded && table.appointment.get(low) === position + 1 ? [low, ...later] : later
}

/** Indexes of a patient's claims, voided ones too, oldest first. `patient` must not be a merged one. */
export function patientClaims(state: PracticeState, patient: number): readonly number[] {
  const { filed, written } = claimTable(state)
  const ofVisits = [...appointmentsOf(state, patient)].flatMap((position) => claimsOfAppointment(state, position))
  const others = filed.filter((index) => written.get(index)?.place?.patient === patient)
  return [...ofVisits, ...others].sort((a, b) => a - b)
}
