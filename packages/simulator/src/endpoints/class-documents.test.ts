import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { documentClasses } from '../practice/document-class.ts'

const scan = Buffer.from('\x89PNG\r\n\x1a\nrest', 'latin1')
const file = `attachmentcontents=${encodeURIComponent(scan.toString('base64'))}`
const path = (segment: string): string => `/patients/5/documents/${segment}`

/** What each class that the API files takes, and what a change of it sends. */
const filed: readonly (readonly [segment: string, form: string])[] = [
  ['admin', 'departmentid=1&documentsubclass=ADMIN_LEGAL'],
  ['clinicaldocument', 'departmentid=1&documentsubclass=CLINICALDOCUMENT&documenttypeid=423482'],
  ['encounterdocument', 'departmentid=1&documentsubclass=PATIENTHISTORY'],
  ['imagingresult', 'departmentid=1&interpretation=clear'],
  ['labresult', 'departmentid=1&documenttypeid=386265'],
  ['medicalrecord', 'departmentid=1&documentsubclass=MEDICALRECORD_HISTORICAL'],
  ['phonemessage', 'departmentid=1&documentdata=Call+back'],
  ['physicianauth', 'departmentid=1&documentsubclass=PHYSICIANAUTH'],
]

function rowOf(segment: string) {
  const row = documentClasses.find((candidate) => candidate.segment === segment)
  if (row === undefined) throw new RangeError(segment)
  return row
}

function create(api: PracticeApi, segment: string, form: string): number {
  const { status, body } = api.call(`POST ${path(segment)}`, form)
  assert.equal(status, 200, JSON.stringify(body))
  const { success, [rowOf(segment).idField]: id } = body as Record<string, unknown>
  assert.equal(success, true)
  assert.ok(Number.isInteger(id))
  return Number(id)
}

for (const [segment, form] of filed) {
  const { idField, listKey, name } = rowOf(segment)

  test(`a ${segment} is filed, read, changed, noted on and deleted`, () => {
    const api = practiceApi({ patients: 100 })
    const id = create(api, segment, `${form}&${file}&internalnote=one&providerid=72&priority=1`)
    const single = `${path(segment)}/${id}`
    const read = () => api.record(`GET ${single}`)
    const listed = () => api.rows(`GET ${path(segment)}?departmentid=1`).some((row) => row[idField] === id)
    assert.deepEqual(
      [read()[idField], read()['documentclass'], read()['providerid'], Number(read()['priority']), listed()],
      [id, name, 72, 1, true],
    )
    const change =
      segment === 'encounterdocument' ? 'departmentid=1&internalnote=two' : 'internalnote=two&providerid=73'
    assert.deepEqual(api.call(`PUT ${single}`, change).body, { success: true, [idField]: id })
    assert.equal(read()['internalnote'], 'one\ntwo')
    assert.deepEqual(api.call(`POST /documents/${segment}/${id}/actions`, 'actionnote=done').body, { success: true })
    const [action] = api.rows(`GET /documents/${segment}/${id}/actions`)
    assert.deepEqual([action?.['actionnote'], action?.['priority']], ['done', '1'])
    assert.deepEqual(api.call(`DELETE ${single}`).body, { success: true, [idField]: id })
    assert.equal(listed(), false)
    assert.equal(read()['status'], 'DELETED')
    for (const request of [`DELETE ${single}`, `PUT ${single}`]) {
      assert.equal(api.call(request, 'internalnote=x&departmentid=1').status, 404)
    }
  })

  test(`the list of ${segment} is under ${listKey}, and needs a department`, () => {
    const api = practiceApi({ patients: 100 })
    create(api, segment, form)
    const { [listKey]: rows, totalcount } = api.record(`GET ${path(segment)}?departmentid=1`)
    assert.ok(Array.isArray(rows) && rows.length === totalcount && rows.length > 0)
    assert.match(JSON.stringify(api.call(`GET ${path(segment)}`).body), /"missingfields":\["departmentid"\]/)
  })

  test(`a ${segment} without its required fields is refused with their names`, () => {
    const api = practiceApi({ patients: 100 })
    const needed = form.includes('subclass') ? ['departmentid', 'documentsubclass'] : ['departmentid']
    assert.deepEqual(api.call(`POST ${path(segment)}`, 'internalnote=x'), {
      status: 400,
      body: { missingfields: needed, error: 'Additional fields are required.' },
    })
  })
}

