/*
 * Every parameter of registering and changing a patient that athenahealth documents: whether it is taken, kept, and
 * shown again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'
import { endpointContract } from '../contract/contract.ts'
import { patientWriteFields } from '../practice/patient-write-fields.ts'

type Case = readonly [sent: string, shown?: unknown, name?: string]

/** What is sent for a field, what is shown where it is another value, and under which name where it is another one. */
const cases: Readonly<Record<string, Case>> = {
  firstname: ['Ada'],
  lastname: ['Quill-Foster'],
  middlename: ['Beatrice'],
  suffix: ['III'],
  preferredname: ['Addie'],
  altfirstname: ['Adele'],
  dob: ['1/2/1985', '01/02/1985'],
  sex: ['F'],
  ssn: ['987-65-4321', '*****4321'],
  maritalstatus: ['M'],
  status: ['inactive'],
  deceaseddate: ['1/2/2026', '01/02/2026'],
  race: ['2106-3', ['2106-3']],
  ethnicitycode: ['2186-5'],
  ethnicitycodes: ['2186-5,2135-2', ['2186-5', '2135-2']],
  language6392code: ['spa'],
  assignedsexatbirth: ['F'],
  genderidentity: ['Identifies as Female'],
  genderidentityother: ['own words'],
  sexualorientation: ["Don't know"],
  sexualorientationother: ['own words'],
  preferredpronouns: ['she/her'],
  occupationcode: ['0010'],
  industrycode: ['other'],
  notes: ['Prefers the morning, as a rule.'],
  driverslicensenumber: ['S99999999'],
  driverslicensestateid: ['ma', 'MA'],
  driverslicenseexpirationdate: ['1/2/2030', '01/02/2030'],
  address1: ['1 Elm St'],
  address2: ['Apt 2'],
  city: ['Albany', 'ALBANY'],
  state: ['ny', 'NY'],
  zip: ['12207-0001'],
  countrycode3166: ['ca', 'CA'],
  email: ['ada@example.com'],
  homephone: ['(518) 555-0123', '5185550123'],
  mobilephone: ['5185550124'],
  workphone: ['5185550125'],
  hasmobileyn: ['true', true, 'hasmobile'],
  mobilecarrierid: ['3'],
  contactname: ['Grace Quill'],
  contactrelationship: ['SPOUSE'],
  contacthomephone: ['5185550126'],
  contactmobilephone: ['5185550127'],
  nextkinname: ['Grace Quill'],
  nextkinrelationship: ['PARENT'],
  nextkinphone: ['5185550128'],
  employerid: ['7'],
  employerphone: ['5185550129'],
  guardianfirstname: ['Grace'],
  guardianmiddlename: ['H'],
  guardianlastname: ['Quill'],
  guardiansuffix: ['Sr'],
  guarantorfirstname: ['Grace'],
  guarantormiddlename: ['H'],
  guarantorlastname: ['Quill'],
  guarantorsuffix: ['Sr'],
  guarantordob: ['1/2/1960', '01/02/1960'],
  guarantorssn: ['987654322', '*****4322'],
  guarantoremail: ['grace@example.com'],
  guarantorphone: ['5185550130'],
  guarantoraddresssameaspatient: ['false', false],
  guarantoraddress1: ['2 Elm St'],
  guarantoraddress2: ['Apt 3'],
  guarantorcity: ['Troy', 'TROY'],
  guarantorstate: ['NY'],
  guarantorzip: ['12180'],
  guarantorcountrycode3166: ['US'],
  guarantorrelationshiptopatient: ['3'],
  guarantoremployerid: ['7'],
  consenttocall: ['true', true],
  consenttotext: ['true', true],
  donotcallyn: ['true', true, 'donotcall'],
  homeboundyn: ['true', true, 'homebound'],
  onlinestatementonlyyn: ['true', true, 'onlinestatementonly'],
  portalaccessgiven: ['true', true],
  caresummarydeliverypreference: ['PAPER'],
  contactpreference: ['WORKPHONE'],
  ...Object.fromEntries(
    ['announcement', 'appointment', 'billing', 'lab'].flatMap((topic) =>
      ['email', 'phone', 'sms'].map((channel): [string, Case] => [
        `contactpreference_${topic}_${channel}`,
        ['false', false],
      ]),
    ),
  ),
  agriculturalworker: ['Y'],
  agriculturalworkertype: ['MIGRANT'],
  homeless: ['N'],
  homelesstype: ['SHELTER'],
  publichousing: ['P'],
  schoolbasedhealthcenter: ['Y'],
  veteran: ['N'],
  povertylevelcalculated: ['120.5', 120.5],
  povertylevelfamilysize: ['4', 4],
  povertylevelfamilysizedeclined: ['true', true],
  povertylevelincomedeclined: ['true', true],
  povertylevelincomepayperiod: ['MONTH'],
  povertylevelincomeperpayperiod: ['2500'],
  povertylevelincomerangedeclined: ['true', true],
  departmentid: ['21'],
  primarydepartmentid: ['21'],
  primaryproviderid: ['72'],
  referralsourceid: ['3'],
  referralsourceother: ['a neighbour'],
  defaultpharmacyncpdpid: ['3471175'],
}

/** Parameters that are no field of the patient: they say how to answer, or go with another and are shown nowhere. */
const noFields = new Set([
  'clinicalordertypegroupid',
  'ignorerestrictions',
  'patientid',
  'show2015edcehrtvalues',
  'showerrormessage',
  'showportalstatus',
])

const documented = (method: 'POST' | 'PUT', path: string): string[] =>
  (endpointContract({ method, path })?.parameters ?? [])
    .map(({ name }) => name.toLowerCase())
    .filter((name) => !noFields.has(name))

test('every documented parameter has a case here, and every field that can be written', () => {
  const all = new Set([...documented('POST', '/patients'), ...documented('PUT', '/patients/{patientid}')])
  assert.ok(all.size > 90, `${all.size} documented`)
  assert.deepEqual(
    [...all].filter((name) => cases[name] === undefined),
    [],
  )
  assert.deepEqual(new Set(Object.keys(cases)), new Set(Object.keys(patientWriteFields)))
})

/** What a mobile number is needed for, and whose address is meant, so that the field can be seen. */
const alsoSent: Readonly<Record<string, string>> = { consenttotext: 'mobilephone=5185550124' }

for (const [name, [sent, shown = sent, shownAs = name]] of Object.entries(cases)) {
  test(`${name} is taken on changing a patient and shown as it was meant`, () => {
    const api = practiceApi({ patients: 110 })
    const field = `${name}=${encodeURIComponent(sent)}`
    const { status } = api.call('PUT /patients/1', [field, alsoSent[name] ?? ''].join('&'))
    assert.equal(status, 200)
    const record = api.record('GET /patients/1')
    assert.deepEqual(record[shownAs], shown)
    assert.deepEqual(
      api.events.map(({ name: event, id }) => [event, id]),
      [['UpdatePatient', '1']],
    )
  })
}

test('a patient who is registered with all of them has all of them', () => {
  const api = practiceApi({ patients: 110 })
  const form = new URLSearchParams(Object.entries(cases).map(([name, [sent]]) => [name, sent]))
  const { patientid } = api.record('POST /patients', String(form))
  assert.equal(patientid, '111')
  const record = api.record(`GET /patients/${patientid}`)
  const wrong = Object.entries(cases).filter(([name, [sent, shown = sent, shownAs = name]]) => {
    return JSON.stringify(record[shownAs]) !== JSON.stringify(shown)
  })
  assert.deepEqual(wrong, [])
})
