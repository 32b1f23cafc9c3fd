import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const own = 'departmentid=1'
const charges = encodeURIComponent(JSON.stringify([{ PROCEDURECODE: '99213', ICD10CODE1: 'I10' }]))
const customFields = encodeURIComponent(JSON.stringify([{ customfieldid: '22', customfieldvalue: 'Delivery' }]))
const signature = 'signaturedatetime=11/23/2026 10:00:00&signaturename=Lee'

/** Each is taken for a patient who is there; `ID` stands for the patient's id. */
const writes: readonly (readonly [request: string, form: string])[] = [
  ['POST /patients/ID/photo', 'image=YWJj'],
  ['DELETE /patients/ID/photo', ''],
  ['PUT /patients/ID/driverslicense', 'image=YWJj'],
  ['POST /patients/ID/insurances', `${own}&insurancepackageid=0&sequencenumber=2`],
  ['PUT /patients/ID/insurances', `${own}&sequencenumber=1&insurancegroupnumber=77`],
  ['DELETE /patients/ID/insurances?sequencenumber=1', ''],
  ['POST /patients/ID/privacyinformationverified', `${own}&${signature}`],
  ['PUT /patients/ID/customfields', `${own}&customfields=${customFields}`],
  ['POST /patients/ID/documents/labresult', own],
  ['PUT /patients/ID/documents/labresult/LABRESULT', `${own}&internalnote=Read`],
  ['PUT /documents/labresult/LABRESULT/close', ''],
  ['DELETE /patients/ID/documents/labresult/LABRESULT', ''],
  ['POST /chart/ID/problems', `${own}&snomedcode=38341003`],
  ['POST /claims', `${own}&patientid=ID&supervisingproviderid=71&claimcharges=${charges}`],
]

for (const [request, form] of writes) {
  test(`${request} of a deleted patient is refused and announces nothing`, () => {
    const answer = (isDeleted: boolean) => {
      const api = practiceApi({ patients: 100 })
      const { labresultid } = api.record('POST /patients/7/documents/labresult', own)
      api.call('PUT /patients/7/photo', 'image=YWJj')
      if (isDeleted) applyChange(api.practice, { kind: 'deletepatient', patient: 7 })
      api.events.length = 0
      const sent = [request, form].map((text) => text.replace('ID', '7').replace('LABRESULT', String(labresultid)))
      const { status, body } = api.call(sent[0] ?? '', sent[1])
      return [status, JSON.stringify(body).includes('Patient is deleted or merged.'), api.events.length]
    }
    const [status, isGone] = answer(false)
    assert.deepEqual([status, isGone], [200, false])
    assert.deepEqual(answer(true), [400, true, 0])
  })
}
