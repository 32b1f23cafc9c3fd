/*
 * Register a patient without making a double: look for the person first, create only if there is none.
 *
 *   npm run example examples/register-patient.ts
 */
import { isAthenaError } from '@aegis/client'
import { connect } from './connect.ts'

// An invented person. athenahealth wants at least four details to match by.
const person = { firstname: 'Zelda', lastname: 'Quillfeather', dob: '1984-02-29', mobilephone: '6175550142' }

/** athenahealth takes a best match of 26 points for the same person; below, a human decides. */
const SURE = 26

const practice = connect()

async function findPatient(): Promise<string | undefined> {
  for await (const candidate of practice.patients.bestMatch(person)) {
    console.log(`candidate ${candidate.patientid} with ${candidate.score} points`)
    if ((candidate.score ?? 0) >= SURE) return candidate.patientid
  }
  return undefined
}

async function createPatient(): Promise<string> {
  for await (const { departmentid } of practice.departments.list()) {
    // Too long a name, or a missing field, is refused here, before anything is sent.
    const { value } = await practice.patients.create({ ...person, departmentid })
    return value.patientid
  }
  throw new Error('the practice has no department')
}

async function register(): Promise<string> {
  const known = await findPatient()
  if (known !== undefined) return known
  try {
    return await createPatient()
  } catch (error) {
    // The answer was lost: athenahealth may have created the patient. The client has not sent it again; look instead.
    if (!isAthenaError(error) || error.executed !== 'unknown') throw error
    return (await findPatient()) ?? (await createPatient())
  }
}

const patientid = await register()
const { value: patient } = await practice.patients.get(patientid)
console.log(`registered: ${patient.firstname} ${patient.lastname}, born ${patient.dob}, is patient ${patientid}`)
