import type { Db } from '../db/db.ts'
import { unknownMigrations } from '../db/unknown-migrations.sql.ts'
import { alarmTable } from './alarm-table.ts'
import type { Alarm } from './status-report.ts'

/** That another process has brought the database to a newer release than this one's. */
export async function releaseAlarms({
  db,
  knownMigrations,
}: {
  readonly db: Pick<Db, 'control'>
  readonly knownMigrations: readonly number[]
}): Promise<Alarm[]> {
  const unknown = await db.control((tx) => unknownMigrations(tx, knownMigrations))
  if (unknown === 0) return []
  return [
    {
      level: 'warning',
      code: 'db.schema-newer',
      message: `The database is of a newer release than this process: it has ${unknown} migrations more.`,
      remedy: alarmTable['db.schema-newer'].remedy,
    },
  ]
}
