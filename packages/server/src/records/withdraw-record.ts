import type { Tx } from '../db/db.ts'
import type { Kind } from './record-kind.ts'
import { recordKinds } from './record-kinds.ts'
import { heldRecord, lockedPatientState, survivorKey } from './patient-records.sql.ts'
import * as table from './records.sql.ts'

export interface Withdrawal {
  readonly practice: number
  readonly kind: Kind
  readonly key: string
  readonly fetchSeq: bigint
  /** The read that missed it first, in the order of asking. What was shown since is not missing. */
  readonly wantedSeq: bigint
  /** The pseudonym of whom it was asked for as a record of, where that is said. */
  readonly askedOf?: string
  /** Whether athenahealth was seen to show the record's patient between the two reads that did not find the record. */
  readonly isPatientShown: boolean
}

/**
 * What becomes of a record that is not found: `unsure` while what we know of its patient does not agree, `moved` where it is
 * another patient's than it was asked for as; undefined: nothing.
 */
export type Withdrawn = 'deleted' | 'withheld' | 'unsure' | 'moved' | undefined

/**
 * Takes note that upstream no longer shows a record: only after a targeted read answered 404 or empty. A patient may only be
 * restricted, which athenahealth answers alike, and its own deletions say so: withheld. All that is a hidden patient's is hidden
 * with it, and is withheld too; it is deleted only where the patient is shown.
 */
export async function withdrawRecord(tx: Tx, input: Withdrawal): Promise<Withdrawn> {
  const seen = await heldRecord(tx, input, input.key)
  if (!seen) return undefined
  const patient = await currentKey(tx, input.practice, seen.patient)
  const state = await stateOf(tx, input, patient)
  const [before] = await table.lockHeldRecords(tx, input, [{ key: input.key, digest: null }])
  if (!before || BigInt(before.fetch_seq) > input.wantedSeq) return undefined
  if (before.state === state || (await isOver(tx, input, before.state))) return undefined
  // A merge has given it to another patient meanwhile, and has it asked for.
  if (state === 'unsure' || before.patient !== seen.patient) return 'unsure'
  if ((input.askedOf ?? patient) !== patient) return 'moved'
  // All that was read by way of a department, before it was known to be gone, was asked for before this number.
  const fetchSeq = input.kind === 'department' ? await table.nextFetchSeq(tx) : input.fetchSeq
  await table.markRecord(tx, input, { key: input.key, state, fetchSeq })
  const change = { key: input.key, patient: before.patient, what: state, fields: [] } as const
  await table.appendChanges(tx, { ...input, source: 'refetch' }, [
    { ...change, fetch_seq: input.fetchSeq.toString(), last_modified_at: null },
  ])
  await table.addToCounts(
    tx,
    input,
    new Map([
      [before.state, -1],
      [state, 1],
    ]),
  )
  return state
}

/** Nothing more becomes of what is deleted, nor of who is merged as long as that one is. */
async function isOver(tx: Tx, input: Withdrawal, state: table.HeldRow['state']): Promise<boolean> {
  if (state === 'merged') return (await survivorKey(tx, input, input.key)) !== undefined
  return state === 'deleted'
}

async function currentKey(tx: Tx, practice: number, patient: string | null): Promise<string | null> {
  if (patient === null) return null
  return (await table.survivorsOf(tx, practice, [patient])).get(patient) ?? patient
}

/** The patient's row is locked until the end: who brings the patient back waits, and then finds what is withheld. */
async function stateOf(
  tx: Tx,
  { practice, kind, isPatientShown }: Withdrawal,
  patient: string | null,
): Promise<'deleted' | 'withheld' | 'unsure'> {
  if (recordKinds[kind].isPatient) return 'withheld'
  if (patient === null) return 'deleted'
  const state = await lockedPatientState(tx, practice, patient)
  if (state === 'withheld') return 'withheld'
  if (isPatientShown) return 'deleted'
  return state === undefined ? 'withheld' : 'unsure'
}
