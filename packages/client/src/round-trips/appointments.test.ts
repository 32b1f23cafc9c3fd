import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  anyText,
  assertAllTried,
  firstOf,
  roundTripEach,
  type SimulatedPractice,
  simulatedPractice,
  type Written,
} from '../../testing/round-trip.ts'

const note: Written = { values: anyText(200) }
const flag: Written = { values: fc.boolean() }

function oneOf(values: readonly unknown[]): Written {
  return { values: fc.constantFrom(...values) }
}

let world: SimulatedPractice
/** Open slots that nobody has used yet. */
const slots: string[] = []
let ids: Record<'departmentid' | 'patientid' | 'appointmenttypeid' | 'providerid', string>

before(async () => {
  world = await simulatedPractice()
  const { appointments, patients, slots: opened } = world.practice
  const [patient] = await firstOf(patients.list({ limit: 5 }))
  const [slot] = await firstOf(appointments.open({ departmentid: 1, reasonid: -1 }))
  const { departmentid = '', appointmenttypeid = '', providerid = '' } = slot ?? {}
  ids = { patientid: patient?.patientid ?? '', departmentid, appointmenttypeid, providerid }
  const appointmenttime = Array.from(
    { length: 40 },
    (_, half) => `${String(half >> 1).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`,
  )
  const day = { departmentid, appointmenttypeid, providerid, appointmenttime }
  for (const appointmentdate of ['2026-08-03', '2026-08-04'])
    for (const { appointmentid } of (await opened.create({ ...day, appointmentdate })).value) slots.push(appointmentid)
})
after(() => world[Symbol.asyncDispose]())

/** Books the next open slot. */
async function booked(form: object = {}): Promise<string> {
  const appointmentid = slots.shift() ?? ''
  const { patientid, appointmenttypeid } = ids
  await world.practice.appointments.book(appointmentid, { patientid, appointmenttypeid, ...form })
  return appointmentid
}

async function notesOf(appointment: string): Promise<{ notes: string }> {
  const notes = await firstOf(world.practice.appointments.notes.list(appointment, { showdeleted: true }))
  return { notes: notes.map(({ notetext }) => notetext).join('\n') }
}

const told = (text: string) =>
  ({ ...note, shown: 'notes', includes: true, read: (sent: string) => text + sent }) as const

test('what a booking, a move and a cancellation say is in the notes, and they change what they say', async () => {
  const { appointments } = world.practice
  let appointment = ''
  await roundTripEach(
    { bookingnote: told('Reported reason for booking: ') },
    { write: async (sent) => (appointment = await booked(sent)), read: () => notesOf(appointment) },
  )
  assert.equal((await appointments.get(await booked({ urgentyn: true }))).value.urgentyn ?? true, true)

  await roundTripEach(
    { reschedulereason: told('Reported reason for rescheduling: ') },
    {
      async write(sent) {
        const from = await booked()
        const to = slots.shift() ?? ''
        const { value } = await appointments.reschedule(from, {
          patientid: ids.patientid,
          newappointmentid: to,
          ...sent,
        })
        assert.deepEqual([value.appointmentid, value.patientid], [to, ids.patientid])
        assert.equal((await appointments.get(from)).value.appointmentstatus, 'x')
        appointment = to
      },
      read: () => notesOf(appointment),
    },
  )

  await roundTripEach(
    { cancellationreason: told('Reported reason for cancellation: ') },
    {
      async write(sent) {
        appointment = await booked()
        await appointments.cancel(appointment, { patientid: ids.patientid, ...sent })
        assert.equal((await appointments.get(appointment)).value.appointmentstatus, 'x')
      },
      read: () => notesOf(appointment),
    },
  )

  const reasons = await firstOf(appointments.cancelReasons())
  const window = {
    startdate: '2026-08-01',
    enddate: '2026-08-31',
    departmentid: ids.departmentid,
    showcancelled: true,
  }
  await roundTripEach(
    {
      appointmentcancelreasonid: {
        ...oneOf(reasons.map((reason) => reason.appointmentcancelreasonid)),
        shown: 'cancelreasonid',
      },
    },
    {
      async write(sent) {
        appointment = await booked()
        await appointments.cancel(appointment, { patientid: ids.patientid, ...sent })
      },
      read: async () =>
        (await firstOf(appointments.booked(window))).find(({ appointmentid }) => appointmentid === appointment),
    },
  )
})

