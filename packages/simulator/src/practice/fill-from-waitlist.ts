/** Gives a free slot to someone who waits for it. */
import { bookAppointment, rescheduleAppointment } from './booking-changes.ts'
import type { PracticeState, Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { removeFromWaitlist, typeForWish, type WaitlistEntry } from './waitlist.ts'

/** Id of the cancel reason "PATIENT RESCHEDULED". */
const rescheduledReasonId = '3'

/**
 * Books the slot for the patient of an entry, or moves there the appointment that the entry would replace; then nobody
 * waits under the entry any longer. All or nothing. Refuses what booking and rescheduling refuse.
 */
export function fillFromWaitlist(
  state: PracticeState,
  { position, entry }: { position: number; entry: WaitlistEntry },
  stamp: Stamp,
): void {
  const type = typeForWish(state, position, entry)
  if (type === undefined) throw new Refusal('slot_taken')
  const { patient, appointment } = entry
  if (appointment === undefined) {
    bookAppointment(state, { position, patient, type, note: entry.note }, stamp)
    removeFromWaitlist(state, entry.id, stamp)
    return
  }
  const move = { position: appointment, to: position, patient, type, reasonId: rescheduledReasonId, note: entry.note }
  rescheduleAppointment(state, move, stamp)
}
