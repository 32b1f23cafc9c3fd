import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'
import { clinicalFacilities } from '../practice/clinical-facility.ts'

const pharmacies = '/chart/1/pharmacies'
const [first, second] = clinicalFacilities
const laboratory = clinicalFacilities.find(({ kind }) => kind === 'laboratory')

test('the usual pharmacy is set by either number, and is the one of the patient’s record', () => {
  const api = practiceApi()
  assert.deepEqual(api.call(`GET ${pharmacies}/default?departmentid=1`).body, {})
  const set = (form: string) => api.call(`PUT ${pharmacies}/default`, `departmentid=1&${form}`)
  assert.deepEqual(set(`clinicalproviderid=${first?.id}`).body, { success: true })
  assert.deepEqual(api.record(`GET ${pharmacies}/default?departmentid=1`), {
    clinicalproviderid: first?.id,
    clinicalprovidername: 'Corner Pharmacy',
    address1: '12 Prospect Ave',
    city: 'ALBANY',
    state: 'NY',
    zip: '12207',
    phonenumber: '5185550170',
    faxnumber: '5185550180',
  })
  set(`ncpdpid=${second?.ncpdpId}`)
  assert.equal(api.record('GET /patients/1')['defaultpharmacyncpdpid'], second?.ncpdpId)
  api.call('PUT /patients/1', `defaultpharmacyncpdpid=${first?.ncpdpId}`)
  assert.equal(api.record(`GET ${pharmacies}/default?departmentid=1`)['clinicalproviderid'], first?.id)
  for (const wrong of [
    '',
    `clinicalproviderid=${first?.id}&ncpdpid=1`,
    'ncpdpid=1',
    `clinicalproviderid=${laboratory?.id}`,
  ]) {
    assert.equal(set(wrong).status, 400, wrong)
  }
  assert.deepEqual(
    api.events.map(({ name }) => name),
    ['UpdatePatient', 'UpdatePatient', 'UpdatePatient'],
  )
})

test('pharmacies a patient likes are listed, the usual one marked, and taken away one by one', () => {
  const api = practiceApi()
  api.call(`PUT ${pharmacies}/preferred`, `departmentid=1&clinicalproviderid=${first?.id}`)
  api.call(`PUT ${pharmacies}/default`, `departmentid=1&clinicalproviderid=${second?.id}`)
  const listed = () =>
    api
      .rows(`GET ${pharmacies}/preferred?departmentid=1`)
      .map(({ clinicalproviderid, defaultpharmacy }) => [clinicalproviderid, defaultpharmacy])
  assert.deepEqual(listed(), [
    [first?.id, false],
    [second?.id, true],
  ])
  const drop = (id: number | undefined) =>
    api.call(`DELETE ${pharmacies}/preferred?departmentid=1&clinicalproviderid=${id}`)
  assert.deepEqual(drop(second?.id).body, { success: true })
  assert.deepEqual(listed(), [[first?.id, false]])
  assert.deepEqual(api.call(`GET ${pharmacies}/default?departmentid=1`).body, {})
  assert.equal(drop(second?.id).status, 404)
})

test('the usual laboratory is set, shown and taken away', () => {
  const api = practiceApi()
  const path = '/chart/1/labs/default'
  assert.deepEqual(api.call(`GET ${path}?departmentid=1`).body, {})
  assert.equal(api.call(`PUT ${path}`, `departmentid=1&clinicalproviderid=${first?.id}`).status, 400)
  assert.equal(api.call(`PUT ${path}`, 'departmentid=1').status, 400)
  api.call(`PUT ${path}`, `departmentid=1&clinicalproviderid=${laboratory?.id}`)
  const { clinicalproviderid, acceptfax } = api.record(`GET ${path}?departmentid=1`)
  assert.deepEqual([clinicalproviderid, acceptfax], [laboratory?.id, true])
  assert.equal(api.call(`DELETE ${path}?departmentid=1&clinicalproviderid=1`).status, 404)
  api.call(`DELETE ${path}?departmentid=1&clinicalproviderid=${laboratory?.id}`)
  assert.deepEqual(api.call(`GET ${path}?departmentid=1`).body, {})
})

test('an invitation to the website gives the patient access, another person’s needs to say who', () => {
  const api = practiceApi()
  api.call('PUT /patients/1', 'portalaccessgiven=false')
  const path = '/patients/1/portalinvitation'
  assert.equal(api.call(`POST ${path}`).status, 400)
  assert.equal(api.call(`POST ${path}`, 'departmentid=1&permissionlevel=FULL&firstname=Ada').status, 400)
  assert.deepEqual(api.call(`POST ${path}`, 'departmentid=1').body, { success: true })
  assert.equal(api.record('GET /patients/1')['portalaccessgiven'], true)
  const status = api.record('GET /patients/1/portalstatus')
  assert.deepEqual(status, api.record('GET /patients/1?showportalstatus=true')['portalstatus'])
})
