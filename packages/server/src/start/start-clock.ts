import { type Clock, systemClock } from '../clock/clock.ts'
import { followClock } from '../clock/followed-clock.ts'
import { slavedClock } from '../clock/slaved-clock.ts'
import type { AegisConfig } from '../config/aegis-config.ts'
import type { Db } from '../db/db.ts'
import { resetSqlClock, slaveSqlClock } from '../db/sql-clock.sql.ts'
import { directFetch } from '../egress/direct-fetch.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import type { Seams } from '../aegis.ts'
import { acceptedClock } from './accept-clock.ts'
import type { StopStack } from './stop-stack.ts'

export interface StartedClock {
  readonly clock: Clock
  /** How far the clock of the machine that this process runs on is from it at least, ms. Nothing goes by that one. */
  readonly machineOffMs: () => number
  /** What that machine's own clock shows, which goes on while it sleeps. Absent where time is a simulator's. */
  readonly wall?: () => number
  /** Virtual milliseconds per real one; 1 unless the clock is a simulator's. */
  readonly speed: number
}

/** A reading of the simulator's clock is this exact at least, real ms. */
const sameWithinMs = 25

/**
 * The installation's one clock, in this process and in SQL: that of the machine that the database runs on, or the
 * simulator's which both are slaved to.
 */
export async function startClock(
  { config, seams, db, log }: { config: AegisConfig; seams: Seams; db: Db; log: Log },
  stops: StopStack,
): Promise<StartedClock> {
  if (config.clock === 'system') {
    await db.control(resetSqlClock)
    const machine = seams.clock ?? systemClock
    const clock = await followClock({ machine, read: () => acceptedClock({ db, log }) })
    stops.push(() => clock.stop())
    return { clock, speed: 1, machineOffMs: () => clock.machineOffMs, wall: () => machine.now() }
  }
  const url = `${seams.simulatorUrl ?? config.athena.baseUrl}/__sim/clock`
  const setSql = (nowMs: number, speed: number) =>
    db.control((tx) => slaveSqlClock(tx, { nowMs, speed, toleranceMs: speed * sameWithinMs }))
  try {
    const clock = await slavedClock({ url, fetch: directFetch, onChange: setSql })
    stops.push(() => clock.stop())
    await acceptedClock({ db, log })
    return { clock, speed: clock.speed, machineOffMs: () => 0 }
  } catch (error) {
    if (isAegisError(error)) throw error
    throw new AegisError('clock.simulator-unreachable', {}, { cause: error })
  }
}
