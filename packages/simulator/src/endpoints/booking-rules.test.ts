import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import type { SchedulingRules } from '../practice/scheduling-rules.ts'

const place = { departmentid: '1', providerid: '71', appointmentdate: '12/01/2026' }

/** Opens slots of a type, on the evening of 1 December in department 1 unless told otherwise, and answers their ids. */
function open(api: PracticeApi, times: string, fields: Record<string, string> = {}): string[] {
  const form = { ...place, appointmenttypeid: '82', appointmenttime: times, ...fields }
  const { appointmentids } = api.record('POST /appointments/open', new URLSearchParams(form).toString())
  return Object.keys(appointmentids as Record<string, string>)
}

function scene(scheduling: Partial<SchedulingRules> = {}, times = '18:00'): { api: PracticeApi; slots: string[] } {
  const api = practiceApi({ patients: 120, scheduling })
  return { api, slots: open(api, times) }
}

const taken = 'That appointment time was already booked or not available for booking.'

test('slots are opened one a time, by type or by reason, and answered with their times', () => {
  const { api } = scene()
  const opened = (fields: string) =>
    Object.values(
      api.record('POST /appointments/open', `${new URLSearchParams(place)}&${fields}`)['appointmentids'] ?? {},
    )
  assert.deepEqual(opened('appointmenttypeid=82&appointmenttime=19:00,19:15'), ['19:00', '19:15'])
  assert.deepEqual(opened('reasonid=563&appointmenttime=20:00&appointmenttime=20:30'), ['20:00', '20:30'])
  const added = api.events.slice(-4).map(({ name, id }) => [name, api.record(`GET /appointments/${id}`)])
  assert.deepEqual(
    added.map(([name, record]) => [name, (record as Record<string, unknown>)['appointmenttypeid']]),
    [
      ['AddAppointmentSlot', '82'],
      ['AddAppointmentSlot', '82'],
      ['AddAppointmentSlot', '11'],
      ['AddAppointmentSlot', '11'],
    ],
  )
})

for (const [what, fields] of [
  ['neither a type nor a reason', { appointmenttime: '18:00' }],
  ['a time past midnight', { appointmenttime: '24:00', appointmenttypeid: '82' }],
  ['one bad time among good ones', { appointmenttime: '18:00,6pm', appointmenttypeid: '82' }],
  ['a provider there is none of', { appointmenttime: '18:00', appointmenttypeid: '82', providerid: '9999' }],
] as const) {
  test(`opening slots with ${what} is refused and opens none`, () => {
    const api = practiceApi({ patients: 120 })
    const form = new URLSearchParams({ ...place, ...fields }).toString()
    assert.equal(api.call('POST /appointments/open', form).status, 400)
    assert.equal(api.events.length, 0)
  })
}

test('an open slot is deleted for good, a booked one is not', () => {
  const { api, slots } = scene({}, '18:00,18:15')
  const [slot, booked] = slots
  api.call(`PUT /appointments/${booked}`, 'patientid=5&appointmenttypeid=11')
  assert.equal(api.call(`DELETE /appointments/${booked}`).status, 400)
  assert.deepEqual(api.call(`DELETE /appointments/${slot}`).body, { success: true })
  assert.equal(api.call(`GET /appointments/${slot}`).status, 404)
  assert.equal(api.call(`DELETE /appointments/${slot}`).status, 404)
  assert.equal(api.record(`GET /appointments/${booked}`)['appointmentstatus'], 'f')
})

test('time that patients cannot book by themselves is a conflict unless the caller passes over that', () => {
  const { api } = scene()
  const [hold = ''] = open(api, '20:00', { appointmenttypeid: '202' })
  const book = (more = '') => api.call(`PUT /appointments/${hold}`, `patientid=6&appointmenttypeid=11${more}`)
  assert.equal(book().status, 409)
  assert.equal((book().body as { error: string }).error, taken)
  assert.equal(book('&ignoreschedulablepermission=true').status, 200)
})