const wrong: readonly (readonly [what: string, request: string, form: string, status: number, body: RegExp])[] = [
  ['a subclass of another class', path('admin'), 'departmentid=1&documentsubclass=PHONEMESSAGE', 400, /did not match/],
  ['an unknown type', path('labresult'), 'departmentid=1&documenttypeid=1', 400, /Invalid document type/],
  ['a type of another class', path('labresult'), 'departmentid=1&documenttypeid=423482', 400, /Invalid document type/],
  ['a priority beyond 2', path('labresult'), 'departmentid=1&priority=3', 400, /PRIORITY/],
  ['a date that is none', path('labresult'), 'departmentid=1&observationdate=2026-11-23', 400, /format date/],
  ['a time that is none', path('labresult'), 'departmentid=1&observationtime=25:00', 400, /format time/],
  [
    'a specimen without a time',
    path('labresult'),
    'departmentid=1&specimenreceiveddatetime=11/23/2026',
    400,
    /datetime/,
  ],
  ['analytes that are no list', path('labresult'), 'departmentid=1&analytes={}', 400, /JSON array/],
  ['an analyte without a name', path('labresult'), 'departmentid=1&analytes=[{"value":"1"}]', 400, /analytename/],
]
for (const [what, request, form, status, body] of wrong) {
  test(`${what} is refused`, () => {
    const api = practiceApi({ patients: 100 })
    const answer = api.call(`POST ${request}`, form)
    assert.equal(answer.status, status)
    assert.match(JSON.stringify(answer.body), body)
    assert.deepEqual(api.events, [])
  })
}

test('a document is found under its own class and patient only', () => {
  const api = practiceApi({ patients: 100 })
  const id = create(api, 'admin', 'departmentid=1&documentsubclass=ADMIN_LEGAL')
  assert.equal(api.call(`GET ${path('admin')}/${id}`).status, 200)
  assert.equal(api.call(`GET ${path('labresult')}/${id}`).status, 404)
  assert.equal(api.call(`GET /patients/6/documents/admin/${id}`).status, 404)
  assert.equal(api.call(`GET ${path('admin')}/${id + 1}`).status, 404)
  assert.equal(api.call(`GET ${path('admin')}/x`).status, 400)
})

test('an internal note is replaced where a class allows it', () => {
  const api = practiceApi({ patients: 100 })
  const id = create(api, 'labresult', 'departmentid=1&internalnote=one')
  api.call(`PUT ${path('labresult')}/${id}`, 'internalnote=two&replaceinternalnote=true')
  assert.equal(api.record(`GET ${path('labresult')}/${id}`)['internalnote'], 'two')
  api.call(`PUT ${path('labresult')}/${id}`, 'replaceinternalnote=true&priority=1')
  assert.equal(api.record(`GET ${path('labresult')}/${id}`)['internalnote'], 'two')
})

test('who made a document and what its file is are shown only when asked for', () => {
  const api = practiceApi({ patients: 100 })
  const form = `departmentid=1&documentsubclass=ADMIN_LEGAL&entityid=77&entitytype=DEVICE&originalfilename=will&${file}`
  const id = create(api, 'admin', form)
  const row = (query: string) =>
    api.rows(`GET ${path('admin')}?departmentid=1&${query}`).find(({ adminid }) => adminid === id) ?? {}
  const of = ({ entityid, createduser, filetype, originalfilename }: Record<string, unknown>) => [
    entityid,
    String(createduser).startsWith('API-'),
    filetype,
    originalfilename,
  ]
  assert.deepEqual(of(row('')), [undefined, true, undefined, undefined])
  assert.deepEqual(of(row('getentityinfo=true&showmetadata=true')), ['77', false, 'image/png', 'will'])
})

test('an upload has pages and an original, byte for byte; what was written at a screen has none', () => {
  const api = practiceApi({ patients: 100 })
  const id = create(api, 'clinicaldocument', `departmentid=1&documentsubclass=CLINICALDOCUMENT&${file}`)
  const single = `${path('clinicaldocument')}/${id}`
  const [page] = api.record(`GET ${single}`)['pages'] as Record<string, string>[]
  assert.deepEqual([page?.['pageordering'], page?.['contenttype']], ['1', 'image/png'])
  const href = String(page?.['href']).replace('/v1/195900', '')
  assert.equal(href, `${single}/pages/${page?.['pageid']}`)
  for (const request of [href, `${single}/originaldocument`]) {
    assert.deepEqual(api.call(`GET ${request}`).content, { type: 'image/png', bytes: scan })
  }
  assert.equal(api.call(`GET ${single}/pages/1`).status, 404)
  assert.equal(api.call(`GET ${single}/xml`).status, 404)
  const bare = `${path('clinicaldocument')}/${create(api, 'clinicaldocument', 'departmentid=1&documentsubclass=CLINICALDOCUMENT')}`
  assert.deepEqual(api.record(`GET ${bare}`)['pages'], [])
  assert.equal(api.call(`GET ${bare}/originaldocument`).status, 404)
})

