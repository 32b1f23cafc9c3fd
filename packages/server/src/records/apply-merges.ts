import type { Tx } from '../db/db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { ApplyInput } from './apply-records.ts'
import { openRecord, sealRecord } from './open-record.ts'
import { previousPatientIds, recordKey } from './record-id.ts'
import type { Kind } from './record-kind.ts'
import { recordKinds } from './record-kinds.ts'
import * as table from './records.sql.ts'
import type { WireRecord } from './wire-record.ts'

/** A record that hangs on a patient. */
export interface Child {
  readonly kind: Kind
  readonly key: string
}

/**
 * Patients that are themselves again: each change names whom the patient had been merged into, and what had passed to the
 * survivor is named, since it may be the restored patient's again.
 */
export async function undoMerges(tx: Tx, input: ApplyInput, changes: table.ChangeRow[]): Promise<Child[]> {
  const restored = changes.filter((change) => change.what === 'restored').map((change) => change.key)
  const survivors = await table.deleteAliases(tx, input, restored)
  const others: Child[] = []
  for (const [index, change] of changes.entries()) {
    const survivor = change.what === 'restored' ? survivors.get(change.key) : undefined
    if (survivor === undefined) continue
    changes[index] = { ...change, other_key: survivor }
    for (const { kind, key } of await table.recordsOfPatient(tx, input.practice, survivor)) others.push({ kind, key })
  }
  return others
}

interface Merging {
  readonly input: ApplyInput
  readonly keys: PracticeKeys
}

interface Survivor {
  readonly id: string
  readonly key: string
  readonly record: WireRecord
}

/**
 * Takes note of the merges that patients tell of: an alias for each former id, and its records pass to the survivor, in
 * this transaction. They are named all the same: athenahealth's word for each is asked for.
 */
export async function applyMerges(tx: Tx, merging: Merging, survivors: readonly Survivor[]) {
  const changes: table.ChangeRow[] = []
  const others: Child[] = []
  for (const survivor of survivors) {
    for (const previous of previousPatientIds(survivor.record)) {
      if (previous === survivor.id) continue
      const key = recordKey(recordKinds.patient, merging.keys, previous)
      const merged = await mergeInto(tx, merging, { key, survivor })
      changes.push(...merged.changes)
      others.push(...merged.others)
    }
  }
  return { changes, others }
}

async function mergeInto(tx: Tx, { input, keys }: Merging, { key, survivor }: { key: string; survivor: Survivor }) {
  const children = await table.recordsOfPatient(tx, input.practice, key)
  const [before] = await table.lockHeldRecords(tx, input, [{ key, digest: null }])
  await table.writeAlias(tx, input, { key, survivor: survivor.key })
  await repoint(tx, { input, keys }, { children, from: key, survivor })
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
  return { changes, others: children.map(({ kind, key: child }) => ({ kind, key: child })) }
}

/** Gives records to the survivor: they are sealed under its key and name it, and a change of each says so. */
async function repoint(
  tx: Tx,
  { input, keys }: Merging,
  { children, from, survivor }: { children: readonly table.ChildRow[]; from: string; survivor: Survivor },
): Promise<void> {
  if (children.length === 0) return
  await keys.loadPatients(tx, [from as Pseudonym]) // made by recordKey
  const rows = children.flatMap(({ kind, key, sealed }) => {
    const body = bodyOf(keys, kind, { key, patient: from, sealed })
    const { patientField } = recordKinds[kind]
    // One that cannot be opened is asked for by id like the others, and written anew with what comes.
    if (!body || patientField === undefined) return []
    const passed = { key, patient: survivor.key, text: JSON.stringify({ ...body, [patientField]: survivor.id }) }
    return [{ kind, key, patientField, sealed: sealRecord(keys, kind, passed).toString('base64') }]
  })
  await table.repointRecords(tx, input.practice, { rows, to: survivor.key })
  for (const { kind, key, patientField } of rows) {
    const change = { key, patient: survivor.key, what: 'updated', fields: [patientField], other_key: from } as const
    const of = { practice: input.practice, kind, source: input.source }
    await table.appendChanges(tx, of, [{ ...change, fetch_seq: input.fetchSeq.toString(), last_modified_at: null }])
  }
}

function bodyOf(
  keys: PracticeKeys,
  kind: Kind,
  row: { key: string; patient: string; sealed: Buffer },
): WireRecord | undefined {
  try {
    return openRecord(keys, kind, row)
  } catch (error) {
    if (isAegisError(error, 'sealing.unreadable') || isAegisError(error, 'sealing.key-missing')) return undefined
    throw error
  }
}
