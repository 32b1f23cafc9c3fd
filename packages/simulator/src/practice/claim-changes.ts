/** Claims: made of visits or by a caller, moved on towards payment, noted on, voided, passed on in a merge. */
import { setStatus, statusOf } from './appointment-table.ts'
import { claimStages, firstStage, stageAfter, stageEndsAt, type ClaimStatus } from './claim-progress.ts'
import {
  addClaimRow,
  claimCreatedAt,
  claimId,
  claimPlace,
  claimTable,
  patientClaims,
  writeClaim,
  type ClaimPayer,
  type ClaimPlace,
  type WrittenClaim,
} from './claim-table.ts'
import { markModified } from './fill-slot.ts'
import { insurancesOf, isInForce } from './patient-insurances.ts'
import { patientExists, patientStatus, survivorOf } from './patient-table.ts'
import { announce, changeTime, listed, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { announceAppointment, begin } from './slot-changes.ts'

export type ClaimEventName = 'CreateClaim' | 'UpdateClaim' | 'DeleteClaim'

/** Announces a change of one claim under the department of its service. */
function announceClaim(state: PracticeState, index: number, name: ClaimEventName): void {
  const { id } = listed(state.departments, claimPlace(state, index).department)
  announce(state, { feed: 'claims', name, id: claimId(index), departmentId: id })
}

/** Ids of the first and second insurance in force on a day, 0 for none. */
function insurancesOn(state: PracticeState, patient: number, day: number): readonly [number, number] {
  const inForce = insurancesOf(state, patient).filter((insurance) => isInForce(insurance, day))
  const idOf = (sequence: number): number => Number(inForce.find((one) => one.sequence === sequence)?.id ?? 0)
  return [idOf(1), idOf(2)]
}

/** Where a claim comes from: the visit at a position, or a place that a caller gives. */
export type ClaimOrigin = { readonly position: number } | { readonly place: ClaimPlace }

export interface NewClaim {
  readonly origin: ClaimOrigin
  /** What else is known of it; without charges they are what was done at the visit. */
  readonly written?: WrittenClaim
}

function makeClaim(state: PracticeState, { origin, written = {} }: NewClaim, at: number): number {
  const index = claimTable(state).count
  const position = 'position' in origin ? origin.position : undefined
  const place = 'place' in origin ? { place: origin.place } : {}
  addClaimRow(state, { position, at, stage: firstStage(state, index), written: { ...written, ...place } })
  const { patient, day } = claimPlace(state, index)
  writeClaim(state, index, { insurances: written.insurances ?? insurancesOn(state, patient, day) })
  announceClaim(state, index, 'CreateClaim')
  return index
}

/**
 * Charges of a visit are entered, its last state, and make a claim, whose index is answered. Charges that are given are
 * those of a caller; a visit may get more claims so. Refuses `not_checked_out`.
 */
export function chargeVisit(state: PracticeState, visit: { position: number; written?: WrittenClaim }, stamp: Stamp) {
  const { position, written } = visit
  const { appointments: table } = state
  const status = statusOf(table, position)
  const isCharged = status === '4' && written !== undefined
  if (status !== '3' && !isCharged) throw new Refusal('not_checked_out')
  // Before the visit counts as charged: see there.
  claimTable(state)
  const change = begin(state, stamp)
  if (!isCharged) {
    setStatus(table, position, '4')
    markModified(table, position, change)
    announceAppointment(state, position, 'UpdateAppointment')
  }
  return makeClaim(state, { origin: { position }, ...(written && { written }) }, change.at)
}

/** A claim without an appointment. Refuses `unknown_patient`, `patient_gone`. */
export function fileClaim(state: PracticeState, claim: { place: ClaimPlace; written: WrittenClaim }, stamp: Stamp) {
  const { patients } = state
  if (!patientExists(patients, claim.place.patient)) throw new Refusal('unknown_patient')
  const patient = survivorOf(patients, claim.place.patient)
  if (patientStatus(patients, patient) === 'deleted') throw new Refusal('patient_gone')
  const origin = { place: { ...claim.place, patient } }
  return makeClaim(state, { origin, written: claim.written }, changeTime(state, stamp))
}

/** Changes what is written of a claim. Refuses `unknown_claim` when it was voided. */
export function updateClaim(state: PracticeState, claim: { index: number; written: WrittenClaim }, stamp: Stamp): void {
  checkThere(state, claim.index)
  changeTime(state, stamp)
  writeClaim(state, claim.index, claim.written)
  announceClaim(state, claim.index, 'UpdateClaim')
}

function checkThere(state: PracticeState, index: number): void {
  if (claimTable(state).stage.get(index) === claimStages.voided) throw new Refusal('unknown_claim')
}

/** Adds a note, which answers no feed (inferred), and answers its id. */
export function addClaimNote(state: PracticeState, note: { index: number; text: string }, stamp: Stamp): number {
  checkThere(state, note.index)
  const at = changeTime(state, stamp)
  const { notes = [] } = claimTable(state).written.get(note.index) ?? {}
  const id = Number(claimId(note.index)) * 100 + notes.length + 1
  writeClaim(state, note.index, { notes: [...notes, { id, text: note.text, at, by: stamp.by }] })
  return id
}

/** The claim takes its next step; false when it is at an end or its statuses are set by hand. */
export function advanceClaim(state: PracticeState, index: number, stamp: Stamp): boolean {
  const table = claimTable(state)
  const stage = table.stage.get(index)
  if (stage >= claimStages.settled || table.written.get(index)?.statuses !== undefined) return false
  changeTime(state, stamp)
  table.stage.set(index, stageAfter(state, index, stage))
  announceClaim(state, index, 'UpdateClaim')
  return true
}

/** Sets the status of one payer's part by hand. Refuses `unknown_claim` when it was voided. */
export function setClaimStatus(
  state: PracticeState,
  { index, payer, status }: { index: number; payer: ClaimPayer; status: ClaimStatus },
  stamp: Stamp,
): void {
  const known = claimTable(state).written.get(index)?.statuses
  updateClaim(state, { index, written: { statuses: { ...known, [payer]: status } } }, stamp)
}

/** Takes a claim back. Refuses `unknown_claim` when it was voided already. */
export function voidClaim(state: PracticeState, index: number, stamp: Stamp): void {
  checkThere(state, index)
  changeTime(state, stamp)
  claimTable(state).stage.set(index, claimStages.voided)
  announceClaim(state, index, 'DeleteClaim')
}

/** Claims that take a step by themselves until a time (epoch ms), and when. */
export function* claimsDue(state: PracticeState, until: number): IterableIterator<{ index: number; at: number }> {
  const table = claimTable(state)
  for (let index = 0; index < table.count; index += 1) {
    const stage = table.stage.get(index)
    if (stage >= claimStages.settled || table.written.get(index)?.statuses !== undefined) continue
    const at = stageEndsAt(state, index, { stage, createdAt: claimCreatedAt(state, index) })
    if (at !== undefined && at < until) yield { index, at }
  }
}

/** Notes whom claims were made for before a merge passes their appointments on, and passes on those without one. */
export function passClaimsOn(state: PracticeState, from: number, into: number): readonly number[] {
  const table = claimTable(state)
  const claims = claimsThere(state, from)
  for (const index of claims) {
    const place = table.written.get(index)?.place
    if (place !== undefined) writeClaim(state, index, { place: { ...place, patient: into } })
    else if (!table.madeFor.has(index)) table.madeFor.set(index, from)
  }
  return claims
}

/** A patient's claims that were not voided. */
function claimsThere(state: PracticeState, patient: number): readonly number[] {
  return patientClaims(state, patient).filter((index) => claimTable(state).stage.get(index) !== claimStages.voided)
}

/**
 * Gives claims back to whom a merge took them from, which the survivor still has. Those of appointments follow these, also such as were
 * made while the merge stood; answers all that went back.
 */
export function givePassedClaimsBack(
  state: PracticeState,
  { claims, from, into }: { claims: readonly number[]; from: number; into: number },
): readonly number[] {
  const table = claimTable(state)
  for (const index of claims) {
    const place = table.written.get(index)?.place
    if (place?.patient === into) writeClaim(state, index, { place: { ...place, patient: from } })
  }
  // Whoever was merged had none.
  return claimsThere(state, from)
}

/** Announces claims that a merge, or its undoing, gave to another patient. */
export function announcePassedClaims(state: PracticeState, claims: readonly number[]): void {
  for (const index of claims) announceClaim(state, index, 'UpdateClaim')
}
