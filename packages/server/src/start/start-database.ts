import { join } from 'node:path'
import type { AegisConfig } from '../config/aegis-config.ts'
import { systemClock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import type { RuntimeLogins } from '../db/database-login.ts'
import { startEmbedded } from '../db/embedded-postgres.ts'
import { migrate } from '../db/migrate.ts'
import { type OpenDb, openDb } from '../db/open-db.ts'
import { prepareDatabase } from '../db/prepare-database.ts'
import type { Log } from '../log/log.ts'
import type { Home } from '../ops/home.ts'
import { installQueue, queueTables } from '../queue/install-queue.ts'
import type { StopStack } from './stop-stack.ts'

export interface StartedDatabase {
  readonly db: OpenDb
  readonly logins: RuntimeLogins
  /** For `aegis status`: without user and password. */
  readonly shownUrl: string
}

interface DatabaseParts {
  readonly config: AegisConfig
  readonly home: Home
  readonly log: Log
  readonly random: Random
  /** Ends every wait at once, with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Starts the embedded PostgreSQL or reaches the configured one, brings its schema up to date and opens the pools. */
export async function startDatabase(parts: DatabaseParts, stops: StopStack): Promise<StartedDatabase> {
  const { log, signal } = parts
  const { logins, shownUrl } = await (parts.config.database ? external(parts) : embedded(parts, stops))
  const db = await openDb({ logins, log, signal })
  stops.push(() => db.close())
  stops.pushLastResort(() => db.giveUp())
  return { db, logins, shownUrl }
}

async function embedded(
  { home, log, random, signal }: DatabaseParts,
  stops: StopStack,
): Promise<{ logins: RuntimeLogins; shownUrl: string }> {
  // PostgreSQL lives in the machine's time, also where the installation's clock is a simulator's.
  const server = await startEmbedded({
    dataDir: join(home.data, 'postgres'),
    runDir: home.run,
    log,
    clock: systemClock,
    random,
    signal,
  })
  stops.push(() => server.stop())
  await migrate({ ownerUrl: server.ownerUrl, log, signal })
  await installQueue({ ownerUrl: server.ownerUrl, signal })
  return { logins: server.logins, shownUrl: `embedded (process ${server.pid})` }
}

async function external({ config, log, signal }: DatabaseParts) {
  const ownerUrl = config.database?.ownerUrl?.reveal()
  const runtimeUrl = config.database?.url.reveal()
  const urls = { ...(ownerUrl && { ownerUrl }), ...(runtimeUrl && runtimeUrl !== ownerUrl && { runtimeUrl }) }
  const logins = await prepareDatabase({ log, atop: queueTables, signal }, urls)
  return { logins, shownUrl: withoutLogin(runtimeUrl ?? ownerUrl ?? '') }
}

function withoutLogin(text: string): string {
  const url = URL.parse(text)
  return url ? `${url.protocol}//${url.host}${url.pathname}` : 'external'
}
