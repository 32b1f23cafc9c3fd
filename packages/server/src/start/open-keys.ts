import type { Seams } from '../aegis.ts'
import { createAudit } from '../audit/audit.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import type { AegisConfig } from '../config/aegis-config.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { createKeyServer } from '../key-server/key-server.ts'
import { bindHome, prepareHome } from '../ops/home.ts'
import { lockHome } from '../ops/home-lock.ts'
import { type KeyOperations, keyOperations } from '../ops/key-operations.ts'
import { openKek } from '../sealing/open-kek.ts'
import { keyDirectory } from './key-directory.ts'
import { noSealing } from '../sealing/no-sealing.ts'
import { openLog } from './open-log.ts'
import { startDatabase } from './start-database.ts'
import { configuredApp } from './start-key-server.ts'
import { StopStack } from './stop-stack.ts'

/** The credentials of an installation that does not run. */
export interface OpenKeys {
  readonly operations: KeyOperations
  /** Closes what was opened for it. */
  stop(): Promise<void>
}

/**
 * Opens the credentials of an instance that does not run, so that the first one can be given before the first start: the
 * home and its lock, the database, the key for credentials, and nothing else. Nothing is sent anywhere.
 * `ops.already-running` beside a running one, which has to be asked itself. `signal` ends the opening: what was opened is closed,
 * and it rejects.
 */
export async function openKeys(config: AegisConfig, seams: Seams = {}, signal?: AbortSignal): Promise<OpenKeys> {
  if (config.keyServer.at) throw new AegisError('key-server.elsewhere')
  const stops = new StopStack()
  try {
    const home = prepareHome(config.home)
    const lock = lockHome(home)
    stops.push(() => lock.release())
    bindHome(home, config)
    const random = seams.random ?? systemRandom
    const clock = seams.clock ?? systemClock
    const log = seams.log ?? openLog({ config, home, random }, stops)
    const { db } = await startDatabase({ config, home, log, random, signal }, stops)
    const audit = createAudit({ db, sealing: noSealing, clock, random })
    stops.push(() => audit.stop())
    const kek = await openKek({ db, random }, { directory: keyDirectory({ config, home }), purpose: 'credentials' })
    stops.push(() => kek.close())
    signal?.throwIfAborted()
    const fetch = () => Promise.reject(new AegisError('internal.unexpected'))
    const keyServer = createKeyServer({ db, kek, audit, clock, random, log, fetch })
    return { operations: keyOperations(keyServer.desk(configuredApp(config))), stop: () => stops.run(log) }
  } catch (error) {
    await stops.run()
    throw error
  }
}
