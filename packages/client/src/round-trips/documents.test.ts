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

const note: Written = { values: anyText(200) }
/** What the client reads as text that is known of the field's own endpoint only. */
const unknownNote: Written = { ...note, unknown: true }
const priority: Written = oneOf('1', '2')
/** Notes are added to those that are there. */
const added: Written = { ...note, includes: true }
/** Said in a field that may also hold a time, which the client leaves as it came. */
const day: Written = {
  ...oneOf('2025-02-28', '2024-02-29'),
  read: (sent: string) => `${sent.slice(5, 7)}/${sent.slice(8)}/${sent.slice(0, 4)}`,
}

function oneOf(...values: readonly unknown[]): Written {
  return { values: fc.constantFrom(...values) }
}

let world: SimulatedPractice
let patientid: string
let departmentid: string
let providerid: string
before(async () => {
  world = await simulatedPractice()
  const [patient] = await firstOf(world.practice.patients.list({ limit: 5 }))
  patientid = patient?.patientid ?? ''
  departmentid = patient?.departmentid ?? ''
  const [provider] = await firstOf(world.practice.providers.list())
  providerid = provider?.providerid ?? ''
})
after(() => world[Symbol.asyncDispose]())

const file = new TextEncoder().encode('%PDF-1.4 a consent')

test('a file of any subclass comes back as it was sent, and is listed first', async () => {
  const { documents } = world.practice.patients
  const form = { departmentid, documentsubclass: 'ADMIN_CONSENT', attachmentcontents: file, internalnote: 'signed' }
  const { value } = await documents.upload(patientid, form)
  const [latest] = await firstOf(documents.list(patientid, { departmentid }))
  assert.deepEqual([latest?.documentid, latest?.internalnote], [value.documentid, 'signed'])
  const adminid = value.documentid ?? ''
  const original = await documents.admin.original({ patientid, adminid })
  assert.equal(original.value.contentType, 'application/pdf')
  assert.deepEqual(Buffer.from(await original.value.bytes()), Buffer.from(file))
  await documents.admin.delete({ patientid, adminid })
  const ids = (await firstOf(documents.list(patientid, { departmentid }))).map(({ documentid }) => documentid)
  assert.ok(!ids.includes(adminid))
})

test('a document of a class is read as it was filed and changed', async () => {
  const { clinical } = world.practice.patients.documents
  let clinicaldocumentid = ''
  const form = { departmentid, documentsubclass: 'CLINICALDOCUMENT' }
  const read = async () => (await clinical.get({ patientid, clinicaldocumentid })).value
  const fields = {
    clinicalproviderid: { values: fc.integer({ min: 1, max: 9_000_000 }), unknown: true },
    documenttypeid: { ...oneOf('423482'), unknown: true },
    internalnote: added,
    observationdate: day,
    observationtime: { ...oneOf('08:15'), shown: 'observationdatetime', includes: true },
    priority,
    providerid: oneOf(providerid),
  } as const
  const write = {
    ...fields,
    documentdata: unknownNote,
    documentsubclass: oneOf('CLINICALDOCUMENT', 'CLINICALDOCUMENT_CONSULTNOTE'),
    autoclose: { ...oneOf(true), shown: 'status', read: () => 'CLOSED' },
  } as const
  const byFile = ['attachmentcontents', 'attachmenttype', 'originalfilename', 'entityid', 'entitytype']
  assertAllTried('POST /patients/{patientid}/documents/clinicaldocument', write, ['departmentid', ...byFile])
  await roundTripEach(write, {
    async write(sent) {
      const observed = { observationdate: '2025-02-28' }
      const { value } = await clinical.upload(patientid, { ...form, ...observed, ...Object(sent) })
      clinicaldocumentid = String(Reflect.get(value, 'clinicaldocumentid'))
    },
    read,
  })
  assertAllTried('PUT /patients/{patientid}/documents/clinicaldocument/{clinicaldocumentid}', fields, [
    'replaceinternalnote',
  ])
  await roundTripEach(fields, {
    write: (sent) => clinical.update({ patientid, clinicaldocumentid }, sent),
    read,
  })
})

test('a laboratory result is read with its analytes, in its document and in the chart', async () => {
  const { labResults } = world.practice.patients.documents
  const analytes = [{ analytename: 'Glucose', value: '104', units: 'mg/dL', abnormalflag: 'high' }]
  const form = { departmentid, documenttypeid: 386_302, resultstatus: 'final', notetopatient: 'Please call', analytes }
  const { value: filed } = await labResults.upload(patientid, form)
  const labresultid = filed.labresultid ?? ''
  const { value } = await labResults.get({ patientid, labresultid })
  assert.deepEqual([value.resultstatus, value.patientnote], ['final', 'Please call'])
  assert.match(JSON.stringify(value.observations), /"analytename":"Glucose","value":"104"/)
  await labResults.delete({ patientid, labresultid })
  const left = await firstOf(labResults.list(patientid, { departmentid }))
  assert.ok(left.every((each) => each.labresultid !== labresultid))
})

test('a case is read as it was opened and changed, handed on, closed and opened again', async () => {
  const { patientCases } = world.practice.patients.documents
  let patientcaseid = ''
  const form = { departmentid, documentsource: 'PATIENT', documentsubclass: 'PATIENTCASE' }
  const read = async () => (await patientCases.get({ patientid, patientcaseid })).value
  const fields = {
    callbackname: unknownNote,
    callbacknumber: { values: anyPhone, unknown: true },
    callbacknumbertype: { ...oneOf('HOME', 'MOBILE'), unknown: true },
    clinicalproviderid: { values: fc.integer({ min: 1, max: 9_000_000 }), unknown: true },
    documentsource: oneOf('PATIENT', 'PORTAL'),
    documentsubclass: oneOf('PATIENTCASE', 'PATIENTCASE_OTHER'),
    internalnote: added,
    outboundonly: { values: fc.boolean(), unknown: true },
    priority,
    providerid: oneOf(providerid),
    subject: note,
  } as const
  const write = { ...fields, autoclose: { ...oneOf(true), shown: 'status', read: () => 'CLOSED' } } as const
  assertAllTried('POST /patients/{patientid}/documents/patientcase', write, ['departmentid'])
  await roundTripEach(write, {
    async write(sent) {
      const { value } = await patientCases.create(patientid, { ...form, ...Object(sent) })
      patientcaseid = value.patientcaseid ?? ''
    },
    read,
  })
  assertAllTried('PUT /patients/{patientid}/documents/patientcase/{patientcaseid}', fields)
  const { value: opened } = await patientCases.create(patientid, form)
  patientcaseid = opened.patientcaseid ?? ''
  await roundTripEach(fields, { write: (sent) => patientCases.update({ patientid, patientcaseid }, sent), read })
  const ids = { patientid, patientcaseid }
  await patientCases.assign(ids, { username: 'tfrost' })
  assert.equal((await read()).assignedto, 'tfrost')
  await patientCases.addAction(patientcaseid, { actionnote: 'Called' })
  const [action] = await firstOf(patientCases.actions(patientcaseid))
  assert.deepEqual([action?.actionnote, action?.assignedto], ['Called', 'tfrost'])
  await patientCases.close(ids, { actionreasonid: 1 })
  assert.equal((await read()).status, 'CLOSED')
  await patientCases.reopen(ids)
  assert.equal((await read()).status, 'REVIEW')
})
