/**
 * How well known patients match a person described. athenahealth documents three points of its scale: an exact name and
 * date of birth score 23, 26 or more match by themselves, 16 and more are worth showing. The weights between are ours.
 */
import { digitsOf, namesEqual } from './find-patients.ts'
import type { WireRecord } from './blank-patient.ts'
import { patientRecord } from './patient-record.ts'
import type { NameTable, PatientFields } from './patient-table.ts'
import { nameForms } from './person-names.ts'
import type { Sight } from './practice.ts'
import type { PracticeState } from './practice-state.ts'
import { seesPatient } from './restricted-patients.ts'

/** From this score on a patient is taken to be the person (documented). */
export const automatchScore = 26
/** An exact name and date of birth (documented). */
export const exactNameScore = 23
/** Least score of `returnbestmatches`, and how many it answers (documented). */
export const bestMatchesScore = 16
export const bestMatchesMost = 5

const weights = {
  lastname: 7,
  lastnameSound: 5,
  firstname: 6,
  firstnameSound: 4,
  /** One name begins with the other or is its nickname, or it is the preferred name. */
  firstnameShort: 4,
  birthDay: 10,
  ssn: 8,
  email: 4,
  phone: 3,
  zip: 3,
  guarantoremail: 3,
  guarantorphone: 3,
  suffix: 1,
} as const

/** Short forms count from this length on. */
const shortNameMin = 3

export interface PersonDescription {
  readonly firstname: string
  readonly lastname: string
  /** Day number. */
  readonly birthDay: number
  /** Further fields by wire name: ssn, email, phones, zip, guarantoremail, guarantorphone, preferredname, suffix. */
  readonly fields: PatientFields
  /** Names that sound alike (Soundex) count too. */
  readonly useSoundex?: boolean
}

export interface PatientMatch {
  readonly id: number
  readonly score: number
}

export interface MatchOptions {
  readonly least: number
  /** Patients with restricted records whom the caller may not know of match nobody. */
  readonly sight: Sight
}

/** Live patients that score at least `least`, best first, then by id. */
export function matchPatients(state: PracticeState, person: PersonDescription, options: MatchOptions): PatientMatch[] {
  const { patients } = state
  const surnameScores = nameScores(patients.surnames, person, 'lastname')
  const givenNameScores = nameScores(patients.givenNames, person, 'firstname')
  const scoresOf = (id: number): ScoredColumns => ({
    person,
    lastname: surnameScores[patients.surname.get(id)] ?? 0,
    firstname: givenNameScores[patients.givenName.get(id)] ?? 0,
    birthDay: patients.birthDay.get(id) === person.birthDay ? weights.birthDay : 0,
  })
  // A first name alone says nothing, and without two of the three no one is worth a closer look.
  const candidates = patients.live.filter((id) => {
    const hasLastname = (surnameScores[patients.surname.get(id)] ?? 0) > 0
    const hasBirthDay = patients.birthDay.get(id) === person.birthDay
    if (!hasLastname && !hasBirthDay) return false
    return (hasLastname && hasBirthDay) || (givenNameScores[patients.givenName.get(id)] ?? 0) > 0
  })
  const matches: PatientMatch[] = []
  for (const id of candidates) {
    if (!seesPatient(patients, id, options.sight)) continue
    const score = scorePatient(state, id, scoresOf(id))
    if (score >= options.least) matches.push({ id, score })
  }
  return matches.sort((a, b) => b.score - a.score || a.id - b.id)
}

interface ScoredColumns {
  readonly person: PersonDescription
  readonly lastname: number
  readonly firstname: number
  readonly birthDay: number
}

function scorePatient(state: PracticeState, id: number, columns: ScoredColumns): number {
  const record = patientRecord(state, id, { fullSsn: true })
  const { person } = columns
  let score = columns.lastname + columns.birthDay + Math.max(columns.firstname, preferredScore(record, person))
  for (const name of ['ssn', 'email', 'zip', 'guarantoremail', 'guarantorphone', 'suffix'] as const) {
    if (isSame(name, person.fields[name], record[name])) score += weights[name]
  }
  return score + (samePhone(record, person.fields) ? weights.phone : 0)
}

function preferredScore(record: WireRecord, person: PersonDescription): number {
  const preferred = record['preferredname']
  if (typeof preferred !== 'string') return 0
  const names = [person.firstname, person.fields['preferredname']]
  return names.some((name) => name?.toLowerCase() === preferred.toLowerCase()) ? weights.firstnameShort : 0
}

const phoneFields = ['homephone', 'mobilephone', 'workphone'] as const

/** Any of the person's numbers is any of the patient's: which one is called mobile differs from form to form. */
function samePhone(record: WireRecord, fields: PatientFields): boolean {
  const theirs = new Set(phoneFields.map((name) => record[name]))
  return phoneFields.some((name) => {
    const number = fields[name]
    return number !== undefined && theirs.has(digitsOf(number))
  })
}

function isSame(name: string, wanted: string | undefined, value: unknown): boolean {
  if (wanted === undefined || typeof value !== 'string' || value === '') return false
  if (name === 'zip') return wanted.slice(0, 5) === value.slice(0, 5)
  if (name === 'ssn' || name === 'guarantorphone') return digitsOf(wanted) === value
  return wanted.trim().toLowerCase() === value.toLowerCase()
}

/** Scores of all names of the practice that count as the person's, by number. */
function nameScores(table: NameTable, person: PersonDescription, field: 'firstname' | 'lastname'): Uint8Array {
  const scores = new Uint8Array(table.texts.length)
  const wanted = person[field].trim().toLowerCase()
  const isFirst = field === 'firstname'
  const sound = person.useSoundex === true ? soundex(wanted) : undefined
  const isShortForm = isFirst ? shortFormOf(wanted) : undefined
  for (const [number, text] of table.texts.entries()) {
    const name = text.toLowerCase()
    if (isShortForm?.(name) === true) scores[number] = weights.firstnameShort
    else if (sound !== undefined && soundex(name) === sound) {
      scores[number] = isFirst ? weights.firstnameSound : weights.lastnameSound
    }
  }
  for (const number of namesEqual(table, wanted)) scores[number] = isFirst ? weights.firstname : weights.lastname
  return scores
}

/** Whether one of two first names is short for the other, by a list or by its beginning. */
function shortFormOf(wanted: string): (name: string) => boolean {
  const forms = nameForms(wanted)
  return (name) => {
    if (forms?.has(name) === true) return true
    const isLong = Math.min(name.length, wanted.length) >= shortNameMin
    return isLong && (name.startsWith(wanted) || wanted.startsWith(name))
  }
}

const soundexGroups = ['', 'bfpv', 'cgjkqsxz', 'dt', 'l', 'mn', 'r'] as const

function soundexDigit(letter: string): number {
  return soundexGroups.findIndex((group, index) => index > 0 && group.includes(letter))
}

/** American Soundex: the first letter and three digits; letters alike in sound share a digit, h and w do not part them. */
export function soundex(name: string): string {
  const letters = name.toLowerCase().replace(/[^a-z]/g, '')
  let code = letters.charAt(0).toUpperCase()
  let previous = soundexDigit(letters.charAt(0))
  for (const letter of letters.slice(1)) {
    const digit = soundexDigit(letter)
    if (digit > 0 && digit !== previous) code += digit
    if (letter !== 'h' && letter !== 'w') previous = digit
    if (code.length === 4) break
  }
  return code.padEnd(4, '0')
}
