/** The invented person behind a seeded patient: a pure function of the practice's seed and the patient's id. */
import { seededPatient, type WireRecord } from './blank-patient.ts'
import { dateText } from './calendar-date.ts'
import type { PopulationSeed } from './household.ts'
import { femaleNames, maleNames, nicknames } from './person-names.ts'
import {
  companionOf,
  emailOf,
  headOf,
  homeOf,
  inventedPhone,
  seededPerson,
  socialSecurityNumberOf,
  type SeededPerson,
} from './seeded-person.ts'
import { SeededRandom } from './seeded-random.ts'

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

/** Code, name and hierarchical code of a race in the CDC's list, of which athenahealth shows all three. */
const races = [
  ['2106-3', 'White', 'R5'],
  ['2054-5', 'Black or African American', 'R3'],
  ['2028-9', 'Asian', 'R2'],
  ['1002-5', 'American Indian or Alaska Native', 'R1'],
] as const
const raceNames: Readonly<Record<string, readonly [name: string, hierarchicalCode: string]>> = {
  ...Object.fromEntries(races.map(([code, name, hierarchicalCode]) => [code, [name, hierarchicalCode]])),
  '2076-8': ['Native Hawaiian or Other Pacific Islander', 'R4'],
  declined: ['Patient Declined', ''],
}

/** `maritalstatusname` of a `maritalstatus`. */
export function maritalName(status: string): string {
  return maritalNames[status] ?? ''
}

/** Shows races by their codes, and the name of the first. */
export function showRaces(record: WireRecord, codes: readonly string[]): void {
  const [name = '', hierarchicalCode = ''] = raceNames[codes[0] ?? ''] ?? []
  record['race'] = codes.filter((code) => code !== 'declined')
  record['racename'] = name
  if (hierarchicalCode === '') delete record['hierarchicalcode']
  else record['hierarchicalcode'] = hierarchicalCode
}

interface Profile {
  readonly person: SeededPerson
  readonly random: SeededRandom
  readonly record: WireRecord
}

/**
 * The seeded fields of a patient in wire names: typed values, social security numbers in full. Who the patient is and
 * where registered now is laid over it by the record.
 */
export function patientProfile(from: PopulationSeed, id: number): WireRecord {
  const person = seededPerson(from, id)
  const { identity } = person
  const random = new SeededRandom(from.seed ^ 0x5eed_0003, id)
  const record: WireRecord = { ...seededPatient }
  record['sex'] = identity.female ? 'F' : 'M'
  const profile: Profile = { person, random, record }
  addReach(profile)
  addDemographics(profile)
  addKin(profile)
  addGuarantor(profile)
  addConsents(profile)
  const lived = from.openedDay - identity.birthDay - 1
  record['registrationdate'] = dateText(from.openedDay - 1 - random.below(Math.min(3650, lived)))
  record['balances'] = [balanceOf(profile)]
  if (identity.deceased) record['deceaseddate'] = dateText(from.openedDay - 1 - random.below(Math.min(1200, lived)))
  return record
}

/**
 * One balance for each provider group, here the practice itself. What is owed is text as it was recorded, without a zero
 * before the point and negative when the practice owes; nothing owed is the number 0.
 */
function balanceOf({ person, random }: Profile): WireRecord {
  const cents = random.chance(0.8) ? 0 : random.between(-2500, 30_000)
  return {
    balance: cents === 0 ? 0 : moneyText(cents),
    departmentlist: person.from.departments.map(({ id }) => id).join(','),
    providergroupid: 1,
    cleanbalance: true,
  }
}

function moneyText(cents: number): string {
  return (cents / 100)
    .toFixed(2)
    .replace(/^(-?)0(?=\.)/, '$1')
    .replace(/\.?0+$/, '')
}

function addReach({ person, random, record }: Profile): void {
  const { department, isMinor, household } = person
  const home = homeOf(person)
  record['address1'] = home.address1
  if (home.address2 !== undefined) record['address2'] = home.address2
  record['city'] = department.city
  record['state'] = department.state
  record['zip'] = department.zip
  const hasMobile = !isMinor && random.chance(0.85)
  const isRegisteredAgain = household.kind === 'twice' && person.id !== household.first
  record['homephone'] = isRegisteredAgain ? inventedPhone(random, department.areaCode) : home.homephone
  if (hasMobile) record['mobilephone'] = inventedPhone(random, department.areaCode)
  if (!isMinor && random.chance(0.3)) record['workphone'] = inventedPhone(random, department.areaCode)
  record['hasmobile'] = hasMobile
  const email = emailOf(person)
  record['emailexists'] = email !== undefined
  if (email !== undefined) Object.assign(record, { email, lastemail: email })
  record['ssn'] = socialSecurityNumberOf(isRegisteredAgain ? { from: person.from, id: household.first } : person)
}