test('rescheduling keeps to the same permission', () => {
  const { api, slots } = scene()
  const [hold = ''] = open(api, '20:00', { appointmenttypeid: '202' })
  api.call(`PUT /appointments/${slots[0]}`, 'patientid=6&appointmenttypeid=11')
  const move = (more = '') =>
    api.call(`PUT /appointments/${slots[0]}/reschedule`, `patientid=6&newappointmentid=${hold}${more}`).status
  assert.equal(move(), 409)
  assert.equal(api.record(`GET /appointments/${slots[0]}`)['appointmentstatus'], 'f')
  assert.equal(move('&ignoreschedulablepermission=true'), 200)
})

test("a department that is not the slot's own is refused, where the practice minds", () => {
  for (const [matchDepartment, status] of [
    [true, 400],
    [false, 200],
  ] as const) {
    const { api, slots } = scene({ matchDepartment })
    const form = 'patientid=6&appointmenttypeid=11&departmentid=21'
    assert.equal(api.call(`PUT /appointments/${slots[0]}`, form).status, status)
  }
})

test('a reason the provider does not offer there is a conflict, where the practice minds', () => {
  for (const [refuseUnofferedReasons, status] of [
    [true, 409],
    [false, 200],
  ] as const) {
    const { api } = scene({ refuseUnofferedReasons })
    // A department for tests sees nobody for a follow-up.
    const [slot = ''] = open(api, '18:00', { departmentid: '121' })
    assert.equal(api.call(`PUT /appointments/${slot}`, 'patientid=6&reasonid=563').status, status)
    if (status === 409) assert.equal(api.call(`PUT /appointments/${slot}`, 'patientid=6&reasonid=565').status, 200)
  }
})

test('a patient may be booked twice at a time, unless the practice forbids it; moving is no overlap with itself', () => {
  for (const [allowOverlaps, status] of [
    [true, 200],
    [false, 409],
  ] as const) {
    const { api, slots } = scene({ allowOverlaps }, '18:00,18:05')
    const [first, second] = slots
    const [elsewhere = ''] = open(api, '18:10', { departmentid: '21', providerid: '79' })
    api.call(`PUT /appointments/${first}`, 'patientid=6&appointmenttypeid=11')
    assert.equal(api.call(`PUT /appointments/${elsewhere}`, 'patientid=6&appointmenttypeid=11').status, status)
    assert.equal(
      api.call(`PUT /appointments/${elsewhere}`, 'patientid=7&appointmenttypeid=11').status,
      409 - status + 200,
    )
    assert.equal(
      api.call(`PUT /appointments/${first}/reschedule`, `patientid=6&newappointmentid=${second}`).status,
      200,
    )
  }
})

test('an appointment frozen against cancelling is neither cancelled nor moved until it is thawed', () => {
  const { api, slots } = scene({}, '18:00,18:15')
  const [id, other] = slots
  api.call(`PUT /appointments/${id}`, 'patientid=6&appointmenttypeid=11')
  api.call(`PUT /appointments/${id}/freeze`, 'freeze=true&requirescancellation=false')
  assert.equal(api.call(`PUT /appointments/${id}/cancel`, 'patientid=6').status, 400)
  assert.equal(api.call(`PUT /appointments/${id}/reschedule`, `patientid=6&newappointmentid=${other}`).status, 400)
  assert.equal(api.record(`GET /appointments/${other}`)['appointmentstatus'], 'o')
  api.call(`PUT /appointments/${id}/freeze`, 'freeze=false')
  assert.deepEqual(api.call(`PUT /appointments/${id}/cancel`, 'patientid=6').body, { status: 'x' })
})

test('what is said about insurance is left on the appointment beside the reason for booking', () => {
  const { api, slots } = scene()
  const form = 'patientid=6&reasonid=563&bookingnote=knee&insurancecompany=Union&insuranceidnumber=77'
  api.call(`PUT /appointments/${slots[0]}`, form)
  const [note] = api.rows(`GET /appointments/${slots[0]}/notes`)
  assert.match(String(note?.['notetext']), /booking: knee\nInsurance: company Union; id 77$/)
})

/** A booked appointment of a new patient of whom no telephone is known. */
function unknownTelephone(scheduling: Partial<SchedulingRules> = {}) {
  const { api, slots } = scene(scheduling)
  const person = { firstname: 'Zora', lastname: 'Quillfeather', dob: '03/04/1985', departmentid: '1', zip: '12207' }
  const id = String(api.record('POST /patients', new URLSearchParams(person).toString())['patientid'])
  api.call(`PUT /appointments/${slots[0]}`, `patientid=${id}&appointmenttypeid=11`)
  const checkIn = () => api.call(`POST /appointments/${slots[0]}/checkin`).body
  const sections = () =>
    Object.fromEntries(api.rows(`GET /appointments/${slots[0]}/checkin`).map(({ name, complete }) => [name, complete]))
  return { api, id, checkIn, sections }
}

