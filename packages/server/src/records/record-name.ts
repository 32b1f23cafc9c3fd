import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { idOf } from './record-id.ts'
import type { Kind, RecordKind } from './record-kind.ts'
import { recordKinds } from './record-kinds.ts'
import type { WireRecord } from './wire-record.ts'

/** What athenahealth calls a record: its id, and the id of the patient it is about where it names one. */
export interface RecordName {
  readonly id: string
  readonly patientId?: string
}

/** The name of a record; undefined where it has no usable id. */
export function nameOf(kind: RecordKind, record: WireRecord): RecordName | undefined {
  const id = idOf(record[kind.idField])
  if (id === undefined) return undefined
  const patientId = kind.isPatient ? id : kind.patientField === undefined ? undefined : idOf(record[kind.patientField])
  return patientId === undefined ? { id } : { id, patientId }
}

/** The key a record is held under: its id, or the practice's pseudonym of it. */
export function recordKey(kind: RecordKind, keys: PracticeKeys, { id, patientId = '' }: RecordName): string {
  if (kind.keyedBy === 'id') return id
  return keys.pseudonym(kind.kind, kind.keyedBy === 'pseudonym' ? id : `${patientId}/${id}`)
}

/** A record, or all of a kind that a patient has, to be asked for. */
export interface Wish {
  readonly kind: Kind
  /** The record's key; for all of a patient `patient:` and the patient's pseudonym. */
  readonly key: string
  /** What to ask with: `id`, `patient/id`, or `patient/` for all of the patient. To be sealed. */
  readonly asks: string
  /** Asked for as it is held: a wish that is there already asks with what athenahealth told since, and goes on to. */
  readonly isAsHeld?: boolean
}

/** The wish for a record; undefined where it cannot be asked for, because its patient is not known. */
export function wishFor(kind: RecordKind, keys: PracticeKeys, name: RecordName): Wish | undefined {
  const { id, patientId } = name
  if (kind.asked === 'by-id') return { kind: kind.kind, key: recordKey(kind, keys, name), asks: id }
  if (patientId === undefined) return undefined
  if (kind.asked === 'with-patient') return wishForAll(kind.kind, keys, patientId)
  return { kind: kind.kind, key: recordKey(kind, keys, name), asks: `${patientId}/${id}` }
}

/** The wish for all records of a kind that a patient has. */
export function wishForAll(kind: Kind, keys: PracticeKeys, patientId: string): Wish {
  return { kind, key: wholeKey(keys.pseudonym('patient', patientId)), asks: `${patientId}/` }
}

const wholePrefix = 'patient:'

/** The key of the wish for all that a patient has. */
export function wholeKey(patient: Pseudonym): string {
  return `${wholePrefix}${patient}`
}

/** The patient that a wish for all is about. */
export function patientOfWhole(key: string): Pseudonym {
  return key.slice(wholePrefix.length) as Pseudonym // put there by wholeKey
}

/** Whether a wish is for all of a patient. */
export function isWholeKey(key: string): boolean {
  return key.startsWith(wholePrefix)
}

/** The wish for a record that is held, by what it said of itself. */
export function wishForHeld(kind: Kind, keys: PracticeKeys, body: WireRecord): Wish | undefined {
  const name = nameOf(recordKinds[kind], body)
  const wish = name && wishFor(recordKinds[kind], keys, name)
  return wish && { ...wish, isAsHeld: true }
}
