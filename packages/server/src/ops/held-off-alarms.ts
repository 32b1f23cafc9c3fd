import type { Db } from '../db/db.ts'
import { errorTable } from '../errors/error-table.ts'
import { heldOff } from '../sync/schedule.sql.ts'
import type { Alarm } from './status-report.ts'

/** Feeds that are held off because processes ended while they were worked on. */
export async function heldOffAlarms({ db }: { readonly db: Pick<Db, 'control'> }): Promise<Alarm[]> {
  const { title, remedy } = errorTable['sync.held-off']
  const feeds = await db.control((tx) => heldOff(tx))
  return feeds.map(({ practice, feed, until }) => ({
    level: 'error',
    code: 'sync.held-off',
    practice,
    feed,
    message: `${title} (until ${new Date(until).toISOString()}).`,
    remedy,
  }))
}
