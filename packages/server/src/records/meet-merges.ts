import type { Tx } from '../db/db.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { ApplyInput } from './apply-records.ts'
import { awaitMerges, awaitRecords } from './merge-turns.sql.ts'
import { previousPatientIds } from './record-id.ts'
import { recordKinds } from './record-kinds.ts'
import { type RecordName, recordKey } from './record-name.ts'
import { survivorsOf } from './records.sql.ts'
import type { WireRecord } from './wire-record.ts'

interface Sent {
  readonly name: RecordName
  readonly key: string
  readonly patient: Pseudonym | null
  readonly record: WireRecord
}

/** What was sent as it is to be applied, and what of it is to be asked for as well. */
interface Met<T> {
  readonly incoming: readonly T[]
  readonly strays: readonly T[]
}

interface Merging {
  readonly input: ApplyInput
  readonly keys: PracticeKeys
}

/**
 * Records and the merges of their patients are written by different lanes: whichever comes second waits here for the first, and
 * finds what it wrote. To be called before anything of the page is locked.
 */
export async function meetMerges<T extends Sent>(
  tx: Tx,
  { input, keys }: Merging,
  sent: readonly T[],
): Promise<Met<T>> {
  if (!recordKinds[input.kind].isPatient) return followMerges(tx, input, sent)
  await awaitRecords(tx, input.practice, toldMerges({ input, keys }, sent))
  return { incoming: sent, strays: [] }
}

/** Only a read by id undoes a merge. */
function toldMerges({ input, keys }: Merging, sent: readonly Sent[]) {
  return sent.flatMap(({ name, key, record }) => [
    ...(input.source === 'refetch' ? [{ key, survivor: null }] : []),
    ...previousPatientIds(record)
      .filter((previous) => previous !== name.id)
      .map((id) => ({ key: recordKey(recordKinds.patient, keys, { id }), survivor: key })),
  ])
}

/**
 * Records that name a patient who was merged, in a page that was read before the merge, belong to the survivor; each is
 * asked for by id as well, because its body is older than that.
 */
async function followMerges<T extends Sent>(
  tx: Tx,
  { practice, source }: ApplyInput,
  sent: readonly T[],
): Promise<Met<T>> {
  const patients = [...new Set(sent.flatMap(({ patient }) => (patient === null ? [] : [patient])))]
  if (patients.length === 0) return { incoming: sent, strays: [] }
  const [, survivors] = await Promise.all([awaitMerges(tx, practice), survivorsOf(tx, practice, patients)])
  if (survivors.size === 0) return { incoming: sent, strays: [] }
  const strays = sent.filter(({ patient }) => patient !== null && survivors.has(patient))
  const incoming = sent.map((item) => {
    const survivor = item.patient === null ? undefined : survivors.get(item.patient)
    return survivor === undefined ? item : { ...item, patient: survivor as Pseudonym } // stored from one
  })
  return { incoming, strays: source === 'refetch' ? [] : strays }
}
