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
  same_patient: 'The patients are the same.',
  not_deleted: 'The record is not deleted.',
}

function errorReply({ code }: Refusal): Reply {
  if (code === 'slot_taken') return slotTaken()
  return code === 'unknown_note' ? notFound(texts[code]) : invalidData(texts[code])
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
