import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange, type PracticeChange } from './apply-change.ts'

const kinds = [
  'patients',
  'appointments',
  'claims',
  'chart/healthhistory/problems',
  'chart/healthhistory/medication',
  'chart/healthhistory/allergies',
  'documents',
  'documents/patientcase',
  'labresults',
  'imagingresults',
  'prescriptions',
] as const

/** Everything of the practice as it is shown, but the times at which appointments were changed. */
function everything({ practice }: PracticeApi): Map<string, unknown> {
  const all = new Map<string, unknown>()
  for (const kind of kinds) {
    for (const id of practice.ids(kind)) {
      const {
        lastmodified: _,
        lastmodifiedby: __,
        ...record
      } = practice.wireRecord(kind, id, { previousPatientIds: true, insurance: true }) ?? {}
      all.set(`${kind} ${id}`, record)
    }
  }
  return all
}

/** Two active patients of a practice who both have appointments and claims, and one more. */
function threePatients(api: PracticeApi): readonly [number, number, number] {
  const billed = [...new Set(api.rows('GET /claims').map(({ patientid }) => Number(patientid)))]
  const active = billed.filter((id) => api.practice.wireRecord('patients', String(id))?.['status'] === 'active')
  const [first = 0, second = 0, third = 0] = active
  return [first, second, third]
}

const appointmentsOf = (api: PracticeApi, patient: number): unknown[] =>
  api
    .rows(`GET /patients/${patient}/appointments?showpast=true&showcancelled=true`)
    .map(({ appointmentid }) => appointmentid)

test('a merge undone leaves everything as it was, through a chain of merges too, and each is announced', () => {
  const api = practiceApi({ patients: 100 })
  const [a, b, c] = threePatients(api)
  const apply = (change: PracticeChange) => applyChange(api.practice, change)
  for (const patient of [a, b, c]) {
    // A claim of no visit, and documents of all feeds.
    const claimcharges = JSON.stringify([{ PROCEDURECODE: '99213', ICD10CODE1: 'I10' }])
    const filed = `departmentid=1&patientid=${patient}&supervisingproviderid=71&claimcharges=${claimcharges}`
    assert.equal(api.call('POST /claims', filed).status, 200)
    for (const subclass of ['LABRESULT', 'IMAGINGRESULT', 'PATIENTCASE', 'PRESCRIPTION']) {
      apply({ kind: 'adddocument', patient, subclass })
    }
  }
  const before = everything(api)
  apply({ kind: 'mergepatients', from: a, into: b })
  apply({ kind: 'mergepatients', from: b, into: c })
  assert.deepEqual(api.record(`GET /patients/${a}?showpreviouspatientids=true`)['previouspatientids'], [
    { previouspatientid: String(b) },
    { previouspatientid: String(a) },
  ])
  api.events.length = 0
  apply({ kind: 'unmergepatient', patient: a })
  assert.deepEqual(
    api.events.filter(({ feed }) => feed === 'patients').map(({ name, id }) => [name, id]),
    [
      ['UpdatePatient', String(a)],
      ['UpdatePatient', String(c)],
    ],
  )
  assert.equal(api.record(`GET /patients/${a}`)['patientid'], String(a))
  assert.equal(api.record(`GET /patients/${b}`)['patientid'], String(c))
  assert.deepEqual(api.record(`GET /patients/${c}?showpreviouspatientids=true`)['previouspatientids'], [
    { previouspatientid: String(b) },
  ])
  apply({ kind: 'unmergepatient', patient: b })
  assert.deepEqual(everything(api), before)
  assert.throws(() => apply({ kind: 'unmergepatient', patient: a }), /not_merged/)
})

test('what came to the survivor after the merge stays with it', () => {
  const api = practiceApi()
  const [a, b] = threePatients(api)
  const own = appointmentsOf(api, b)
  applyChange(api.practice, { kind: 'mergepatients', from: a, into: b })
  const slot = [...api.practice.ids('appointments')].find((id) => {
    const record = api.practice.wireRecord('appointments', id)
    return record?.['appointmentstatus'] === 'o' && record['appointmenttypeid'] === '83'
  })
  applyChange(api.practice, { kind: 'book', appointment: slot ?? '', patient: b })
  applyChange(api.practice, { kind: 'unmergepatient', patient: a })
  assert.deepEqual(new Set(appointmentsOf(api, b)), new Set([...own, slot]))
})

