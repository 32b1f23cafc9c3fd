import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'

/** Path of a patient who has signed nothing yet. */
function unsigned(api: PracticeApi): string {
  const id = [...api.practice.ids('patients')].find(
    (patient) => api.practice.wireRecord('patients', patient)?.['privacyinformationverified'] === false,
  )
  return `/patients/${id}/privacyinformationverified`
}

const signature = 'departmentid=1&signaturename=Ada%20Quill&signaturedatetime=11/23/2026%2009:58:00'

test('signing shows who signed which boxes, and the patient’s record says so from then on', () => {
  const api = practiceApi()
  const path = unsigned(api)
  assert.deepEqual(api.call(`GET ${path}?departmentid=1`).body, {
    checkboxesconfigured: 3,
    privacynotice: {},
    patientsignature: {},
    insuredsignature: {},
  })
  const answer = api.record(`POST ${path}`, `${signature}&privacynotice=true&insuredsignature=false`)
  assert.equal(answer['success'], true)
  const shown = api.record(`GET ${path}?departmentid=1`)
  assert.deepEqual(shown['privacynotice'], {
    signaturename: 'Ada Quill',
    signaturedatetime: '11/23/2026 09:58:00',
    departmentid: '1',
  })
  assert.deepEqual(shown['insuredsignature'], {})
  const patient = path.replace('/privacyinformationverified', '')
  assert.equal(api.record(`GET ${patient}`)['privacyinformationverified'], true)
  assert.deepEqual(
    api.events.map(({ name }) => name),
    ['UpdatePatient'],
  )
  api.call(`POST ${path}`, `${signature}&expirationdate=1/1/2028`)
  assert.deepEqual(Object.keys(api.record(`GET ${path}?departmentid=1`)['insuredsignature'] as object), [
    'signaturename',
    'signaturedatetime',
    'expirationdate',
    'departmentid',
  ])
})

for (const [what, sent, status] of [
  ['without its fields', '', 400],
  ['with a time that is none', signature.replace('09:58:00', 'early'), 400],
  ['with a name that is too long', signature.replace('Quill', 'Q'.repeat(100)), 400],
  ['with a last day that is none', `${signature}&expirationdate=never`, 400],
] as const) {
  test(`a signature ${what} is refused`, () => {
    const api = practiceApi()
    assert.equal(api.call(`POST ${unsigned(api)}`, sent).status, status)
    assert.equal(api.events.length, 0)
  })
}

test('the forms of nobody are not there, and a department must be named to see them', () => {
  const api = practiceApi()
  assert.equal(api.call('GET /patients/99999/privacyinformationverified?departmentid=1').status, 404)
  assert.equal(api.call(`GET ${unsigned(api)}`).status, 400)
})