test('a booking that is changed is read as it was changed', async () => {
  const { appointments, departments, providers, appointmentTypes } = world.practice
  const appointment = await booked()
  const people = (await firstOf(providers.list())).filter(({ entitytype }) => entitytype === 'Person')
  const types = (await firstOf(appointmentTypes.list())).filter(
    ({ patient, templatetypeonly }) => patient && !templatetypeonly,
  )
  const fields = {
    appointmenttypeid: oneOf(types.map(({ appointmenttypeid }) => appointmenttypeid)),
    departmentid: oneOf((await firstOf(departments.list())).map(({ departmentid }) => departmentid)),
    schedulingproviderid: { ...oneOf(people.map(({ providerid }) => providerid)), shown: 'providerid' },
  }
  // Alone, providerid moves the booking to another schedule, as schedulingproviderid does; who supervises only feeds show.
  assertAllTried('PUT /appointments/booked/{appointmentid}', fields, ['providerid', 'supervisingproviderid'])
  await roundTripEach(fields, {
    write: (sent) => appointments.updateBooked(appointment, sent),
    read: async () => (await appointments.get(appointment)).value,
  })
})

test('slots are opened at the times that were sent, held, let go and removed', async () => {
  const { slots: opened } = world.practice
  const { departmentid, providerid, appointmenttypeid } = ids
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 47 }), { minLength: 1, maxLength: 5 })
  let day = 0
  const trip = fc.asyncProperty(times, fc.boolean(), async (halves, freeze) => {
    day += 1
    const appointmentdate = new Date(Date.UTC(2026, 8, day)).toISOString().slice(0, 10)
    const wanted = halves.map(
      (half) => `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`,
    )
    const form = { appointmentdate, appointmenttime: wanted, departmentid, providerid, appointmenttypeid }
    const { value } = await opened.create(form)
    assert.deepEqual(new Set(value.map(({ time }) => time)), new Set(wanted))
    for (const { appointmentid, time } of value) {
      const { value: slot } = await opened.get(appointmentid)
      assert.deepEqual(
        [slot.date, slot.starttime, slot.departmentid, slot.providerid, slot.appointmenttypeid, slot.appointmentstatus],
        [appointmentdate, time, departmentid, providerid, appointmenttypeid, 'o'],
      )
      await opened.freeze(appointmentid, { freeze: true })
      assert.equal((await opened.get(appointmentid)).value.frozen, true)
      if (!freeze) await opened.freeze(appointmentid, { freeze: false })
      assert.equal((await opened.get(appointmentid)).value.frozen ?? false, freeze)
      if (freeze) continue
      await opened.delete(appointmentid)
      await assert.rejects(opened.get(appointmentid), { code: 'not-found' })
    }
  })
  await fc.assert(trip, { numRuns: 5 })
})

test('notes are added, changed and removed as they were sent', async () => {
  const { notes } = world.practice.appointments
  const appointmentid = await booked()
  const written = async () => (await firstOf(notes.list(appointmentid))).at(-1)
  const fields = { notetext: note, displayonschedule: flag }
  assertAllTried('POST /appointments/{appointmentid}/notes', fields)
  await roundTripEach(fields, {
    write: (sent) => notes.create(appointmentid, { notetext: 'x', ...sent }),
    read: written,
  })
  const noteid = (await written())?.noteid ?? ''
  await roundTripEach(fields, {
    write: (sent) => notes.update({ appointmentid, noteid }, { notetext: 'x', ...sent }),
    read: written,
  })
  await notes.delete({ appointmentid, noteid })
  assert.notEqual((await written())?.noteid, noteid)
})

test('the waitlist has what was sent', async () => {
  const { waitlist } = world.practice.appointments
  const { patientid, departmentid } = ids
  let waitlistid = ''
  const fields = {
    providerid: oneOf([ids.providerid]),
    appointmenttypeid: oneOf([ids.appointmenttypeid]),
    appointmentid: oneOf([await booked()]),
    dayofweekids: {
      values: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      read: (days: number[]) => days.toSorted((a, b) => a - b).map(String),
    },
    hourfrom: { values: fc.integer({ min: 0, max: 12 }) },
    hourto: { values: fc.integer({ min: 13, max: 24 }) },
    note,
    priority: oneOf(['LOW', 'NORMAL', 'HIGH']),
  }
  // Any department shows as none.
  const shownElsewhere = ['allowanydepartment', 'departmentid', 'patientid']
  assertAllTried('POST /appointments/waitlist', fields, shownElsewhere)
  assertAllTried('PUT /appointments/waitlist/{waitlistid}', fields, shownElsewhere)
  const read = async () => {
    const { value } = await waitlist.get(waitlistid)
    return { ...value, dayofweekids: value.dayofweekids?.toSorted((a, b) => Number(a) - Number(b)) }
  }
  await roundTripEach(fields, {
    async write(sent) {
      ;({ waitlistid = '' } = (await waitlist.create({ patientid, departmentid, ...sent })).value)
      const { value } = await waitlist.get(waitlistid)
      assert.deepEqual([value.patientid, value.departmentid], [patientid, departmentid])
    },
    read,
  })
  await roundTripEach(fields, { write: (sent) => waitlist.update(waitlistid, sent), read })
  await waitlist.update(waitlistid, { allowanydepartment: true })
  assert.equal((await waitlist.get(waitlistid)).value.departmentid, undefined)
  await waitlist.delete(waitlistid)
  await assert.rejects(waitlist.get(waitlistid), { code: 'not-found' })
})

