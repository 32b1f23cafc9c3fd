/** The insurances of patients: those the seed gave them, and what was written since. */
import type { WireRecord } from './blank-patient.ts'
import { dateText, parseDate } from './calendar-date.ts'
import { insurancePackage, insurancePackages, pseudoPackages, type InsurancePackage } from './insurance-packages.ts'
import { practicePart } from './practice-part.ts'
import type { PracticeState } from './practice-state.ts'
import { headOf, homeOf, seededPerson, socialSecurityNumberOf, type SeededPerson } from './seeded-person.ts'
import { SeededRandom } from './seeded-random.ts'

export interface Insurance {
  readonly id: string
  readonly packageId: number
  /** 1 is the primary insurance, 2 the secondary one. */
  readonly sequence: number
  /** What is known of it, by request name; `insurancepolicyholderssn` in full. */
  readonly fields: Readonly<Record<string, string>>
  /** Day (`MM/DD/YYYY`) on which it was cancelled. */
  readonly cancelled: string | undefined
  readonly cancellationNote?: string | undefined
}

interface InsuranceTable {
  /** All insurances of a patient who had one added or changed, cancelled ones too. */
  readonly written: Map<number, readonly Insurance[]>
  nextId: number
}

/** Ids of seeded insurances are ten times the patient's and a digit: those that are added later lie beyond. */
export const insuranceTable = practicePart<InsuranceTable>(({ patients }) => ({
  written: new Map(),
  nextId: (patients.seeded + 1) * 10,
}))

/** Every insurance the patient ever had here, in the order of their making. `patient` must not be a merged one. */
export function insurancesOf(state: PracticeState, patient: number): readonly Insurance[] {
  const written = insuranceTable(state).written.get(patient)
  if (written !== undefined) return written
  return seededInsurancesOf(state, patient)
}

/** What the seed insured a patient with, whatever was written since. */
export function seededInsurancesOf({ patients }: PracticeState, patient: number): readonly Insurance[] {
  return patient <= patients.seeded ? seededInsurances(seededPerson(patients.population, patient)) : []
}

/** Neither cancelled nor expired on the day. */
export function isInForce({ cancelled, fields }: Insurance, today: number): boolean {
  const expires = parseDate(fields['expirationdate'] ?? '')
  return cancelled === undefined && (expires === undefined || expires >= today)
}

const shares = { uninsured: 0.125, secondary: 0.12, sharedPolicy: 0.5 } as const
const seniorDays = 65 * 365

/** What a seeded patient was insured with when the practice was made; children are on their parent's policy. */
function seededInsurances(person: SeededPerson): Insurance[] {
  const { from, household, isMinor, id } = person
  const random = new SeededRandom(from.seed ^ 0x5eed_0004, id)
  if (random.chance(shares.uninsured)) return []
  const isPartner = id === household.first + 1 && /couple|family|twins/.test(household.kind)
  const head = isMinor || (isPartner && random.chance(shares.sharedPolicy)) ? headOf(person) : person
  const isSenior = from.openedDay - person.identity.birthDay > seniorDays
  const own = new SeededRandom(from.seed ^ 0x5eed_0016, head.id)
  const commercial = insurancePackages.filter(({ type }) => type === 'Commercial')
  const medicare = insurancePackages.filter(({ type }) => type.startsWith('Medicare'))
  const primary = isSenior ? own.pick(medicare) : own.pick(commercial)
  const number = memberNumber(own)
  const insurances = [
    seededPolicy({ person, holder: isSenior ? person : head }, { plan: primary, number, sequence: 1 }),
  ]
  if (isSenior && random.chance(shares.secondary)) {
    const second = { plan: random.pick(commercial), number: memberNumber(random), sequence: 2 }
    insurances.push(seededPolicy({ person, holder: person }, second))
  }
  return insurances
}

const memberNumber = (random: SeededRandom): string => `SIM${String(random.below(10_000_000)).padStart(7, '0')}`

interface SeededPolicy {
  readonly plan: InsurancePackage
  readonly number: string
  readonly sequence: number
}

function seededPolicy(who: { person: SeededPerson; holder: SeededPerson }, policy: SeededPolicy): Insurance {
  const { person, holder } = who
  const { from, department } = person
  const random = new SeededRandom(from.seed ^ 0x5eed_0017, person.id)
  return {
    id: String(person.id * 10 + policy.sequence),
    packageId: policy.plan.id,
    sequence: policy.sequence,
    cancelled: undefined,
    fields: {
      insuranceidnumber: policy.number,
      insurancepolicyholderfirstname: holder.givenName.toUpperCase(),
      insurancepolicyholderlastname: holder.surname.toUpperCase(),
      insurancepolicyholderdob: dateText(holder.identity.birthDay),
      insurancepolicyholdersex: holder.identity.female ? 'F' : 'M',
      insurancepolicyholderssn: socialSecurityNumberOf(holder),
      insurancepolicyholderaddress1: homeOf(holder).address1.toUpperCase(),
      insurancepolicyholdercity: department.city,
      insurancepolicyholderstate: department.state,
      insurancepolicyholderzip: department.zip,
      relationshiptoinsuredid: holder === person ? '1' : person.isMinor ? '3' : '2',
      eligibilitylastchecked: dateText(from.openedDay - random.between(1, 60)),
      // Recorded beside each other: one found eligible, with a message, and one not verified, without.
      ...(random.chance(0.7) && { eligibilitystatus: 'Eligible', eligibilitymessage: 'Coverage is active.' }),
    },
  }
}

