import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const hourMs = 3_600_000

interface Scene {
  readonly api: PracticeApi
  /** Ids of three open generic 15-minute slots in a row, of a booked appointment and its patient. */
  readonly slots: readonly string[]
  readonly booked: string
  readonly names: () => string[]
}

/** A practice with a row of free slots on one morning; the first one is booked for patient 5 when `book` is set. */
function scene(book = true): Scene {
  const api = practiceApi({ patients: 120 })
  const add = (time: string) => {
    const change = { kind: 'addslot', department: '1', provider: '71', date: '12/01/2026', time, type: '82' } as const
    return applyChange(api.practice, change).appointments[0] ?? ''
  }
  const slots = ['18:00', '18:15', '18:30', '19:00'].map(add)
  const [first = ''] = slots
  if (book) applyChange(api.practice, { kind: 'book', appointment: first, patient: 5, type: '11' })
  api.events.length = 0
  return {
    api,
    slots: book ? slots.slice(1) : slots,
    booked: first,
    names: () => api.events.map(({ name, id }) => `${name} ${slots.includes(id) ? slots.indexOf(id) : 'new'}`),
  }
}

const taken = {
  status: 409,
  body: {
    detailedmessage:
      'The appointment ID is already booked or is not marked as being available to be scheduled via the API.',
    error: 'That appointment time was already booked or not available for booking.',
  },
}

test('booking a slot by reason answers the appointment as an array of one', () => {
  const { api, slots, names } = scene()
  const reply = api.call(`PUT /appointments/${slots[0]}`, 'patientid=6&reasonid=563&bookingnote=knee&urgentyn=true')
  assert.equal(reply.status, 200)
  assert.deepEqual(reply.body, [
    {
      appointmentid: slots[0],
      date: '12/01/2026',
      starttime: '18:15',
      duration: 15,
      departmentid: '1',
      providerid: '71',
      appointmentstatus: 'f',
      appointmenttypeid: '11',
      appointmenttype: 'Follow Up',
      patientappointmenttypename: 'Follow Up',
      chargeentrynotrequired: false,
      patientid: '6',
      referringproviderid: '',
      renderingproviderid: '',
      supervisingproviderid: 0,
    },
  ])
  assert.deepEqual(names(), ['ScheduleAppointment 1'])
  const { urgent, appointmentnotes, scheduledby, templateappointmenttypeid } =
    api.practice.wireRecord('appointments', slots[0] ?? '') ?? {}
  assert.equal(urgent, true)
  assert.deepEqual(
    (appointmentnotes as { text: string }[]).map(({ text }) => text),
    ['API (demo-client) appointment created.  Reported reason for booking: knee'],
  )
  assert.match(String(scheduledby), /^API-\d{4,5}$/)
  assert.equal(templateappointmenttypeid, '82')
})

test('parameters of a booking may come in the query with an empty body', () => {
  const { api, slots } = scene()
  assert.equal(api.record(`PUT /appointments/${slots[0]}?patientid=6&reasonid=563`)['patientid'], '6')
})

const conflicts: readonly (readonly [what: string, make: (scene: Scene) => string])[] = [
  ['a booked appointment', ({ booked }) => booked],
  [
    'a frozen slot',
    ({ api, slots }) => {
      api.call(`PUT /appointments/${slots[0]}/freeze`, 'freeze=true')
      return slots[0] ?? ''
    },
  ],
  [
    'a deleted slot',
    ({ api, slots }) => {
      api.call(`DELETE /appointments/${slots[0]}`)
      return slots[0] ?? ''
    },
  ],
  [
    'a cancelled appointment',
    ({ api, booked }) => {
      api.call(`PUT /appointments/${booked}/cancel`, 'patientid=5')
      return booked
    },
  ],
]
for (const [what, make] of conflicts) {
  test(`booking ${what} is the recorded 409 and changes nothing`, () => {
    const at = scene()
    const id = make(at)
    const before = [api(at), at.api.events.length]
    assert.deepEqual(at.api.call(`PUT /appointments/${id}`, 'patientid=7&appointmenttypeid=11'), taken)
    assert.deepEqual([api(at), at.api.events.length], before)
    function api(given: Scene): unknown {
      return given.api.practice.wireRecord('appointments', id)
    }
  })
}

