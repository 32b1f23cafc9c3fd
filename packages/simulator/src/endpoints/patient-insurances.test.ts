import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monday, practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { dateText, dayMs } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'

const today = Math.floor(monday / dayMs)
const form = (fields: Record<string, unknown>): string =>
  new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString()
const holder = {
  insurancepolicyholderfirstname: 'ADA',
  insurancepolicyholderlastname: 'QUILL',
  insurancepolicyholdersex: 'F',
}

/** A patient with so many insurances in force, and the path of their list. */
function patientWith(api: PracticeApi, count: number): string {
  for (const patient of api.practice.ids('patients')) {
    const path = `/patients/${patient}/insurances`
    if (api.rows(`GET ${path}`).length === count) return path
  }
  throw new RangeError(`no patient has ${count} insurances`)
}

const ids = (api: PracticeApi, path: string): unknown[] => api.rows(`GET ${path}`).map(({ insuranceid }) => insuranceid)

test('a seeded insurance is listed in the recorded shape and as the patient shows it', () => {
  const api = practiceApi()
  const path = patientWith(api, 1)
  const [insurance = {}] = api.rows(`GET ${path}`)
  for (const name of `insuranceid insurancepackageid insuranceplanname insurancetype ircname sequencenumber
    insuranceidnumber insurancephone insurancepolicyholder insurancepolicyholderfirstname insurancepolicyholderlastname
    insurancepolicyholderdob insurancepolicyholdersex relationshiptoinsured relationshiptoinsuredid eligibilitystatus
    eligibilityreason insurancepolicyholdercountrycode insurancepolicyholdercountryiso3166`.split(/\s+/)) {
    assert.ok(insurance[name] !== undefined, name)
  }
  const [shown = {}] = api.record(`GET ${path.replace('/insurances', '')}?showinsurance=true`)['insurances'] as Record<
    string,
    unknown
  >[]
  assert.deepEqual(Object.fromEntries(Object.keys(insurance).map((name) => [name, shown[name]])), insurance)
  assert.match(String(insurance['insurancepolicyholderssn']), /^\*{5}\d{4}$/)
  assert.match(String(api.rows(`GET ${path}?showfullssn=true`)[0]?.['insurancepolicyholderssn']), /^9876543\d\d$/)
})

test('what was found eligible comes with a message, what is not verified without', () => {
  const api = practiceApi()
  const all = [...api.practice.ids('patients')].flatMap((patient) => api.rows(`GET /patients/${patient}/insurances`))
  const kinds = new Set(all.map((row) => `${String(row['eligibilitystatus'])} ${typeof row['eligibilitymessage']}`))
  assert.deepEqual(kinds, new Set(['Eligible string', 'Unverified undefined']))
})

test('whoever pays for themselves is insured without a policy, and the answer says no more', () => {
  const api = practiceApi()
  const path = patientWith(api, 0)
  assert.deepEqual(api.call(`POST ${path}`, 'insurancepackageid=0&sequencenumber=1').body, { success: true })
  const [insurance = {}] = api.rows(`GET ${path}`)
  assert.deepEqual(
    [insurance['insuranceplanname'], insurance['insurancepackageid'], insurance['sequencenumber']],
    ['*SELF PAY*', 0, 1],
  )
})

test('a policy is added, shown to whoever added it, and told of', () => {
  const api = practiceApi()
  const path = patientWith(api, 0)
  const added = api.record(
    `POST ${path}`,
    form({
      insurancepackageid: 1001,
      sequencenumber: 1,
      ...holder,
      insurancepolicyholderdob: '1/2/1990',
      insurancepolicyholderssn: '987-65-4329',
      insuranceidnumber: 'ABC123',
      relationshiptoinsuredid: 1,
    }),
  )
  assert.equal(added['insuranceplanname'], 'LAKESHORE HEALTH (HMO)')
  assert.deepEqual(api.rows(`GET ${path}`), [added])
  assert.deepEqual(
    [added['insurancepolicyholder'], added['insurancepolicyholderdob'], added['insurancepolicyholderssn']],
    ['ADA QUILL', '01/02/1990', '*****4329'],
  )
  assert.deepEqual(
    api.events.map(({ name }) => name),
    ['UpdatePatient'],
  )
})

