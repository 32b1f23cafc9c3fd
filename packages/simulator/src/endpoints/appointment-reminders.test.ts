import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const path = '/appointments/appointmentreminders'

function remind(api: PracticeApi, more = ''): number {
  const { success, appointmentreminderid } = api.record(
    `POST ${path}`,
    `departmentid=1&patientid=5&approximatedate=06/01/2027${more}`,
  )
  assert.equal(success, true)
  return Number(appointmentreminderid)
}

const listed = (api: PracticeApi, more = '') =>
  api
    .rows(`GET ${path}?departmentid=1&startdate=06/01/2027&enddate=06/30/2027${more}`)
    .map(({ appointmentreminderid }) => appointmentreminderid)

test('a reminder is kept with what it says, alone as a bare object', () => {
  const api = practiceApi({ patients: 120 })
  const id = remind(api, '&note=call&patientinstructions=fasting&providerid=71&appointmenttypeid=11')
  const record = {
    appointmentreminderid: id,
    patientid: 5,
    departmentid: 1,
    approximatedate: '06/01/2027',
    status: 'Scheduled',
    providerid: 71,
    appointmenttypeid: 11,
    note: 'call',
    patientinstructions: 'fasting',
  }
  assert.deepEqual(api.call(`GET ${path}/${id}`).body, record)
  const query = '?departmentid=1&startdate=06/01/2027&enddate=06/01/2027'
  assert.deepEqual(api.call(`GET ${path}${query}`).body, { reminders: [record], totalcount: 1 })
  assert.equal(api.call(`GET ${path}/1`).status, 404)
})

test('the list needs department and days, and each further field narrows it', () => {
  const api = practiceApi({ patients: 120 })
  assert.deepEqual((api.call(`GET ${path}`).body as Record<string, unknown>)['missingfields'], [
    'departmentid',
    'enddate',
    'startdate',
  ])
  const plain = remind(api)
  const other = remind(api, '&providerid=72&appointmenttypeid=62')
  api.call(`POST ${path}`, 'departmentid=1&patientid=6&approximatedate=07/01/2027')
  api.call(`POST ${path}`, 'departmentid=21&patientid=6&approximatedate=06/01/2027')
  for (const [query, expected] of [
    ['', [plain, other]],
    ['&providerid=72', [other]],
    ['&appointmenttypeid=62', [other]],
    ['&patientid=6', []],
  ] as const) {
    assert.deepEqual(listed(api, query), expected, query)
  }
})

for (const [what, form] of [
  ['without a date', 'departmentid=1&patientid=5'],
  ['on a day there is none of', 'departmentid=1&patientid=5&approximatedate=02/30/2027'],
  ['of a patient there is none of', 'departmentid=1&patientid=99999&approximatedate=06/01/2027'],
] as const) {
  test(`a reminder ${what} is refused`, () => {
    assert.equal(practiceApi({ patients: 120 }).call(`POST ${path}`, form).status, 400)
  })
}

test('a reminder is changed, and once deleted shown only when deleted ones are asked for', () => {
  const api = practiceApi({ patients: 120 })
  const id = remind(api, '&note=call')
  assert.deepEqual(api.call(`PUT ${path}/${id}`, 'approximatedate=06/20/2027').body, { success: true })
  const { approximatedate, note } = api.record(`GET ${path}/${id}`)
  assert.deepEqual([approximatedate, note], ['06/20/2027', 'call'])
  assert.deepEqual(api.call(`DELETE ${path}/${id}`).body, { success: true })
  assert.deepEqual(listed(api), [])
  assert.deepEqual(listed(api, '&showdeleted=true'), [id])
  assert.equal(api.record(`GET ${path}/${id}`)['status'], 'Deleted')
  for (const request of [`PUT ${path}/${id}`, `DELETE ${path}/${id}`]) assert.equal(api.call(request, '').status, 404)
})

test("a reminder of a merged patient is the survivor's", () => {
  const api = practiceApi({ patients: 120 })
  const id = remind(api)
  applyChange(api.practice, { kind: 'mergepatients', from: 5, into: 7 })
  assert.equal(api.record(`GET ${path}/${id}`)['patientid'], 7)
  assert.deepEqual(listed(api, '&patientid=7'), [id])
})