test('check-in cannot be completed before what it requires is known', () => {
  const { api, id, checkIn, sections } = unknownTelephone()
  assert.deepEqual(sections(), { PATIENTINFORMATION: false, PRIVACYNOTICE: false })
  assert.deepEqual(checkIn(), { success: false, message: 'Incomplete: PATIENTINFORMATION' })
  api.call(`PUT /patients/${id}`, 'homephone=(518) 555-0144')
  assert.equal(sections()['PATIENTINFORMATION'], true)
  assert.deepEqual(checkIn(), { success: true, message: '' })
})

test('a practice says which sections a check-in requires', () => {
  const both = unknownTelephone({ requiredForCheckIn: ['PATIENTINFORMATION', 'PRIVACYNOTICE'] })
  assert.deepEqual(both.checkIn(), { success: false, message: 'Incomplete: PATIENTINFORMATION, PRIVACYNOTICE' })
  assert.deepEqual(unknownTelephone({ requiredForCheckIn: [] }).checkIn(), { success: true, message: '' })
})

test('slots are shown from as soon and up to as far ahead as the practice says', () => {
  const shown = (scheduling: Partial<SchedulingRules>, more = '') => {
    const api = practiceApi({ patients: 120, scheduling })
    // Eight hours ahead, three days and eight hours, ten days and eight hours.
    const dates = ['11/23/2026', '11/26/2026', '12/03/2026']
    const slots = dates.map((appointmentdate) => Number(open(api, '18:00', { appointmentdate })[0]))
    const span = 'startdate=11/23/2026&enddate=12/31/2026&limit=5000'
    const rows = api.rows(`GET /appointments/open?departmentid=1&providerid=71&reasonid=-1&${span}${more}`)
    const ids = new Set(rows.map(({ appointmentid }) => Number(appointmentid)))
    return dates.filter((_, index) => ids.has(slots[index] ?? 0))
  }
  assert.deepEqual(shown({}), ['11/26/2026', '12/03/2026'])
  assert.deepEqual(shown({ minHours: 8, maxDays: 11 }), ['11/23/2026', '11/26/2026', '12/03/2026'])
  assert.deepEqual(shown({ minHours: 9, maxDays: 10 }), ['11/26/2026'])
  assert.equal(shown({ minHours: 9, maxDays: 10 }, '&bypassscheduletimechecks=true').length, 3)
})

test('the first booking of a new patient opens a case for the staff, unless the caller wants none', () => {
  const { api, slots } = scene({}, '18:00,18:15,18:30,18:45,19:00')
  const person = { firstname: 'Zora', lastname: 'Quillfeather', dob: '03/04/1985', departmentid: '1', zip: '12207' }
  const id = String(api.record('POST /patients', new URLSearchParams(person).toString())['patientid'])
  const cases = (patient: string) =>
    api
      .rows(`GET /patients/${patient}/documents?departmentid=1`)
      .filter((one) => one['documentclass'] === 'PATIENTCASE')
  const before = cases('5').length
  api.call(`PUT /appointments/${slots[0]}`, `patientid=${id}&reasonid=541&nopatientcase=true`)
  assert.equal(cases(id).length, 0)
  api.call(`PUT /appointments/${slots[2]}`, `patientid=${id}&reasonid=761`)
  assert.deepEqual(
    cases(id).map(({ appointmentid, departmentid, status }) => [String(appointmentid), departmentid, status]),
    [[slots[2], '1', 'REVIEW']],
  )
  assert.deepEqual(
    api.events.slice(-2).map(({ feed, name }) => `${feed} ${name}`),
    ['appointments ScheduleAppointment', 'documents/patientcase PatientCaseAdd'],
  )
  api.call(`PUT /appointments/${slots[3]}`, 'patientid=5&reasonid=563')
  assert.equal(cases('5').length, before, 'a patient known for years is not new')
})
