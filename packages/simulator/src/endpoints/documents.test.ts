import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const pdf = Buffer.from('%PDF-1.4\n1 0 obj << /Type /Page >>\n2 0 obj << /Type/Page >>\n3 0 obj << /Type /Pages >>')
const file = `attachmentcontents=${encodeURIComponent(pdf.toString('base64'))}`
const path = (patient: number): string => `/patients/${patient}/documents`
const list = (api: PracticeApi, patient: number, query = '') =>
  api.rows(`GET ${path(patient)}?departmentid=1${query === '' ? '' : `&${query}`}`)
const upload = (api: PracticeApi, form: string, patient = 5) => api.call(`POST ${path(patient)}`, `${file}&${form}`)

test('an upload answers its id as text alone, and stands first in the list', () => {
  const api = practiceApi({ patients: 100 })
  const { status, body } = upload(
    api,
    'departmentid=1&documentsubclass=ADMIN_INSURANCECARD&internalnote=front&actionnote=Scanned&providerid=72&originalfilename=card',
  )
  assert.equal(status, 200)
  const { documentid } = body as { documentid: string }
  assert.deepEqual(body, { documentid })
  assert.match(documentid, /^\d+$/)
  const [row] = list(api, 5, 'showmetadata=true')
  const {
    documentsubclass,
    documentclass,
    internalnote,
    filetype,
    filesize,
    originalfilename,
    adminid,
    status: as,
  } = row ?? {}
  assert.deepEqual(
    { documentsubclass, documentclass, internalnote, filetype, filesize, originalfilename, adminid, as },
    {
      documentsubclass: 'ADMIN_INSURANCECARD',
      documentclass: 'ADMIN',
      internalnote: 'front',
      filetype: 'application/pdf',
      filesize: pdf.length,
      originalfilename: 'card',
      adminid: Number(documentid),
      as: 'REVIEW',
    },
  )
  assert.deepEqual(
    api.rows(`GET /documents/admin/${documentid}/actions`).map(({ actionnote }) => actionnote),
    ['Scanned'],
  )
})

test('autoclose files a document closed', () => {
  const api = practiceApi({ patients: 100 })
  upload(api, 'departmentid=1&documentsubclass=CLINICALDOCUMENT&autoclose=true')
  assert.equal(list(api, 5)[0]?.['status'], 'CLOSED')
})

const refused: readonly (readonly [what: string, form: string, status: number, body: RegExp])[] = [
  ['nothing', 'x=1', 400, /"missingfields":\["attachmentcontents","documentsubclass","departmentid"\]/],
  ['no department', `${file}&documentsubclass=ADMIN_BILLING`, 400, /"missingfields":\["departmentid"\]/],
  ['an empty file', 'attachmentcontents=&departmentid=1&documentsubclass=ADMIN_BILLING', 400, /attachmentcontents/],
  [
    'a file that is no base64',
    'attachmentcontents=%25PDF&departmentid=1&documentsubclass=ADMIN_BILLING',
    400,
    /base64/,
  ],
  ['an unknown subclass', `${file}&departmentid=1&documentsubclass=ADMIN_SONG`, 400, /'ADMIN_SONG' did not match/],
  ['a subclass of another endpoint', `${file}&departmentid=1&documentsubclass=LABRESULT`, 400, /did not match/],
  ['a subclass in lower case', `${file}&departmentid=1&documentsubclass=admin_billing`, 400, /did not match/],
  ['an unknown department', `${file}&departmentid=999&documentsubclass=ADMIN_BILLING`, 400, /Invalid department/],
  [
    'an unknown provider',
    `${file}&departmentid=1&documentsubclass=ADMIN_BILLING&providerid=9`,
    400,
    /Invalid provider/,
  ],
  [
    'an unknown kind of file',
    `${file}&departmentid=1&documentsubclass=ADMIN_BILLING&attachmenttype=EXE`,
    400,
    /^\{"error":"Invalid attachment type id."\}$/,
  ],
  [
    'half an entity',
    `${file}&departmentid=1&documentsubclass=ADMIN_BILLING&entityid=4`,
    400,
    /"missingfields":\["entitytype"\]/,
  ],
  [
    'a name that is too long',
    `${file}&departmentid=1&documentsubclass=ADMIN_BILLING&originalfilename=${'x'.repeat(201)}`,
    400,
    /200 characters/,
  ],
  [
    'an encounter document without a visit',
    `${file}&departmentid=1&documentsubclass=ENCOUNTERDOCUMENT_IMAGEDOC`,
    400,
    /"missingfields":\["appointmentid"\]/,
  ],
]
for (const [what, form, status, body] of refused) {
  test(`an upload with ${what} is refused, and nothing is filed`, () => {
    const api = practiceApi({ patients: 100 })
    const before = list(api, 5).length
    const answer = api.call(`POST ${path(5)}`, form)
    assert.equal(answer.status, status)
    assert.match(JSON.stringify(answer.body), body)
    assert.equal(list(api, 5).length, before)
  })
}

