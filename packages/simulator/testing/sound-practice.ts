/** What holds of a practice at every moment, whatever was done to it. */
import assert from 'node:assert/strict'
import { appointmentsOf, statusOf } from '../src/practice/appointment-table.ts'
import { patientStatus } from '../src/practice/patient-table.ts'
import type { Practice, PracticeEvent } from '../src/practice/practice.ts'
import type { PracticeState } from '../src/practice/practice-state.ts'

const feeds = [
  'appointments',
  'patients',
  'providers',
  'claims',
  'referringproviders',
  'documents/patientcase',
  'labresults',
  'imagingresults',
  'prescriptions',
] as const

/** What a perfect reader of the feeds would know: every record as it was at its latest event. */
export function followFeeds(practice: Practice): Map<string, unknown> {
  const known = new Map<string, unknown>()
  const look = (feed: PracticeEvent['feed'], id: string) =>
    known.set(`${feed} ${id}`, practice.wireRecord(feed, id, { previousPatientIds: true, customFields: true }))
  for (const feed of feeds) for (const id of practice.ids(feed)) look(feed, id)
  practice.onEvent(({ feed, id }) => look(feed, id))
  return known
}

/** No record changed without an event. */
export function assertFeedsKnowAll(practice: Practice, known: ReadonlyMap<string, unknown>): void {
  for (const feed of feeds) {
    for (const id of practice.ids(feed)) {
      const now = practice.wireRecord(feed, id, { previousPatientIds: true, customFields: true })
      assert.deepEqual(known.get(`${feed} ${id}`), now, `${feed} ${id} changed without an event`)
    }
  }
}

/** Every appointment has one patient, and every patient's chain has just that patient's appointments. */
export function assertCalendarIsSound(state: PracticeState): void {
  const { appointments: table, patients } = state
  const owned = new Map<number, Set<number>>()
  for (let patient = 1; patient <= patients.count; patient += 1) {
    const positions = [...appointmentsOf(state, patient)]
    assert.equal(new Set(positions).size, positions.length, `patient ${patient} has an appointment twice`)
    if (patientStatus(patients, patient) === 'merged') assert.equal(positions.length, 0, 'a merged patient keeps none')
    owned.set(patient, new Set(positions))
  }
  for (let position = 0; position < table.count; position += 1) {
    const status = statusOf(table, position)
    const patient = table.patient.get(position)
    assert.equal(patient === 0, status === 'o' || status === 'deleted', `a row with status ${status} has ${patient}`)
    if (patient !== 0) assert.ok(owned.get(patient)?.delete(position), `appointment ${position} is not in its chain`)
    assert.equal(status === 'x', table.cancellations.has(position))
  }
  for (const [patient, left] of owned)
    assert.equal(left.size, 0, `patient ${patient} is linked to others' appointments`)
}

/** The lists that reads walk have what they should, in order, and nothing else. */
export function assertListsAreSound(state: PracticeState): void {
  const { appointments: table, patients } = state
  const filed: number[] = []
  for (const [day, positions] of table.byDay) {
    for (const [index, position] of positions.entries()) {
      filed.push(position)
      assert.equal(table.day.get(position), day)
      const previous = positions[index - 1]
      if (previous === undefined) continue
      const order = table.start.get(position) - table.start.get(previous) || position - previous
      assert.ok(order > 0, 'a day is in order of start and id')
    }
  }
  assert.equal(new Set(filed).size, table.count)
  const isLive = (position: number) => !['x', 'deleted'].includes(statusOf(table, position))
  for (const [day, positions] of table.byDay) {
    assert.deepEqual(table.liveByDay.get(day) ?? [], positions.filter(isLive))
  }
  for (let id = 1; id <= patients.count; id += 1) {
    const live = !['deleted', 'merged'].includes(patientStatus(patients, id))
    assert.equal(patients.live.has(id), live)
    for (const [index, ids] of patients.byDepartment.entries()) {
      assert.equal(ids.has(id), live && patients.department.get(id) === index)
    }
  }
}