const spouseKinds = new Set(['couple', 'family', 'twins'])

function addDemographics(profile: Profile): void {
  const { random, record } = profile
  const marital = maritalStatusOf(profile)
  record['maritalstatus'] = marital
  record['maritalstatusname'] = maritalName(marital)
  const race = random.pick(races)
  if (random.chance(0.85)) showRaces(record, [race[0]])
  record['ethnicitycode'] = random.chance(0.8) ? (random.chance(0.2) ? '2135-2' : '2186-5') : null
  record['language6392code'] = random.chance(0.9) ? (random.chance(0.15) ? 'spa' : 'eng') : null
  addOtherNames(profile)
  if (random.chance(0.05)) record['referralsourceid'] = String(random.between(1, 9))
  if (random.chance(0.04)) record['notes'] = `Prefers the ${random.pick(['morning', 'afternoon'])}.`
}

function maritalStatusOf({ person, random }: Profile): string {
  const { household, isMinor, id } = person
  if (isMinor) return 'S'
  const isSpouse = spouseKinds.has(household.kind) && id <= household.first + 1
  return isSpouse ? random.pick(['M', 'M', 'M', 'P']) : random.pick(maritalStatuses)
}

function addOtherNames({ person, random, record }: Profile): void {
  const { household, id, givenName } = person
  if (random.chance(0.2)) record['middlename'] = random.pick(random.chance(0.5) ? femaleNames : maleNames)
  if (household.kind === 'namesakes') record['suffix'] = id === household.first ? 'SR' : 'JR'
  const short = nicknames.get(givenName)
  if (short !== undefined && random.chance(0.4)) record['preferredname'] = random.pick(short)
}

function addKin({ person, random, record }: Profile): void {
  const known = person.household.size > 1 || random.chance(0.7)
  if (!known) return
  const { name, relationship, id } = companionOf(person, random)
  const number = id === undefined ? inventedPhone(random, person.department.areaCode) : homeOf(person).homephone
  for (const who of ['contact', 'nextkin'] as const) {
    record[`${who}name`] = name
    record[`${who}relationship`] = relationship
  }
  record['contacthomephone'] = number
  record['nextkinphone'] = number
}

/** Adults pay for themselves; for children the head of the household does, or a parent who is no patient here. */
function addGuarantor(profile: Profile): void {
  const { person, record } = profile
  const { household, isMinor } = person
  const head = isMinor ? headOf(person) : person
  const isOwnParent = isMinor && (household.kind === 'single' || household.kind === 'twice')
  if (isOwnParent) addUnknownParent(profile)
  else {
    record['guarantorfirstname'] = head.givenName
    record['guarantorlastname'] = head.surname
    record['guarantordob'] = dateText(head.identity.birthDay)
    record['guarantorssn'] = head === person ? record['ssn'] : socialSecurityNumberOf(head)
    const email = head === person ? record['email'] : emailOf(head)
    if (email !== undefined) record['guarantoremail'] = email
  }
  for (const field of ['address1', 'city', 'state', 'zip'] as const) record[`guarantor${field}`] = record[field]
  record['guarantorphone'] = record['homephone']
  record['guarantorrelationshiptopatient'] = isMinor ? '3' : '1'
  if (!isMinor) return
  record['guardianfirstname'] = record['guarantorfirstname']
  record['guardianlastname'] = record['guarantorlastname']
}

function addUnknownParent({ person, random, record }: Profile): void {
  record['guarantorfirstname'] = random.pick(random.chance(0.5) ? femaleNames : maleNames)
  record['guarantorlastname'] = person.surname
  record['guarantordob'] = dateText(person.identity.birthDay - random.between(7000, 14_000))
  record['guarantorssn'] = socialSecurityNumberOf({ from: person.from, id: -person.id })
}

function addConsents({ person, random, record }: Profile): void {
  const { isMinor } = person
  record['contactpreference'] = isMinor ? 'HOMEPHONE' : random.pick(['MOBILEPHONE', 'HOMEPHONE', 'MAIL', 'PORTAL'])
  record['caresummarydeliverypreference'] = random.chance(0.5) ? 'PORTAL' : null
  record['consenttocall'] = random.chance(0.9)
  record['consenttotext'] = random.chance(0.6) && record['hasmobile'] === true
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
