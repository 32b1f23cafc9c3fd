/** Every field of a patient's insurance that a caller may write, and how its text is checked. */
import { dateText, parseDate } from './calendar-date.ts'
import { digitsOf } from './find-patients.ts'

type Kind = 'text' | 'date' | 'sex' | 'ssn' | 'integer' | 'flag'

const texts = (names: string): Readonly<Record<string, Kind>> =>
  Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, 'text' as const]),
  )

/** By request name. What only case policies have (accidents, workers' compensation) is kept and shown under its name. */
export const insuranceFields: Readonly<Record<string, Kind>> = {
  ...texts(`insuranceidnumber insurancephone policynumber insurancepolicyholder insurancepolicyholderfirstname
    insurancepolicyholdermiddlename insurancepolicyholderlastname insurancepolicyholdersuffix
    insurancepolicyholderaddress1 insurancepolicyholderaddress2 insurancepolicyholdercity insurancepolicyholderstate
    insurancepolicyholderzip insurancepolicyholdercountrycode insurancepolicyholdercountryiso3166`),
  insurancepolicyholderdob: 'date',
  insurancepolicyholdersex: 'sex',
  insurancepolicyholderssn: 'ssn',
  issuedate: 'date',
  expirationdate: 'date',
  insuredentitytypeid: 'integer',
  relationshiptoinsuredid: 'integer',
  ...texts(`adjusterfax adjusterfirstname adjusterlastname adjusterphone autoaccidentstate descriptionofinjury
    injuredbodypart insuranceclaimnumber repricername repricerphone stateofreportedinjury icd9codes icd10codes`),
  caseinjurydate: 'date',
  anotherpartyresponsible: 'flag',
  relatedtoemployment: 'flag',
  relatedtootheraccident: 'flag',
  // Spelt so in athenahealth's documentation.
  realtedtoautoaccident: 'flag',
}

const checks: Readonly<Record<Kind, (text: string) => string | undefined>> = {
  text: (text) => text,
  date: (text) => {
    const day = parseDate(text)
    return day === undefined ? undefined : dateText(day)
  },
  sex: (text) => (/^[fm]$/i.test(text) ? text.toUpperCase() : undefined),
  ssn: (text) => (digitsOf(text).length === 9 ? digitsOf(text) : undefined),
  integer: (text) => (/^\d{1,9}$/.test(text) ? String(Number(text)) : undefined),
  flag: (text) =>
    /^(true|t|yes|y|1|false|f|no|n|0)$/i.test(text) ? String(/^(true|t|yes|y|1)$/i.test(text)) : undefined,
}

/** A value as it is kept; undefined when the field does not take it. An empty one takes the field away. */
export function insuranceValue(name: string, text: string): string | undefined {
  const kind = insuranceFields[name]
  if (kind === undefined) return undefined
  return text === '' ? '' : checks[kind](text)
}
