/** Turns what the practice refuses into athenahealth's answers. Recorded where noted, otherwise our words. */
import { Refusal, type RefusalCode } from '../practice/refusal.ts'
import type { Reply, Route } from '../route.ts'
import { invalidData, notFound, ok, slotTaken } from '../server/reply.ts'

const texts: Readonly<Record<RefusalCode, string>> = {
  slot_taken: 'Appointment is not available for booking.',
  slot_not_open: 'Appointment is not an open slot.',
  // The two texts athenahealth documents for freezing.
  already_frozen: 'Appointment is already frozen.',
  already_unfrozen: 'Appointment is already unfrozen.',
  not_booked: 'Appointment is not in a booked state.',
  not_checked_in: 'Appointment is not checked in.',
  check_in_not_started: 'Appointment check-in has not been started.',
  already_checked_in: 'Appointment is already checked in.',
  not_checked_out: 'Appointment is not checked out.',
  other_patient: 'Appointment belongs to another patient.',
  same_slot: 'The new appointment is the same as the old one.',
  unknown_appointment: 'Invalid appointment.',
  unknown_patient: 'Invalid patient.',
  patient_gone: 'Patient is deleted or merged.',
  unknown_provider: 'Invalid provider.',
  unknown_department: 'Invalid department.',
  unknown_type: 'Invalid appointment type.',
  unknown_reason: 'Invalid reason.',
  unknown_note: 'The note does not exist.',
  unknown_custom_field: 'Invalid custom field.',
  unknown_claim: 'The claim does not exist.',
  unknown_clinical_provider: 'Invalid clinical provider.',
  // Recorded for diagnoses of an encounter.
  unknown_condition: 'SNOMED code not valid.',
  unknown_diagnosis: 'The diagnosis does not exist.',
  unknown_encounter: 'The encounter does not exist.',
  unknown_insurance: 'The insurance does not exist.',
  unknown_insurance_package: 'Invalid insurance package.',
  unknown_medication: 'Invalid medication.',
  unknown_medication_entry: 'The medication entry does not exist.',
  unknown_problem: 'The problem does not exist.',
  unknown_referring_provider: 'The referring provider does not exist.',
  unknown_vaccine: 'The vaccine does not exist.',
  unknown_vital: 'The vital does not exist.',
  not_historical: 'Only historical medications can be changed so.',
  no_chart_there: 'The patient has no chart in this department.',
  same_patient: 'The patients are the same.',
  not_deleted: 'The record is not deleted.',
  not_merged: 'The patient is not merged.',
  cancel_locked: 'Appointment is frozen and cannot be cancelled.',
  check_in_incomplete: 'Required sections are not complete.',
  not_schedulable: 'Appointment is not available for booking.',
  patient_overlap: 'Appointment is not available for booking.',
  reason_not_offered: 'Appointment is not available for booking.',
  other_department: 'The appointment is in another department.',
  unknown_record: 'The record does not exist.',
  unknown_document: 'The document does not exist.',
  unknown_document_type: 'Invalid document type.',
  unknown_close_reason: 'Invalid action reason.',
  unknown_user: 'Invalid user name.',
  closed_already: 'The document is closed.',
  not_closed: 'The document is not closed.',
  not_in_data_entry: 'The document is not in data entry.',
  // Documented as a public text.
  point_of_care: 'The analytes for this point of care test cannot be updated.',
  exists_already: 'The record exists already.',
  insurance_in_force: 'The insurance is active.',
  insurance_sequence_taken: 'The patient has another active insurance with that sequence number.',
  // Documented.
  insurance_without_primary: 'Secondary insurance without primary.',
}

/** Why a slot cannot be booked: the recorded text names both that it is taken and that the API may not schedule it. */
const conflicts: ReadonlySet<RefusalCode> = new Set([
  'slot_taken',
  'not_schedulable',
  'patient_overlap',
  'reason_not_offered',
])
/** What names a record of the path that is not there; what a field names wrongly is 400. */
const absences: ReadonlySet<RefusalCode> = new Set([
  'no_chart_there',
  'unknown_claim',
  'unknown_diagnosis',
  'unknown_document',
  'unknown_encounter',
  'unknown_insurance',
  'unknown_medication_entry',
  'unknown_note',
  'unknown_problem',
  'unknown_record',
  'unknown_referring_provider',
  'unknown_vaccine',
  'unknown_vital',
])

function errorReply({ code }: Refusal): Reply {
  if (conflicts.has(code)) return slotTaken()
  return absences.has(code) ? notFound(texts[code]) : invalidData(texts[code])
}

/** The handler with refusals answered as errors: 409 for a slot that is taken (recorded), 400 for the rest. */
export function orError(handle: Route['handle']): Route['handle'] {
  return (context) => {
    try {
      return handle(context)
    } catch (error) {
      if (error instanceof Refusal) return errorReply(error)
      throw error
    }
  }
}

/** The handler with refusals answered as 200 and `success` false, the reason under `key` (recorded for freezing). */
export function orFailure(key: 'errormessage' | 'message', handle: Route['handle']): Route['handle'] {
  return (context) => {
    try {
      return handle(context)
    } catch (error) {
      if (error instanceof Refusal) return ok({ success: false, [key]: texts[error.code] })
      throw error
    }
  }
}
