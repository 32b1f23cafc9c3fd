/** A mirrored practice over days and weeks, and what its checks report. */
import { type Db, sql, type Statement } from '../src/db/db.ts'
import { type CheckSummary, checksOf } from '../src/sync/reconciliation.sql.ts'
import { type MirroredPractice, practice } from './mirrored-practice.ts'

const hour = 3_600_000
const minute = 60_000

/** Looks in the night, when checks are made, a little later, when they can be judged, and once in the day. */
export async function passDays(mirrored: MirroredPractice, days: number): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    for (const ms of [18 * hour, 20 * minute, 6 * hour - 20 * minute]) {
      await mirrored.advance(ms)
      await mirrored.step()
    }
  }
}

/** Until a check of a kind has been completed and judged so many times more; fails after so many days. */
export async function passUntilJudged(
  mirrored: MirroredPractice,
  { task, daysMax }: { task: string; daysMax: number },
): Promise<void> {
  const before = await judged(mirrored, task)
  for (let day = 0; day < daysMax; day += 1) {
    await passDays(mirrored, 1)
    if ((await judged(mirrored, task)) > before) return
  }
  throw new Error(`no ${task} check was completed within ${daysMax} days`)
}

async function judged(mirrored: MirroredPractice, task: string): Promise<number> {
  return (await reports(mirrored)).filter((report) => report.task === task && report.judged_at !== null).length
}

export interface Report {
  readonly run_id: string
  readonly feed: string
  readonly task: string
  readonly judged_at: number | null
  readonly compared: string
  readonly missing_here: number
  readonly differing: number
  readonly gone_there: number
  readonly explained: number
  readonly unexplained: number
}

const reportsSql = sql('test.reports', 'select * from aegis.reconciliation order by run_id')

/** What every completed check reported. */
export function reports(mirrored: MirroredPractice): Promise<Report[]> {
  return run<Report>(mirrored.deps.db, reportsSql)
}

const differencesSql = sql(
  'test.differences',
  'select feed, key, what, fields, explanation from aegis.difference order by difference_id',
)

export interface FoundDifference {
  readonly feed: string
  readonly key: string
  readonly what: string
  readonly fields: readonly string[]
  readonly explanation: string | null
}

/** Every difference that a check found. */
export function found(mirrored: MirroredPractice): Promise<FoundDifference[]> {
  return run<FoundDifference>(mirrored.deps.db, differencesSql)
}

/** Those that nothing accounts for. */
export async function unexplained(mirrored: MirroredPractice): Promise<string[]> {
  const rows = await found(mirrored)
  return rows
    .filter((row) => row.explanation === null)
    .map(({ feed, what, key, fields }) => `${feed} ${what} ${key} ${what === 'differing' ? fields.join() : ''}`.trim())
}

/** Damages the mirror behind its back: runs a statement in the practice's own context. */
export async function damage(mirrored: MirroredPractice, statement: Statement): Promise<void> {
  await run(mirrored.deps.db, statement)
}

/** Where every check stands, as status reads it. */
export function checks(mirrored: MirroredPractice): Promise<CheckSummary[]> {
  return mirrored.deps.db.practice(0, (tx) => checksOf(tx, [practice]))
}

function run<T extends object>(db: Db, statement: Statement): Promise<T[]> {
  return db.practice(practice, (tx) => tx.rows<T>(statement))
}
