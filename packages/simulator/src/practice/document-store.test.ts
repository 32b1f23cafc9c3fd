import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monday, practiceApi } from '../../testing/practice-api.ts'
import { createPractice, stateOf } from './create-practice.ts'
import { addDocument, deleteDocument, updateDocument } from './document-changes.ts'
import { allDocuments, chartDocuments, documentsOf, findDocument, keptDocuments, keepNew } from './document-store.ts'
import { mergePatients, unmergePatient } from './merge-patients.ts'
import type { PracticeState } from './practice-state.ts'

/** A Tuesday morning: some results of Monday's visits have come, others are still to come. */
const now = monday + 24 * 3_600_000

function made(seed = 7, patients = 300): PracticeState {
  return stateOf(createPractice({ id: 195900, seed, patients, now: () => now }))
}

const stamp = { at: now, by: 'API-1' }

test('the same seed tells the same documents, and looking keeps none of them', () => {
  const [one, other] = [made(), made()]
  const told = [...allDocuments(one)]
  assert.ok(told.length > 1500)
  assert.deepEqual(told, [...allDocuments(other)])
  assert.deepEqual(told, [...allDocuments(one)])
  assert.notDeepEqual(told, [...allDocuments(made(8))])
  assert.equal([...keptDocuments(one)].length, 0)
})

test('every document of the past is found by an id of its own, in the past', () => {
  const state = made()
  const seen = new Set<number>()
  for (const document of allDocuments(state)) {
    assert.ok(!seen.has(document.id), `${document.id} twice`)
    seen.add(document.id)
    assert.deepEqual(findDocument(state, document.id), document)
    assert.ok(document.createdAt <= document.modifiedAt)
    assert.ok(document.modifiedAt <= now, `${document.id} is changed in the future`)
  }
  for (const id of [0, -1, 19_999_999, 20_000_000, 60_000_000, 79_999_999, 100_000_000, Number.NaN, 1.5]) {
    assert.equal(findDocument(state, id)?.id, seen.has(id) ? id : undefined)
  }
})

test('visits leave documents behind: notes, prescriptions and results of the last weeks', () => {
  const state = made()
  const ofVisits = [...allDocuments(state)].filter(({ appointment }) => appointment !== undefined)
  for (const kind of ['ENCOUNTERDOCUMENT', 'PRESCRIPTION', 'LABRESULT', 'IMAGINGRESULT']) {
    assert.ok(
      ofVisits.some((document) => document.class === kind),
      kind,
    )
  }
  const leftAt = (position: number) => state.appointments.checkedOutAt.get(position) * 1000
  for (const { appointment = 0, createdAt } of ofVisits) assert.ok(createdAt > leftAt(appointment))
})

test('a document of the past that is changed stays in its place, and no other is touched', () => {
  const state = made()
  const before = chartDocuments(state, 3)
  const [first] = before
  assert.ok(first !== undefined)
  updateDocument(state, { id: first.id, internalNote: 'seen' }, stamp)
  const after = chartDocuments(state, 3)
  assert.equal(after[0]?.internalNote, 'seen')
  assert.deepEqual(after.slice(1), before.slice(1))
})

test('a merge brings all documents to the survivor, and deleted ones stay deleted', () => {
  const state = made()
  const added = addDocument(
    state,
    { class: 'ADMIN', subclass: 'ADMIN_BILLING', patient: 2, department: 0, fields: {} },
    stamp,
  )
  deleteDocument(state, added, stamp)
  const [from, into] = [chartDocuments(state, 2), chartDocuments(state, 1)]
  mergePatients(state, { from: 2, into: 1 }, stamp)
  const merged = new Set(chartDocuments(state, 1).map(({ id }) => id))
  assert.equal(merged.size, from.length + into.length)
  for (const { id } of from) assert.ok(merged.has(id))
  assert.equal(findDocument(state, added)?.status, 'DELETED')
})

test('a document of a visit that is changed while its patient is merged goes back with the visit', () => {
  const state = made()
  const [of] = [...allDocuments(state)].filter(({ appointment, patient }) => appointment !== undefined && patient !== 1)
  assert.ok(of?.patient !== undefined)
  mergePatients(state, { from: of.patient, into: 1 }, stamp)
  updateDocument(state, { id: of.id, internalNote: 'seen' }, stamp)
  unmergePatient(state, of.patient, stamp)
  assert.deepEqual(
    [findDocument(state, of.id)?.patient, findDocument(state, of.id)?.internalNote],
    [of.patient, 'seen'],
  )
  assert.deepEqual(
    chartDocuments(state, of.patient).find(({ id }) => id === of.id),
    findDocument(state, of.id),
  )
})

test('a merge announces every document that a feed tells of, those of visits too', () => {
  const { practice, events } = practiceApi()
  const state = stateOf(practice)
  const feeds = ['documents/patientcase', 'labresults', 'imagingresults', 'prescriptions'] as const
  const ofFeeds = (patient: number) =>
    feeds.flatMap((feed) =>
      [...practice.ids(feed)].filter((id) => practice.wireRecord(feed, id)?.['patientid'] === patient),
    )
  const isOfVisit = (id: string) => findDocument(state, Number(id))?.appointment !== undefined
  const from = Array.from({ length: 300 }, (_, index) => index + 1).find((patient) => ofFeeds(patient).some(isOfVisit))
  assert.ok(from !== undefined)
  const moving = ofFeeds(from).toSorted()
  mergePatients(state, { from, into: from === 1 ? 2 : 1 }, stamp)
  const told = events.filter(({ feed }) => feeds.some((known) => known === feed)).map(({ id }) => id)
  assert.deepEqual(told.toSorted(), moving)
})

test('what is filed for nobody is in no chart', () => {
  const state = made(7, 120)
  const charts = [...allDocuments(state)].length
  const [document] = chartDocuments(state, 1)
  assert.ok(document !== undefined)
  keepNew(state, { ...document, id: documentsOf(state).nextId, patient: undefined })
  assert.equal([...allDocuments(state)].length, charts + 1)
  assert.equal(chartDocuments(state, 1).filter(({ patient }) => patient === undefined).length, 0)
})
