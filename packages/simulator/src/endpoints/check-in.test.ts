import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

function booked(): { api: PracticeApi; id: string; post: (step: string) => unknown; names: () => string[] } {
  const api = practiceApi({ patients: 120 })
  const slot = { kind: 'addslot', department: '41', provider: '71', date: '11/23/2026', time: '11:00', type: '82' }
  const [id = ''] = applyChange(api.practice, slot).appointments
  applyChange(api.practice, { kind: 'book', appointment: id, patient: 5, type: '11' })
  api.events.length = 0
  return {
    api,
    id,
    post: (step) => api.call(`POST /appointments/${id}/${step}`).body,
    names: () => api.events.map(({ feed, name }) => `${feed} ${name}`),
  }
}

test('a visit goes from check-in through the encounter to check-out', () => {
  const { api, id, post, names } = booked()
  assert.deepEqual(post('startcheckin'), { success: true, message: '' })
  api.clock.now += 120_000
  assert.deepEqual(post('checkin'), { success: true, message: '' })
  const { appointmentstatus, startcheckin, stopcheckin, encounterid, encounterstatus } = api.record(
    `GET /appointments/${id}`,
  )
  assert.deepEqual(
    { appointmentstatus, startcheckin, stopcheckin, encounterstatus },
    {
      appointmentstatus: '2',
      startcheckin: '11/23/2026 10:00:00',
      stopcheckin: '11/23/2026 10:02:00',
      encounterstatus: 'READYFORSTAFF',
    },
  )
  assert.match(String(encounterid), /^\d+$/)
  assert.deepEqual(post('checkout'), { success: true, errormessage: '' })
  const after = api.record(`GET /appointments/${id}`)
  assert.deepEqual([after['appointmentstatus'], after['encounterstatus']], ['3', 'CHECKEDOUT'])
  assert.equal(api.record('GET /patients/5')['lastappointment'], '11/23/2026 11:00')
  assert.deepEqual(names(), [
    'appointments UpdateAppointment',
    'appointments CheckIn',
    'appointments CheckOut',
    'patients UpdatePatient',
  ])
})

test('check-in may be completed without being started', () => {
  const { post, api, id } = booked()
  post('checkin')
  const { startcheckin, stopcheckin } = api.record(`GET /appointments/${id}`)
  assert.equal(startcheckin, stopcheckin)
})

test('a started check-in can be dropped, a completed one cannot', () => {
  const { post, api, id } = booked()
  post('startcheckin')
  assert.deepEqual(post('cancelcheckin'), { success: true, message: '' })
  assert.equal(api.record(`GET /appointments/${id}`)['startcheckin'], undefined)
  post('checkin')
  assert.deepEqual(post('cancelcheckin'), { success: false, message: 'Appointment is already checked in.' })
})

for (const [step, before, answer] of [
  ['checkout', [], { success: false, errormessage: 'Appointment is not checked in.' }],
  ['cancelcheckin', [], { success: false, message: 'Appointment check-in has not been started.' }],
  ['checkin', ['checkin'], { success: false, message: 'Appointment is already checked in.' }],
  ['startcheckin', ['checkin'], { success: false, message: 'Appointment is not in a booked state.' }],
] as const) {
  test(`${step} ${before.length > 0 ? `after ${before.join()}` : 'at first'} is 200 with success false`, () => {
    const { api, id, post } = booked()
    for (const earlier of before) post(earlier)
    api.events.length = 0
    assert.deepEqual(api.call(`POST /appointments/${id}/${step}`), { status: 200, body: answer })
    assert.equal(api.events.length, 0)
  })
}

test('what check-in requires is a bare array of sections', () => {
  const { api, id } = booked()
  const sections = api.rows(`GET /appointments/${id}/checkin`)
  assert.deepEqual(
    sections.map(({ name, required, complete }) => [name, required, typeof complete]),
    [
      ['PATIENTINFORMATION', true, 'boolean'],
      ['PRIVACYNOTICE', false, 'boolean'],
    ],
  )
  assert.deepEqual(api.call('GET /departments/41/checkinrequired').body, {
    fieldlist: ['firstname', 'lastname', 'dob', 'homephone'],
  })
})

test('freezing answers success, a second time false with the documented text', () => {
  const { api } = booked()
  const slot = { kind: 'addslot', department: '41', provider: '71', date: '11/24/2026', time: '11:00', type: '82' }
  const [id = ''] = applyChange(api.practice, slot).appointments
  api.events.length = 0
  const freeze = (to: string) => api.call(`PUT /appointments/${id}/freeze`, `freeze=${to}`).body
  assert.deepEqual(freeze('true'), { success: true, errormessage: '' })
  assert.deepEqual(freeze('true'), { success: false, errormessage: 'Appointment is already frozen.' })
  assert.equal(api.practice.wireRecord('appointments', id)?.['frozen'], 'true')
  assert.deepEqual(freeze('false'), { success: true, errormessage: '' })
  assert.deepEqual(freeze('false'), { success: false, errormessage: 'Appointment is already unfrozen.' })
  assert.deepEqual(
    api.events.map(({ name }) => name),
    ['FreezeAppointment', 'UnfreezeAppointment'],
  )
})

test('notes are listed, added, changed and deleted', () => {
  const { api, id, names } = booked()
  assert.deepEqual(api.call(`GET /appointments/${id}/notes`).body, { notes: [], totalcount: 0 })
  const [note] = api.rows(`POST /appointments/${id}/notes?notetext=hello&displayonschedule=true`)
  const { noteid, createdby, ...rest } = note ?? {}
  assert.deepEqual(rest, {
    notetext: 'hello',
    displayonschedule: true,
    created: '11/23/2026 10:00:00',
    success: 'true',
  })
  assert.match(String(createdby), /^API-/)
  api.call(`PUT /appointments/${id}/notes/${noteid}`, 'notetext=changed')
  assert.deepEqual(api.rows(`GET /appointments/${id}/notes`)[0]?.['notetext'], 'changed')
  assert.deepEqual(api.call(`DELETE /appointments/${id}/notes/${noteid}`).body, { success: true })
  assert.equal(api.rows(`GET /appointments/${id}/notes`).length, 0)
  assert.equal(api.rows(`GET /appointments/${id}/notes?showdeleted=true`).length, 1)
  assert.equal(api.call(`DELETE /appointments/${id}/notes/${noteid}`).status, 404)
  assert.deepEqual(names(), Array(3).fill('appointments UpdateAppointment'))
})

test('notes of a cancelled appointment are hidden unless deleted ones are asked for', () => {
  const { api, id } = booked()
  api.call(`POST /appointments/${id}/notes`, 'notetext=hello')
  applyChange(api.practice, { kind: 'cancel', appointment: id })
  assert.equal(api.rows(`GET /appointments/${id}/notes`).length, 0)
  assert.equal(api.rows(`GET /appointments/${id}/notes?showdeleted=true`).length, 1)
})
