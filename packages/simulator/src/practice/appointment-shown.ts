/** What the lists of appointments add when they are asked to, and what only one of the lists tells. */
import { appointmentDetails, type ReminderCall } from './appointment-details.ts'
import { bookedRecord, copayOf } from './appointment-record.ts'
import { statusOf } from './appointment-table.ts'
import { confirmationName } from './appointment-reference.ts'
import type { WireRecord } from './blank-patient.ts'
import { claimRecord, isVoided } from './claim-record.ts'
import { claimsOfAppointment } from './claim-table.ts'
import { expectedProcedure } from './expected-procedures.ts'
import { patientRecord } from './patient-record.ts'
import type { Show } from './practice.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { messageHash } from './message-hash.ts'
import { seesPatient } from './restricted-patients.ts'
import { mixSeed } from './seeded-random.ts'
import { eastern, wallText } from './zone-time.ts'

/**
 * Adds to a record what `show` asks for. A slot has nothing of it, and of a patient whose record the caller may not see
 * there are neither details nor insurances: documented for the patient, inferred for the insurances, which name it too.
 */
export function showDetails(state: PracticeState, position: number, shown: { record: WireRecord; show: Show }): void {
  const { record, show } = shown
  const patient = state.appointments.patient.get(position)
  if (patient === 0) return
  if (show.copay === true && record['copay'] === undefined && record['appointmentstatus'] !== 'x') {
    record['copay'] = copayOf(state, position)
  }
  const isSeen = show.sight === undefined || seesPatient(state.patients, patient, show.sight)
  if (isSeen) showPatient(state, patient, shown)
  if (show.claimDetail === true) record['claims'] = claims(state, position)
  if (show.expectedProcedures === true) record['useexpectedprocedurecodes'] = procedures(state, position)
  if (show.reminderCalls === true) record['remindercalldetail'] = reminderCalls(state, position)
  // The name of the field is a guess: the option is documented, its answer is not.
  if (show.telehealth === true) record['isathenatelehealth'] = isTelehealth(state, position)
}

function showPatient(
  state: PracticeState,
  patient: number,
  { record, show }: { record: WireRecord; show: Show },
): void {
  if (show.patientDetail === true) record['patient'] = patientRecord(state, patient)
  if (show.insurance === true) record['insurances'] = patientRecord(state, patient, { insurance: true })['insurances']
}

/** True when the visit is a call by video that athenahealth itself hosts. */
export function isTelehealth(state: PracticeState, position: number): boolean {
  return listed(state.types, state.appointments.type.get(position)).byVideo
}

/** The claims of the visit as they are shown alone (inferred: the list is recorded, what is in it is not). */
function claims(state: PracticeState, position: number): WireRecord[] {
  return claimsOfAppointment(state, position)
    .filter((index) => !isVoided(state, index))
    .map((index) => claimRecord(state, index))
}

function procedures(state: PracticeState, position: number): WireRecord[] {
  const { id } = listed(state.types, state.appointments.type.get(position))
  const procedure = expectedProcedure(id)
  return procedure === undefined ? [] : [{ procedurecode: procedure.code, procedurecodedescription: procedure.words }]
}

/** Guessed: that the calls can be shown is documented, how they look is not. */
function reminderCalls(state: PracticeState, position: number): WireRecord[] {
  return (appointmentDetails(state, position).reminderCalls ?? []).map((call: ReminderCall) => ({
    calldatetime: wallText(eastern, call.at),
    method: call.method,
    result: call.result,
    messagehash: messageHash(state, position),
  }))
}

/** A row of the list over several departments, which alone tells of confirmation and of the visit's way through the house. */
export function multipleDepartmentRecord(state: PracticeState, position: number, showCopay: boolean): WireRecord {
  const record = bookedRecord(state, position, showCopay)
  const { confirmation, noChargeReason } = appointmentDetails(state, position)
  if (confirmation !== undefined) {
    record['appointmentconfirmationid'] = String(confirmation)
    record['appointmentconfirmationname'] = confirmationName(confirmation)
  }
  if (noChargeReason !== undefined) record['chargeentrynotrequiredreason'] = noChargeReason
  if (statusOf(state.appointments, position) !== 'x') addWay(state, position, record)
  return record
}

function addWay(state: PracticeState, position: number, record: WireRecord): void {
  const { appointments: table } = state
  const checkedIn = table.checkedInAt.get(position)
  const checkedOut = table.checkedOutAt.get(position)
  if (checkedIn === 0) return
  record['checkindatetime'] = wallText(eastern, checkedIn * 1000)
  if (table.encounter.get(position) !== 0) record['encounterstate'] = checkedOut === 0 ? 'OPEN' : 'CLOSED'
  const { renderingProvider = table.provider.get(position) } = appointmentDetails(state, position)
  record['renderingproviderid'] = Number(listed(state.providers, renderingProvider).id)
  if (checkedOut === 0) return
  // The stops on the way are known once it is over: they lie between check-in and check-out, always the same.
  const length = checkedOut - checkedIn
  const share = (mixSeed(state.seed, position) % 100) / 1000
  const stop = (part: number): string => wallText(eastern, (checkedIn + Math.floor(length * part)) * 1000)
  record['stopintakedatetime'] = stop(0.2 + share)
  record['stopexamdatetime'] = stop(0.75 + share)
  record['startcheckoutdatetime'] = stop(0.85 + share)
  record['checkoutdatetime'] = wallText(eastern, checkedOut * 1000)
}
