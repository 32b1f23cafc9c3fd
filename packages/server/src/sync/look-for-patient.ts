import type { Tx } from '../db/db.ts'
import { openIfPossible } from '../records/open-record.ts'
import { heldRecord } from '../records/patient-records.sql.ts'
import { idOf } from '../records/record-id.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { isWholeKey, patientOfWhole, recordKey, wishFor } from '../records/record-name.ts'
import { type HeldRow, survivorsOf } from '../records/records.sql.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { FeedKey } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import { noteWishes } from './note-wishes.ts'
import { isWished } from './refetch.sql.ts'
import type { SyncDeps } from './sync-deps.ts'

/**
 * Whether athenahealth shows a patient: `unsure` where it does not answer like one who is there, and we do not hold the patient
 * as withheld yet; `failing` where it does not answer, as in an outage.
 */
export type PatientSight = 'shown' | 'hidden' | 'unsure' | 'failing'

/** `another`: who answers is another patient, the survivor of a merge that we do not know of; `more`: who is asked for is one. */
type Ask = (patientId: string) => Promise<'found' | 'more' | 'another' | 'missing' | 'refused' | 'failing'>

interface Question {
  /** Of the record. */
  readonly key: string
  readonly patientId?: string
  readonly ask: Ask
  /** Whether athenahealth finds any patient by id just now. */
  readonly findsAny: () => Promise<boolean>
}

/**
 * Whether athenahealth shows the patient that a record is about, so that what is missing can be gone; `shown` of a record that is
 * about nobody. Asks for the patient by id unless we know. One who is not found is wished for: the patients' own feed looks twice. Of
 * one whom we do not hold nobody looks again: not finding that one counts only while others are found.
 */
export async function lookForPatient(
  deps: SyncDeps,
  of: FeedKey,
  { key, patientId, ask, findsAny }: Question,
): Promise<PatientSight> {
  const patient = await deps.db.practice(of.practice, async (tx) => {
    const keys = await deps.sealing.practice(tx, of.practice)
    return patientOf(tx, keys, { ...of, key, patientId })
  })
  // Of a deleted patient athenahealth has said so itself.
  if (!patient || patient.state === 'deleted') return 'shown'
  if (patient.state === 'withheld') return 'hidden'
  // Of one whom we do not hold the wish may know the id.
  const id = patient.id ?? idOf(patientId)
  if (id === undefined) return 'unsure'
  const answer = await ask(id)
  if (answer === 'found') return 'shown'
  if (answer === 'missing' && patient.state === undefined) return (await findsAny()) ? 'hidden' : 'unsure'
  if (answer === 'failing') return 'failing'
  if (answer !== 'refused') await wishForPatient(deps, of.practice, id)
  return 'unsure'
}

/**
 * Of a patient who counts as merged and is named as whose a record is: whether the merge may be undone, so that nothing follows from
 * what the survivor lacks. Undefined where who is asked for by that id is nobody, or another one, and nobody waits to ask again.
 */
export async function lookForFormer(
  deps: SyncDeps,
  practice: number,
  { former, ask }: Pick<Question, 'ask'> & { readonly former: string | undefined },
): Promise<'unsure' | 'failing' | undefined> {
  if (former === undefined) return undefined
  const answer = await ask(former)
  if (answer === 'failing') return answer
  if (answer === 'found' || answer === 'more') await wishForPatient(deps, practice, former)
  return answer === 'refused' || (await isPatientWished(deps, practice, former)) ? 'unsure' : undefined
}

interface PatientOf {
  /** Undefined of one whom we do not hold. */
  readonly state: HeldRow['state'] | undefined
  /** Undefined where it cannot be opened. */
  readonly id: string | undefined
}

/** Whose a record is now, or all of a patient, or of whom one that is not held is asked for; undefined of what is about nobody. */
async function patientOf(
  tx: Tx,
  keys: PracticeKeys,
  { practice, feed, key, patientId }: FeedKey & { key: string; patientId: string | undefined },
): Promise<PatientOf | undefined> {
  const { kind, isPatient, patientField } = recordKinds[kindOfFeed(feed)]
  if (isPatient || patientField === undefined) return undefined
  const record = isWholeKey(key) ? undefined : await heldRecord(tx, { practice, kind }, key)
  const named = record ? record.patient : wishedOf(keys, { key, patientId })
  if (!named) return undefined
  const current = (await survivorsOf(tx, practice, [named])).get(named) ?? named
  const row = await heldRecord(tx, { practice, kind: 'patient' }, current)
  await keys.loadPatients(tx, [named, current] as Pseudonym[]) // stored from pseudonyms
  if (row)
    return { state: row.state, id: idOf(openIfPossible(keys, 'patient', { ...row, patient: current })?.patientid) }
  const body = record && openIfPossible(keys, kind, { ...record, patient: named })
  return { state: undefined, id: idOf(body?.[patientField]) }
}

/** Whom a wish is about. */
function wishedOf(keys: PracticeKeys, { key, patientId }: { key: string; patientId: string | undefined }) {
  if (isWholeKey(key)) return patientOfWhole(key)
  const id = idOf(patientId)
  return id === undefined ? undefined : keys.pseudonym('patient', id)
}

/** Unless that is done already: a wish that is noted again begins anew. */
function wishForPatient({ db, sealing }: SyncDeps, practice: number, id: string): Promise<void> {
  return db.practice(practice, async (tx) => {
    const keys = await sealing.practice(tx, practice)
    const wish = wishFor(recordKinds.patient, keys, { id })
    if (wish && !(await isWished(tx, { practice, feed: 'patients' }, wish.key)))
      await noteWishes(tx, keys, { practice, wishes: [wish] })
  })
}

function isPatientWished({ db, sealing }: SyncDeps, practice: number, id: string): Promise<boolean> {
  return db.practice(practice, async (tx) => {
    const keys = await sealing.practice(tx, practice)
    return isWished(tx, { practice, feed: 'patients' }, recordKey(recordKinds.patient, keys, { id }))
  })
}
