import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveSimulator } from '../../testing/live-simulator.ts'

const own = 'departmentid=1&ignorerestrictions=true'
const charges = JSON.stringify([{ PROCEDURECODE: '99213', ICD10CODE1: 'I10' }])
const allergies = JSON.stringify([{ allergenid: '4' }])

interface Written {
  readonly feed: string
  readonly key: string
  /** What a caller who ignores restrictions writes for patient 5. */
  readonly write: readonly [method: string, path: string, form: string]
}

const written: readonly Written[] = [
  { feed: '/patients/changed', key: 'patients', write: ['PUT', '/patients/5', `${own}&notes=Calls`] },
  {
    feed: '/claims/changed',
    key: 'claims',
    write: ['POST', '/claims', `${own}&patientid=5&supervisingproviderid=71&claimcharges=${charges}`],
  },
  { feed: '/labresults/changed', key: 'labresults', write: ['POST', '/patients/5/documents/labresult', own] },
  {
    feed: '/imagingresults/changed',
    key: 'imagingresults',
    write: ['POST', '/patients/5/documents/imagingresult', own],
  },
  {
    feed: '/documents/patientcase/changed',
    key: 'patientcases',
    write: ['POST', '/patients/5/documents/patientcase', `${own}&documentsource=PATIENT&documentsubclass=PATIENTCASE`],
  },
  {
    feed: '/chart/healthhistory/problems/changed',
    key: 'problems',
    write: ['POST', '/chart/5/problems', `${own}&snomedcode=38341003`],
  },
  {
    feed: '/chart/healthhistory/medication/changed',
    key: 'medications',
    write: ['POST', '/chart/5/medications', `${own}&medicationid=299644`],
  },
  {
    feed: '/chart/healthhistory/allergies/changed',
    key: 'allergies',
    write: ['PUT', '/chart/5/allergies', `${own}&allergies=${allergies}`],
  },
]

for (const { feed, key, write } of written) {
  test(`${feed} tells of a hidden patient only who ignores restrictions, and keeps it until then`, async (t) => {
    const { call, simulator } = await liveSimulator(t)
    simulator.truth.change(195900, { kind: 'restrictpatient', patient: 5 })
    await call('POST', `${feed}/subscription`)
    await call(...write)
    const patients = async (query: string): Promise<string[]> => {
      const rows = Object.values((await call('GET', feed + query))[key] ?? {})
      return rows.map(({ patientid }) => String(patientid))
    }
    const window = '?showprocessedstartdatetime=11/23/2026 00:00:00&showprocessedenddatetime=11/23/2026 23:59:59'
    assert.deepEqual([await patients(''), await patients('?leaveunprocessed=true')], [[], []])
    assert.deepEqual([await patients('?ignorerestrictions=true'), await patients('')], [['5'], []])
    assert.deepEqual([await patients(window), await patients(`${window}&ignorerestrictions=true`)], [[], ['5']])
  })
}