/** Ids of athenahealth's relationship mapping, as far as recordings and documentation name them. */
const relationships: Readonly<Record<string, string>> = { 1: 'Self', 2: 'Spouse', 3: 'Child', 4: 'Other', 12: 'Other' }

/** Fields that are shown under their own name as they were written. */
function textsOf(fields: Insurance['fields']): WireRecord {
  const elsewhere = new Set([
    'insuredentitytypeid',
    'relationshiptoinsuredid',
    'insurancephone',
    'insurancepolicyholderssn',
  ])
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !elsewhere.has(name)))
}

/** An insurance in its recorded wire shape (typed era); the holder's social security number masked unless asked for. */
export function insuranceRecord(insurance: Insurance, showFullSsn = false): WireRecord {
  const { fields, packageId, sequence } = insurance
  const plan = insurancePackage(packageId)
  const { insurancephone, insurancepolicyholderssn } = fields
  const texts = textsOf(fields)
  return {
    ...(plan === undefined ? { insuranceplanname: pseudoPackages.get(packageId) ?? '' } : planFields(plan)),
    ...texts,
    ...(insurancephone !== undefined && { insurancephone }),
    insuranceid: insurance.id,
    insurancepackageid: packageId,
    sequencenumber: sequence,
    ...(plan !== undefined && holderFields(insurance)),
    ...(insurancepolicyholderssn !== undefined && {
      insurancepolicyholderssn: showFullSsn ? insurancepolicyholderssn : `*****${insurancepolicyholderssn.slice(-4)}`,
    }),
    ...(insurance.cancelled !== undefined && { cancelled: insurance.cancelled }),
  }
}

function planFields(plan: InsurancePackage): WireRecord {
  return {
    insuranceplanname: plan.name,
    insuranceplandisplayname: plan.displayName,
    insurancetype: plan.type,
    ircid: plan.ircId,
    ircname: plan.ircName,
    insurancephone: plan.phone,
    insurancepackageaddress1: plan.address,
    insurancepackagecity: plan.city,
    insurancepackagestate: plan.state,
    insurancepackagezip: plan.zip,
    eligibilitystatus: 'Unverified',
    eligibilityreason: 'Athena',
  }
}

function holderFields({ fields }: Insurance): WireRecord {
  const country = fields['insurancepolicyholdercountryiso3166'] ?? 'US'
  const relationship = fields['relationshiptoinsuredid'] ?? '1'
  const name = `${fields['insurancepolicyholderfirstname'] ?? ''} ${fields['insurancepolicyholderlastname'] ?? ''}`
  return {
    insurancepolicyholder: fields['insurancepolicyholder'] ?? name.trim(),
    insurancepolicyholdercountrycode: fields['insurancepolicyholdercountrycode'] ?? 'USA',
    insurancepolicyholdercountryiso3166: country,
    insuredentitytypeid: Number(fields['insuredentitytypeid'] ?? 1),
    relationshiptoinsuredid: Number(relationship),
    relationshiptoinsured: relationships[relationship] ?? '',
  }
}

/** Older names under which a patient's record repeats what it shows of an insurance (recorded). */
const olderNames = [
  ['id', 'insuranceid'],
  ['insuredfirstname', 'insurancepolicyholderfirstname'],
  ['insuredlastname', 'insurancepolicyholderlastname'],
  ['insureddob', 'insurancepolicyholderdob'],
  ['insuredsex', 'insurancepolicyholdersex'],
  ['insuredssn', 'insurancepolicyholderssn'],
  ['insuredaddress', 'insurancepolicyholderaddress1'],
  ['insuredcity', 'insurancepolicyholdercity'],
  ['insuredstate', 'insurancepolicyholderstate'],
  ['insuredzip', 'insurancepolicyholderzip'],
  ['insuredcountrycode', 'insurancepolicyholdercountrycode'],
  ['insuredcountryiso3166', 'insurancepolicyholdercountryiso3166'],
] as const

/** The insurances in force as `showinsurance` lists them within a patient's record. */
export function shownInsurances(
  state: PracticeState,
  patient: number,
  options: { today: number; fullSsn: boolean },
): WireRecord[] {
  const inForce = insurancesOf(state, patient).filter((insurance) => isInForce(insurance, options.today))
  return inForce
    .toSorted((a, b) => a.sequence - b.sequence)
    .map((insurance) => {
      const record = insuranceRecord(insurance, options.fullSsn)
      for (const [older, name] of olderNames) if (record[name] !== undefined) record[older] = record[name]
      return record
    })
}