test('a claim made of a visit while its patient was merged goes back with the visit, and is announced', () => {
  const api = practiceApi()
  const [a, b] = threePatients(api)
  const visits = api.rows(`GET /patients/${a}/appointments?showpast=true`)
  const charged = visits.find(({ appointmentstatus }) => appointmentstatus === '4')?.['appointmentid']
  applyChange(api.practice, { kind: 'mergepatients', from: a, into: b })
  const claimcharges = JSON.stringify([{ PROCEDURECODE: '99213', ICD10CODE1: 'I10' }])
  const made = api.record(
    `POST /appointments/${charged}/claim`,
    `claimcharges=${claimcharges}&supervisingproviderid=71`,
  )
  const [claim] = made['claimids'] as string[]
  api.events.length = 0
  applyChange(api.practice, { kind: 'unmergepatient', patient: a })
  assert.equal(api.practice.wireRecord('claims', String(claim))?.['patientid'], a)
  const told = api.events.filter(({ feed, id }) => feed === 'claims' && id === String(claim))
  assert.deepEqual(
    told.map(({ name }) => name),
    ['UpdateClaim'],
  )
})

test('a patient who was inactive before a merge is inactive again after it is undone', () => {
  const api = practiceApi()
  const [a, b] = threePatients(api)
  applyChange(api.practice, { kind: 'updatepatient', patient: a, fields: { status: 'inactive' } })
  applyChange(api.practice, { kind: 'mergepatients', from: a, into: b })
  applyChange(api.practice, { kind: 'unmergepatient', patient: a })
  assert.equal(api.record(`GET /patients/${a}`)['status'], 'inactive')
})

const gone: readonly (readonly [what: string, changes: (a: number, b: number) => PracticeChange[]])[] = [
  ['deleted', (a) => [{ kind: 'deletepatient', patient: a }]],
  ['merged', (a, b) => [{ kind: 'mergepatients', from: a, into: b }]],
]
for (const [what, changes] of gone) {
  test(`a ${what} patient is in no list, cannot be booked, merged or charged, and answers by id`, () => {
    const api = practiceApi()
    const [a, b, c] = threePatients(api)
    const { lastname } = api.record(`GET /patients/${a}`)
    for (const change of changes(a, b)) applyChange(api.practice, change)
    const found = api.rows(`GET /patients?lastname=${encodeURIComponent(String(lastname))}&limit=5000`)
    assert.ok(!found.some(({ patientid }) => patientid === String(a)))
    assert.equal(
      api.rows(`GET /patients/search?searchterm=${a}`).filter(({ patientid }) => patientid === String(a)).length,
      0,
    )
    for (const change of [
      { kind: 'mergepatients', from: a, into: c },
      { kind: 'mergepatients', from: c, into: a },
    ]) {
      assert.throws(() => applyChange(api.practice, change), /patient_gone/)
    }
    const answer = api.record(`GET /patients/${a}`)
    assert.deepEqual(
      [answer['patientid'], answer['status']],
      what === 'deleted' ? [String(a), 'deleted'] : [String(b), 'active'],
    )
  })
}

test('lists that are narrowed to a merged id answer as for its survivor', () => {
  const api = practiceApi({ patients: 100 })
  const [a, b] = threePatients(api)
  api.call('POST /appointments/waitlist', `departmentid=1&patientid=${a}`)
  api.call('POST /appointments/appointmentreminders', `departmentid=1&patientid=${a}&approximatedate=12/01/2026`)
  applyChange(api.practice, { kind: 'mergepatients', from: a, into: b })
  const span = 'departmentid=1&startdate=10/01/2026&enddate=12/31/2026'
  for (const path of [
    '/appointments/booked?startdate=10/01/2026&enddate=12/31/2026',
    '/appointments/waitlist?departmentid=1',
    `/appointments/appointmentreminders?${span}`,
    '/claims?servicestartdate=01/01/2026',
  ]) {
    const rows = api.rows(`GET ${path}&patientid=${a}`)
    assert.notEqual(rows.length, 0, path)
    assert.deepEqual(rows, api.rows(`GET ${path}&patientid=${b}`), path)
  }
})
