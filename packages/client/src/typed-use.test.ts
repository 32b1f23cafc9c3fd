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
  const lab: unknown = labs.items[0]?.['labresultid']
  for await (const department of practice.departments.list()) void department.timezonename?.length
  createAthenaClient({ environment: 'preview', credential: { clientId: 'a', secret: 'b' }, fetch: globalThis.fetch })
  void [id, date, minutes, unknownField, born, lab]

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

test('types say what may be sent and what comes back', () => {
  assert.equal(typeof typed, 'function')
})
