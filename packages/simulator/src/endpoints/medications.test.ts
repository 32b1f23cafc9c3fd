import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'

const chart = 'departmentid=1'
const path = (patient: number | string): string => `/chart/${patient}/medications`

interface Section {
  readonly medications: Record<string, unknown>[][]
  readonly nomedicationsreported: boolean
}

// The body of the list, whose shape the tests look into.
const section = (api: PracticeApi, patient: number | string, query = ''): Section =>
  api.call(`GET ${path(patient)}?${chart}${query}`).body as Section
const entries = (api: PracticeApi, patient: number | string, query = '') =>
  section(api, patient, query).medications.flat()
const named = (api: PracticeApi): string[] => api.events.map(({ feed, name, id }) => `${feed} ${name} ${id}`)

/** Ids of a prescribed and a historical entry somewhere in the practice. */
function known(api: PracticeApi, first: 'C' | 'H'): { patient: number; id: string } {
  for (let patient = 1; patient <= 300; patient += 1) {
    const id = entries(api, patient)
      .map((row) => String(row['medicationentryid']))
      .find((entry) => entry.startsWith(first))
    if (id !== undefined) return { patient, id }
  }
  throw new RangeError(`nobody has an entry ${first}`)
}

test('medications are arrays of the entries of one medication each', () => {
  const api = practiceApi()
  const { patient } = known(api, 'H')
  const before = section(api, patient).medications.length
  for (let times = 0; times < 2; times += 1) api.call(`POST ${path(patient)}`, `${chart}&medicationid=362851`)
  const { medications } = section(api, patient)
  assert.equal(medications.length, before + 1)
  assert.deepEqual(
    medications.at(-1)?.map((row) => row['medicationid']),
    [362851, 362851],
  )
})

for (const [first, extra] of [
  ['H', []],
  [
    'C',
    [
      'approvedby',
      'orderingmode',
      'prescribedby',
      'quantity',
      'quantityunit',
      'refillsallowed',
      'status',
      'structuredsig',
    ],
  ],
] as const) {
  test(`an entry that begins with ${first} has the recorded fields`, () => {
    const api = practiceApi()
    const { patient, id } = known(api, first)
    const row = entries(api, patient).find((candidate) => candidate['medicationentryid'] === id) ?? {}
    const { stopreason: _, ...rest } = row
    assert.deepEqual(
      Object.keys(rest).toSorted(),
      [
        'createdby',
        'events',
        'isdiscontinued',
        'issafetorenew',
        'isstructuredsig',
        'lastmodifiedby',
        'lastmodifieddate',
        'medication',
        'medicationentryid',
        'medicationid',
        'route',
        'source',
        'therapeuticclass',
        'unstructuredsig',
        ...extra,
      ].toSorted(),
    )
  })
}

test('a historical medication is added, changed and deleted, and the feed hears of each', () => {
  const api = practiceApi({ patients: 100 })
  const added = api.record(`POST ${path(5)}`, `${chart}&medicationid=299644&startdate=02/03/2020&unstructuredsig=daily`)
  const id = String(added['medicationentryid'])
  assert.match(id, /^H\d+$/)
  assert.equal(added['success'], true)
  const record = () => api.practice.wireRecord('chart/healthhistory/medication', id)
  assert.deepEqual(
    [record()?.['patientid'], record()?.['medicationentryid'], record()?.['unstructuredsig']],
    [5, id, 'daily'],
  )
  assert.deepEqual(api.call(`PUT ${path(5)}/${id}`, `${chart}&stopdate=03/04/2020&stopreason=Cost`).body, {
    success: true,
  })
  assert.equal(record()?.['isdiscontinued'], true)
  assert.equal(entries(api, 5, '&medicationtype=active').length, entries(api, 5).length - 1)
  assert.deepEqual(api.call(`DELETE ${path(5)}/${id}?${chart}`).body, { success: true })
  assert.ok(!entries(api, 5).some((row) => row['medicationentryid'] === id))
  assert.ok(![...api.practice.ids('chart/healthhistory/medication')].includes(id))
  assert.equal(api.call(`DELETE ${path(5)}/${id}?${chart}`).status, 404)
  const feed = 'chart/healthhistory/medication'
  assert.deepEqual(named(api), [
    `${feed} MedicationHxAdd ${id}`,
    `${feed} MedicationHxUpdate ${id}`,
    `${feed} MedicationHxDelete ${id}`,
  ])
})

test('a prescription can be noted on but not rewritten, and the feed of historical ones does not know it', () => {
  const api = practiceApi()
  const { patient, id } = known(api, 'C')
  assert.equal(api.call(`PUT ${path(patient)}/${id}`, `${chart}&patientnote=with+food`).status, 200)
  assert.equal(api.call(`PUT ${path(patient)}/${id}`, `${chart}&unstructuredsig=daily`).status, 400)
  assert.equal(api.call(`DELETE ${path(patient)}/${id}?${chart}`).status, 400)
  assert.deepEqual(api.events, [])
  assert.equal(api.practice.wireRecord('chart/healthhistory/medication', id), undefined)
})

test('"no medications reported" is ticked, and unticked by the first medication', () => {
  const api = practiceApi({ patients: 100 })
  const reported = () => section(api, 5).nomedicationsreported
  api.call(`PUT ${path(5)}`, `${chart}&nomedicationsreported=true&sectionnote=asked`)
  assert.equal(reported(), true)
  api.call(`POST ${path(5)}`, `${chart}&medicationid=299644`)
  assert.equal(reported(), false)
  api.call(`PUT ${path(5)}`, `nomedicationsreported=false&${chart}`)
  assert.equal(reported(), false)
})

test("one patient's entry cannot be reached through another's chart", () => {
  const api = practiceApi()
  const { patient, id } = known(api, 'H')
  assert.equal(api.call(`DELETE ${path(patient + 1)}/${id}?${chart}`).status, 404)
  assert.equal(api.call(`POST ${path(patient)}`, `${chart}&medicationid=1`).status, 400)
})
