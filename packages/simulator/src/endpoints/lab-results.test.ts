import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'

const path = '/patients/5/documents/labresult'
const analytes = encodeURIComponent(
  JSON.stringify([
    {
      analytename: 'Glucose',
      loinc: '2345-7',
      value: '104',
      units: 'mg/dL',
      referencerange: '70-99',
      abnormalflag: 'high',
    },
    { analytename: 'Sodium', value: 140, resultstatus: 'final', note: 'fasting' },
  ]),
)
const form = `departmentid=1&documenttypeid=386302&analytes=${analytes}&observationdate=11/20/2026&observationtime=09:30&resultstatus=final&notetopatient=Please+call&facilityid=13781003&tietoorderid=44&accessionid=A-1`

type Row = Record<string, unknown>

const create = (api: PracticeApi, fields = form) => Number(api.record(`POST ${path}`, fields)['labresultid'])
const inChart = (api: PracticeApi, id: number, query = '') =>
  api.rows(`GET /chart/5/labresults?departmentid=1${query}`).find(({ labresultid }) => labresultid === id)
const named = (api: PracticeApi) => api.events.map(({ feed, name, id }) => `${feed} ${name} ${id}`)

test('a result that is written stands in its document, the chart, the list of analytes and the feed', () => {
  const api = practiceApi({ patients: 100 })
  const id = create(api)
  const { observations, patientnote, resultstatus, externalaccessionid, tietoorderid, observationdatetime } =
    api.record(`GET ${path}/${id}`)
  assert.deepEqual(
    { patientnote, resultstatus, externalaccessionid, tietoorderid, observationdatetime },
    {
      patientnote: 'Please call',
      resultstatus: 'final',
      externalaccessionid: 'A-1',
      tietoorderid: 44,
      observationdatetime: '2026-11-20T09:30:00-05:00',
    },
  )
  const [glucose, sodium] = observations as Row[]
  assert.deepEqual(
    [glucose?.['analytename'], glucose?.['value'], glucose?.['abnormalflag'], sodium?.['value'], sodium?.['note']],
    ['Glucose', '104', 'high', '140', 'fasting'],
  )
  const { labresultdatetime, labresultnote, performinglabaddress2, orderid, attachmentexists, labresultloinc } =
    inChart(api, id) ?? {}
  assert.deepEqual(
    { labresultdatetime, labresultnote, performinglabaddress2, orderid, attachmentexists, labresultloinc },
    {
      labresultdatetime: '11/20/2026 09:30:00',
      labresultnote: 'Please call',
      performinglabaddress2: 'Suite B',
      orderid: 44,
      attachmentexists: false,
      labresultloinc: '51990-0',
    },
  )
  const listed = api.rows('GET /chart/5/analytes?departmentid=1&analyteresultstatus=final')
  assert.ok(listed.some(({ analyteid }) => analyteid === sodium?.['analyteid']))
  assert.ok(!listed.some(({ analyteid }) => analyteid === glucose?.['analyteid']))
  const changed = api.practice.wireRecord('labresults', String(id))
  assert.deepEqual([changed?.['patientid'], changed?.['facilityid'], changed?.['status']], [5, 13781003, 'REVIEW'])
  assert.deepEqual(named(api), [`labresults LabResultAdd ${id}`])
})

test('a result is changed, worked on and closed, and the feed hears of each', () => {
  const api = practiceApi({ patients: 100 })
  const id = create(api)
  const [glucose] = api.record(`GET ${path}/${id}`)['observations'] as Row[]
  const further = encodeURIComponent(
    JSON.stringify([
      { analyteid: glucose?.['analyteid'], value: '99' },
      { analytename: 'Potassium', value: '4.1' },
    ]),
  )
  api.call(`PUT ${path}/${id}`, `analytes=${further}&notetopatient=Today&interpretation=fine`)
  const { observations, patientnote, interpretation } = api.record(`GET ${path}/${id}`)
  assert.deepEqual(
    (observations as Row[]).map(({ analytename, value }) => [analytename, value]),
    [
      ['Glucose', '99'],
      ['Sodium', '140'],
      ['Potassium', '4.1'],
    ],
  )
  assert.deepEqual([patientnote, interpretation], ['Please call\nToday', 'fine'])
  api.call(`PUT ${path}/${id}`, 'notetopatient=All+well&replacepatientnote=true')
  assert.equal(api.record(`GET ${path}/${id}`)['patientnote'], 'All well')
  api.call(`POST /documents/labresult/${id}/actions`, 'actionnote=Called')
  assert.deepEqual(api.call(`PUT /documents/labresult/${id}/close`, 'actionnote=Done').body, { success: true })
  assert.equal(api.record(`GET ${path}/${id}`)['status'], 'CLOSED')
  assert.equal(api.call(`PUT /documents/labresult/${id}/close`).status, 400)
  api.call(`DELETE ${path}/${id}`)
  assert.equal(inChart(api, id), undefined)
  const update = `labresults LabResultUpdate ${id}`
  assert.deepEqual(named(api), [
    `labresults LabResultAdd ${id}`,
    update,
    update,
    update,
    `labresults LabResultClose ${id}`,
    `labresults LabResultDelete ${id}`,
  ])
})

