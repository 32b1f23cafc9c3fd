import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClient } from '../../testing/test-client.ts'
import { checkFieldLengths } from './field-limits.ts'

for (const [method, route, field, charactersMax] of [
  ['POST', '/patients', 'lastname', 30],
  ['PUT', '/patients/{patientid}', 'LASTNAME', 30],
  ['POST', '/patients/{patientid}/documents', 'originalfilename', 200],
  ['PUT', '/patients/{patientid}/documents/admin/{adminid}', 'originalfilename', 200],
  ['POST', '/patients/{patientid}/privacyinformationverified', 'signaturename', 100],
  ['POST', '/appointments/{appointmentid}/thirdpartyexternaldata', 'externaldata', 4_000],
  ['DELETE', '/patients/{patientid}/insurances', 'cancellationnote', 400],
  ['POST', '/claims', 'reserved19', 48],
  ['POST', '/appointmenttypes', 'shortname', 4],
  ['PUT', '/appointmenttypes/{appointmenttypeid}', 'name', 30],
  ['POST', '/usermessages/{username}', 'subject', 80],
  ['POST', '/patients/{patientid}/collectpayment/storedcard', 'nameoncard', 30],
] as const) {
  test(`${field} of ${method} ${route} takes ${charactersMax} characters and no more`, () => {
    checkFieldLengths({ method, route }, { [field]: 'é'.repeat(charactersMax) })
    assert.throws(() => checkFieldLengths({ method, route }, { [field]: 'é'.repeat(charactersMax + 1) }), {
      code: 'field-too-long',
      invalidFields: [field],
    })
  })
}

for (const [method, route, field] of [
  ['GET', '/patients', 'lastname'],
  ['POST', '/patients/{patientid}/documents/patientcase', 'subject'],
  ['POST', '/providers', 'name'],
  ['PUT', '/chart/{patientid}/problems/{problemid}', 'note'],
] as const) {
  test(`${field} of ${method} ${route} is held to no length`, () => {
    checkFieldLengths({ method, route }, { [field]: 'x'.repeat(10_000) })
  })
}

test('resources, requests by endpoint and their extras are held to the same lengths, before a token is asked for', async () => {
  const { practice, sent, tokens } = testClient([])
  const refused = { code: 'field-too-long', invalidFields: ['email'], executed: 'no' }
  const email = `${'x'.repeat(50)}@example.com`
  await assert.rejects(practice.patients.update(7, { email }), refused)
  const path = { patientid: 7 }
  await assert.rejects(practice.request('PUT /patients/{patientid}', { path, form: { email } }), refused)
  await assert.rejects(practice.request('PUT /patients/{patientid}', { path, extra: { email } }), refused)
  const long = { attachmentcontents: 'QQ==', documentsubclass: 'ADMIN', originalfilename: 'x'.repeat(201) }
  await assert.rejects(practice.patients.documents.upload(7, long), { invalidFields: ['originalfilename'] })
  assert.deepEqual([sent.length, tokens.length], [0, 0])
})