test('an unknown patient has no documents', () => {
  const api = practiceApi({ patients: 100 })
  assert.equal(api.call(`GET ${path(999)}?departmentid=1`).status, 404)
  assert.equal(upload(api, 'departmentid=1&documentsubclass=ADMIN_BILLING', 999).status, 404)
})

test('a document of a visit takes the department from its appointment, after check-in only', () => {
  const api = practiceApi()
  const [seen = {}, coming = {}] = api.rows('GET /appointments/booked?startdate=11/24/2026&enddate=11/24/2026')
  applyChange(api.practice, { kind: 'checkin', appointment: seen['appointmentid'] })
  const form = (appointment: unknown) => `documentsubclass=ENCOUNTERDOCUMENT_IMAGEDOC&appointmentid=${appointment}`
  const patient = Number(seen['patientid'])
  assert.equal(upload(api, form(seen['appointmentid']), patient).status, 200)
  const [row] = list(api, patient)
  assert.deepEqual(
    [row?.['appointmentid'], row?.['departmentid']],
    [Number(seen['appointmentid']), seen['departmentid']],
  )
  assert.equal(upload(api, form(coming['appointmentid']), Number(coming['patientid'])).status, 400)
  assert.equal(upload(api, form(seen['appointmentid']), Number(coming['patientid'])).status, 400)
})

test('the list needs a department, and is cut into pages with links', () => {
  const api = practiceApi({ patients: 100 })
  assert.match(JSON.stringify(api.call(`GET ${path(5)}`).body), /"missingfields":\["departmentid"\]/)
  for (let count = 0; count < 3; count += 1) upload(api, 'departmentid=1&documentsubclass=ADMIN_BILLING')
  const { totalcount, next, documents } = api.record(`GET ${path(5)}?departmentid=1&limit=2`) as {
    totalcount: number
    next: string
    documents: unknown[]
  }
  assert.ok(totalcount >= 3)
  assert.equal(documents.length, 2)
  assert.equal(next, '/v1/195900/patients/5/documents?DEPARTMENTID=1&limit=2&offset=2')
})

test('the list is filtered by class, subclass, status, date and visit, and shows deleted ones only when asked', () => {
  const api = practiceApi({ patients: 100 })
  upload(api, 'departmentid=1&documentsubclass=ADMIN_BILLING')
  upload(api, 'departmentid=1&documentsubclass=CLINICALDOCUMENT_CONSULTNOTE')
  const all = list(api, 5)
  const classes = (query: string) => [...new Set(list(api, 5, query).map((row) => String(row['documentclass'])))]
  assert.deepEqual(classes('documentclass=ADMIN'), ['ADMIN'])
  assert.deepEqual(classes('documentclass=ADMIN,CLINICALDOCUMENT&startdate=11/23/2026').toSorted(), [
    'ADMIN',
    'CLINICALDOCUMENT',
  ])
  assert.equal(list(api, 5, 'documentsubclass=CLINICALDOCUMENT_CONSULTNOTE&startdate=11/23/2026').length, 1)
  assert.equal(list(api, 5, 'status=REVIEW').length, 2)
  assert.equal(list(api, 5, 'enddate=11/22/2026').length, all.length - 2)
  assert.equal(list(api, 5, 'encounterid=1').length, 0)
  const { adminid } = all.find((row) => row['documentsubclass'] === 'ADMIN_BILLING') ?? {}
  assert.deepEqual(api.call(`DELETE ${path(5)}/admin/${adminid}`).body, { success: true, adminid })
  assert.equal(list(api, 5).length, all.length - 1)
  const deleted = list(api, 5, 'showdeleted=true').find((row) => row['adminid'] === adminid)
  assert.equal(deleted?.['status'], 'DELETED')
  assert.match(String(deleted?.['deleteddatetime']), /^2026-11-23T10:00:00-05:00$/)
})

test('document types are found by words of their names, within a subclass', () => {
  const api = practiceApi({ patients: 100 })
  assert.match(JSON.stringify(api.call('GET /documenttypes').body), /"missingfields":\["searchvalue"\]/)
  const found = api.rows('GET /documenttypes?searchvalue=note+clinical')
  assert.deepEqual(found, [
    { documenttypeid: 423482, description: 'clinical note', documentsubclass: 'CLINICALDOCUMENT' },
  ])
  const results = api.rows('GET /documenttypes?searchvalue=result&documentsubclass=LABRESULT')
  assert.deepEqual(
    results.map(({ documenttypeid }) => documenttypeid),
    [386265],
  )
})
