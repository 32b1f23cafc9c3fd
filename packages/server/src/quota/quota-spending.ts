import type { Db } from '../db/db.ts'
import { priorities, type Priority } from './priorities.ts'
import * as rows from './quota-spending.sql.ts'
import { HOUR_MS, type HourUse, type UseKind } from './use-rhythm.ts'

/** Calls of today and of yesterday until its end, of one kind of work. */
export interface WorkSpent {
  readonly priority: Priority
  /** Such as `sync.drain`; empty for calls of before this was told apart. */
  readonly work: string
  /** The program that called Aegis; absent where Aegis called for itself. */
  readonly caller?: string
  readonly today: number
  readonly yesterday: number
}

export interface PracticeSpent {
  readonly practice: number
  readonly today: number
  readonly yesterday: number
}

/** Who spent the day, seconds behind the count that decides. */
export interface Spending {
  readonly works: readonly WorkSpent[]
  /** Those that spent most. */
  readonly practices: readonly PracticeSpent[]
  /** How many practices called today or yesterday. */
  readonly practicesCount: number
}

/** Practices that are listed. */
const LISTED_MAX = 20

/** Reads who spent today's and yesterday's calls: all, or one practice's. */
export async function readSpending(
  { db }: { db: Pick<Db, 'control'> },
  app: string,
  practice?: number,
): Promise<Spending> {
  const { works, spenders } = await db.control(async (tx) => ({
    works: await rows.workRows(tx, app, practice),
    spenders: await rows.spenderRows(tx, app, { most: LISTED_MAX, practice }),
  }))
  return {
    works: works.flatMap(({ priority, caller, ...work }) =>
      isPriority(priority) ? [{ priority, ...work, ...(caller !== '' && { caller }) }] : [],
    ),
    practices: spenders.map(({ practices: _, ...spent }) => spent),
    practicesCount: spenders[0]?.practices ?? 0,
  }
}

/** Reads an app's calls by the hour, of the past five weeks. */
export async function readHourUse({ db }: { db: Pick<Db, 'control'> }, app: string): Promise<HourUse[]> {
  const found = await db.control((tx) => rows.hourRows(tx, app))
  return found.flatMap(({ at, kind, calls }) => (isKind(kind) ? [{ at, kind, calls }] : []))
}

/** Calls of a day until an hour of it, and of all of it. */
export interface DayCompared {
  readonly byNow: number
  readonly total: number
}

/** A past day beside today at the same hour (pure); undefined where not all of it is known. */
export function comparedDay(hours: readonly HourUse[], now: number, daysBack: number): DayCompared | undefined {
  const dayMs = 24 * HOUR_MS
  const then = now - daysBack * dayMs
  const from = Math.floor(then / dayMs) * dayMs
  if (!hours.some(({ at }) => at < from)) return undefined
  const ofDay = hours.filter(({ at }) => at >= from && at < from + dayMs)
  const share = (at: number) => Math.max(0, Math.min(1, (then - at) / HOUR_MS))
  return {
    byNow: Math.round(ofDay.reduce((sum, { at, calls }) => sum + calls * share(at), 0)),
    total: ofDay.reduce((sum, { calls }) => sum + calls, 0),
  }
}

function isPriority(name: string): name is Priority {
  return priorities.some((priority) => priority === name)
}

function isKind(name: string): name is UseKind {
  return name === 'foreign' || isPriority(name)
}
