import type { Tx } from '../db/db.ts'
import { openIfPossible } from '../records/open-record.ts'
import { heldOfPatient, heldRecord } from '../records/patient-records.sql.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { wishForHeld } from '../records/record-name.ts'
import { confirmRecords, survivorsOf } from '../records/records.sql.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { FeedKey } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import type { FetchedPage } from './fetched-page.ts'
import { keysInPage } from './may-show-others.ts'
import { noteWishes } from './note-wishes.ts'
import { withdrawMissing } from './withdraw-missing.ts'

/** A reading of all that a patient has of a kind. */
export interface PatientReading {
  readonly key: FeedKey
  /** The patient's own pseudonym, also where the survivor of a merge was asked about. */
  readonly patient: Pseudonym
  readonly page: FetchedPage
  readonly fetchSeq: bigint
  /** The number of a reading of the same charts before this one, in which records were missing already. */
  readonly missedIn?: bigint
  /** Whether athenahealth was seen to show the patient between the two. */
  readonly isPatientShown: boolean
  /** The check that wants to know. */
  readonly runId: string | null
}

type Reading = Omit<PatientReading, 'fetchSeq' | 'isPatientShown' | 'runId'>

/** Whether we hold entries of a patient that a reading which shows none lacks for the second time. */
export async function lacksTwice(tx: Tx, reading: Reading): Promise<boolean> {
  const { key, patient } = reading
  const kind = recordKinds[kindOfFeed(key.feed)]
  if (kind.asked !== 'with-patient') return false
  const held = await heldOfPatient(tx, { practice: key.practice, kind: kind.kind }, patient)
  const isGone = await judgeEntries(tx, reading)
  return held.some(isGone)
}

/**
 * Whether an entry that a reading lacks counts as deleted: it was missing the time before, and cannot stand in the chart of a
 * closed department that does not answer, since it was shown after that department was.
 */
async function judgeEntries(tx: Tx, { key, page, missedIn = 0n }: Reading) {
  let shownUntil = -1n
  for (const id of page.charts?.unasked ?? []) {
    const department = await heldRecord(tx, { practice: key.practice, kind: 'department' }, id)
    const seq = BigInt(department?.fetch_seq ?? 0)
    if (seq > shownUntil) shownUntil = seq
  }
  return ({ fetch_seq }: { fetch_seq: string }) => BigInt(fetch_seq) < missedIn && BigInt(fetch_seq) > shownUntil
}

/**
 * What we hold of a patient and a reading of all did not show. A record that can be asked for is asked for. An entry of a
 * chart cannot: the chart is what answers for it, and one that is not in it twice, some time apart, is deleted. Returns
 * whether the chart is to be read once more: also when what is missing now had been there the time before. What may stand in a
 * chart that cannot be asked stays.
 */
export async function settlePatient(tx: Tx, keys: PracticeKeys, reading: PatientReading): Promise<boolean> {
  const { key, patient, page, fetchSeq, missedIn = 0n, isPatientShown, runId } = reading
  const { closed = [] } = page.charts ?? {}
  // What is shown by this reading may stand there.
  await confirmRecords(tx, { practice: key.practice, kind: 'department' }, { keys: closed.toSorted(), fetchSeq })
  const kind = recordKinds[kindOfFeed(key.feed)]
  const shown = new Set(keysInPage(keys, page))
  const of = { practice: key.practice, kind: kind.kind }
  const missing = (await heldOfPatient(tx, of, patient)).filter((row) => !shown.has(row.key))
  if (missing.length === 0) return false
  if (kind.asked === 'with-patient') {
    const gone = missing.filter(await judgeEntries(tx, reading))
    // The entries of one who was merged are the survivor's now, under other keys: none of them was lost.
    const isMerged = gone.length > 0 && (await survivorsOf(tx, key.practice, [patient])).size > 0
    let isUnsure = false
    for (const row of gone) {
      const one = { key: row.key, fetchSeq, wantedSeq: missedIn, isPatientShown, runId: isMerged ? null : runId }
      if ((await withdrawMissing(tx, key, one)) === 'unsure') isUnsure = true
    }
    return isUnsure || missing.some((row) => BigInt(row.fetch_seq) >= missedIn)
  }
  await keys.loadPatients(tx, [patient])
  const wishes = missing.flatMap((row) => {
    const body = openIfPossible(keys, kind.kind, row)
    return (body && wishForHeld(kind.kind, keys, body)) ?? []
  })
  await noteWishes(tx, keys, { practice: key.practice, wishes, ...(runId !== null && { runId }) })
  return false
}