const policy = { insurancepackageid: 1001, sequencenumber: 1, ...holder }
const { insurancepolicyholdersex: _, ...withoutSex } = policy
const refused: readonly (readonly [what: string, fields: Record<string, unknown>, text: RegExp])[] = [
  ['without a package', { sequencenumber: 1 }, /"insurancepackageid"/],
  ['without a sequence number', { insurancepackageid: 0 }, /"sequencenumber"/],
  ['without the sex of its holder', withoutSex, /"insurancepolicyholdersex"/],
  ['of an unknown package', { ...policy, insurancepackageid: 4711 }, /Invalid insurance package/],
  ['that is second without a first', { ...policy, sequencenumber: 2 }, /Secondary insurance without primary\./],
  ['that is fourth', { ...policy, sequencenumber: 4 }, /Invalid sequencenumber/],
  ['with a date that is none', { ...policy, issuedate: 'soon' }, /format date/],
  ['with a number that is none', { ...policy, insurancepolicyholderssn: '12' }, /Invalid insurancepolicyholderssn/],
  ['of another sex', { ...policy, insurancepolicyholdersex: 'Q' }, /enum values/],
  ['held by another kind of person', { ...policy, relationshiptoinsuredid: 12 }, /non-person/],
  ['of a non-person without a name', { ...policy, insuredentitytypeid: 2 }, /"insurancepolicyholder"/],
  ['without a number that was to be checked', { ...policy, validateinsuranceidnumber: true }, /insuranceidnumber/],
  ['in a department there is none of', { ...policy, departmentid: 4711 }, /Invalid department/],
]
for (const [what, fields, text] of refused) {
  test(`an insurance ${what} is refused`, () => {
    const api = practiceApi()
    const { status, body } = api.call(`POST ${patientWith(api, 0)}`, form(fields))
    assert.equal(status, 400)
    assert.match(JSON.stringify(body), text)
    assert.equal(api.events.length, 0)
  })
}

test('a second insurance goes behind a first, a taken number is refused, and numbers can be changed', () => {
  const api = practiceApi()
  const path = patientWith(api, 1)
  assert.match(JSON.stringify(api.call(`POST ${path}`, form(policy)).body), /another active insurance/)
  const second = api.record(`POST ${path}`, form({ ...policy, sequencenumber: 2 }))
  assert.deepEqual(
    api.rows(`GET ${path}`).map(({ sequencenumber }) => sequencenumber),
    [1, 2],
  )
  assert.equal(api.call(`PUT ${path}/${second['insuranceid']}`, 'newsequencenumber=1').status, 400)
  assert.equal(api.call(`PUT ${path}/${second['insuranceid']}`, 'newsequencenumber=3').status, 400)
  api.call(`DELETE ${path}?sequencenumber=1`)
  assert.deepEqual(api.call(`PUT ${path}/${second['insuranceid']}`, 'newsequencenumber=1').body, { success: true })
  assert.deepEqual(ids(api, path), [second['insuranceid']])
})

test('an insurance is changed by its sequence number or its id, field by field', () => {
  const api = practiceApi()
  const path = patientWith(api, 1)
  const [before = {}] = api.rows(`GET ${path}`)
  assert.deepEqual(api.call(`PUT ${path}?sequencenumber=1`).body, { success: true })
  assert.deepEqual(api.rows(`GET ${path}`), [before])
  api.call(`PUT ${path}`, 'sequencenumber=1&insuranceidnumber=NEW1&insurancephone=8885550199')
  api.call(`PUT ${path}/${before['insuranceid']}`, 'policynumber=G7')
  const changed = { ...before, insuranceidnumber: 'NEW1', insurancephone: '8885550199', policynumber: 'G7' }
  assert.deepEqual(api.rows(`GET ${path}`), [changed])
  api.call(`PUT ${path}`, 'sequencenumber=1&insurancephone=')
  assert.deepEqual(api.rows(`GET ${path}`), [{ ...changed, insurancephone: before['insurancephone'] }])
  assert.equal(api.call(`PUT ${path}`).status, 400)
  assert.equal(api.call(`PUT ${path}?sequencenumber=2`).status, 404)
  assert.equal(api.call(`PUT ${path}/1`).status, 404)
})

