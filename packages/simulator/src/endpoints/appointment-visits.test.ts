import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

test('who is there without an appointment is booked and checked in at once', () => {
  const api = practiceApi({ patients: 120 })
  const form = 'departmentid=1&patientid=5&providerid=71&appointmenttypeid=11'
  const visit = api.record('POST /appointments/expedited', form)
  const { date, starttime, appointmentstatus, patientid, duration, startcheckin, stopcheckin } = visit
  assert.deepEqual(
    { date, starttime, appointmentstatus, patientid, duration, startcheckin, stopcheckin },
    {
      date: '11/23/2026',
      starttime: '10:00',
      appointmentstatus: '2',
      patientid: '5',
      duration: 15,
      startcheckin: '11/23/2026 10:00:00',
      stopcheckin: '11/23/2026 10:00:00',
    },
  )
  assert.match(String(visit['encounterid']), /^\d+$/)
  assert.deepEqual(
    api.events.map(({ name }) => name),
    ['AddAppointmentSlot', 'ScheduleAppointment', 'UpdateAppointment', 'CheckIn'],
  )
})

for (const [what, form] of [
  ['for a patient there is none of', 'departmentid=1&patientid=99999&providerid=71&appointmenttypeid=11'],
  ['of a type patients cannot have', 'departmentid=1&patientid=5&providerid=71&appointmenttypeid=201'],
  ['without a provider', 'departmentid=1&patientid=5&appointmenttypeid=11'],
] as const) {
  test(`a visit at once ${what} is refused and leaves no slot behind`, () => {
    const api = practiceApi({ patients: 120 })
    assert.equal(api.call('POST /appointments/expedited', form).status, 400)
    assert.equal(api.events.length, 0)
  })
}

/** An appointment of patient 5 of a type. */
function booked(type: string) {
  const api = practiceApi({ patients: 120 })
  const slot = { kind: 'addslot', department: '1', provider: '71', date: '12/01/2026', time: '18:00', type: '84' }
  const [id = ''] = applyChange(api.practice, slot).appointments
  applyChange(api.practice, { kind: 'book', appointment: id, patient: 5, type })
  return { api, id }
}

test('a visit by video has a room, the same every time, and a link that only its patient gets', () => {
  const { api, id } = booked('101')
  const room = api.record(`GET /appointments/${id}/nativeathenatelehealthroom`)
  assert.deepEqual(Object.keys(room), ['appointmentid', 'jointoken', 'patienturl'])
  assert.equal(room['appointmentid'], id)
  assert.deepEqual(api.record(`GET /appointments/${id}/nativeathenatelehealthroom`), room)
  const link = (patient: number) =>
    api.call('POST /appointments/telehealth/deeplink', `appointmentid=${id}&patientid=${patient}`)
  assert.equal(typeof (link(5).body as Record<string, unknown>)['joinurl'], 'string')
  assert.equal(link(6).status, 400)
  assert.equal(api.record(`GET /appointments/${id}?showtelehealth=true`)['isathenatelehealth'], true)
})

test('a visit in person, a slot and a cancelled visit have no room', () => {
  const { api, id } = booked('11')
  assert.equal(api.call(`GET /appointments/${id}/nativeathenatelehealthroom`).status, 400)
  const byVideo = booked('101')
  applyChange(byVideo.api.practice, { kind: 'cancel', appointment: byVideo.id })
  assert.equal(byVideo.api.call(`GET /appointments/${byVideo.id}/nativeathenatelehealthroom`).status, 400)
})

test('an appointment is found by the hash in a message about it, and by no other', () => {
  const { api, id } = booked('101')
  const hash = api.record(`GET /appointments/${id}/nativeathenatelehealthroom`)['jointoken']
  assert.deepEqual(api.call(`GET /appointments/getappointmentidbyhash/${hash}`).body, { appointmentid: id })
  const wrong = `${String(hash).slice(0, -1)}${String(hash).endsWith('0') ? '1' : '0'}`
  assert.equal(api.call(`GET /appointments/getappointmentidbyhash/${wrong}`).status, 404)
})
