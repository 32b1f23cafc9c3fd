import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClient } from '../testing/test-client.ts'
import { type AthenaErrorCode, createAthenaClient, type PlainDate } from './index.ts'

/** Never called: what it says is checked by the compiler. */
async function typed(): Promise<void> {
  const { practice } = testClient([])
  const { value } = await practice.appointments.get(1)
  const id: string = value.appointmentid
  const date: PlainDate | undefined = value.date
  const minutes: number | undefined = value.duration
  const unknownField: unknown = value['somethingnew']
  const page = await practice.feeds.patients.drainPage({ limit: 1 })
  const born: PlainDate | undefined = page.items[0]?.dob
  const labs = await practice.feed('labresults').drainPage({ limit: 1 })
  const lab: string | undefined = labs.items[0]?.labresultid
  const problems = await practice.feed('chart/healthhistory/problems').drainPage({ limit: 1 })
  const whose: string | undefined = problems.items[0]?.patientid
  const stay: unknown = (await practice.feed('stays').peek({ limit: 1 })).items[0]?.['somethingnew']
  for await (const department of practice.departments.list()) void department.timezonename?.length
  createAthenaClient({ environment: 'preview', credential: { clientId: 'a', secret: 'b' }, fetch: globalThis.fetch })
  void [id, date, minutes, unknownField, born, lab, whose, stay]

  // @ts-expect-error an id is text
  const number: number = value.appointmentid
  // @ts-expect-error a text is not a date
  const wrong: PlainDate = '1990-05-01'
  // @ts-expect-error records are not changed in place
  value.duration = 5
  // @ts-expect-error a window has two ends
  practice.appointments.booked({ startdate: '2026-01-01' })
  // @ts-expect-error a patient has a date of birth
  await practice.patients.create({ firstname: 'Ada', lastname: 'Okafor', departmentid: 1 })
  // @ts-expect-error a Date has a zone and a time
  await practice.patients.update(1, { dob: new Date() })
  // @ts-expect-error a phone number is text
  await practice.patients.update(1, { mobilephone: 5_550_100 })
  // @ts-expect-error a booking is of a patient
  await practice.appointments.book(1, { appointmenttypeid: 2 })
  // @ts-expect-error a flag is no text
  practice.appointments.booked({ startdate: '2026-01-01', enddate: '2026-01-02', showcancelled: 'yes' })
  // @ts-expect-error a slot has a department
  await practice.appointments.createSlots({ appointmentdate: '2026-01-01', appointmenttime: '09:00', providerid: 1 })
  // @ts-expect-error an environment is one of three
  createAthenaClient({ environment: 'prod', credential: { clientId: 'a', secret: 'b' } })
  // @ts-expect-error a drain says how much it takes
  await practice.feeds.appointments.drainPage({})
  // @ts-expect-error a drain has no offset
  await practice.feeds.appointments.drainPage({ limit: 1, offset: 1 })
  // @ts-expect-error there is no such feed
  practice.feed('appointment')
  // @ts-expect-error an environment is always named
  createAthenaClient({ credential: { clientId: 'a', secret: 'b' } })
  // @ts-expect-error a practice is a number
  createAthenaClient({ environment: 'preview' }).practice('195900')
  // @ts-expect-error codes are a closed set
  const code: AthenaErrorCode = 'oops'
  void [number, wrong, code]
}

/** Never called, like the one above. */
async function typedResources(): Promise<void> {
  const { practice } = testClient([])
  const { patients, chart, appointments } = practice
  const file = new Uint8Array(3)

  const { value: allergies } = await chart.allergies.get(5, { departmentid: 1 })
  const none: boolean | undefined = allergies.nkda
  const allergen: string | undefined = allergies.allergies[0]?.allergenid
  const unknownBeside: unknown = allergies['somethingnew']
  const medication: string | undefined = (await chart.medications.get(5, { departmentid: 1 })).value.medications[0]?.[0]
    ?.medicationid
  for await (const entry of appointments.waitlist.list()) void entry.priority?.length
  for await (const result of patients.documents.labResults.list(5, { departmentid: 1 })) {
    const day: PlainDate | undefined = result.documentdate
    const id: string | undefined = result.labresultid
    const unknownField: unknown = result['somethingnew']
    void [day, id, unknownField]
  }
  const { value: insurance } = await patients.insurances.create(5, { departmentid: 1, insurancepackageid: 2 })
  const rank: number | undefined = insurance.sequencenumber
  const { value: stored } = await patients.photo.put(5, { image: file })
  const success: boolean | undefined = stored.success
  const { value: filed } = await patients.documents.upload(5, { attachmentcontents: file, documentsubclass: 'ADMIN' })
  const documentid: string | undefined = filed.documentid
  const { value: original } = await patients.documents.admin.original({ patientid: 5, adminid: 7 })
  const bytes: Uint8Array = await original.bytes()
  await practice.customFields.list({ extra: { anything: 1 } }, { deadlineMs: 1_000 }).fetchPage()
  await patients.photo.delete(5)
  void [none, allergen, unknownBeside, medication, rank, success, documentid, bytes]
}

/** Never called either. */
async function refusedResources(): Promise<void> {
  const { practice } = testClient([])
  const { patients, chart, appointments } = practice
  const file = new Uint8Array(3)
  // @ts-expect-error there is no such method
  void patients.documents.labResults.remove
  // @ts-expect-error letters cannot be filed
  void patients.documents.letters.upload
  // @ts-expect-error a chart needs a department
  await chart.problems.get(5)
  // @ts-expect-error a chart needs a department, not a name like it
  await chart.problems.get(5, { departmentids: 1 })
  // @ts-expect-error a problem needs its SNOMED code
  await chart.problems.create(5, { departmentid: 1 })
  // @ts-expect-error several ids go by their names
  await chart.problems.update(5, 7, { departmentid: 1 })
  // @ts-expect-error one of the ids is missing
  await chart.problems.update({ problemid: 7 }, { departmentid: 1 })
  // @ts-expect-error an id is no boolean
  await chart.problems.get(true, { departmentid: 1 })
  // @ts-expect-error a boolean is not a text
  await chart.problems.get(5, { departmentid: 1, showinactive: 'yes' })
  // @ts-expect-error a photo needs its image
  await patients.photo.put(5, { departmentid: 1 })
  // @ts-expect-error a number is no image
  await patients.photo.put(5, { image: 7 })
  // @ts-expect-error a document needs its subclass
  await patients.documents.upload(5, { attachmentcontents: file })
  // @ts-expect-error a reminder is looked for in a department
  appointments.reminders.list({ startdate: '2026-03-02', enddate: '2026-03-08' })
  // @ts-expect-error a Date has a time and a zone
  await patients.privacyVerification.record(5, { departmentid: 1, signaturedatetime: new Date() })
  // @ts-expect-error a section is one answer and no list
  void chart.problems.get(5, { departmentid: 1 }).pages
  // @ts-expect-error a list is no answer
  void appointments.waitlist.list().value
  const { value } = await chart.allergies.get(5, { departmentid: 1 })
  // @ts-expect-error an unknown field is unknown
  const text: string = value['somethingnew']
  // @ts-expect-error records are not changed in place
  value.nkda = true
  void text
}

test('types say what may be sent and what comes back', () => {
  for (const checked of [typed, typedResources, refusedResources]) assert.equal(typeof checked, 'function')
})
