import type { Tx } from '../db/db.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import { unheldFormersOf } from './formers.sql.ts'
import { awaitRecords } from './merge-turns.sql.ts'
import { heldRecord, survivorKey } from './patient-records.sql.ts'
import { previousPatientIds } from './record-id.ts'
import { recordKinds } from './record-kinds.ts'
import { nameOf, type RecordName, recordKey, type Wish, wishFor } from './record-name.ts'
import { deleteAliases, recordsOfPatient, survivorsOf } from './records.sql.ts'
import { wishesOfPatient } from './wishes-of-patient.ts'
import { isRecord, type WireRecord } from './wire-record.ts'

interface Answer {
  readonly practice: number
  /** Of the read by id by which the survivor names these no more. */
  readonly fetchSeq: bigint
}

/**
 * Ends the merges of patients whom we do not hold, and so cannot ask for, where their survivor was asked for by id and does not name
 * them any more. To be called before anything of the page is locked. Returns what is to be asked for.
 */
export async function endUnheldMerges(
  tx: Tx,
  keys: PracticeKeys,
  { records, ...answer }: Answer & { records: readonly WireRecord[] },
): Promise<Wish[]> {
  const wishes: Wish[] = []
  for (const { former, survivor } of await unnamedOf(tx, keys, { ...answer, records }))
    wishes.push(...(await endMerge(tx, keys, { ...answer, former, survivor })))
  return wishes
}

/**
 * Patients of whom a feed tells, and who do not name a former one whom we do not hold any more: each is asked for, since changes come in
 * no promised order, and of a patient of a department that is not mirrored no feed tells.
 */
export async function wishesForLeft(
  tx: Tx,
  keys: PracticeKeys,
  page: { practice: number; records: readonly WireRecord[] },
): Promise<Wish[]> {
  const unnamed = await unnamedOf(tx, keys, page)
  return unnamed.flatMap(({ name }) => wishFor(recordKinds.patient, keys, name) ?? [])
}

/** Whom we do not hold and know to be merged into one of these patients who does not name them. */
async function unnamedOf(
  tx: Tx,
  keys: PracticeKeys,
  { practice, records }: { practice: number; records: readonly WireRecord[] },
): Promise<{ former: string; survivor: string; name: RecordName }[]> {
  const kind = recordKinds.patient
  const told = new Map<string, { name: RecordName; named: ReadonlySet<string> }>()
  for (const record of records) {
    const name = isRecord(record) ? nameOf(kind, record) : undefined
    if (!name) continue
    const named = new Set(previousPatientIds(record).map((id) => recordKey(kind, keys, { id })))
    told.set(recordKey(kind, keys, name), { name, named })
  }
  const rows = await unheldFormersOf(tx, practice, [...told.keys()])
  return rows.flatMap(({ key: former, survivor_key: survivor }) => {
    const { name, named } = told.get(survivor) ?? {}
    return name && !named?.has(former) ? [{ former, survivor, name }] : []
  })
}

/**
 * Ends a merge of which the survivor knows no more, unless we have heard of it since. What had passed there may be the former
 * patient's again: it is to be asked for.
 */
export async function endMerge(
  tx: Tx,
  keys: PracticeKeys,
  { practice, fetchSeq, former, survivor }: Answer & { former: string; survivor: string },
): Promise<Wish[]> {
  const of = { practice, kind: 'patient' } as const
  await awaitRecords(tx, practice, [{ key: former, survivor: null }])
  const held = await heldRecord(tx, of, survivor)
  if (!held || BigInt(held.fetch_seq) > fetchSeq || (await survivorKey(tx, of, former)) !== survivor) return []
  // Of several merges one after the other, what the first one moved lies with whom the last one left.
  const patient = (await survivorsOf(tx, practice, [former])).get(former) ?? survivor
  await deleteAliases(tx, of, [former])
  return wishesOfPatient(tx, keys, { children: await recordsOfPatient(tx, practice, patient), patient })
}
