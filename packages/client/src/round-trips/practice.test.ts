import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  anyPhone,
  anyText,
  assertAllTried,
  firstOf,
  roundTripEach,
  type SimulatedPractice,
  simulatedPractice,
  type Written,
} from '../../testing/round-trip.ts'

function texts(...names: readonly string[]): Readonly<Record<string, Written>> {
  return Object.fromEntries(names.map((name) => [name, { values: anyText(20) }]))
}

let world: SimulatedPractice
let patientid: string
let departmentid: string
before(async () => {
  world = await simulatedPractice()
  const [patient] = await firstOf(world.practice.patients.list({ limit: 5 }))
  patientid = patient?.patientid ?? ''
  departmentid = patient?.departmentid ?? ''
})
after(() => world[Symbol.asyncDispose]())

test('values of added fields are read as they were sent, and found by', async () => {
  const { customFields, patients } = world.practice
  const all = await firstOf(customFields.list())
  const [free] = all.filter(({ type, select }) => type === 'TEXT' && !select)
  const [select] = all.filter((field) => field.select && !field.disallowupdate)
  const options = (select?.selectlist ?? []).map((option) => String(Reflect.get(Object(option), 'optionid')))
  const write = (customfieldid: string | undefined) => async (sent: Readonly<Record<string, never>>) => {
    const customfields = [{ customfieldid, ...sent }]
    const { value } = await patients.customFields.update(patientid, { departmentid, customfields })
    assert.equal(value.updatedcount, 1)
  }
  const read = (customfieldid: string | undefined) => async () =>
    (await firstOf(patients.customFields.list(patientid, { departmentid }))).find(
      (field) => field.customfieldid === customfieldid,
    )
  const trip = (id: string | undefined) => ({ write: write(id), read: read(id) })
  await roundTripEach(texts('customfieldvalue'), trip(free?.customfieldid))
  await roundTripEach({ optionid: { values: fc.constantFrom(...options) } }, trip(select?.customfieldid))

  const customfieldvalue = 'Pick up & bring 100 %'
  await write(free?.customfieldid)({ customfieldvalue: customfieldvalue as never })
  const ids = { customfieldid: free?.customfieldid ?? '', customfieldvalue }
  assert.deepEqual(
    (await firstOf(patients.listByCustomField(ids))).map((patient) => patient.patientid),
    [patientid],
  )
})

test('referring providers are read as they were added and changed', async () => {
  const { referringProviders } = world.practice
  const fields: Readonly<Record<string, Written>> = {
    ...texts('lastname', 'firstname', 'middleinitial', 'namesuffix', 'address', 'address2', 'city', 'state', 'zip'),
    ...texts('email', 'note'),
    phone: { values: anyPhone },
    fax: { values: anyPhone },
    npinumber: { values: fc.integer({ min: 1_000_000_000, max: 1_999_999_999 }).map(String) },
  }
  const added = { ...fields, entitytype: { values: fc.constantFrom('PERSON', 'NONPERSON') } }
  let id = ''
  const read = async () => (await referringProviders.get(id)).value
  assertAllTried('POST /referringproviders', added)
  await roundTripEach(added, {
    async write(sent) {
      const { value } = await referringProviders.create({ entitytype: 'PERSON', lastname: 'Okafor', ...sent })
      id = String(value['referringproviderid'])
    },
    read,
  })
  assertAllTried('PUT /referringproviders/{referringproviderid}', fields)
  await roundTripEach(fields, { write: (sent) => referringProviders.update(id, sent), read })
})

test('claims are read as they were made and changed', async () => {
  const { claims, providers } = world.practice
  const people = (await firstOf(providers.list())).filter(({ entitytype }) => entitytype === 'Person')
  const providerids = people.map(({ providerid }) => providerid)
  const [supervisingproviderid = ''] = providerids
  const line = (allowable: number) => [{ procedurecode: '99213', icd10code1: 'I10', allowable }]
  const charged: Written = {
    values: fc.integer({ min: 1, max: 900 }).map(line),
    shown: 'charges',
    read: (sent: ReturnType<typeof line>) =>
      sent.map(({ procedurecode, allowable }) => [procedurecode, String(allowable)]),
  }
  const field = (customfieldvalue: string) => [{ customfieldid: '1', customfieldvalue }]
  const customfields: Written = { values: anyText(20).map(field) }
  let claimid = ''
  const read = async () => {
    const { value } = await claims.get(claimid, { showcustomfields: true })
    const charges = (value.procedures ?? []).map((each) => [
      Reflect.get(Object(each), 'procedurecode'),
      Reflect.get(Object(each), 'chargeamount'),
    ])
    return { ...value, charges }
  }
  const made = {
    claimcharges: charged,
    customfields,
    servicedate: { values: fc.constantFrom('2026-03-01', '2024-02-29'), shown: 'billedservicedate' },
    renderingproviderid: { values: fc.constantFrom(...providerids), shown: 'billedproviderid' },
  }
  // References to other records, which an answer of this list does not show.
  const references = ['orderingproviderid', 'referralauthid', 'referringproviderid', 'servicetypeaddons']
  const places = ['departmentid', 'patientid', 'supervisingproviderid', 'reserved19']
  const payers = ['primarypatientinsuranceid', 'secondarypatientinsuranceid']
  assertAllTried('POST /claims', made, [...references, ...places, ...payers])
  await roundTripEach(made, {
    async write(sent) {
      const form = { patientid, departmentid, supervisingproviderid, claimcharges: line(88), ...sent }
      claimid = (await claims.create(form)).value.claimids?.[0] ?? ''
      const { value } = await claims.get(claimid)
      assert.deepEqual([value.patientid, value.departmentid], [patientid, departmentid])
    },
    read,
  })
  const changed = { claimcharges: charged, customfields }
  assertAllTried('PUT /claims/{claimid}', changed, references)
  await roundTripEach(changed, { write: (sent) => claims.update(claimid, sent), read })
  const found = await firstOf(claims.list({ patientid }))
  assert.ok(found.some((claim) => claim.claimid === claimid))
  await claims.addNote(claimid, { claimnote: 'called the payer' })
})
