import type { Stop } from './stop.ts'

const file = 'attachmentcontents=iVBORw0KGgo%3D'
const department = 'departmentid={departmentid}'
const ofPatient = '/patients/{newpatientid}/documents'

/** What is filed in a chart, by class: what the class asks for. */
const filed = {
  admin: 'documentsubclass=ADMIN_LEGAL',
  clinicaldocument: 'documentsubclass=CLINICALDOCUMENT&documenttypeid=423482',
  encounterdocument: 'documentsubclass=PATIENTHISTORY',
  imagingresult: 'interpretation=clear',
  labresult: 'documenttypeid=386265',
  medicalrecord: 'documentsubclass=MEDICALRECORD_HISTORICAL',
  phonemessage: 'documentdata=Call+back',
  physicianauth: 'documentsubclass=PHYSICIANAUTH',
} as const

function filing([segment, form]: [string, string]): Stop[] {
  const id = `${segment}id`
  const more = 'internalnote=one&providerid={providerid}&priority=1'
  return [
    { request: `POST ${ofPatient}/${segment}`, form: `${department}&${form}&${file}&${more}`, keep: { [id]: [id] } },
    { request: `PUT ${ofPatient}/${segment}/{${id}}`, form: `${department}&internalnote=two` },
    { request: `POST /documents/${segment}/{${id}}/actions`, form: 'actionnote=done' },
    { request: `GET ${ofPatient}/${segment}?${department}` },
    { request: `GET ${ofPatient}/${segment}/{${id}}` },
    { request: `GET /documents/${segment}/{${id}}/actions` },
  ]
}

/** Documents for nobody, which wait in their department. */
function waiting(segment: string, form: string): Stop[] {
  return [
    { request: `POST /documents/${segment}`, form: `${department}${form}`, keep: { waitingid: [`${segment}id`] } },
    { request: `PUT /documents/${segment}/{waitingid}`, form: 'internalnote=whose' },
    { request: `GET /documents/${segment}/{waitingid}` },
  ]
}

const patientCase: readonly Stop[] = [
  {
    request: `POST ${ofPatient}/patientcase`,
    form: `${department}&documentsource=PATIENT&documentsubclass=PATIENTCASE&providerid={providerid}&subject=Bill`,
    keep: { patientcaseid: ['patientcaseid'] },
  },
  { request: `PUT ${ofPatient}/patientcase/{patientcaseid}`, form: 'subject=Letter&callbackname=Ada' },
  { request: `PUT ${ofPatient}/patientcase/{patientcaseid}/assign`, form: 'username=tfrost' },
  { request: 'POST /documents/patientcase/{patientcaseid}/actions', form: 'actionnote=Called' },
  {
    request: 'GET /reference/documents/patientcase/closereasons?patientcaseid={patientcaseid}',
    keep: { actionreasonid: ['closereasons', 0, 'actionreasonid'] },
  },
  { request: `PUT ${ofPatient}/patientcase/{patientcaseid}/close`, form: 'actionreasonid={actionreasonid}' },
  { request: `PUT ${ofPatient}/patientcase/{patientcaseid}/reopen` },
]

/** Documents of every class, filed and worked on. */
export const documentStops: readonly Stop[] = [
  {
    request: `POST ${ofPatient}`,
    form: `${department}&${file}&documentsubclass=ADMIN_INSURANCECARD&internalnote=front`,
  },
  ...Object.entries(filed).flatMap(filing),
  ...waiting('admin', '&documentsubclass=ADMIN_BILLING'),
  ...waiting('phonemessage', ''),
  ...patientCase,
  {
    request: `POST ${ofPatient}/labresult`,
    form: `${department}&attachmentcontents=JVBERi0xLjQ%3D`,
    keep: { documentid: ['labresultid'] },
  },
  { request: 'PUT /documents/labresult/{documentid}/dataentrycompleted' },
  {
    request: 'PUT /patients/{prescribedto}/documents/prescriptions/{prescriptionid}',
    form: `${department}&assignedto=tfrost&note=With+food`,
  },
]

/** Documents taken out of the chart again, or closed. */
export const documentRemovals: readonly Stop[] = [
  { request: 'PUT /documents/labresult/{labresultid}/close', form: 'actionnote=Done' },
  { request: 'PUT /documents/imagingresult/{imagingresultid}/close', form: 'actionnote=Done' },
  ...Object.keys(filed).map((segment) => ({ request: `DELETE ${ofPatient}/${segment}/{${segment}id}` })),
]
