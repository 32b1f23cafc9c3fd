import type { Tx } from '../db/db.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { ApplyInput, ApplyResult, Poisonous } from './apply-records.ts'
import { openRecord } from './open-record.ts'
import { recordKinds } from './record-kinds.ts'
import { nameOf, type RecordName, recordKey, type Wish, wishFor } from './record-name.ts'
import { heldRecord } from './patient-records.sql.ts'
import { nobodyShown } from './shown-patients.ts'
import { isRecord } from './wire-record.ts'

/**
 * A page of a feed whose items only tell which records changed: each is to be asked for, nothing is taken from the page. An
 * item that does not name its patient is looked up among what we hold; one that cannot be asked for at all is set aside.
 */
export async function wishForAnnounced(tx: Tx, keys: PracticeKeys, input: ApplyInput): Promise<ApplyResult> {
  const kind = recordKinds[input.kind]
  const wishes = new Map<string, Wish>()
  const announced: string[] = []
  const poisonous: Poisonous[] = []
  for (const record of input.records) {
    const name = isRecord(record) ? nameOf(kind, record) : undefined
    const wish = name && (wishFor(kind, keys, name) ?? (await wishByHeld(tx, keys, { input, name })))
    if (name && wish) {
      wishes.set(wish.key, wish)
      announced.push(recordKey(kind, keys, name))
    } else poisonous.push({ record, reason: name ? 'no-patient' : isRecord(record) ? 'no-id' : 'not-an-object' })
  }
  const nothing = { created: 0, updated: 0, unchanged: 0, stale: 0, changes: [], keys: [], ...nobodyShown }
  return { ...nothing, announced, wishes: [...wishes.values()], poisonous }
}

async function wishByHeld(
  tx: Tx,
  keys: PracticeKeys,
  { input, name }: { input: ApplyInput; name: RecordName },
): Promise<Wish | undefined> {
  const kind = recordKinds[input.kind]
  const held = await heldRecord(tx, input, recordKey(kind, keys, name))
  if (!held?.patient) return undefined
  await keys.loadPatients(tx, [held.patient as Pseudonym]) // stored from one
  const known = nameOf(kind, openRecord(keys, input.kind, held))
  return known && wishFor(kind, keys, known)
}