const refusals: readonly (readonly [what: string, form: string, body: unknown])[] = [
  ['no patient', 'reasonid=563', { missingfields: ['patientid'], error: 'Additional fields are required.' }],
  [
    'neither type nor reason',
    'patientid=6',
    {
      detailedmessage: 'An appointment type or reason must be provided.',
      error: 'Additional fields are required.',
    },
  ],
  [
    'a patient who is no number',
    'patientid=six&reasonid=563',
    { detailedmessage: 'Expecting type integer, but value is six', error: 'The data provided is invalid.' },
  ],
  [
    'a patient who never was',
    'patientid=99999&reasonid=563',
    { detailedmessage: 'Invalid patient.', error: 'The data provided is invalid.' },
  ],
]
for (const [what, form, body] of refusals) {
  test(`booking with ${what} is refused with 400`, () => {
    const { api, slots } = scene()
    assert.deepEqual(api.call(`PUT /appointments/${slots[0]}`, form), { status: 400, body })
    assert.equal(api.events.length, 0)
  })
}

test('an unknown appointment is a 404', () => {
  const { api } = scene()
  for (const request of ['GET /appointments/1', 'PUT /appointments/1', 'PUT /appointments/1/cancel']) {
    assert.equal(api.call(request, 'patientid=5&appointmenttypeid=11').status, 404, request)
  }
})

test('a type longer than a generic slot takes the slots right behind it too', () => {
  const { api, slots, names } = scene()
  assert.equal(api.record(`PUT /appointments/${slots[0]}`, 'patientid=6&appointmenttypeid=8')['duration'], 30)
  assert.deepEqual(names(), ['DeleteAppointment 2', 'ScheduleAppointment 1'])
  assert.equal(api.call(`GET /appointments/${slots[1]}`).status, 404)
})

test('a type longer than the free time is a conflict', () => {
  const { api, slots } = scene()
  assert.deepEqual(api.call(`PUT /appointments/${slots[1]}`, 'patientid=6&appointmenttypeid=8'), taken)
})

test('a slot reserved for one type is a conflict for another', () => {
  const { api } = scene()
  const place = { department: '1', provider: '71', date: '12/02/2026', time: '18:00', type: '11' }
  const [slot = ''] = applyChange(api.practice, { kind: 'addslot', ...place }).appointments
  assert.deepEqual(api.call(`PUT /appointments/${slot}`, 'patientid=6&appointmenttypeid=62'), taken)
  assert.equal(api.call(`PUT /appointments/${slot}`, 'patientid=6&appointmenttypeid=11').status, 200)
})

test('cancelling answers x, keeps the appointment and opens its time under a new id', () => {
  const { api, booked, names } = scene()
  const reply = api.call(`PUT /appointments/${booked}/cancel`, 'patientid=5&cancellationreason=moved')
  assert.deepEqual(reply, { status: 200, body: { status: 'x' } })
  assert.deepEqual(names(), ['CancelAppointment 0', 'AddAppointmentSlot new'])
  const record = api.practice.wireRecord('appointments', booked) ?? {}
  const { appointmentstatus, patientid, cancelreasonid, cancelreasonname, cancelreasonnoshow } = record
  assert.deepEqual(
    { appointmentstatus, patientid, cancelreasonid, cancelreasonname, cancelreasonnoshow },
    {
      appointmentstatus: 'x',
      patientid: '5',
      cancelreasonid: '-5',
      cancelreasonname: 'CANCELLED FROM API',
      cancelreasonnoshow: false,
    },
  )
  assert.equal(record['cancelleddatetime'], '11/23/2026 10:00:00')
  assert.equal(record['cancelledby'], record['lastmodifiedby'])
  const reopened = api.practice.wireRecord('appointments', api.events[1]?.id ?? '') ?? {}
  assert.equal(reopened['appointmentstatus'], 'o')
  assert.equal(reopened['templateappointmentid'], booked)
  assert.equal(reopened['appointmenttypeid'], '82')
  assert.equal(reopened['patientid'], undefined)
})

test('a reason that does not free the time opens no slot', () => {
  const { api, booked, names } = scene()
  api.call(`PUT /appointments/${booked}/cancel`, 'patientid=5&appointmentcancelreasonid=4')
  assert.deepEqual(names(), ['CancelAppointment 0'])
})

