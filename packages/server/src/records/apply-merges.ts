import type { Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { ApplyInput } from './apply-records.ts'
import { currentPatient } from './current-patient.ts'
import type { Verdict } from './judge-version.ts'
import { openIfPossible, sealRecord } from './open-record.ts'
import { survivorKey } from './patient-records.sql.ts'
import { previousPatientIds } from './record-id.ts'
import { recordKinds } from './record-kinds.ts'
import { type RecordName, recordKey, type Wish, wishFor } from './record-name.ts'
import * as table from './records.sql.ts'
import { wishesForPatient, wishesOfPatient } from './wishes-of-patient.ts'
import type { WireRecord } from './wire-record.ts'

/** What a merge, or its undoing, leaves to be asked for. */
export interface Merged {
  readonly changes: readonly table.ChangeRow[]
  readonly wishes: readonly Wish[]
  /** Ids of patients to whom records came. */
  readonly gained: readonly string[]
  /** Keys of the patients that were merged, also of those that were known to be. */
  readonly former: readonly string[]
}

/**
 * Patients that are themselves again, be it to be deleted: each change names whom the patient had been merged into, and what had
 * passed to the survivor is named, since it may be the restored patient's again. Of `aliased` we held no row: they are new here.
 * One who is deleted may be so as a merged patient: the survivor is asked for, and merges that one again if the merge still stands.
 */
export async function undoMerges(
  tx: Tx,
  { input, keys, aliased }: Merging & { readonly aliased: ReadonlySet<string> },
  changes: table.ChangeRow[],
): Promise<Wish[]> {
  const isItselfAgain = ({ what, key }: table.ChangeRow) =>
    what === 'restored' || what === 'deleted' || (what === 'created' && aliased.has(key))
  const restored = changes.filter(isItselfAgain).map((change) => change.key)
  // Of several merges one after the other, what the first one moved lies with whom the last one left.
  const ends = await table.survivorsOf(tx, input.practice, restored)
  const survivors = await table.deleteAliases(tx, input, restored)
  const wishes: Wish[] = []
  for (const [index, change] of changes.entries()) {
    const survivor = isItselfAgain(change) ? survivors.get(change.key) : undefined
    if (survivor === undefined) continue
    changes[index] = { ...change, other_key: survivor }
    const end = ends.get(change.key) ?? survivor
    const children = await table.recordsOfPatient(tx, input.practice, end)
    wishes.push(...(await wishesOfPatient(tx, keys, { children, patient: end })))
    if (change.what === 'deleted')
      wishes.push(...(await wishesForPatient(tx, keys, { practice: input.practice, patient: end })))
  }
  return wishes
}

interface Merging {
  readonly input: ApplyInput
  readonly keys: PracticeKeys
}

interface Survivor {
  readonly name: RecordName
  readonly key: string
  readonly record: WireRecord
}

/**
 * What a page tells of merges: patients by their keys, in the order of what was told last; `isOld` of a body that was held before;
 * `isUnsure` of one that names fewer former ids than another one before it: changes come in no promised order.
 */
export type Told = Map<string, { readonly survivor: Survivor; readonly isOld: boolean; readonly isUnsure: boolean }>

/** Notes what a body says of merges, where it is what is held now: of several of one patient the last. */
export function noteTold(told: Told, survivor: Survivor, verdict: Verdict | 'same'): void {
  if (verdict !== 'apply' && verdict !== 'same') return
  const { key, record } = survivor
  const before = told.get(key)
  const named = new Set(previousPatientIds(record))
  if (!before && named.size === 0) return
  const isLess = before && previousPatientIds(before.survivor.record).some((id) => !named.has(id))
  const isOld = verdict === 'same' && (before?.isOld ?? true)
  told.delete(key)
  told.set(key, { survivor, isOld, isUnsure: isLess || (before?.isUnsure ?? false) })
}

/**
 * Takes note of the merges that patients tell of: an alias for each former id, and its records pass to the survivor, in
 * this transaction. They are named all the same: athenahealth's word for each is asked for. A body that was held before tells of
 * no merge that has been undone since: where one is not known its patient is asked for, and the answer tells of it. So it is where
 * bodies of one page differ in what they tell.
 */
export async function applyMerges(tx: Tx, merging: Merging, told: Told): Promise<Merged> {
  const changes: table.ChangeRow[] = []
  const wishes: Wish[] = []
  const gained: string[] = []
  const former: string[] = []
  const { input, keys } = merging
  for (const { survivor, isOld, isUnsure } of told.values()) {
    if (isUnsure) wishes.push(...wishesFor(keys, survivor.name))
    for (const previous of previousPatientIds(survivor.record)) {
      if (previous === survivor.name.id) continue
      const key = recordKey(recordKinds.patient, keys, { id: previous })
      if (isOld && input.source !== 'refetch' && (await survivorKey(tx, input, key)) !== survivor.key) {
        wishes.push(...wishesFor(keys, survivor.name))
        continue
      }
      former.push(key)
      const merged = await mergeInto(tx, merging, { key, survivor })
      changes.push(...merged.changes)
      wishes.push(...merged.wishes)
      if (merged.isNew) gained.push(survivor.name.id)
    }
  }
  return { changes, wishes, gained, former }
}

function wishesFor(keys: PracticeKeys, name: RecordName): Wish[] {
  const wish = wishFor(recordKinds.patient, keys, name)
  return wish ? [wish] : []
}

async function mergeInto(tx: Tx, { input, keys }: Merging, { key, survivor }: { key: string; survivor: Survivor }) {
  // The patient before its records, as `withdrawRecord` does: they cannot deadlock.
  const [before] = await table.lockHeldRecords(tx, input, [{ key, digest: null }])
  const children = await table.recordsOfPatient(tx, input.practice, key)
  const wishes = await wishesOfPatient(tx, keys, { children, patient: key })
  wishes.push(...(await wishesOfLeft(tx, { input, keys }, { key, survivor })))
  const isNewAlias = await table.writeAlias(tx, input, { key, survivor: survivor.key })
  if (children.length > 0)
    await repoint(tx, { input, keys }, { children, from: key, to: await endOf(tx, keys, { input, survivor }) })
  const to = { key, state: 'merged', fetchSeq: input.fetchSeq } as const
  const marked = before && (await table.markRecord(tx, input, to))
  const changes: table.ChangeRow[] = []
  if (marked) {
    const version = { fetch_seq: input.fetchSeq.toString(), last_modified_at: null }
    changes.push({ key, patient: marked.patient, what: 'merged', fields: [], other_key: survivor.key, ...version })
    await table.appendChanges(tx, input, changes)
    const counts = [
      [before.state, -1],
      ['merged', 1],
    ] as const
    await table.addToCounts(tx, input, new Map(counts))
  }
  return { changes, wishes, isNew: isNewAlias || changes.length > 0 }
}

/**
 * Of a patient whom we knew to be merged into another one, what is held of that one: nobody has told us that the merge was undone
 * before this one, and what had passed there may have gone on. Which of the two merges stands the order of pages does not tell: both
 * survivors are asked, and whoever still has the patient says so. Where the new one was asked, or has taken the other over too, it
 * is known.
 */
async function wishesOfLeft(
  tx: Tx,
  { input: { practice, source }, keys }: Merging,
  { key, survivor: { key: survivor, name, record } }: { key: string; survivor: Survivor },
): Promise<Wish[]> {
  const left = (await table.survivorsOf(tx, practice, [key])).get(key)
  if (left === undefined || left === survivor) return []
  const wishes = await wishesOfPatient(tx, keys, {
    children: await table.recordsOfPatient(tx, practice, left),
    patient: left,
  })
  const isTaken = previousPatientIds(record).some((id) => recordKey(recordKinds.patient, keys, { id }) === left)
  if (source === 'refetch' || isTaken) return wishes
  return [...wishes, ...wishesFor(keys, name), ...(await wishesForPatient(tx, keys, { practice, patient: left }))]
}

/** A survivor that has been merged itself, as the same page may have told, lives on as another one. */
async function endOf(
  tx: Tx,
  keys: PracticeKeys,
  { input: { practice }, survivor: { name, key } }: { input: ApplyInput; survivor: Survivor },
): Promise<{ id: string; key: string }> {
  if (!(await table.survivorsOf(tx, practice, [key])).has(key)) return { id: name.id, key }
  const { id } = await currentPatient(tx, keys, { practice, patientId: name.id })
  if (id === undefined) throw new AegisError('sealing.unreadable', { kind: 'patient' })
  return { id, key: keys.pseudonym('patient', id) }
}

/** Gives records to the survivor: they are sealed under its key and name it, and a change of each says so. */
async function repoint(
  tx: Tx,
  { input, keys }: Merging,
  { children, from, to }: { children: readonly table.ChildRow[]; from: string; to: { id: string; key: string } },
): Promise<void> {
  await keys.loadPatients(tx, [from as Pseudonym]) // made by recordKey
  const rows = children.flatMap(({ kind, key, sealed }) => {
    const body = openIfPossible(keys, kind, { key, patient: from, sealed })
    const { patientField } = recordKinds[kind]
    // One that cannot be opened is asked for by id like the others, and written anew with what comes.
    if (!body || patientField === undefined) return []
    // Its key would be another one: the survivor's chart shows it there, and the losing one's shows it no more.
    if (recordKinds[kind].keyedBy === 'patient-and-id') return []
    const passed = { key, patient: to.key, text: JSON.stringify({ ...body, [patientField]: to.id }) }
    return [{ kind, key, patientField, sealed: sealRecord(keys, kind, passed).toString('base64') }]
  })
  await table.repointRecords(tx, input.practice, { rows, to: to.key })
  for (const { kind, key, patientField } of rows) {
    const change = { key, patient: to.key, what: 'updated', fields: [patientField], other_key: from } as const
    const of = { practice: input.practice, kind, source: input.source }
    await table.appendChanges(tx, of, [{ ...change, fetch_seq: input.fetchSeq.toString(), last_modified_at: null }])
  }
}

/** Of kinds that are never merged. */
export const nothingMerged: Merged = { changes: [], wishes: [], gained: [], former: [] }
