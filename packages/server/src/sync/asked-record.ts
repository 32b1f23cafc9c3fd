import type { Tx } from '../db/db.ts'
import { currentPatient } from '../records/current-patient.ts'
import { openIfPossible } from '../records/open-record.ts'
import { heldRecord } from '../records/patient-records.sql.ts'
import { isWholeKey, patientOfWhole, wishForHeld } from '../records/record-name.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { chartDepartments, closedCharts } from './chart-departments.ts'
import { departmentsWithin } from './feed-departments.ts'
import type { Departments, FeedKey } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import { loadPracticeFacts } from './practice-facts.ts'
import { type NextRefetch, refetchPlace } from './refetch.sql.ts'

/** What is asked for: one record, or all that a patient has of a kind. */
export type AskedRecord =
  | {
      readonly whole: false
      readonly id: string
      readonly patientId: string
      /** The patient whom the wish names, where that one counts as merged into `patientId`. */
      readonly former?: string
    }
  | ({ readonly whole: true } & AskedPatient)

/** A patient whose records are read as a whole. */
export interface AskedPatient {
  readonly patientId: string
  /** The departments that may keep the patient's charts, by chart: those of one list are asked one after the other. Nobody asks for a claim by them. */
  readonly charts: readonly (readonly string[])[]
  /** Departments that are gone and whose charts nobody shares, by chart. Absent where only open ones are asked. */
  readonly closed?: readonly (readonly string[])[]
}

/** By way of which departments charts are asked. */
interface Places {
  /** These only. */
  readonly only?: Departments | undefined
  /** Also those that are gone. */
  readonly closedToo?: boolean
}

/**
 * What a wish asks for, with the patient as it is called now: one that was merged is its survivor.
 */
export async function askedRecord(
  tx: Tx,
  keys: PracticeKeys,
  { key, asks, ...places }: Places & { key: FeedKey; asks: string },
): Promise<AskedRecord> {
  const border = asks.indexOf('/')
  if (border < 0) return { whole: false, id: asks, patientId: '' }
  const [patientId, id] = [asks.slice(0, border), asks.slice(border + 1)]
  if (id === '')
    return { whole: true, ...(await askedPatient(tx, keys, { ...places, practice: key.practice, patientId })) }
  const { id: current = patientId } = await currentPatient(tx, keys, { practice: key.practice, patientId })
  return { whole: false, id, patientId: current, ...(current !== patientId && { former: patientId }) }
}

/** Who a patient is now, and where the charts may be. */
export async function askedPatient(
  tx: Tx,
  keys: PracticeKeys,
  { practice, patientId, only, closedToo }: Places & { practice: number; patientId: string },
): Promise<AskedPatient> {
  const { id, departmentId } = await currentPatient(tx, keys, { practice, patientId })
  const facts = await loadPracticeFacts(tx, keys, practice)
  const places = { ...facts, openDepartments: departmentsWithin(facts.openDepartments, only) }
  const charts = chartDepartments(places, departmentId)
  return { patientId: id ?? patientId, charts, ...(closedToo && { closed: closedCharts(facts) }) }
}

/** What a wish asks with; where that was damaged, what we hold under its key tells it. Undefined where nothing does. */
export async function asksOf(
  tx: Tx,
  keys: PracticeKeys,
  { held, row: { key, sealed_id: sealed } }: { held: FeedKey; row: Pick<NextRefetch, 'key' | 'sealed_id'> },
): Promise<string | undefined> {
  try {
    return keys.open(refetchPlace(held.feed, key), sealed).toString('utf8')
  } catch (error) {
    if (!isUnreadable(error)) throw error
    const kind = isWholeKey(key) ? 'patient' : kindOfFeed(held.feed)
    const record = await heldRecord(tx, { practice: held.practice, kind }, isWholeKey(key) ? patientOfWhole(key) : key)
    if (record?.patient) await keys.loadPatients(tx, [record.patient as Pseudonym]) // stored from one
    const body = record && openIfPossible(keys, kind, record)
    const wish = body && wishForHeld(kind, keys, body)
    return wish && isWholeKey(key) ? `${wish.asks}/` : wish?.asks
  }
}
