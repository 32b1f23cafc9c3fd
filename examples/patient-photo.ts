/*
 * Store a patient's photo, and fetch it as a JPEG. An image that athenahealth refuses at first is sent once more in the
 * other encoding it takes, as it advises; you need not know of that.
 *
 *   npm run example examples/patient-photo.ts PATIENT_ID PHOTO.jpg
 */
import { readFile } from 'node:fs/promises'
import { isAthenaError } from '@aegis/client'
import { connect } from './connect.ts'

const [patientid, file] = process.argv.slice(2)
if (patientid === undefined || file === undefined) throw new Error('usage: patient-photo.ts PATIENT_ID PHOTO.jpg')
const { photo } = connect().patients

// Bytes, a Blob, a stream: whatever you have. In a browser, this is the file that the user has chosen.
const image = new Blob([await readFile(file)], { type: 'image/jpeg' })
await photo.put(patientid, { image })
console.log(`stored ${image.size} bytes`)

// A download comes as a stream, for a file or a browser; `bytes()` reads all of it.
const { value: download } = await photo.download(patientid, { jpegoutput: true })
console.log(`fetched ${(await download.bytes()).length} bytes of ${download.contentType}`)

await photo.delete(patientid)
try {
  await photo.get(patientid)
} catch (error) {
  if (!isAthenaError(error, 'not-found')) throw error
  console.log('deleted: there is no photo now')
}
