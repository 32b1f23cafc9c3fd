/** Patients merged, and a merge undone: what passes to the survivor and what goes back. */
import { appointmentsOf, linkPatient, statusOf } from './appointment-table.ts'
import { announceMergedCharts } from './chart-merge.ts'
import { announcePassedClaims, givePassedClaimsBack, passClaimsOn } from './claim-changes.ts'
import { announceMergedDocuments } from './document-changes.ts'
import { markModified, startsBefore } from './fill-slot.ts'
import { announcePatient } from './patient-changes.ts'
import { patientExists, patientStatus, patientStatuses, relist, survivorOf } from './patient-table.ts'
import { practicePart } from './practice-part.ts'
import { changeTime, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { announceAppointment, begin } from './slot-changes.ts'

export interface Merge {
  /** The patient that ends, and the one that stays. */
  readonly from: number
  readonly into: number
}

/** What a merge passed on, so that it can go back. */
interface Passed {
  readonly status: number
  readonly positions: readonly number[]
  readonly claims: readonly number[]
}

/** By the patient that ended. */
const passedOn = practicePart(() => new Map<number, Passed>())

/**
 * Merges two patients: the first one's appointments, claims and earlier merges pass to the survivor, and its id answers
 * as the survivor from then on. Refuses `unknown_patient`, `patient_gone`, `same_patient`.
 */
export function mergePatients(state: PracticeState, { from, into }: Merge, stamp: Stamp): void {
  const { patients } = state
  if (!patientExists(patients, from) || !patientExists(patients, into)) throw new Refusal('unknown_patient')
  if (from === into) throw new Refusal('same_patient')
  for (const id of [from, into]) {
    if (patientStatus(patients, id) === 'merged' || patientStatus(patients, id) === 'deleted') {
      throw new Refusal('patient_gone')
    }
  }
  changeTime(state, stamp)
  const status = patients.status.get(from)
  const positions = [...appointmentsOf(state, from)].toReversed()
  const claims = passClaimsOn(state, from, into)
  passedOn(state).set(from, { status, positions, claims })
  patients.status.set(from, patientStatuses.indexOf('merged'))
  patients.survivor.set(from, into)
  addPrevious(state, into, [from, ...(patients.mergedFrom.get(from) ?? [])])
  relist(patients, from, patients.department.get(from))
  moveAppointments(state, { positions, to: into }, stamp)
  patients.appointments.set(from, 0)
  setVisits(state, into)
  announcePatient(state, into, 'MergePatient')
  announceMergedCharts(state, from, into)
  announcePassedClaims(state, claims)
  announceMergedDocuments(state, { from, into }, positions)
}

function addPrevious({ patients }: PracticeState, into: number, ids: readonly number[]): void {
  patients.mergedFrom.set(into, [...(patients.mergedFrom.get(into) ?? []), ...ids])
}

/** Positions are those of a chain read wholly before: relinking cuts it. */
function moveAppointments(
  state: PracticeState,
  { positions, to }: { positions: readonly number[]; to: number },
  stamp: Stamp,
): void {
  for (const position of positions) {
    linkPatient(state, position, to)
    markModified(state.appointments, position, begin(state, stamp))
    announceAppointment(state, position, 'UpdateAppointment')
  }
}

/** The first and last visit of a patient, of those that are over. */
function setVisits(state: PracticeState, patient: number): void {
  const { patients, appointments: table } = state
  let first: number | undefined
  let last: number | undefined
  for (const position of appointmentsOf(state, patient)) {
    if (statusOf(table, position) !== '3' && statusOf(table, position) !== '4') continue
    if (first === undefined || startsBefore(table, position, first)) first = position
    if (last === undefined || startsBefore(table, last, position)) last = position
  }
  patients.firstVisit.set(patient, first === undefined ? 0 : first + 1)
  patients.lastVisit.set(patient, last === undefined ? 0 : last + 1)
}

/**
 * Undoes the merge that ended a patient: what it passed on goes back, what came to the survivor since stays there. No
 * call of athenahealth's does this, and how its feeds tell of it is not documented: both patients are announced as
 * updated (inferred). Refuses `unknown_patient`, and `not_merged`.
 */
export function unmergePatient(state: PracticeState, from: number, stamp: Stamp): void {
  const { patients } = state
  if (!patientExists(patients, from)) throw new Refusal('unknown_patient')
  const passed = passedOn(state).get(from)
  if (passed === undefined) throw new Refusal('not_merged')
  const into = survivorOf(patients, from)
  changeTime(state, stamp)
  forgetPrevious(state, from)
  passedOn(state).delete(from)
  patients.survivor.delete(from)
  patients.status.set(from, passed.status)
  relist(patients, from, patients.department.get(from))
  const back = giveAppointmentsBack(state, { from, into, passed }, stamp)
  const claims = givePassedClaimsBack(state, { claims: passed.claims, from, into })
  for (const patient of [from, into]) {
    setVisits(state, patient)
    announcePatient(state, patient, 'UpdatePatient')
  }
  announceMergedCharts(state, from, from)
  announcePassedClaims(state, claims)
  announceMergedDocuments(state, { from, into: from }, back)
}

/** Nobody along the way to the survivor was this patient any longer, nor those who had been merged into it. */
function forgetPrevious({ patients }: PracticeState, from: number): void {
  const gone = new Set([from, ...(patients.mergedFrom.get(from) ?? [])])
  for (let on = patients.survivor.get(from); on !== undefined; on = patients.survivor.get(on)) {
    const left = (patients.mergedFrom.get(on) ?? []).filter((previous) => !gone.has(previous))
    if (left.length === 0) patients.mergedFrom.delete(on)
    else patients.mergedFrom.set(on, left)
  }
}

/** Answers the positions that went back. */
function giveAppointmentsBack(
  state: PracticeState,
  { from, into, passed }: Merge & { readonly passed: Passed },
  stamp: Stamp,
): readonly number[] {
  const { patients, appointments } = state
  const back = passed.positions.filter((position) => appointments.patient.get(position) === into)
  const going = new Set(back)
  const staying = [...appointmentsOf(state, into)].filter((position) => !going.has(position)).toReversed()
  patients.appointments.set(into, 0)
  for (const position of staying) linkPatient(state, position, into)
  moveAppointments(state, { positions: back, to: from }, stamp)
  return back
}
