import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const path = '/patients/5/documents/patientcase'
const form = 'departmentid=1&documentsource=PATIENT&documentsubclass=PATIENTCASE'

const create = (api: PracticeApi, more = ''): number => Number(api.record(`POST ${path}`, form + more)['patientcaseid'])
const read = (api: PracticeApi, id: number) => api.record(`GET ${path}/${id}`)
const named = (api: PracticeApi) => api.events.map(({ name }) => name)

test('a case is opened with the recorded fields and answer', () => {
  const api = practiceApi({ patients: 100 })
  const { status, body } = api.call(`POST ${path}`, `${form}&outboundonly=true&providerid=71&subject=Bill`)
  assert.equal(status, 200)
  const id = Number((body as Record<string, unknown>)['patientcaseid'])
  assert.deepEqual(body, { success: true, patientcaseid: id })
  const { documentsource, outboundonly, subject, providerid, status: as, patientid } = read(api, id)
  assert.deepEqual(
    { documentsource, outboundonly, subject, providerid, as, patientid },
    { documentsource: 'PATIENT', outboundonly: true, subject: 'Bill', providerid: 71, as: 'REVIEW', patientid: 5 },
  )
  const [row] = api.rows('GET /patients/5/patientcases?departmentid=1')
  assert.deepEqual(row, {
    patientcaseid: String(id),
    patientcasetype: 'PATIENTCASE',
    subject: 'Bill',
    description: 'patient case',
    createddate: '11/23/2026',
    status: 'REVIEW',
  })
})

const wrong: readonly (readonly [what: string, form: string, body: RegExp])[] = [
  ['nothing', 'subject=x', /"missingfields":\["departmentid","documentsource","documentsubclass"\]/],
  // Recorded, word for word.
  [
    'a source in lower case',
    form.replace('PATIENT&', 'patient&'),
    /^\{"detailedmessage":"The value 'patient' did not match any of the enum values for SOURCE","error":"The data provided is invalid."\}$/,
  ],
  ['a subclass of another class', form.replace('=PATIENTCASE', '=ADMIN_BILLING'), /did not match/],
  ['two ways to call back', `${form}&callbacknumber=6175550101&callbacknumbertype=HOME`, /mutually exclusive/],
  ['an unknown provider', `${form}&providerid=1`, /Invalid provider/],
]
for (const [what, fields, body] of wrong) {
  test(`a case with ${what} is refused`, () => {
    const api = practiceApi({ patients: 100 })
    const answer = api.call(`POST ${path}`, fields)
    assert.equal(answer.status, 400)
    assert.match(JSON.stringify(answer.body), body)
    assert.deepEqual(api.events, [])
  })
}

test('subclasses of cases that are not on our list are taken', () => {
  const api = practiceApi({ patients: 100 })
  const { body } = api.call(`POST ${path}`, form.replace('=PATIENTCASE', '=PATIENTCASE_BILLING'))
  assert.equal((body as Record<string, unknown>)['success'], true)
})

test('a case is changed, handed on, noted on, closed and opened again, and the feed hears of each', () => {
  const api = practiceApi({ patients: 100 })
  const id = create(api, '&callbacknumber=6175550101')
  const single = `${path}/${id}`
  const ok = { success: true, patientcaseid: id }
  assert.deepEqual(api.call(`PUT ${single}`, 'subject=Letter&callbackname=Ada&internalnote=asked').body, ok)
  assert.deepEqual(api.call(`PUT ${single}/assign`, 'username=tfrost').body, ok)
  const { subject, callbackname, callbacknumber, assignedto } = read(api, id)
  assert.deepEqual([subject, callbackname, callbacknumber, assignedto], ['Letter', 'Ada', '6175550101', 'tfrost'])
  assert.deepEqual(api.call(`POST /documents/patientcase/${id}/actions`, 'actionnote=Called').body, { success: true })
  assert.deepEqual(
    api.rows(`GET /documents/patientcase/${id}/actions`).map(({ actionnote, assignedto: by }) => [actionnote, by]),
    [['Called', 'tfrost']],
  )
  const reasons = api.rows(`GET /reference/documents/patientcase/closereasons?patientcaseid=${id}`)
  assert.deepEqual(api.call(`PUT ${single}/close`, `actionreasonid=${reasons[0]?.['actionreasonid']}`).body, ok)
  assert.equal(read(api, id)['status'], 'CLOSED')
  assert.deepEqual(api.call(`PUT ${single}/reopen`).body, ok)
  assert.equal(read(api, id)['status'], 'REVIEW')
  assert.deepEqual(named(api), [
    'PatientCaseAdd',
    'PatientCaseUpdate',
    'PatientCaseUpdate',
    'PatientCaseActionUpdate',
    'PatientCaseUpdate',
    'PatientCaseUpdate',
  ])
})

const steps: readonly (readonly [what: string, step: string, form: string, status: number])[] = [
  ['assigned to nobody', 'assign', '', 400],
  ['assigned to somebody in the wrong case', 'assign', 'username=TFROST', 400],
  ['closed without a reason', 'close', '', 400],
  ['closed for an unknown reason', 'close', 'actionreasonid=99', 400],
  ['opened again while open', 'reopen', '', 400],
]
for (const [what, step, fields, status] of steps) {
  test(`a case is not ${what}`, () => {
    const api = practiceApi({ patients: 100 })
    const id = create(api)
    api.events.length = 0
    assert.equal(api.call(`PUT ${path}/${id}/${step}`, fields).status, status)
    assert.deepEqual(api.events, [])
  })
}

test('the reasons to close a case need one that exists', () => {
  const api = practiceApi({ patients: 100 })
  assert.equal(api.call('GET /reference/documents/patientcase/closereasons').status, 400)
  assert.equal(api.call('GET /reference/documents/patientcase/closereasons?patientcaseid=7').status, 404)
})

test('a case of a merged patient is found with the survivor, under either id', () => {
  const api = practiceApi({ patients: 100 })
  const id = create(api)
  assert.equal(api.call(`GET /patients/6/documents/patientcase/${id}`).status, 404)
  applyChange(api.practice, { kind: 'mergepatients', from: 5, into: 6 })
  for (const patient of [5, 6]) {
    assert.equal(api.record(`GET /patients/${patient}/documents/patientcase/${id}`)['patientid'], 6)
  }
})