test('cancelling a long booking opens all the time it took', () => {
  const { api, slots } = scene()
  api.call(`PUT /appointments/${slots[0]}`, 'patientid=6&appointmenttypeid=8')
  api.events.length = 0
  api.call(`PUT /appointments/${slots[0]}/cancel`, 'patientid=6')
  const starts = api.events.slice(1).map(({ id }) => api.record(`GET /appointments/${id}`)['starttime'])
  assert.deepEqual(starts, ['18:15', '18:30'])
})

for (const [what, form] of [
  ['for another patient', 'patientid=6'],
  ['for a reason that does not exist', 'patientid=5&appointmentcancelreasonid=77'],
  ['without a patient', ''],
] as const) {
  test(`cancelling ${what} is refused with 400`, () => {
    const { api, booked } = scene()
    assert.equal(api.call(`PUT /appointments/${booked}/cancel`, form).status, 400)
    assert.equal(api.events.length, 0)
  })
}

test('cancelling twice is refused', () => {
  const { api, booked } = scene()
  api.call(`PUT /appointments/${booked}/cancel`, 'patientid=5')
  assert.equal(api.call(`PUT /appointments/${booked}/cancel`, 'patientid=5').status, 400)
})

test('rescheduling books the new slot, moves the notes, and links the cancelled appointment to it', () => {
  const { api, booked, slots, names } = scene()
  api.call(`POST /appointments/${booked}/notes`, 'notetext=interpreter')
  api.events.length = 0
  const [to = ''] = slots
  const reply = api.call(
    `PUT /appointments/${booked}/reschedule`,
    `patientid=5&newappointmentid=${to}&reschedulereason=later`,
  )
  assert.equal(reply.status, 200)
  const [answered] = reply.body as Record<string, unknown>[]
  assert.equal(typeof answered?.['supervisingproviderid'], 'string')
  const { appointmentid, appointmentstatus, patientid, appointmenttypeid } =
    api.rows(`GET /appointments/${to}`)[0] ?? {}
  assert.deepEqual(
    { appointmentid, appointmentstatus, patientid, appointmenttypeid },
    { appointmentid: to, appointmentstatus: 'f', patientid: '5', appointmenttypeid: '11' },
  )
  assert.deepEqual(names(), ['ScheduleAppointment 1', 'CancelAppointment 0', 'AddAppointmentSlot new'])
  const old = api.practice.wireRecord('appointments', booked) ?? {}
  assert.equal(old['rescheduledappointmentid'], to)
  assert.equal(old['appointmentstatus'], 'x')
  assert.equal(old['appointmentnotes'], undefined)
  const texts = api.rows(`GET /appointments/${to}/notes`).map((note) => note['notetext'])
  assert.deepEqual(texts, ['interpreter', 'API appointment reschedule. Reported reason for rescheduling: later'])
})

test('rescheduling into a taken slot is the 409 and leaves the appointment with its notes', () => {
  const { api, booked, slots } = scene()
  const [to = ''] = slots
  api.call(`PUT /appointments/${to}`, 'patientid=6&appointmenttypeid=11')
  api.call(`POST /appointments/${booked}/notes`, 'notetext=interpreter')
  const before = api.practice.wireRecord('appointments', booked)
  api.events.length = 0
  assert.deepEqual(api.call(`PUT /appointments/${booked}/reschedule`, `patientid=5&newappointmentid=${to}`), taken)
  assert.deepEqual(api.practice.wireRecord('appointments', booked), before)
  assert.equal(api.events.length, 0)
})

test('a booked appointment is changed in place: the answer is the bare 1, or a bare text with status 200', () => {
  const { api, booked, names } = scene()
  assert.deepEqual(api.call(`PUT /appointments/booked/${booked}`, 'providerid=72'), { status: 200, body: 1 })
  assert.deepEqual(names(), ['UpdateAppointment 0'])
  assert.equal(api.record(`GET /appointments/${booked}`)['providerid'], '72')
  assert.deepEqual(api.call(`PUT /appointments/booked/${booked}`, 'providerid=5'), {
    status: 200,
    body: 'Invalid PROVIDERID input',
  })
})

test('last-modified is Eastern wall time whatever the zone of the department', () => {
  const { api, booked } = scene()
  api.clock.now += 5 * hourMs + 61_000
  api.call(`PUT /appointments/${booked}/cancel`, 'patientid=5')
  assert.equal(api.practice.wireRecord('appointments', booked)?.['lastmodified'], '11/23/2026 15:01:01')
})
