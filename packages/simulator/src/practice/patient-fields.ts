/** Reads the fields a caller sends for a patient: whether they can be taken, and how they are kept. */
import { dateText, parseDate } from './calendar-date.ts'
import { digitsOf } from './find-patients.ts'
import { longestDefault, patientWriteFields, type PatientField, type PatientFieldKind } from './patient-write-fields.ts'
import { eastern, wallTime } from './zone-time.ts'

/** What is wrong with one field: a value of the wrong kind, or outside its closed list. */
export interface FieldProblem {
  readonly kind: 'integer' | 'number' | 'boolean' | 'date' | 'enum'
  readonly name: string
  readonly value: string
}

export interface CheckedFields {
  /** Values as they are kept; an empty one takes the field away. */
  readonly fields: Readonly<Record<string, string>>
  /** Names of fields whose text is too long or of the wrong form. */
  readonly invalid: readonly string[]
  /** In the order of the fields sent. */
  readonly problems: readonly FieldProblem[]
  /** The date of birth was sent and is none, or lies in the future. */
  readonly improperBirthDate: boolean
}

interface Checking {
  readonly fields: Record<string, string>
  readonly invalid: string[]
  readonly problems: FieldProblem[]
  improperBirthDate: boolean
  /** Day number. */
  readonly today: number
}

interface Sent {
  readonly name: string
  readonly value: string
  readonly field: PatientField
}

/**
 * Checks and normalizes the fields a caller sends, by name in lower case; lists are joined by tabs. Unknown and empty
 * ones are not looked at, telephone numbers that are none are dropped (documented: they "will be ignored").
 */
export function checkPatientFields(sent: Iterable<readonly [name: string, value: string]>, now: number): CheckedFields {
  const today = wallTime(eastern, now).day
  const checking: Checking = { fields: {}, invalid: [], problems: [], improperBirthDate: false, today }
  for (const [name, text] of sent) {
    const value = text.trim()
    const field = patientWriteFields[name]
    if (value !== '' && field !== undefined) checks[field.kind](checking, { name, value, field })
  }
  addConsequences(checking.fields)
  return checking
}

type Check = (checking: Checking, sent: Sent) => void

const checks: Readonly<Record<PatientFieldKind, Check>> = {
  text: checkText,
  email: checkText,
  ssn: checkText,
  country: checkText,
  phone({ fields }, { name, value }) {
    if (isDeclined(value) && name === 'mobilephone') fields['hasmobileyn'] = 'false'
    else if (isTelephone(value)) fields[name] = digitsOf(value)
  },
  flag({ fields, problems }, { name, value }) {
    if (/^(true|t|yes|y|1|false|f|no|n|0)$/i.test(value)) fields[name] = String(/^(true|t|yes|y|1)$/i.test(value))
    else problems.push({ kind: 'boolean', name, value })
  },
  date({ fields, problems, today }, { name, value, field }) {
    const day = parseDate(value)
    if (day === undefined || (field.mayBeToCome !== true && day > today)) problems.push({ kind: 'date', name, value })
    else fields[name] = dateText(day)
  },
  birthdate(checking, { name, value }) {
    const day = parseDate(value)
    if (day === undefined || day > checking.today) checking.improperBirthDate = true
    else checking.fields[name] = dateText(day)
  },
  integer({ fields, problems }, { name, value }) {
    if (/^[+-]?\d{1,15}$/.test(value)) fields[name] = String(Number(value))
    else problems.push({ kind: 'integer', name, value })
  },
  number({ fields, problems }, { name, value }) {
    if (/^-?(\d{1,12}(\.\d*)?|\.\d+)$/.test(value)) fields[name] = String(Number(value))
    else problems.push({ kind: 'number', name, value })
  },
  choice({ fields, problems }, { name, value, field }) {
    const chosen = choiceOf(name, value, field.values ?? [])
    if (chosen === undefined) problems.push({ kind: 'enum', name, value })
    else fields[name] = chosen
  },
  codes({ fields, invalid }, { name, value }) {
    const codes = value.split(/[\t,]/).flatMap((code) => code.trim() || [])
    if (codes.some((code) => code.length > longestDefault)) invalid.push(name)
    else fields[name] = codes.join('\t')
  },
}

/** One of the values in any case; a status also by its first letter (athenahealth's list of values names those). */
function choiceOf(name: string, value: string, values: readonly string[]): string | undefined {
  const wanted = value.toLowerCase()
  return values.find((known) => known.toLowerCase() === wanted || (name === 'status' && known.charAt(0) === wanted))
}

/** As answers mask a number: athenahealth's published samples write it back, and it tells nothing new (inferred: ignored). */
const maskedNumber = /^\*{5}\d{4}$/

function checkText({ fields, invalid }: Checking, { name, value, field }: Sent): void {
  if (field.kind === 'ssn' && maskedNumber.test(value)) return
  if (name === 'email' && isDeclined(value)) fields[name] = ''
  else if (value.length > (field.max ?? longestDefault) || !hasForm(field.kind, value)) invalid.push(name)
  else if (field.kind === 'ssn') fields[name] = digitsOf(value)
  else fields[name] = field.upperCase === true || field.kind === 'country' ? value.toUpperCase() : value
}

function hasForm(kind: PatientFieldKind, value: string): boolean {
  if (kind === 'email') return /^[^\s@]+@[^\s@]+$/.test(value)
  if (kind === 'country') return /^[a-z]{2}$/i.test(value)
  return kind !== 'ssn' || digitsOf(value).length === 9
}

const isDeclined = (value: string): boolean => value.toLowerCase() === 'declined'

/** Ten digits that the North American Numbering Plan has: neither area nor exchange begins with 0 or 1. */
export function isTelephone(value: string): boolean {
  return /^[2-9]\d{2}[2-9]\d{6}$/.test(digitsOf(value))
}

const guarantorAddress = ['guarantoraddress1', 'guarantoraddress2', 'guarantorcity', 'guarantorstate', 'guarantorzip']

/** What one field says about another. */
function addConsequences(fields: Record<string, string>): void {
  // "declined" is documented to do what `hasmobileyn=false` does; a number given later takes it back (inferred).
  if (fields['mobilephone'] !== undefined) fields['hasmobileyn'] = 'true'
  else if (fields['hasmobileyn'] === 'false') fields['mobilephone'] = ''
  // An address of the guarantor's own ends that it is the patient's (inferred).
  if (guarantorAddress.some((name) => fields[name] !== undefined)) fields['guarantoraddresssameaspatient'] ??= 'false'
  // The first of several ethnicities is the primary one (documented).
  const [primary] = fields['ethnicitycodes']?.split('\t') ?? []
  if (primary !== undefined) fields['ethnicitycode'] ??= primary
}
