/** The invented person behind a seeded patient: a pure function of the practice's seed and the patient's id. */
import { seededPatient, type WireRecord } from './blank-patient.ts'
import { dateText } from './calendar-date.ts'
import type { Department } from './department.ts'
import { femaleNames, maleNames, streetKinds, streets } from './person-names.ts'
import { SeededRandom } from './seeded-random.ts'

export interface PatientCore {
  readonly seed: number
  readonly id: number
  readonly givenName: string
  readonly surname: string
  readonly female: boolean
  readonly birthDay: number
  /** Day the practice was made: registered before, not yet 18 then. */
  readonly openedDay: number
  readonly department: Department
}

const adultDays = 6575
const maritalStatuses = ['S', 'M', 'M', 'D', 'W', 'P', 'U'] as const
const maritalNames: Readonly<Record<string, string>> = {
  D: 'DIVORCED',
  M: 'MARRIED',
  S: 'SINGLE',
  U: 'UNKNOWN',
  W: 'WIDOWED',
  X: 'SEPARATED',
  P: 'PARTNER',
}
const races = [
  ['2106-3', 'White'],
  ['2054-5', 'Black or African American'],
  ['2028-9', 'Asian'],
  ['1002-5', 'American Indian or Alaska Native'],
] as const
const raceNames: ReadonlyMap<string, string> = new Map(races)
const insurers = ['Evergreen Mutual', 'Lakeshore Health', 'Summit Choice', 'Pioneer Care', 'Union Preferred'] as const

/** `maritalstatusname` of a `maritalstatus`. */
export function maritalName(status: string): string {
  return maritalNames[status] ?? ''
}

/** `racename` of a race code, empty when it is none of ours. */
export function raceName(code: string): string {
  return raceNames.get(code) ?? ''
}

const twoDigits = (value: number): string => String(value).padStart(2, '0')

/** Ten digits from the range that no telephone has: 555-0100 to 555-0199. */
function phone(random: SeededRandom, areaCode: string): string {
  return `${areaCode}55501${twoDigits(random.below(100))}`
}

/** All nine digits; numbers beginning with 9 were never given to a person. */
function socialSecurityNumber(random: SeededRandom): string {
  return `9876543${twoDigits(random.below(100))}`
}

function streetAddress(random: SeededRandom): string {
  return `${random.between(1, 980)} ${random.pick(streets)} ${random.pick(streetKinds)}`
}

/**
 * The seeded fields of a patient in wire names: typed values, social security numbers in full. Who the patient is and
 * where registered is laid over it by the record.
 */
export function patientProfile(core: PatientCore): WireRecord {
  const random = new SeededRandom(core.seed ^ 0x5eed_0003, core.id)
  const minor = core.openedDay - core.birthDay < adultDays
  const record: WireRecord = { ...seededPatient }
  record['sex'] = core.female ? 'F' : 'M'
  const profile: Profile = { core, minor, random, record }
  addAddress(profile)
  addPhones(profile)
  addDemographics(profile)
  addKin(profile)
  addGuarantor(profile)
  addConsents(profile)
  record['registrationdate'] = dateText(
    core.openedDay - 1 - random.below(Math.min(3650, core.openedDay - core.birthDay - 1)),
  )
  record['balances'] = [
    {
      balance: random.chance(0.8) ? 0 : random.below(30_000) / 100,
      departmentlist: core.department.id,
      providergroupid: 1,
      cleanbalance: true,
    },
  ]
  return record
}

interface Profile {
  readonly core: PatientCore
  readonly minor: boolean
  readonly random: SeededRandom
  readonly record: WireRecord
}

function addAddress({ core, random, record }: Profile): void {
  record['address1'] = streetAddress(random)
  if (random.chance(0.15)) record['address2'] = `Apt ${random.between(1, 40)}`
  record['city'] = core.department.city
  record['state'] = core.department.state
  record['zip'] = core.department.zip
}

function addPhones({ core, minor, random, record }: Profile): void {
  const { areaCode } = core.department
  const hasMobile = !minor && random.chance(0.85)
  const hasEmail = !minor && random.chance(0.8)
  record['homephone'] = phone(random, areaCode)
  if (hasMobile) record['mobilephone'] = phone(random, areaCode)
  if (!minor && random.chance(0.3)) record['workphone'] = phone(random, areaCode)
  record['hasmobile'] = hasMobile
  if (hasEmail) {
    const email = `${core.givenName}.${core.surname}.${core.id}@example.com`.toLowerCase()
    record['email'] = email
    record['lastemail'] = email
  }
  record['emailexists'] = hasEmail
  record['ssn'] = socialSecurityNumber(random)
}

function addDemographics(profile: Profile): void {
  const { minor, random, record } = profile
  const marital = minor ? 'S' : random.pick(maritalStatuses)
  record['maritalstatus'] = marital
  record['maritalstatusname'] = maritalName(marital)
  addOrigin(profile)
  if (random.chance(0.2)) record['middlename'] = random.pick(random.chance(0.5) ? femaleNames : maleNames)
  if (random.chance(0.02)) record['suffix'] = random.pick(['JR', 'SR', 'II', 'III'])
  if (random.chance(0.05)) record['referralsourceid'] = String(random.between(1, 9))
  if (random.chance(0.04)) record['notes'] = `Prefers the ${random.pick(['morning', 'afternoon'])}.`
}