test('a scanned document of the past has a sheet to look at, but no original', () => {
  const api = practiceApi({ patients: 100 })
  const { adminid } = api.rows(`GET ${path('admin')}?departmentid=1`)[0] ?? {}
  const [page] = api.record(`GET ${path('admin')}/${adminid}`)['pages'] as Record<string, string>[]
  const { content } = api.call(`GET ${path('admin')}/${adminid}/pages/${page?.['pageid']}`)
  assert.equal(content?.type, 'image/png')
  assert.ok(content?.bytes.toString('latin1').startsWith('\x89PNG\r\n\x1a\n'))
  assert.equal(api.call(`GET ${path('admin')}/${adminid}/originaldocument`).status, 404)
})

test('letters and prescriptions are read but not filed', () => {
  const api = practiceApi({ patients: 300 })
  for (const segment of ['letter', 'prescription']) {
    const { idField } = rowOf(segment)
    const patient = Array.from({ length: 300 }, (_, index) => index + 1).find(
      (id) => api.rows(`GET /patients/${id}/documents/${segment}?departmentid=1`).length > 0,
    )
    const [row] = api.rows(`GET /patients/${patient}/documents/${segment}?departmentid=1`)
    assert.equal(api.record(`GET /patients/${patient}/documents/${segment}/${row?.[idField]}`)[idField], row?.[idField])
    assert.throws(() => api.call(`POST /patients/${patient}/documents/${segment}`, 'departmentid=1'), /no route/)
  }
})

test('a prescription is noted on and handed on', () => {
  const api = practiceApi({ patients: 300 })
  const [id = ''] = api.practice.ids('prescriptions')
  const patient = api.practice.wireRecord('prescriptions', id)?.['patientid']
  const put = `PUT /patients/${patient}/documents/prescriptions/${id}`
  const form = 'departmentid=1&assignedto=tfrost&note=With+food&internalnote=asked&actionnote=Called'
  assert.deepEqual(api.call(put, form).body, { success: true, prescriptionid: Number(id) })
  const { assignedto, externalnote, internalnote } = api.record(`GET /patients/${patient}/documents/prescription/${id}`)
  assert.deepEqual([assignedto, externalnote, internalnote], ['tfrost', 'With food', 'asked'])
  assert.equal(api.call(put, 'departmentid=1&assignedto=nobody').status, 400)
  assert.equal(api.call(put, 'assignedto=tfrost').status, 400)
})

test('a document for nobody is in no chart, and waits in its department until it is closed', () => {
  const api = practiceApi({ patients: 100 })
  const range = 'startdate=11/23/2026&enddate=11/23/2026'
  const lists = { admin: `documentsubclass=ADMIN_BILLING&${range}`, phonemessage: range }
  for (const [segment, query] of Object.entries(lists)) {
    const { idField } = rowOf(segment)
    const added = api.record(
      `POST /documents/${segment}`,
      `departmentid=1&documentsubclass=ADMIN_BILLING`.slice(0, segment === 'admin' ? undefined : 14),
    )
    const id = added[idField]
    const rows = (more = '') => api.rows(`GET /documents/${segment}?departmentid=1&${query}${more}`)
    assert.deepEqual(
      rows().map((row) => [row[idField], row['patientid']]),
      [[id, undefined]],
    )
    assert.equal(api.rows(`GET /documents/${segment}?departmentid=21&${query}`).length, 0)
    api.call(`PUT /documents/${segment}/${id}`, 'internalnote=whose%3F')
    assert.equal(api.record(`GET /documents/${segment}/${id}`)['internalnote'], 'whose?')
    assert.equal(api.call(`GET /patients/5/documents/${segment}/${id}`).status, 404)
    api.call(
      `POST ${path(segment)}`,
      `departmentid=1&documentsubclass=ADMIN_BILLING`.slice(0, segment === 'admin' ? undefined : 14),
    )
    assert.equal(rows().length, 1)
    assert.equal(rows('&showdocumentswithpatientid=true').length, 2)
  }
  assert.deepEqual(api.events, [])
})
