import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monday } from '../../testing/practice-api.ts'
import { VirtualClock } from '../clock/virtual-clock.ts'
import { createPractice, stateOf } from '../practice/create-practice.ts'
import { allDocuments, findDocument, keptDocuments } from '../practice/document-store.ts'
import type { Document } from '../practice/document.ts'
import type { PracticeEvent } from '../practice/practice.ts'
import { startDay } from './start-day.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const midnight = monday - 10 * hourMs

interface Life {
  readonly startAt?: number
  readonly pause?: { readonly from: number; readonly until: number }
}

function lived(days: number, { startAt = midnight, pause }: Life = {}) {
  const clock = new VirtualClock({ startAt, speed: 0 })
  const practice = createPractice({ id: 195900, seed: 7, patients: 600, now: () => clock.now() })
  const events: PracticeEvent[] = []
  practice.onEvent((event) => events.push(event))
  const start = () => startDay(practice, { clock, seed: 7, ratePerHour: 300 })
  const first = start()
  if (pause !== undefined) {
    clock.advance(pause.from)
    first.stop()
    clock.advance(pause.until - pause.from)
    start()
  }
  clock.advance(startAt + days * dayMs - clock.now())
  return { state: stateOf(practice), practice, events, clock }
}

const week = lived(3)

function countOf(events: readonly PracticeEvent[], name: string): number {
  return events.filter((event) => event.name === name).length
}

test('a working day brings results, cases, prescriptions and images, each with what becomes of it', () => {
  const names = new Set(week.events.map(({ name }) => name))
  for (const name of `LabResultAdd LabResultClose ImagingResultAdd ImagingResultClose PatientCaseAdd
    PatientCaseActionUpdate PatientCaseNotifyPatient PatientCaseUpdate PrescriptionAdd PrescriptionUpdate
    PrescriptionRefillAdd PrescriptionRefillUpdate`.split(/\s+/)) {
    assert.ok(names.has(name), `no ${name}`)
  }
})

test('appointments remain most of what happens', () => {
  const ofAppointments = week.events.filter(({ feed }) => feed === 'appointments').length
  const ofDocuments = week.events.filter(({ feed }) => /documents|results|prescriptions/.test(feed)).length
  assert.ok(ofAppointments > 2 * ofDocuments, `${ofAppointments} and ${ofDocuments}`)
})

test('about a third of the visits is followed by a laboratory result, none before its visit ended', () => {
  const { state, events, clock } = week
  // Those of the last visits are still to come.
  const latest = clock.now() - 1.5 * dayMs
  const leftAt = ({ appointment }: Document) =>
    appointment === undefined ? Infinity : state.appointments.checkedOutAt.get(appointment) * 1000
  const results = [...keptDocuments(state)].filter(
    (document) => document.class === 'LABRESULT' && leftAt(document) >= midnight && leftAt(document) < latest,
  )
  const visits = events.filter(({ name, at }) => name === 'CheckOut' && at < latest).length
  assert.ok(results.length > 0.2 * visits && results.length < 0.5 * visits, `${results.length} of ${visits}`)
  for (const result of results) assert.ok(result.createdAt > leftAt(result))
})

test('forms are scanned at check-in', () => {
  const scans = [...keptDocuments(week.state)].filter((document) => document.class === 'ADMIN')
  const checkIns = countOf(week.events, 'CheckIn')
  assert.ok(scans.length > 0.05 * checkIns && scans.length < 0.2 * checkIns, `${scans.length} of ${checkIns}`)
})

test('no document comes twice, and every event has a record', () => {
  const { state, practice, events } = week
  const keys = [...allDocuments(state)].flatMap((document) =>
    document.appointment === undefined ? [] : `${document.appointment} ${document.class}`,
  )
  assert.equal(new Set(keys).size, keys.length)
  for (const { feed, id } of events) {
    if (feed === 'labresults') assert.ok(practice.wireRecord(feed, id) !== undefined)
  }
})

test('a result that was waiting when the practice was made is signed in the course of the day', () => {
  // On a Tuesday at noon the results of Monday's visits have come, and not all are signed.
  const { state, events } = lived(1, { startAt: midnight + 36 * hourMs })
  const seeded = events.filter(({ name, id }) => name === 'LabResultClose' && Number(id) < 100_000_000)
  assert.ok(seeded.length > 0)
  for (const { id } of seeded) assert.equal(findDocument(state, Number(id))?.status, 'CLOSED')
})

test('a pause of the day loses what was due in it and repeats nothing', () => {
  const { state } = lived(3, { pause: { from: 14 * hourMs, until: 16 * hourMs } })
  const keys = [...allDocuments(state)].flatMap((document) =>
    document.appointment === undefined ? [] : `${document.appointment} ${document.class}`,
  )
  assert.equal(new Set(keys).size, keys.length)
})
