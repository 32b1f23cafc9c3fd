/*
 * Book an open slot, move the booking, cancel it. A write is never sent twice, so the program has to know three outcomes:
 * done, not done, and unknown, which `error.executed` tells apart.
 *
 *   npm run example examples/book-appointment.ts PATIENT_ID [department id]
 */
import { type Appointment, isAthenaError } from '@aegis/client'
import { connect } from './connect.ts'

const [patientid, departmentid = '1'] = process.argv.slice(2)
if (patientid === undefined) throw new Error('usage: book-appointment.ts PATIENT_ID [department id]')

const { appointments } = connect()

/** Books the first of the slots that nobody else has taken meanwhile. */
async function bookFirst(slots: readonly Appointment[], patient: string): Promise<Appointment> {
  for (const { appointmentid, appointmenttypeid } of slots) {
    try {
      return (await appointments.book(appointmentid, { patientid: patient, appointmenttypeid })).value
    } catch (error) {
      if (isAthenaError(error, 'conflict')) continue // somebody was faster: take the next one
      if (!isAthenaError(error) || error.executed !== 'unknown') throw error
      // No answer came, and the booking may stand. Booking another slot could book twice: read what is there.
      const { value: now } = await appointments.get(appointmentid)
      if (now.patientid === patient) return now
    }
  }
  throw new Error('no slot could be booked')
}

// A reason of -1 asks for the slots that patients may book themselves.
const open: Appointment[] = []
for await (const slot of appointments.open({ departmentid, reasonid: -1 })) open.push(slot)
console.log(`${open.length} open slots`)

const booked = await bookFirst(open, patientid)
console.log(`booked: ${booked.appointmentid} on ${booked.date} at ${booked.starttime}`)

const later = open.findLast((slot) => slot.appointmentid !== booked.appointmentid)
if (!later) throw new Error('no other slot to move to')
// A moved appointment is another record: it takes the id of the slot it moves to.
const moved = await appointments.reschedule(booked.appointmentid, { patientid, newappointmentid: later.appointmentid })
console.log(`moved:  ${moved.value.appointmentid} on ${moved.value.date} at ${moved.value.starttime}`)

await appointments.cancel(moved.value.appointmentid, { patientid, cancellationreason: 'an example' })
const { value: gone } = await appointments.get(moved.value.appointmentid)
console.log(`cancelled: its status is ${gone.appointmentstatus}`)