function addOrigin({ random, record }: Profile): void {
  const [race, racename] = random.pick(races)
  const raceKnown = random.chance(0.85)
  record['race'] = raceKnown ? [race] : []
  if (raceKnown) record['racename'] = racename
  record['ethnicitycode'] = random.chance(0.8) ? (random.chance(0.2) ? '2135-2' : '2186-5') : null
  record['language6392code'] = random.chance(0.9) ? (random.chance(0.15) ? 'spa' : 'eng') : null
}

function addKin({ core, random, record }: Profile): void {
  const known = random.chance(0.7)
  const number = known ? phone(random, core.department.areaCode) : null
  record['contacthomephone'] = number
  record['nextkinphone'] = number
  if (!known) return
  const name = `${random.pick(random.chance(0.5) ? femaleNames : maleNames)} ${core.surname}`
  const relationship = random.pick(['SPOUSE', 'PARENT', 'CHILD', 'SIBLING', 'FRIEND'])
  record['contactname'] = name
  record['contactrelationship'] = relationship
  record['nextkinname'] = name
  record['nextkinrelationship'] = relationship
}

function addGuarantor({ core, minor, random, record }: Profile): void {
  const firstName = minor ? random.pick(random.chance(0.5) ? femaleNames : maleNames) : core.givenName
  record['guarantorfirstname'] = firstName
  record['guarantorlastname'] = core.surname
  record['guarantordob'] = dateText(minor ? core.birthDay - random.between(7000, 14_000) : core.birthDay)
  if (record['email'] !== undefined) record['guarantoremail'] = record['email']
  record['guarantorphone'] = record['homephone']
  record['guarantorssn'] = minor ? socialSecurityNumber(random) : record['ssn']
  record['guarantoraddress1'] = record['address1']
  record['guarantorcity'] = record['city']
  record['guarantorstate'] = record['state']
  record['guarantorzip'] = record['zip']
  record['guarantorrelationshiptopatient'] = minor ? '3' : '1'
  if (!minor) return
  record['guardianfirstname'] = firstName
  record['guardianlastname'] = core.surname
}

function addConsents({ minor, random, record }: Profile): void {
  record['contactpreference'] = minor ? 'HOMEPHONE' : random.pick(['MOBILEPHONE', 'HOMEPHONE', 'MAIL', 'PORTAL'])
  record['caresummarydeliverypreference'] = random.chance(0.5) ? 'PORTAL' : null
  record['consenttocall'] = random.chance(0.9)
  record['consenttotext'] = !minor && random.chance(0.6)
  record['donotcall'] = random.chance(0.02)
  record['homebound'] = random.chance(0.01)
  record['onlinestatementonly'] = random.chance(0.3)
  record['portalaccessgiven'] = random.chance(0.6)
  record['portaltermsonfile'] = random.chance(0.4)
  record['privacyinformationverified'] = random.chance(0.9)
  record['contactpreference_announcement_email'] = random.chance(0.8)
  record['contactpreference_announcement_sms'] = random.chance(0.8)
  record['contactpreference_appointment_email'] = random.chance(0.8)
  record['contactpreference_appointment_phone'] = random.chance(0.8)
  record['contactpreference_billing_phone'] = random.chance(0.8)
  record['contactpreference_lab_sms'] = random.chance(0.8)
}

/** The insurance of a seeded patient as `showinsurance` lists it; one in eight has none. */
export function patientInsurances(core: PatientCore): WireRecord[] {
  const random = new SeededRandom(core.seed ^ 0x5eed_0004, core.id)
  if (random.chance(0.125)) return []
  const number = random.below(insurers.length)
  const plan = insurers[number] ?? ''
  return [
    {
      insuranceid: String(core.id * 10 + 1),
      insurancepackageid: 1000 + number,
      insuranceplanname: plan.toUpperCase(),
      insuranceplandisplayname: plan,
      insurancetype: 'Commercial',
      ircname: plan,
      ircid: 100 + number,
      insuranceidnumber: `SIM${String(random.below(10_000_000)).padStart(7, '0')}`,
      insurancepolicyholder: `${core.givenName} ${core.surname}`.toUpperCase(),
      insurancepolicyholderfirstname: core.givenName.toUpperCase(),
      insurancepolicyholderlastname: core.surname.toUpperCase(),
      insurancepolicyholderdob: dateText(core.birthDay),
      insurancepolicyholdersex: core.female ? 'F' : 'M',
      insurancepolicyholderstate: core.department.state,
      insurancepolicyholderzip: core.department.zip,
      insurancepolicyholdercountrycode: 'USA',
      insurancepolicyholdercountryiso3166: 'US',
      relationshiptoinsured: 'Self',
      relationshiptoinsuredid: 1,
      insuredentitytypeid: 1,
      sequencenumber: 1,
      eligibilitystatus: 'Unverified',
      eligibilityreason: 'Athena',
      eligibilitylastchecked: dateText(core.openedDay - random.between(1, 60)),
    },
  ]
}
