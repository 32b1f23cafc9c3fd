/** Every field of a patient that a caller may write: its kind, its longest value, its closed list, its name in answers. */

export type PatientFieldKind =
  | 'text'
  | 'email'
  | 'ssn'
  | 'country'
  | 'phone'
  | 'flag'
  | 'date'
  | 'birthdate'
  | 'integer'
  | 'number'
  | 'choice'
  | 'codes'

export interface PatientField {
  readonly kind: PatientFieldKind
  /** Longest text in characters. */
  readonly max?: number
  readonly upperCase?: boolean
  /** The values there are; case does not matter when they are sent. */
  readonly values?: readonly string[]
  /** The date may lie in the future. */
  readonly mayBeToCome?: boolean
  /** The field's name in answers where it is another than in requests. */
  readonly shownAs?: string
}

/** Longest text of a field that has no other limit (the vendor's best-practices page). */
export const longestDefault = 20

const text = (max = longestDefault): PatientField => ({ kind: 'text', max })
const upperText = (max: number): PatientField => ({ kind: 'text', max, upperCase: true })
const choice = (values: string): PatientField => ({ kind: 'choice', values: values.split(' ') })
const flag: PatientField = { kind: 'flag' }
const phone: PatientField = { kind: 'phone' }
const date: PatientField = { kind: 'date' }
const number: PatientField = { kind: 'number' }
const integer: PatientField = { kind: 'integer' }

const relationships = choice('SPOUSE PARENT CHILD SIBLING FRIEND COUSIN GUARDIAN OTHER')
/** No, patient declined, yes. */
const answers = choice('N P Y')
const email: PatientField = { kind: 'email', max: 50 }
const ssn: PatientField = { kind: 'ssn', max: 13 }
const country: PatientField = { kind: 'country' }

/** Limits not in the table of the best-practices page: free text and codes, whose length is not documented (guesses). */
const longest = { notes: 1000, code: 100 } as const

const person: Readonly<Record<string, PatientField>> = {
  firstname: text(),
  lastname: text(30),
  middlename: text(),
  suffix: text(10),
  preferredname: text(),
  altfirstname: text(),
  dob: { kind: 'birthdate' },
  sex: choice('F M'),
  ssn,
  maritalstatus: choice('D M P X S U W'),
  status: choice('active inactive prospective deleted'),
  deceaseddate: date,
  race: { kind: 'codes' },
  ethnicitycode: text(),
  ethnicitycodes: { kind: 'codes' },
  language6392code: text(),
  assignedsexatbirth: text(),
  genderidentity: text(longest.code),
  genderidentityother: text(longest.code),
  sexualorientation: text(longest.code),
  sexualorientationother: text(longest.code),
  preferredpronouns: text(),
  occupationcode: text(),
  industrycode: text(),
  notes: text(longest.notes),
  driverslicensenumber: text(),
  driverslicensestateid: upperText(10),
  driverslicenseexpirationdate: { kind: 'date', mayBeToCome: true },
}

const reachedBy: Readonly<Record<string, PatientField>> = {
  address1: text(100),
  address2: text(100),
  city: upperText(30),
  state: upperText(10),
  zip: text(10),
  countrycode3166: country,
  email,
  homephone: phone,
  mobilephone: phone,
  workphone: phone,
  hasmobileyn: { kind: 'flag', shownAs: 'hasmobile' },
  mobilecarrierid: text(),
  contactname: text(50),
  contactrelationship: relationships,
  contacthomephone: phone,
  contactmobilephone: phone,
  nextkinname: text(50),
  nextkinrelationship: relationships,
  nextkinphone: phone,
  employerid: integer,
  employerphone: phone,
  guardianfirstname: text(),
  guardianmiddlename: text(),
  guardianlastname: text(30),
  guardiansuffix: text(10),
}

const guarantor: Readonly<Record<string, PatientField>> = {
  guarantorfirstname: text(),
  guarantormiddlename: text(),
  guarantorlastname: text(30),
  guarantorsuffix: text(10),
  guarantordob: date,
  guarantorssn: ssn,
  guarantoremail: email,
  guarantorphone: phone,
  guarantoraddresssameaspatient: flag,
  guarantoraddress1: text(100),
  guarantoraddress2: text(100),
  guarantorcity: upperText(30),
  guarantorstate: upperText(10),
  guarantorzip: text(10),
  guarantorcountrycode3166: country,
  guarantorrelationshiptopatient: text(),
  guarantoremployerid: integer,
}

const channels = ['email', 'phone', 'sms'] as const
const topics = ['announcement', 'appointment', 'billing', 'lab'] as const

const consents: Readonly<Record<string, PatientField>> = {
  consenttocall: flag,
  consenttotext: flag,
  donotcallyn: { kind: 'flag', shownAs: 'donotcall' },
  homeboundyn: { kind: 'flag', shownAs: 'homebound' },
  onlinestatementonlyyn: { kind: 'flag', shownAs: 'onlinestatementonly' },
  portalaccessgiven: flag,
  caresummarydeliverypreference: text(),
  contactpreference: choice('HOMEPHONE MAIL MOBILEPHONE PORTAL WORKPHONE'),
  ...Object.fromEntries(
    topics.flatMap((topic) => channels.map((channel) => [`contactpreference_${topic}_${channel}`, flag] as const)),
  ),
}

/** athenahealth takes these only where the practice has turned them on; a simulated practice has. */
const circumstances: Readonly<Record<string, PatientField>> = {
  agriculturalworker: answers,
  agriculturalworkertype: choice('MIGRANT SEASONAL UNSPECIFIED'),
  homeless: answers,
  homelesstype: choice('DOUBLINGUP SHELTER OTHER STREET TRANSITIONAL UNSPECIFIED'),
  publichousing: answers,
  schoolbasedhealthcenter: answers,
  veteran: answers,
  povertylevelcalculated: number,
  povertylevelfamilysize: number,
  povertylevelfamilysizedeclined: flag,
  povertylevelincomedeclined: flag,
  povertylevelincomepayperiod: choice('BIWEEK MONTH WEEK YEAR'),
  povertylevelincomeperpayperiod: integer,
  povertylevelincomerangedeclined: flag,
}

const practiceFields: Readonly<Record<string, PatientField>> = {
  departmentid: integer,
  primarydepartmentid: text(),
  primaryproviderid: text(),
  referralsourceid: text(),
  referralsourceother: text(),
  defaultpharmacyncpdpid: text(),
}

/**
 * By name in requests. Left out are parameters that say how to answer (`ignorerestrictions`, `showerrormessage`,
 * `showportalstatus`) and `clinicalordertypegroupid`, which goes with the pharmacy and is shown nowhere.
 *
 * Shown under their own names although no recording of a patient confirms that they are: the flags and details of special
 * circumstances, `assignedsexatbirth`, `deceaseddate`, the driver's license, `employerid`, `ethnicitycodes`, gender and
 * sexual orientation beside `sexualorientation`, `guarantoraddress2`, `guardiansuffix`, `mobilecarrierid`,
 * `preferredpronouns` and `referralsourceother`.
 */
export const patientWriteFields: Readonly<Record<string, PatientField>> = {
  ...person,
  ...reachedBy,
  ...guarantor,
  ...consents,
  ...circumstances,
  ...practiceFields,
}

/** The name under which answers show a field that was written. */
export function shownName(name: string): string {
  return patientWriteFields[name]?.shownAs ?? name
}
