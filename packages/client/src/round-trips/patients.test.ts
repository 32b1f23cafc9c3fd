import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  anyDay,
  anyPhone,
  anyText,
  assertAllTried,
  firstOf,
  roundTripEach,
  type SimulatedPractice,
  simulatedPractice,
  type Written,
} from '../../testing/round-trip.ts'
import { patientFieldMax } from '../call/field-limits.ts'
import type { Params } from '../call/params.ts'

/** Text as long as athenahealth stores it. */
function texts(...names: readonly string[]): Readonly<Record<string, Written>> {
  return all(names, (name) => ({ values: anyText(patientFieldMax(name) ?? 60) }))
}

function all(names: readonly string[], make: (name: string) => Written): Readonly<Record<string, Written>> {
  return Object.fromEntries(names.map((name) => [name, make(name)]))
}

function oneOf(...values: readonly string[]): Written {
  return { values: fc.constantFrom(...values) }
}

const upper: Pick<Written, 'read'> = { read: (sent: string) => sent.toUpperCase() }
const flag: Written = { values: fc.boolean() }
const yes: Written = oneOf('N', 'P', 'Y')
const email: Written = { values: fc.stringMatching(/^[a-z][a-z0-9.+_-]{0,20}$/).map((name) => `${name}@example.com`) }
const ssn: Written = { values: fc.integer({ min: 0, max: 99 }).map((last) => `98765${4300 + last}`) }
const country: Written = oneOf('US', 'CA', 'DE', 'ZA')
const relationship: Written = oneOf('SPOUSE', 'PARENT', 'CHILD', 'SIBLING', 'FRIEND', 'COUSIN', 'GUARDIAN', 'OTHER')
const topics = ['announcement', 'appointment', 'billing', 'lab']
const amount: Written = { values: fc.nat(90_000), unknown: true }

/** Parameters that a change takes too. */
const changed: Readonly<Record<string, Written>> = {
  ...texts('firstname', 'lastname', 'middlename', 'suffix', 'preferredname', 'notes', 'contactname', 'nextkinname'),
  ...texts('address1', 'address2', 'zip', 'ethnicitycode', 'language6392code', 'occupationcode', 'industrycode'),
  ...texts('guarantorfirstname', 'guarantorlastname', 'guarantormiddlename', 'guarantorsuffix'),
  ...texts('guarantoraddress1', 'guarantoraddress2', 'guarantorzip', 'guarantorrelationshiptopatient'),
  ...texts('guardianfirstname', 'guardianlastname', 'guardianmiddlename', 'guardiansuffix'),
  ...texts('caresummarydeliverypreference'),
  ...all(['city', 'state', 'guarantorcity', 'guarantorstate'], (name) => ({
    values: fc.stringMatching(new RegExp(`^[A-Za-z]{1,${Math.min(10, patientFieldMax(name) ?? 0)}}$`)),
    ...upper,
  })),
  ...all(['homephone', 'workphone', 'contacthomephone', 'contactmobilephone', 'nextkinphone'], () => ({
    values: anyPhone,
  })),
  ...all(['mobilephone', 'employerphone', 'guarantorphone'], () => ({ values: anyPhone })),
  ...all(['dob', 'guarantordob', 'deceaseddate'], () => ({ values: anyDay })),
  ...all(['email', 'guarantoremail'], () => email),
  ...all(['ssn', 'guarantorssn'], () => ssn),
  ...all(['countrycode3166', 'guarantorcountrycode3166'], () => country),
  ...all(['contactrelationship', 'nextkinrelationship'], () => relationship),
  ...all(['consenttocall', 'portalaccessgiven'], () => flag),
  ...all(
    topics.flatMap((topic) => ['email', 'phone', 'sms'].map((way) => `contactpreference_${topic}_${way}`)),
    () => flag,
  ),
  ...all(['agriculturalworker', 'homeless', 'publichousing', 'schoolbasedhealthcenter', 'veteran'], () => yes),
  homeboundyn: { ...flag, shown: 'homebound' },
  onlinestatementonlyyn: { ...flag, shown: 'onlinestatementonly' },
  hasmobileyn: { ...flag, shown: 'hasmobile' },
  sex: oneOf('F', 'M'),
  maritalstatus: oneOf('D', 'M', 'P', 'S', 'U', 'W', 'X'),
  contactpreference: oneOf('HOMEPHONE', 'MAIL', 'MOBILEPHONE', 'PORTAL', 'WORKPHONE'),
  agriculturalworkertype: oneOf('MIGRANT', 'SEASONAL', 'UNSPECIFIED'),
  homelesstype: oneOf('DOUBLINGUP', 'SHELTER', 'OTHER', 'STREET', 'TRANSITIONAL', 'UNSPECIFIED'),
  povertylevelincomepayperiod: oneOf('BIWEEK', 'MONTH', 'WEEK', 'YEAR'),
  povertylevelfamilysize: amount,
  povertylevelincomeperpayperiod: amount,
  race: { values: fc.uniqueArray(fc.constantFrom('2106-3', '2054-5', '2028-9'), { minLength: 1, maxLength: 2 }) },
  status: { ...oneOf('i', 'p', 'a'), read: (sent: string) => ({ i: 'inactive', p: 'prospective', a: 'active' })[sent] },
  ...all(
    ['employerid', 'guarantoremployerid', 'mobilecarrierid', 'referralsourceid', 'defaultpharmacyncpdpid'],
    () => ({
      values: fc.integer({ min: 1, max: 99_999 }).map(String),
    }),
  ),
}

