/*
 * File a PDF in a patient's chart, find it again, and fetch it back. The file is read piece by piece while it is sent:
 * a large one takes no memory, and one over athenahealth's 20 MB is refused before anything is sent.
 *
 *   npm run example examples/upload-document.ts PATIENT_ID FILE.pdf [department id]
 */
import { basename } from 'node:path'
import { isAthenaError } from '@aegis/client'
import { fileContent } from '@aegis/client/node'
import { connect } from './connect.ts'

const [patientid, file, departmentid = '1'] = process.argv.slice(2)
if (patientid === undefined || file === undefined) {
  throw new Error('usage: upload-document.ts PATIENT_ID FILE.pdf [department id]')
}
const { documents } = connect().patients

try {
  const { value: filed } = await documents.admin.upload(patientid, {
    attachmentcontents: await fileContent(file),
    documentsubclass: 'ADMIN_CONSENT',
    departmentid,
    internalnote: basename(file),
  })
  console.log(`filed as document ${String(filed.adminid)}`) // a field whose type is not known yet
} catch (error) {
  // Without an answer it may have been filed. Look before sending it again, or it is in the chart twice.
  if (isAthenaError(error) && error.executed === 'unknown') console.log('no answer came: looking whether it is there')
  else throw error
}

for await (const document of documents.admin.list(patientid, { departmentid })) {
  if (document.internalnote !== basename(file) || document.adminid === undefined) continue
  const { value: original } = await documents.admin.original({ patientid, adminid: document.adminid })
  const bytes = await original.bytes()
  console.log(`document ${document.adminid}: ${bytes.length} bytes came back`)
}
