import { join } from 'node:path'
import type { RuntimeLogins } from '../packages/server/src/db/database-login.ts'
import type { Db } from '../packages/server/src/db/db.ts'
import { runningEmbedded } from '../packages/server/src/db/embedded-urls.ts'

/** Where the tables of one practice's mirror are, whoever keeps it: a life in this process, or real ones. */
export interface HeldMirror {
  readonly db: Pick<Db, 'practice'>
  readonly practice: number
}

/** Of the PostgreSQL that Aegis keeps in its home; undefined while it does not run. */
export function embeddedLogins(home: string): RuntimeLogins | undefined {
  return runningEmbedded(join(home, 'data', 'postgres'))?.logins
}