test('reminders have what was sent', async () => {
  const { reminders } = world.practice.appointments
  const { patientid, departmentid } = ids
  let appointmentreminderid = ''
  const fields = {
    approximatedate: oneOf(['2026-03-08', '2026-11-01', '2028-02-29']),
    appointmenttypeid: oneOf([ids.appointmenttypeid]),
    providerid: oneOf([ids.providerid]),
    note,
    patientinstructions: note,
  }
  const read = async () => (await reminders.get(appointmentreminderid)).value
  assertAllTried('POST /appointments/appointmentreminders', fields, ['departmentid', 'patientid'])
  await roundTripEach(fields, {
    async write(sent) {
      const form = { patientid, departmentid, approximatedate: '2026-05-01', ...sent }
      ;({ appointmentreminderid = '' } = (await reminders.create(form)).value)
      assert.deepEqual([(await read()).patientid, (await read()).departmentid], [patientid, departmentid])
    },
    read,
  })
  const changed = { ...fields, status: oneOf(['Scheduled', 'Left message']) }
  assertAllTried('PUT /appointments/appointmentreminders/{appointmentreminderid}', changed)
  await roundTripEach(changed, { write: (sent) => reminders.update(appointmentreminderid, sent), read })
  await reminders.delete(appointmentreminderid)
  const window = { departmentid, startdate: '2026-01-01', enddate: '2028-12-31' }
  const left = await firstOf(reminders.list(window))
  assert.ok(left.every((reminder) => reminder.appointmentreminderid !== appointmentreminderid))
})

test('confirmations and added fields are read as they were sent', async () => {
  const { confirmation, customFields } = world.practice.appointments
  const appointment = await booked()
  await roundTripEach(
    { appointmentconfirmationid: oneOf(['1', '2', '3']) },
    {
      write: (sent) => confirmation.put(appointment, { appointmentconfirmationid: 1, ...sent }),
      read: async () => (await confirmation.get(appointment)).value,
    },
  )
  // Where their values are shown is not known: taken or refused is all there is to see.
  const [field] = (await firstOf(customFields.list())).filter(({ type, select }) => type === 'TEXT' && !select)
  const [customfieldid, customfieldvalue] = [field?.customfieldid, 'é & "b"']
  await customFields.update(appointment, { customfields: [{ customfieldid, customfieldvalue }] })
  const unknown = customFields.update(appointment, { customfields: [{ customfieldid: 1, customfieldvalue }] })
  await assert.rejects(unknown, { code: 'invalid-request' })
})

test('a kind of appointment is read as it was made and changed', async () => {
  const { appointmentTypes } = world.practice
  let [id, serial] = ['', 0]
  const fields = { name: { values: anyText(30) }, generic: flag, patient: flag, templatetypeonly: flag }
  const made = {
    ...fields,
    shortname: { values: fc.stringMatching(/^[A-Z0-9&é]{4}$/) },
    duration: { values: fc.integer({ min: 1, max: 600 }) },
  }
  const read = async () => (await appointmentTypes.get(id)).value
  assertAllTried('POST /appointmenttypes', made)
  await roundTripEach(made, {
    async write(sent) {
      serial += 1
      const form = { name: 'Long visit', shortname: `L${serial}`, duration: 40, patient: true, ...sent }
      ;({ appointmenttypeid: id = '' } = (await appointmentTypes.create(form)).value)
    },
    read,
  })
  assertAllTried('PUT /appointmenttypes/{appointmenttypeid}', fields)
  await roundTripEach(fields, { write: (sent) => appointmentTypes.update(id, sent), read })
})
