import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { assertShape, fields, type Shape } from '../../testing/wire-shape.ts'

type Row = Record<string, unknown>

const admin = fields(`adminid:i priority:s assignedto:?s documentclass:s createddate:s createddatetime:s createduser:s
  departmentid:s documenttypeid:i description:s documentdate:s documentroute:s documentsource:s internalnote:?s status:s
  providerid:?i providerusername:?s lastmodifieddate:s lastmodifieddatetime:s deleteddatetime:?s`)

const encounterDocument =
  fields(`encounterdocumentid:i appointmentid:?i assignedto:?s clinicalproviderid:?i createddate:s
  createddatetime:s deleteddatetime:?s departmentid:s description:s documentclass:s documentdate:s documentroute:s
  documentsource:s documentsubclass:s documenttypeid:i encounterid:?s internalnote:?s lastmodifieddate:s
  lastmodifieddatetime:s lastmodifieduser:s observationdate:?s observationdatetime:?s patientid:i priority:i providerid:?i
  providerusername:?s status:s subject:?s documentdata:?s`)

const prescription = fields(`prescriptionid:i priority:s assignedto:?s documentclass:s createddate:s createddatetime:s
  departmentid:s documentdescription:s documentroute:s documentsource:s documentsubclass:s documenttypeid:i
  encounterdate:s encounterid:?s externalnote:?s internalnote:?s lastmodifieddatetime:s orderingmode:?s ordertype:s
  providerid:?i providernpi:?s status:s`)

/** Also recorded, for some classes: `appointmentrequestid`. */
const anyDocument = fields(`documentid:s priority:i assignedto:?s status:s documentdescription:s documentclass:s
  createddate:s createddatetime:s lastmodifieddatetime:s documentroute:s documentsubclass:s documentsource:s departmentid:s
  internalnote:?s appointmentid:?i subject:?s deleteddatetime:?s adminid:?i clinicaldocumentid:?i encounterdocumentid:?i
  imagingresultid:?i labresultid:?i letterid:?i medicalrecordid:?i patientcaseid:?i phonemessageid:?i prescriptionid:?i`)

const chartResult = fields(`labresultid:i priority:s description:s createddate:s createddatetime:s labresultdate:?s
  labresultdatetime:?s labresultnote:?s labresultloinc:?s internalnote:?s resultstatus:?s orderid:?i providerid:?i
  attachmentexists:b isreviewedbyprovider:?s performinglabname:?s performinglabaddress1:?s performinglabaddress2:?s
  performinglabcity:?s performinglabstate:?s performinglabzip:?s analytes:a`)

const analyte =
  fields(`analyteid:i analytename:s analytedate:s analytedatetime:s description:s value:?s note:?s loinc:?s
  units:?s labresultstatus:?s referencerange:?s abnormalflag:?s`)

const labDocument = fields(`assignedto:?s createddate:s createddatetime:s createduser:s departmentid:s description:s
  documentclass:s documentroute:s documentsource:s documentsubclass:s documenttypeid:i encounterdate:s encounterid:?s
  appointmentid:?i externalaccessionid:?s facilityid:?i internalnote:?s labresultid:i labresultloinc:?s lastmodifieddate:s
  lastmodifieddatetime:s lastmodifieduser:s documentdate:?s observationdate:?s observationdatetime:?s observations:a
  pages:a patientid:i patientnote:?s priority:s providerid:?i providerusername:?s reportstatus:?s resultstatus:?s status:s`)

const changedResult = fields(`labresultid:i patientid:i status:s priority:s tietoorderid:?i documentroute:s
  lastmodifieddate:s lastmodifieddatetime:s departmentid:s providerid:?i createddate:s createddatetime:s facilityid:?i
  encounterid:?s observationdate:?s observationdatetime:?s documentsource:s internalnote:?s patientnote:?s`)

const changedPrescription = fields(`approvedby:?s approvedtimestamp:?s assigneduser:?s class:s classdescription:s
  dateordered:s departmentid:i description:s documentationonly:b documentid:i encounterid:?i orderingprovider:?s
  patientid:i status:s`)

const caseRow = fields('patientcaseid:s subject:?s description:s createddate:s status:s patientcasetype:s')

const patients = 150

/** The rows of a list in every chart of the practice. */
function inCharts(api: PracticeApi, path: (patient: number) => string): Row[] {
  return Array.from({ length: patients }, (_, index) => api.rows(`GET ${path(index + 1)}?departmentid=1`)).flat()
}

function inFeed(api: PracticeApi, feed: 'labresults' | 'prescriptions'): Row[] {
  return [...api.practice.ids(feed)].map((id) => api.practice.wireRecord(feed, id) ?? {})
}

const ofClass = (api: PracticeApi, segment: string): Row[] =>
  inCharts(api, (patient) => `/patients/${patient}/documents/${segment}`)
const results = (api: PracticeApi): Row[] => inCharts(api, (patient) => `/chart/${patient}/labresults`)

function labDocuments(api: PracticeApi): Row[] {
  return inFeed(api, 'labresults')
    .slice(0, 40)
    .map(({ patientid, labresultid }) => api.record(`GET /patients/${patientid}/documents/labresult/${labresultid}`))
}

const cases: readonly (readonly [what: string, rows: (api: PracticeApi) => Row[], shape: Shape])[] = [
  ['the list of admin documents', (api) => ofClass(api, 'admin'), admin],
  ['the list of encounter documents', (api) => ofClass(api, 'encounterdocument'), encounterDocument],
  ['the list of prescriptions', (api) => ofClass(api, 'prescription'), prescription],
  ['the list of all documents', (api) => inCharts(api, (patient) => `/patients/${patient}/documents`), anyDocument],
  ["a chart's laboratory results", results, chartResult],
  ["a result's analytes", (api) => results(api).flatMap(({ analytes }) => analytes as Row[]), analyte],
  ["a chart's analytes", (api) => inCharts(api, (patient) => `/chart/${patient}/analytes`), analyte],
  ["a laboratory result's document", labDocuments, labDocument],
  ['the feed of changed laboratory results', (api) => inFeed(api, 'labresults'), changedResult],
  ['the feed of changed prescriptions', (api) => inFeed(api, 'prescriptions'), changedPrescription],
  ["the list of a patient's cases", (api) => inCharts(api, (patient) => `/patients/${patient}/patientcases`), caseRow],
]

const api = practiceApi({ patients })

for (const [what, rows, shape] of cases) {
  test(`${what} has the recorded fields in the recorded types`, () => {
    const found = rows(api)
    assert.ok(found.length > 20, `only ${found.length} rows`)
    for (const record of found) assertShape(record, shape)
  })
}

test('what was written through the API has fields of the same names and types', () => {
  const own = practiceApi({ patients: 100 })
  const file = `attachmentcontents=${encodeURIComponent(Buffer.from('%PDF-1.4').toString('base64'))}`
  const added = own.record('POST /patients/5/documents/admin', `departmentid=1&documentsubclass=ADMIN_BILLING&${file}`)
  const rows = own.rows('GET /patients/5/documents/admin?departmentid=1')
  const row = rows.find(({ adminid }) => adminid === added['adminid']) ?? {}
  assertShape(row, admin)
  assert.deepEqual(
    [row['documentsource'], row['documentroute'], row['status'], row['priority'], row['description']],
    ['UPLOAD', 'FAX', 'REVIEW', '2', 'billing document'],
  )
})
