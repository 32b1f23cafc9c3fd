import { sql, type Tx } from './db.ts'

const markSql = sql(
  'db.mark_clock',
  `update control.clock_watch set seen_at = aegis.now() where seen_at <= aegis.now() + interval '2 seconds'`,
)
const readSql = sql(
  'db.read_clock_watch',
  `select seen_at, set_back_at, set_back_ms, aegis.now() as now_at from control.clock_watch`,
)

export interface ClockWatchRow {
  readonly seen_at: number
  readonly set_back_at: number | null
  readonly set_back_ms: number | null
  readonly now_at: number
}

/** How the clock stands against what it showed before. */
export async function readClockWatch(tx: Tx): Promise<ClockWatchRow> {
  const [row] = await tx.rows<ClockWatchRow>(readSql)
  if (!row) throw new Error('the table has its one row')
  return row
}

/** Notes what the clock shows, unless it showed more before: then somebody has to see to that first. */
export async function markClock(tx: Tx): Promise<void> {
  await tx.rows(markSql)
}

const acceptSql = sql(
  'db.accept_clock',
  `update control.clock_watch set set_back_ms = extract(epoch from seen_at - aegis.now())::float8 * 1000,
     seen_at = aegis.now(), set_back_at = aegis.now()
   where seen_at > aegis.now() + interval '2 seconds'
   returning set_back_ms`,
)

/**
 * Takes what the clock shows for right, and remembers that it was set back. Returns by how much, ms; undefined where
 * somebody else has done so already.
 */
export async function acceptClock(tx: Tx): Promise<number | undefined> {
  const [row] = await tx.rows<{ set_back_ms: number }>(acceptSql)
  return row?.set_back_ms
}
