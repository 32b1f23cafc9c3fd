import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const path = '/appointments/waitlist'

function add(api: PracticeApi, form: string): number {
  return Number(api.record(`POST ${path}`, form)['waitlistid'])
}

const ids = (api: PracticeApi, query = '') => api.rows(`GET ${path}${query}`).map(({ waitlistid }) => waitlistid)

test('an entry says what a patient waits for, days as recorded; what is left open is left out', () => {
  const api = practiceApi({ patients: 120 })
  const form =
    'departmentid=1&patientid=5&dayofweekids[0]=3&dayofweekids[1]=1&hourfrom=8&hourto=12&priority=high&note=soon&providerid=71&appointmenttypeid=11'
  const id = add(api, form)
  assert.deepEqual(api.call(`GET ${path}/${id}`).body, [
    {
      waitlistid: id,
      patientid: 5,
      priority: 'HIGH',
      created: '11/23/2026 10:00:00',
      departmentid: 1,
      providerid: 71,
      appointmenttypeid: 11,
      dayofweekids: [1, 3],
      hourfrom: 8,
      hourto: 12,
      note: 'soon',
    },
  ])
  const other = add(api, 'departmentid=1&patientid=6&allowanydepartment=true')
  const created = '11/23/2026 10:00:00'
  assert.deepEqual(api.call(`GET ${path}`).body, {
    waitlistentries: [
      api.record(`GET ${path}/${id}`),
      { waitlistid: other, patientid: 6, priority: 'NORMAL', created },
    ],
    totalcount: 2,
  })
})

for (const [what, form, detail] of [
  ['without patient and department', '', undefined],
  ['for a patient there is none of', 'departmentid=1&patientid=99999', 'Invalid patient.'],
  ['of another priority', 'departmentid=1&patientid=5&priority=SOON', /enum values for PRIORITY/],
  ['for an eighth day of the week', 'departmentid=1&patientid=5&dayofweekids=[2,8]', 'Invalid dayofweekids.'],
  ['for hour 25', 'departmentid=1&patientid=5&hourfrom=25', 'Invalid hourfrom.'],
  ['for an appointment there is none of', 'departmentid=1&patientid=5&appointmentid=1', 'Invalid appointment.'],
] as const) {
  test(`an entry ${what} is refused and not kept`, () => {
    const api = practiceApi({ patients: 120 })
    const { status, body } = api.call(`POST ${path}`, form)
    assert.equal(status, 400)
    if (detail === undefined) {
      assert.deepEqual((body as Record<string, unknown>)['missingfields'], ['patientid', 'departmentid'])
    } else assert.match(String((body as Record<string, unknown>)['detailedmessage']), new RegExp(detail))
    assert.deepEqual(ids(api), [])
  })
}

test('each field narrows the list; an entry that leaves it open is meant too', () => {
  const api = practiceApi({ patients: 120 })
  const morning = add(api, 'departmentid=1&patientid=5&hourto=11&dayofweekids=2,4&priority=HIGH&appointmenttypeid=11')
  const evening = add(api, 'departmentid=21&patientid=6&hourfrom=17&dayofweekids=6&providerid=79')
  const any = add(api, 'departmentid=1&patientid=7&allowanydepartment=true&priority=LOW')
  for (const [query, expected] of [
    ['', [morning, evening, any]],
    ['?patientid=6', [evening]],
    ['?departmentid=21', [evening, any]],
    ['?providerid=71', [morning, any]],
    ['?appointmenttypeid=62', [evening, any]],
    ['?priority=LOW', [any]],
    ['?dayofweekids=4', [morning, any]],
    ['?hourfrom=12', [evening, any]],
    ['?hourto=12', [morning, any]],
    ['?limit=1&offset=1', [evening]],
  ] as const) {
    assert.deepEqual(ids(api, query), expected, query)
  }
})

test('an entry is changed where the change says so, and deleted once', () => {
  const api = practiceApi({ patients: 120 })
  const id = add(api, 'departmentid=1&patientid=5&note=first')
  api.clock.now += 60_000
  assert.deepEqual(api.call(`PUT ${path}/${id}`, 'priority=LOW').body, { success: true })
  const { priority, note, created } = api.record(`GET ${path}/${id}`)
  assert.deepEqual([priority, note, created], ['LOW', 'first', '11/23/2026 10:00:00'])
  assert.deepEqual(api.call(`DELETE ${path}/${id}`).body, { success: true })
  for (const request of [`GET ${path}/${id}`, `PUT ${path}/${id}`, `DELETE ${path}/${id}`]) {
    assert.equal(api.call(request, '').status, 404, request)
  }
})

/** An appointment of patient 5 that the patient would give up for an earlier one. */
function replaceable() {
  const api = practiceApi({ patients: 120 })
  const slot = { kind: 'addslot', department: '1', provider: '71', date: '11/23/2026', time: '18:00', type: '82' }
  const [id = ''] = applyChange(api.practice, slot).appointments
  applyChange(api.practice, { kind: 'book', appointment: id, patient: 5, type: '11' })
  const entry = add(api, `departmentid=1&patientid=5&appointmentid=${id}`)
  return { api, id, entry }
}

test('only the own booked appointment can be given up', () => {
  const { api, id, entry } = replaceable()
  assert.equal(api.call(`POST ${path}`, `departmentid=1&patientid=6&appointmentid=${id}`).status, 400)
  assert.deepEqual(ids(api, `?appointmentid=${id}`), [entry])
})

for (const [step, form] of [
  ['POST /appointments/{id}/checkin', ''],
  ['PUT /appointments/{id}/cancel', 'patientid=5'],
] as const) {
  test(`nobody waits to replace an appointment after ${step}`, () => {
    const { api, id } = replaceable()
    assert.equal(api.call(step.replace('{id}', id), form).status, 200)
    assert.deepEqual(ids(api), [])
  })
}

test('who was merged waits as the survivor, and who was deleted waits no more', () => {
  const api = practiceApi({ patients: 120 })
  const entry = add(api, 'departmentid=1&patientid=5')
  add(api, 'departmentid=1&patientid=6')
  applyChange(api.practice, { kind: 'mergepatients', from: 5, into: 7 })
  api.call('PUT /patients/6', 'status=deleted')
  assert.deepEqual(ids(api), [entry])
  assert.equal(api.record(`GET ${path}/${entry}`)['patientid'], 7)
})