test('a file without a type waits for data entry', () => {
  const api = practiceApi({ patients: 100 })
  const id = create(api, `departmentid=1&attachmentcontents=${encodeURIComponent(btoa('%PDF-1.4'))}`)
  const status = () => api.record(`GET ${path}/${id}`)['status']
  assert.equal(status(), 'DATAENTRY')
  assert.equal(inChart(api, id)?.['attachmentexists'], true)
  assert.deepEqual(api.call(`PUT /documents/labresult/${id}/dataentrycompleted`).body, { success: true })
  assert.equal(status(), 'REVIEW')
  assert.equal(api.call(`PUT /documents/labresult/${id}/dataentrycompleted`).status, 400)
})

test('what the practice measured itself is not written over (documented text)', () => {
  const api = practiceApi()
  const ids = [...api.practice.ids('labresults')]
  const own = ids.find((id) => {
    const { patientid, documentsource } = api.practice.wireRecord('labresults', id) ?? {}
    const row = api.record(`GET /patients/${patientid}/documents/labresult/${id}`)
    return documentsource === 'MANUAL' && String(row['description']).includes('strep')
  })
  const patient = api.practice.wireRecord('labresults', own ?? '')?.['patientid']
  const { status, body } = api.call(`PUT /patients/${patient}/documents/labresult/${own}`, `analytes=${analytes}`)
  assert.equal(status, 400)
  assert.match(JSON.stringify(body), /The analytes for this point of care test cannot be updated\./)
})

test('the chart is filtered by date, status and the portal', () => {
  const api = practiceApi({ patients: 100 })
  const id = create(api)
  const is = (query: string) => inChart(api, id, query) !== undefined
  assert.deepEqual(
    [
      '&startdate=11/20/2026&enddate=11/20/2026',
      '&startdate=11/21/2026',
      '&enddate=11/19/2026',
      '&labresultstatus=FINAL',
      '&labresultstatus=partial',
      '&analyteresultstatus=final',
      '&analyteresultstatus=pending',
      '&showportalonly=true',
      '&allresultsbyencounterid=1',
    ].map(is),
    [true, false, false, true, false, true, false, false, false],
  )
})

test('only published results are in the portal', () => {
  const api = practiceApi()
  const ids = [...api.practice.ids('labresults')]
  const shown = ids.filter((id) => api.practice.wireRecord('labresults', id, { portalOnly: true }) !== undefined)
  assert.ok(shown.length > 0 && shown.length < ids.length)
})

test('results stand latest first', () => {
  const api = practiceApi()
  for (let patient = 1; patient <= 50; patient += 1) {
    const created = api
      .rows(`GET /chart/${patient}/labresults?departmentid=1`)
      .map(({ createddatetime }) => Date.parse(String(createddatetime)))
    assert.deepEqual(
      created,
      created.toSorted((a, b) => b - a),
    )
  }
})

test('a chart is not shown by a department that keeps none', () => {
  const api = practiceApi({ patients: 100 })
  const hidden = api.rows('GET /departments?showalldepartments=true&limit=100')
  const shown = new Set(api.rows('GET /departments?limit=100').map(({ departmentid }) => departmentid))
  const { departmentid } = hidden.find((row) => !shown.has(row['departmentid'])) ?? {}
  assert.equal(api.call(`GET /chart/5/labresults?departmentid=${departmentid}`).status, 404)
})