test('a cancelled insurance is listed only when asked for, and can be brought back', () => {
  const api = practiceApi()
  const path = patientWith(api, 1)
  const [before = {}] = api.rows(`GET ${path}`)
  const one = `${path}/${before['insuranceid']}`
  assert.deepEqual(api.call(`DELETE ${one}?cancellationnote=moved`).body, { success: true, message: '' })
  assert.deepEqual(api.rows(`GET ${path}`), [])
  assert.deepEqual(api.rows(`GET ${path}?showcancelled=true`), [{ ...before, cancelled: dateText(today) }])
  assert.equal(api.call(`DELETE ${one}`).status, 404)
  const until = dateText(today + 90)
  assert.deepEqual(api.call(`POST ${one}/reactivate`, form({ expirationdate: until })).body, {
    success: true,
    message: '',
  })
  assert.deepEqual(api.rows(`GET ${path}`), [{ ...before, expirationdate: until }])
  assert.deepEqual(api.call(`POST ${one}/reactivate`).body, { success: false, message: 'The insurance is active.' })
  api.clock.now += 91 * dayMs
  assert.deepEqual(api.rows(`GET ${path}`), [])
  assert.deepEqual(ids(api, `${path}?showcancelled=true`), [before['insuranceid']])
  // An expired one comes back without an end unless another is given.
  assert.deepEqual(api.call(`POST ${one}/reactivate`).body, { success: true, message: '' })
  const { expirationdate: _, ...endless } = before
  assert.deepEqual(api.rows(`GET ${path}`), [endless])
})

test("an appointment lists its patient's insurances, a restricted patient's only for who ignores restrictions", () => {
  const api = practiceApi({ patients: 1500, traits: { restrictions: 'hidden' } })
  const { appointments, patients } = stateOf(api.practice)
  const positionOf = (restricted: number): number => {
    for (let position = 0; position < appointments.count; position += 1) {
      const patient = appointments.patient.get(position)
      if (patient === 0 || patients.restricted.get(patient) !== restricted) continue
      if (api.rows(`GET /patients/${patient}/insurances?ignorerestrictions=true`).length > 0) return position
    }
    throw new RangeError('no such appointment')
  }
  for (const restricted of [0, 1]) {
    const position = positionOf(restricted)
    const path = `/appointments/${500_001 + position}/insurances`
    const own = `/patients/${appointments.patient.get(position)}/insurances`
    assert.equal(api.call(`GET ${own}`).status, restricted === 0 ? 200 : 404)
    assert.equal(api.rows(`GET ${path}`).length > 0, restricted === 0)
    assert.deepEqual(api.rows(`GET ${path}?ignorerestrictions=true`), api.rows(`GET ${own}?ignorerestrictions=true`))
  }
})

test('packages are found by name and place, and the most used are ranked with who pays for themselves', () => {
  const api = practiceApi()
  const found = (query: string): unknown[] =>
    api
      .rows(`GET /insurancepackages?memberid=1&insuranceplanname=${query}`)
      .map(({ insurancepackageid }) => insurancepackageid)
  assert.deepEqual(found('lakeshore'), ['1001'])
  assert.deepEqual(found('e&insurancestate=KY'), ['1001'])
  assert.deepEqual(found('nobody'), [])
  assert.equal(api.call('GET /insurancepackages?insuranceplanname=x').status, 400)
  const top = api.rows('GET /misc/topinsurancepackages')
  const shares = top.map(({ percentage }) => Number(percentage))
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => b - a),
  )
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 100) < 0.001)
  assert.ok(top.some(({ name, phone }) => name === '*SELF PAY*' && phone === undefined))
  assert.deepEqual(
    top.map(({ ranking }) => ranking),
    top.map((_, place) => String(place + 1)),
  )
  assert.equal(api.rows('GET /misc/commoninsurancepackages?departmentid=1').length, 7)
  assert.equal(api.call('GET /misc/commoninsurancepackages').status, 400)
})
