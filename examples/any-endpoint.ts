/*
 * Any of athenahealth's 818 endpoints, by `METHOD /path`. Type the name in your editor: it completes the endpoints, then
 * their parameters, and marks what is missing. What comes back is typed where it is known.
 *
 *   npm run example examples/any-endpoint.ts PATIENT_ID [department id]
 */
import { createAthenaClient } from '@aegis/client'
import { practiceId, settings } from './connect.ts'

const [patientid, departmentid = '1'] = process.argv.slice(2)
if (patientid === undefined) throw new Error('usage: any-endpoint.ts PATIENT_ID [department id]')

const athena = createAthenaClient(settings())
const practice = athena.practice(practiceId())

// A read. `path`, `query` (GET, DELETE) and `form` (POST, PUT) hold the parameters by athenahealth's names.
const { value: problems } = await practice.request('GET /chart/{patientid}/problems', {
  path: { patientid },
  query: { departmentid },
})
console.log(`${problems.problems.length} problems in the chart`)

// A list: read on as far as it goes.
let providers = 0
for await (const { npi } of practice.list('GET /providers', { query: { limit: 5 } })) if (npi) providers += 1
console.log(`${providers} providers with a number in the national register`)

// A write. An unknown parameter or a missing one does not compile; in plain JavaScript it is refused before it is sent.
const { value: changed } = await athena.request('PUT /patients/{patientid}', {
  practice: practiceId(), // on the client, for any practice; on a practice, left out
  path: { patientid },
  form: { departmentid, email: 'someone@example.com' },
})
console.log(`changed: ${JSON.stringify(changed)}`)

// Fields that the catalogue does not know are there as athenahealth sent them: reachable without a cast, typed unknown.
const [first] = (await practice.request('GET /patients/{patientid}', { path: { patientid } })).value
const surprise: unknown = first['a-field-athenahealth-added-yesterday']
console.log(`e-mail: ${first.email}; the unknown field is ${typeof surprise}`)
