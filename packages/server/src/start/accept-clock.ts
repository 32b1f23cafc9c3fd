import type { Db } from '../db/db.ts'
import { acceptClock, markClock, readClockWatch } from '../db/clock-watch.sql.ts'
import { boundLeases } from '../leases/leases.sql.ts'
import type { Log } from '../log/log.ts'
import { boundReplicas } from '../ops/replica.sql.ts'
import { boundPacingTimes } from '../pacing/pacing.sql.ts'
import { boundJobTimes } from '../queue/queue.sql.ts'
import { setBackRows } from '../quota/timetable.sql.ts'
import { inBatches } from '../sync/in-batches.ts'
import { boundSyncTimes } from '../sync/many-practices.sql.ts'
import { listPractices, makeEverythingDue } from '../sync/schedule.sql.ts'

/** Longer than any lease lasts between two renewals. */
const leaseMostMs = 300_000

/** Less is a clock that was brought into step. */
const setBackMs = 2_000

/**
 * Reads the installation's clock, and notices when it was set back, while processes ran or while none did. Then nothing
 * waits for instants that the clock showed before: whatever is noted for later than now is due now. Each part has its own
 * rules for that as well (token, quota); here is what waits otherwise. Done twice it does no harm: every process looks.
 * Returns the clock's time, epoch ms. Throws what the database throws; then it is done with the next look.
 */
export async function acceptedClock({ db, log }: { db: Db; log: Log }): Promise<number> {
  const { seen_at: seen, now_at: now } = await db.control(async (tx) => {
    await markClock(tx)
    return readClockWatch(tx)
  })
  if (seen <= now + setBackMs) return now
  log.warn('clock.set-back', { backMs: Math.round(seen - now) })
  const practices = (await db.control((tx) => listPractices(tx))).map(({ practice }) => practice)
  await inBatches(db, practices, (tx, batch) => boundSyncTimes(tx, batch))
  await db.control(async (tx) => {
    await boundPacingTimes(tx)
    await boundLeases(tx, leaseMostMs)
    await boundJobTimes(tx)
    await boundReplicas(tx)
    await makeEverythingDue(tx)
    const backMs = await acceptClock(tx)
    // Once: twice would be too far.
    if (backMs !== undefined) await setBackRows(tx, backMs)
  })
  return now
}