/** Parameters of a new patient alone, as athenahealth documents them. */
const created: Readonly<Record<string, Written>> = {
  ...texts('altfirstname', 'driverslicensenumber', 'genderidentity', 'genderidentityother', 'preferredpronouns'),
  ...texts('assignedsexatbirth', 'sexualorientation', 'sexualorientationother', 'referralsourceother'),
  driverslicensestateid: oneOf('MA', 'NY'),
  driverslicenseexpirationdate: {
    values: fc.constantFrom('2027-01-31', '2030-12-01'),
    read: (sent: string) => usDate(sent),
  },
  donotcallyn: { ...flag, shown: 'donotcall' },
  consenttotext: flag,
  guarantoraddresssameaspatient: flag,
  ethnicitycodes: { values: fc.uniqueArray(fc.constantFrom('2186-5', '2135-2'), { minLength: 1 }) },
  povertylevelcalculated: amount,
  ...all(
    ['povertylevelfamilysizedeclined', 'povertylevelincomedeclined', 'povertylevelincomerangedeclined'],
    () => flag,
  ),
}

/** A date in a field that this client does not know stays as athenahealth writes it. */
function usDate(date: string): string {
  return `${date.slice(5, 7)}/${date.slice(8)}/${date.slice(0, 4)}`
}

/** How to answer, or shown nowhere. */
const HOW = ['showportalstatus', 'showerrormessage', 'ignorerestrictions', 'clinicalordertypegroupid']

let world: SimulatedPractice
before(async () => {
  world = await simulatedPractice()
})
after(() => world[Symbol.asyncDispose]())

for (const era of ['practice', 'texts'] as const) {
  test(`every field that is changed is read as it was sent (${era === 'texts' ? 'all text' : 'typed'})`, async () => {
    const { patients, departments, providers } = world[era]
    const [patient] = await firstOf(patients.list({ limit: 5 }))
    const ids = {
      departmentid: (await firstOf(departments.list())).map(({ departmentid }) => departmentid),
      primaryproviderid: (await firstOf(providers.list()))
        .filter(({ entitytype }) => entitytype === 'Person')
        .map(({ providerid }) => providerid),
    }
    const fields: Readonly<Record<string, Written>> = {
      ...changed,
      departmentid: oneOf(...ids.departmentid),
      primarydepartmentid: oneOf(...ids.departmentid),
      primaryproviderid: oneOf(...ids.primaryproviderid),
    }
    assertAllTried('PUT /patients/{patientid}', fields, HOW)
    const id = patient?.patientid ?? ''
    await roundTripEach(fields, {
      write: (sent) => patients.update(id, sent),
      read: async () => (await patients.get(id, { showfullssn: true, ignorerestrictions: true })).value,
    })
  })
}

test('every field that a new patient is given is read as it was sent', async () => {
  const { patients, departments } = world.practice
  const [department] = await firstOf(departments.list())
  const departmentid = department?.departmentid ?? ''
  const fields = { ...changed, ...created }
  assertAllTried('POST /patients', fields, [...HOW, 'departmentid', 'primarydepartmentid', 'primaryproviderid'])
  let serial = 0
  let patientid = ''
  await roundTripEach(fields, {
    async write(sent) {
      serial += 1
      // Nobody like any patient before: a match would answer with that patient's id.
      const identity = { firstname: 'Ada', lastname: `Okafor ${serial}`, dob: '1990-05-01', zip: '02451' }
      ;({ patientid } = (await patients.create({ ...identity, departmentid, ...consequences(sent), ...sent })).value)
    },
    read: async () => (await patients.get(patientid, { showfullssn: true })).value,
  })
})

/** What must be said for a field to count: nobody gets texts without a mobile number, an address of one's own is said so. */
function consequences(sent: object): Params {
  if ('consenttotext' in sent) return { mobilephone: '6175550123' }
  return 'guarantorcountrycode3166' in sent ? { guarantoraddresssameaspatient: false } : {}
}
