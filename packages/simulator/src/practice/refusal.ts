/** Why the practice does not make a change. The endpoints turn each code into athenahealth's answer. */
export type RefusalCode =
  | 'slot_taken'
  | 'slot_not_open'
  | 'already_frozen'
  | 'already_unfrozen'
  | 'not_booked'
  | 'not_checked_in'
  | 'check_in_not_started'
  | 'already_checked_in'
  | 'not_checked_out'
  | 'other_patient'
  | 'same_slot'
  | 'unknown_appointment'
  | 'unknown_patient'
  | 'patient_gone'
  | 'unknown_provider'
  | 'unknown_department'
  | 'unknown_type'
  | 'unknown_reason'
  | 'unknown_note'
  | 'unknown_custom_field'
  | 'unknown_claim'
  | 'unknown_clinical_provider'
  | 'unknown_condition'
  | 'unknown_diagnosis'
  | 'unknown_encounter'
  | 'unknown_medication'
  | 'unknown_medication_entry'
  | 'unknown_problem'
  | 'unknown_referring_provider'
  | 'unknown_vaccine'
  | 'unknown_vital'
  | 'not_historical'
  | 'no_chart_there'
  | 'same_patient'
  | 'not_deleted'
  | 'cancel_locked'
  | 'check_in_incomplete'
  | 'not_schedulable'
  | 'patient_overlap'
  | 'reason_not_offered'
  | 'other_department'
  | 'unknown_record'
  | 'exists_already'

/** A change the practice refuses; nothing was changed. */
export class Refusal extends Error {
  readonly code: RefusalCode
  constructor(code: RefusalCode) {
    super(`refused: ${code.replaceAll('_', ' ')}`)
    this.name = 'Refusal'
    this.code = code
  }
}
