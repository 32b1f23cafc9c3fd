import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'

const adding = () => practiceApi({ patients: 150 })
const form = (customfields: unknown): string =>
  String(new URLSearchParams({ customfields: JSON.stringify(customfields), departmentid: '1' }))

test('custom fields are written as JSON and shown as recorded: of a select field the option', () => {
  const api = adding()
  const values = [
    { customfieldid: '22', optionid: '2' },
    { customfieldid: 1, customfieldvalue: 'OLD-7' },
  ]
  const reply = api.call('PUT /patients/7/customfields', form(values))
  assert.deepEqual(reply.body, { success: true, updatedcount: 2, disallowedcount: 0 })
  assert.deepEqual(
    api.events.map(({ name, id }) => [name, id]),
    [['UpdatePatientCustomField', '7']],
  )
  assert.deepEqual(api.call('GET /patients/7/customfields?departmentid=1').body, [
    { customfieldid: '1', customfieldvalue: 'OLD-7' },
    { customfieldid: '22', optionid: '2' },
  ])
  assert.deepEqual(api.record('GET /patients/7?showcustomfields=true')['customfields'], [
    { customfieldid: '1', customfieldvalue: 'OLD-7' },
    { customfieldid: '22', customfieldvalue: 'Delivery', optionid: '2' },
  ])
  assert.equal('customfields' in api.record('GET /patients/7'), false)
})

test('a field that only the practice may change is passed over and counted', () => {
  const api = adding()
  const reply = api.call('PUT /patients/7/customfields', form([{ customfieldid: '25', customfieldvalue: 'high' }]))
  assert.deepEqual(reply.body, { success: true, updatedcount: 0, disallowedcount: 1 })
  assert.deepEqual(api.call('GET /patients/7/customfields?departmentid=1').body, [])
  assert.equal(api.events.length, 0)
})

test('an empty value takes the field away', () => {
  const api = adding()
  api.call('PUT /patients/7/customfields', form([{ customfieldid: '1', customfieldvalue: 'OLD-7' }]))
  api.call('PUT /patients/7/customfields', form([{ customfieldid: '1', customfieldvalue: '' }]))
  assert.deepEqual(api.call('GET /patients/7/customfields?departmentid=1').body, [])
})

test('a privacy field is shown with a patient only when asked for', () => {
  const api = adding()
  api.call('PUT /patients/7/customfields', form([{ customfieldid: '26', customfieldvalue: 'call first' }]))
  assert.deepEqual(api.record('GET /patients/7?showcustomfields=true')['customfields'], [])
  const shown = api.record('GET /patients/7?showcustomfields=true&showprivacycustomfields=true')['customfields']
  assert.deepEqual(shown, [{ customfieldid: '26', customfieldvalue: 'call first' }])
})

for (const [what, value] of [
  ['no JSON', 'x'],
  ['no array', {}],
  ['a field that is none', [{ customfieldid: '99', customfieldvalue: 'a' }]],
  ['an option that is none', [{ customfieldid: '22', optionid: '3' }]],
  ['a text in a number field', [{ customfieldid: '23', customfieldvalue: 'a' }]],
  ['a number longer than the field', [{ customfieldid: '23', customfieldvalue: '12345678901' }]],
  ['a date that is none', [{ customfieldid: '24', customfieldvalue: '02/30/2026' }]],
] as const) {
  test(`custom fields with ${what} are refused with 400 and change nothing`, () => {
    const api = adding()
    const sent = value === 'x' ? 'customfields=x&departmentid=1' : form(value)
    assert.equal(api.call('PUT /patients/7/customfields', sent).status, 400)
    assert.equal(api.events.length, 0)
  })
}

test('both calls need the department', () => {
  const api = adding()
  const body = { missingfields: ['departmentid'], error: 'Additional fields are required.' }
  assert.deepEqual(api.call('GET /patients/7/customfields'), { status: 400, body })
  assert.deepEqual(api.call('PUT /patients/7/customfields', 'customfields=[]'), { status: 400, body })
})

test('patients are found by a value, or by the option of a select field, ten at a time', () => {
  const api = adding()
  for (let id = 1; id <= 12; id += 1) {
    api.call(`PUT /patients/${id}/customfields`, form([{ customfieldid: '22', optionid: '1' }]))
  }
  api.call('PUT /patients/7/customfields', form([{ customfieldid: '1', customfieldvalue: 'OLD-7' }]))
  api.call('PUT /patients/3', 'status=deleted')
  const ids = (path: string) => api.rows(`GET ${path}`).map(({ patientid }) => Number(patientid))
  assert.deepEqual(ids('/patients/customfields/22/1'), [1, 2, 4, 5, 6, 7, 8, 9, 10, 11])
  assert.deepEqual(ids('/patients/customfields/22/1?offset=10'), [12])
  assert.deepEqual(ids('/patients/customfields/22/2'), [])
  assert.deepEqual(ids('/patients/customfields/1/old-7'), [7])
  assert.equal(api.call('GET /patients/customfields/23/5').status, 400)
})

test('the list of custom fields has the recorded names', () => {
  const [legacy, pharmacy] = adding().rows('GET /customfields')
  const names = ['customfieldid', 'name', 'type', 'searchable', 'casesensitive', 'disallowupdate', 'select']
  assert.deepEqual(Object.keys(legacy ?? {}).sort(), names.sort())
  assert.deepEqual(pharmacy?.['selectlist'], [
    { optionid: '1', optionvalue: 'Pick up' },
    { optionid: '2', optionvalue: 'Delivery' },
  ])
})
