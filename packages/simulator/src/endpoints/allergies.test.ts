import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const path = (patient: number | string): string => `/chart/${patient}/allergies`
const chart = 'departmentid=1'

/** Writes allergies into a chart; to whom may carry further parameters of the query. */
function put(api: PracticeApi, to: number | string, allergies: unknown) {
  const [patient = '', more = ''] = String(to).split('?')
  return api.call(`PUT ${path(patient)}?${chart}&allergies=${encodeURIComponent(JSON.stringify(allergies))}&${more}`)
}

const rows = (api: PracticeApi, patient: number, query = '') => api.rows(`GET ${path(patient)}?${chart}${query}`)
const ids = (api: PracticeApi, patient: number): unknown[] => rows(api, patient).map((row) => row['allergenid'])
const section = (api: PracticeApi, patient: number) => api.record(`GET ${path(patient)}?${chart}`)

/** A patient with two allergies or more. */
function allergic(api: PracticeApi): number {
  for (let patient = 1; patient <= 300; patient += 1) if (ids(api, patient).length >= 2) return patient
  throw new RangeError('nobody has two allergies')
}

test('what is not named stays as it is', () => {
  const api = practiceApi()
  const patient = allergic(api)
  const before = rows(api, patient)
  const [first] = before
  assert.deepEqual(
    put(api, patient, [{ allergenid: 15363 }, { allergenid: first?.['allergenid'], note: 'at night' }]),
    {
      status: 200,
      body: { success: true },
    },
  )
  const after = rows(api, patient)
  assert.deepEqual(
    after.map((row) => row['allergenid']),
    [...before.map((row) => row['allergenid']), 15363],
  )
  assert.equal(after[0]?.['note'], 'at night')
  assert.deepEqual(after[0]?.['reactions'], first?.['reactions'])
  assert.deepEqual(after.slice(1, -1), before.slice(1))
  assert.deepEqual(
    api.events.map(({ feed, name, id }) => [feed, name, id]),
    [
      ['chart/healthhistory/allergies', 'AllergyAdd', `${patient}-15363`],
      ['chart/healthhistory/allergies', 'AllergyUpdate', `${patient}-${String(first?.['allergenid'])}`],
    ],
  )
})

test('an allergy has the recorded shape, in the chart and with its patient in the feed', () => {
  const api = practiceApi({ patients: 100 })
  const reaction = { snomedcode: '39579001', severity: 'severe' }
  put(api, 5, [{ allergenid: 92193, onsetdate: '01/01/2010', note: 'about this allergy', reactions: [reaction] }])
  const [row = {}] = rows(api, 5).filter((candidate) => candidate['allergenid'] === 92193)
  const { lastmodifiedby, ...rest } = row
  assert.match(String(lastmodifiedby), /^API-/)
  assert.deepEqual(rest, {
    allergenid: 92193,
    allergenname: 'weed pollen',
    onsetdate: '01/01/2010',
    note: 'about this allergy',
    reactions: [
      { reactionname: 'anaphylaxis', snomedcode: '39579001', severity: 'severe', severitysnomedcode: '24484000' },
    ],
    lastmodifieddatetime: '2026-11-23T10:00:00-05:00',
  })
  assert.deepEqual(api.practice.wireRecord('chart/healthhistory/allergies', '5-92193'), { patientid: 5, ...row })
})

test('an allergen that the reference does not have is taken and shows as deleted', () => {
  const api = practiceApi({ patients: 100 })
  put(api, 5, [{ allergenid: 213123 }])
  assert.equal(rows(api, 5).find((row) => row['allergenid'] === 213123)?.['allergenname'], 'deleted/unknown')
})

test('NKDA and the section note are set without allergies, and no feed tells of them', () => {
  const api = practiceApi({ patients: 100 })
  assert.equal(put(api, '5?nkda=true&sectionnote=asked', []).status, 200)
  assert.deepEqual([section(api, 5)['nkda'], section(api, 5)['sectionnote']], [true, 'asked'])
  put(api, '5?nkda=false&sectionnote=', [])
  assert.deepEqual([section(api, 5)['nkda'], section(api, 5)['sectionnote']], [false, ''])
  assert.deepEqual(api.events, [])
})

test('an allergy made inactive is shown only when asked for, and may become active again', () => {
  const api = practiceApi({ patients: 100 })
  put(api, 5, [{ allergenid: 92193, deactivatedate: '11/20/2026' }])
  assert.ok(!ids(api, 5).includes(92193))
  const hidden = rows(api, 5, '&showinactive=true').find((row) => row['allergenid'] === 92193)
  assert.equal(hidden?.['deactivatedate'], '11/20/2026')
  put(api, 5, [{ allergenid: 92193, deactivatedate: '' }])
  assert.ok(ids(api, 5).includes(92193))
})

for (const [what, allergies] of [
  ['text that is no JSON', 'allergies=%5B%7B'],
  ['JSON that is no array', 'allergies=%7B%7D'],
  ['an allergy without its allergen', `allergies=${encodeURIComponent('[{"note":"x"}]')}`],
  ['an onset that is no date', `allergies=${encodeURIComponent('[{"allergenid":1,"onsetdate":"soon"}]')}`],
] as const) {
  test(`${what} is refused and nothing is written`, () => {
    const api = practiceApi({ patients: 100 })
    const before = section(api, 5)
    assert.equal(api.call(`PUT ${path(5)}?${chart}&nkda=true&${allergies}`).status, 400)
    assert.deepEqual(section(api, 5), before)
  })
}

test('after a merge the survivor keeps its own entry for an allergen both had, and the feed tells what came along', () => {
  const api = practiceApi({ patients: 100 })
  put(api, 5, [{ allergenid: 92193, note: 'of five' }, { allergenid: 15363 }])
  put(api, 6, [{ allergenid: 92193, note: 'of six' }])
  api.events.length = 0
  applyChange(api.practice, { kind: 'mergepatients', from: 5, into: 6 })
  assert.equal(rows(api, 6).find((row) => row['allergenid'] === 92193)?.['note'], 'of six')
  assert.ok(ids(api, 6).includes(15363))
  assert.equal(api.practice.wireRecord('chart/healthhistory/allergies', '5-15363')?.['patientid'], 6)
  const told = api.events.filter(({ feed }) => feed === 'chart/healthhistory/allergies').map(({ id }) => id)
  assert.ok(told.includes('6-15363') && told.includes('6-92193'), told.join())
  const listed = [...api.practice.ids('chart/healthhistory/allergies')].filter((id) => id.endsWith('-15363'))
  assert.ok(listed.includes('6-15363') && !listed.includes('5-15363'))
})
