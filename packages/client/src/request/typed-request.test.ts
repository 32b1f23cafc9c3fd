import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClient } from '../../testing/test-client.ts'
import type { PlainDate, PlainTime } from '../wire/plain-date.ts'

/** None of these is ever called: what they say is checked by the compiler. */
async function lists(): Promise<void> {
  const { practice } = testClient([])
  const window = { startdate: '2026-03-02', enddate: '2026-03-08' }

  const { value: booked } = await practice.request('GET /appointments/booked', { query: window })
  const date: PlainDate | undefined = booked.appointments[0]?.date
  const time: PlainTime | undefined = booked.appointments[0]?.starttime
  const minutes: number | undefined = booked.appointments[0]?.duration
  const frozen: boolean | undefined = booked.appointments[0]?.frozen
  const id: string | undefined = booked.appointments[0]?.appointmentid
  const total: number | undefined = booked.totalcount
  const unknownField: unknown = booked.appointments[0]?.['somethingnew']
  const unknownBeside: unknown = booked['somethingnew']

  void [date, time, minutes, frozen, id, total, unknownField, unknownBeside]
  // @ts-expect-error an id is text
  const number: number = booked.appointments[0]?.appointmentid
  // @ts-expect-error a record may be missing
  const first: string = booked.appointments[0].appointmenttype
  void [number, first]
}

async function records(): Promise<void> {
  const { practice } = testClient([])
  const { value: patients } = await practice.request('GET /patients/{patientid}', { path: { patientid: 5 } })
  const born: PlainDate | undefined = patients[0].dob
  const { value: claim } = await practice.request('GET /claims/{claimid}', { path: { claimid: '3' } })
  const diagnoses: readonly unknown[] | undefined = claim.diagnoses
  const { value: medications } = await practice.request('GET /chart/{patientid}/medications', {
    path: { patientid: 5 },
    query: { departmentid: 1 },
  })
  const medication: string | undefined = medications.medications[0]?.[0]?.medicationid
  const unseen: unknown = (await practice.request('GET /visits', { query: { departmentid: 1 } })).value['visits']

  void [born, diagnoses, medication, unseen]
  // @ts-expect-error records are not changed in place
  patients[0].dob = born
  // @ts-expect-error an unknown field is unknown
  const text: string = claim['somethingnew']
  void text
}

async function requests(): Promise<void> {
  const { client, practice } = testClient([])
  const window = { startdate: '2026-03-02', enddate: '2026-03-08' }
  await practice.request('GET /departments')
  await practice.request('GET /departments', undefined, { deadlineMs: 1_000 })
  await practice.request('GET /departments', { query: { providerlist: true, hospitalonly: null, limit: undefined } })
  await practice.request('GET /departments', { extra: { somethingnew: 1 } }, { context: 'sync' })
  await client.request('PUT /appointments/{appointmentid}', {
    practice: 195_900,
    path: { appointmentid: 7 },
    form: { patientid: '5', reasonid: 82, urgentyn: true },
  })
  await practice.request('PUT /chart/{patientid}/allergies', {
    path: { patientid: 5 },
    form: { departmentid: 1, allergies: [{ allergenid: 24_640 }] },
  })
  for await (const department of practice.list('GET /departments')) void department.timezonename?.length
  for await (const page of client.list('GET /appointments/booked', { practice: 1, query: window }).pages()) {
    const duration: number | undefined = page.items[0]?.duration
    void duration
  }
}

async function refusals(): Promise<void> {
  const { client, practice } = testClient([])
  const window = { startdate: '2026-03-02', enddate: '2026-03-08' }
  // @ts-expect-error there is no such endpoint
  await practice.request('GET /appointment/booked', { query: window })
  // @ts-expect-error an endpoint is named with its method
  await practice.request('/departments')
  // @ts-expect-error the method is part of the name
  await practice.request('POST /appointments/booked', { query: window })
  // @ts-expect-error a window has two ends
  await practice.request('GET /appointments/booked', { query: { startdate: '2026-03-02' } })
  // @ts-expect-error what is required cannot be left out
  await practice.request('GET /appointments/booked')
  // @ts-expect-error a path needs its id
  await practice.request('GET /patients/{patientid}', { query: { departmentid: 1 } })
  // @ts-expect-error a booking needs its patient
  await practice.request('PUT /appointments/{appointmentid}', { path: { appointmentid: 7 }, form: { reasonid: 82 } })
  // @ts-expect-error a name that is wrong
  await practice.request('GET /departments', { query: { providerslist: true } })
  // @ts-expect-error a boolean is not a text
  await practice.request('GET /departments', { query: { providerlist: 'yes' } })
  // @ts-expect-error an id is no boolean
  await practice.request('GET /patients/{patientid}', { path: { patientid: true } })
  // @ts-expect-error a Date has a time and a zone
  await practice.request('GET /appointments/booked', { query: { ...window, startdate: new Date() } })
  // @ts-expect-error a write has a form
  await practice.request('PUT /patients/{patientid}', { path: { patientid: 5 }, query: { email: 'a@example.com' } })
  const cash = { departmentid: 1, paymentmethod: 'CASH' } as const
  await practice.request('POST /patients/{patientid}/recordpayment', { path: { patientid: 5 }, form: cash })
  const gold = { departmentid: 1, paymentmethod: 'GOLD' } as const
  // @ts-expect-error a word that is not among the documented ones
  await practice.request('POST /patients/{patientid}/recordpayment', { path: { patientid: 5 }, form: gold })
  // @ts-expect-error a client needs the practice
  await client.request('GET /departments', {})
  // @ts-expect-error a single record cannot be iterated
  practice.list('GET /patients/{patientid}', { path: { patientid: 5 } })
  // @ts-expect-error a write cannot be iterated
  practice.list('PUT /patients/{patientid}', { path: { patientid: 5 } })
  // @ts-expect-error a feed that takes records cannot be iterated
  practice.list('GET /appointments/changed')
  // @ts-expect-error a list whose shape nobody has seen cannot be iterated
  practice.list('GET /visits', { query: { departmentid: 1 } })
}

test('requests and answers are typed by their endpoint', () => {
  for (const checked of [lists, records, requests, refusals]) assert.equal(typeof checked, 'function')
})
