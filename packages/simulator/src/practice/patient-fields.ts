/** The writable fields of a patient: which there are, how long they may be, and how they are kept. */
import { dateText, parseDate } from './calendar-date.ts'
import { digitsOf } from './find-patients.ts'
import { eastern, wallTime } from './zone-time.ts'

/** Longest values in characters: the vendor's best-practices page; every other field takes 20. */
const longest: Readonly<Record<string, number>> = {
  lastname: 30,
  guarantorlastname: 30,
  address1: 100,
  address2: 100,
  guarantoraddress1: 100,
  guarantoraddress2: 100,
  city: 30,
  guarantorcity: 30,
  state: 10,
  guarantorstate: 10,
  zip: 10,
  guarantorzip: 10,
  ssn: 13,
  guarantorssn: 13,
  contactname: 50,
  nextkinname: 50,
  email: 50,
  guarantoremail: 50,
  suffix: 10,
  guarantorsuffix: 10,
  guardiansuffix: 10,
  // Free text and codes, whose length is not documented.
  notes: 1000,
  race: 200,
  sexualorientation: 100,
  genderidentity: 100,
}
const longestDefault = 20

type FieldKind = 'text' | 'phone' | 'flag' | 'date' | 'choice'

const kindsOf = (kind: FieldKind, names: string): [string, FieldKind][] =>
  names.split(/\s+/).map((name) => [name, kind])

/** Every field that a caller may write, and how its value is read. */
const kinds: ReadonlyMap<string, FieldKind> = new Map([
  ...kindsOf(
    'text',
    `firstname lastname middlename suffix preferredname altfirstname address1 address2 city state zip
  countrycode3166 email ssn departmentid primarydepartmentid primaryproviderid race ethnicitycode language6392code
  assignedsexatbirth genderidentity sexualorientation preferredpronouns contactname contactrelationship contactpreference
  caresummarydeliverypreference guarantorfirstname guarantorlastname guarantormiddlename guarantorsuffix guarantoremail
  guarantorssn guarantoraddress1 guarantoraddress2 guarantorcity guarantorstate guarantorzip guarantorcountrycode3166
  guarantorrelationshiptopatient guarantoremployerid guardianfirstname guardianlastname guardianmiddlename guardiansuffix
  nextkinname nextkinrelationship notes occupationcode industrycode referralsourceid employerid mobilecarrierid`,
  ),
  ...kindsOf(
    'phone',
    `homephone mobilephone workphone contacthomephone contactmobilephone employerphone guarantorphone nextkinphone`,
  ),
  ...kindsOf(
    'flag',
    `consenttocall consenttotext donotcallyn hasmobileyn homeboundyn onlinestatementonlyyn portalaccessgiven
    guarantoraddresssameaspatient povertylevelfamilysizedeclined povertylevelincomedeclined
    povertylevelincomerangedeclined contactpreference_announcement_email contactpreference_announcement_phone
    contactpreference_announcement_sms contactpreference_appointment_email contactpreference_appointment_phone
    contactpreference_appointment_sms contactpreference_billing_email contactpreference_billing_phone
    contactpreference_billing_sms contactpreference_lab_email contactpreference_lab_phone contactpreference_lab_sms`,
  ),
  ...kindsOf('date', 'dob guarantordob deceaseddate'),
  ...kindsOf('choice', 'sex maritalstatus status'),
])
const upperCased = new Set(['city', 'guarantorcity', 'state', 'guarantorstate'])

/** Fields with a closed list of values. */
const choices: Readonly<Record<string, readonly string[]>> = {
  sex: ['M', 'F'],
  maritalstatus: ['D', 'M', 'S', 'U', 'W', 'X', 'P'],
  status: ['active', 'inactive', 'prospective', 'deleted'],
}

export interface CheckedFields {
  /** Values as they are kept and shown. */
  readonly fields: Record<string, string>
  /** Names of fields whose value is too long or of the wrong form. */
  readonly invalid: string[]
  /** Names and values of fields outside their closed list. */
  readonly outside: { readonly name: string; readonly value: string }[]
  /** The date of birth was sent and is none, or lies in the future. */
  readonly improperBirthDate: boolean
}

/**
 * Checks and normalizes the fields a caller sends, by name in lower case. Unknown and empty ones are not looked at,
 * telephone numbers that are none are dropped (documented: they "will be ignored").
 */
export function checkPatientFields(sent: Iterable<readonly [name: string, value: string]>, now: number): CheckedFields {
  const checked: CheckedFields = { fields: {}, invalid: [], outside: [], improperBirthDate: false }
  const today = wallTime(eastern, now).day
  let improperBirthDate = false
  for (const [name, text] of sent) {
    const value = text.trim()
    const kind = value === '' ? undefined : kinds.get(name)
    if (kind === undefined) continue
    if (kind === 'choice') checkChoice(checked, name, value)
    else if (kind === 'date' && !checkDate(checked, { name, value, today })) improperBirthDate ||= name === 'dob'
    else if (kind === 'phone' && digitsOf(value).length === 10) checked.fields[name] = digitsOf(value)
    else if (kind === 'flag') checked.fields[name] = String(/^(true|t|yes|y|1)$/i.test(value))
    else if (kind === 'text') checkText(checked, name, value)
  }
  return { ...checked, improperBirthDate }
}

function checkText({ fields, invalid }: CheckedFields, name: string, value: string): void {
  if (value.length > (longest[name] ?? longestDefault) || !hasForm(name, value)) invalid.push(name)
  else if (name.endsWith('ssn')) fields[name] = digitsOf(value)
  else fields[name] = upperCased.has(name) ? value.toUpperCase() : value
}

function hasForm(name: string, value: string): boolean {
  if (name === 'email' || name === 'guarantoremail') return /^[^\s@]+@[^\s@]+$/.test(value)
  return !name.endsWith('ssn') || digitsOf(value).length === 9
}

function checkChoice({ fields, outside }: CheckedFields, name: string, value: string): void {
  const choice = choices[name]?.find((candidate) => candidate.toLowerCase() === value.toLowerCase())
  if (choice === undefined) outside.push({ name, value })
  else fields[name] = choice
}

interface SentDate {
  readonly name: string
  readonly value: string
  readonly today: number
}

/** Writes a date that is not to come; answers false for any other. */
function checkDate({ fields, invalid }: CheckedFields, { name, value, today }: SentDate): boolean {
  const day = parseDate(value)
  const possible = day !== undefined && day <= today
  if (possible) fields[name] = dateText(day)
  else if (name !== 'dob') invalid.push(name)
  return possible
}
