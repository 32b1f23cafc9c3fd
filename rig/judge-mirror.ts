import type { Simulator } from '@aegis/simulator'
import type { RuntimeLogins } from '../packages/server/src/db/database-login.ts'
import { openDb } from '../packages/server/src/db/open-db.ts'
import { silentLog } from '../packages/server/testing/memory-log.ts'
import type { AegisProcess } from './aegis-process.ts'
import { readMirror } from './compare-with-truth.ts'
import { excusesOf, gapsEver, gapsTooMany } from './judge-causes.ts'
import { judgeHistory } from './judge-history.ts'
import { allRequests } from './judge-limits.ts'
import type { TrueVersions } from './true-versions.ts'

/** Real processes that mirror practices, and what is known of them from outside. */
export interface MirrorGround {
  /** All that run; the first one is asked. */
  readonly processes: readonly [AegisProcess, ...AegisProcess[]]
  readonly simulator: Simulator
  /** Of the database, while it runs. */
  readonly logins: RuntimeLogins | undefined
}

/**
 * How the mirror of real processes came to be as it is, judged as that of seeded lives: the history of its changes, and gaps
 * that were ever open. What is done to the processes and to what is around them is no reason for a gap; faults of the
 * simulator may be. To be called at rest.
 */
export async function judgeMirror({ processes, simulator, logins }: MirrorGround, versions: TrueVersions) {
  if (!logins) throw new Error('the database does not run')
  const { practice } = versions
  const [aegis] = processes
  const db = await openDb({ logins, log: silentLog, poolSizes: { app: 1, control: 1, audit: 1 } })
  try {
    const held = { db, practice }
    const history = await judgeHistory(held)
    const named = await versions.judge(held, (feed) => readMirror(aegis, practice, feed))
    const gaps = gapsTooMany(await gapsEver(held), excusesOf(allRequests(simulator)))
    return [...history.wrong, ...named.wrong, ...gaps]
  } finally {
    await db.close()
  }
}
