import { AegisError } from '../errors/aegis-error.ts'
import { type Clock, systemClock } from '../clock/clock.ts'
import { slavedClock } from '../clock/slaved-clock.ts'
import type { AegisConfig } from '../config/aegis-config.ts'
import type { Db } from '../db/db.ts'
import { resetSqlClock, slaveSqlClock } from '../db/sql-clock.sql.ts'
import type { Seams } from '../aegis.ts'
import type { StopStack } from './stop-stack.ts'

export interface StartedClock {
  readonly clock: Clock
  /** Virtual milliseconds per real one; 1 unless the clock is a simulator's. */
  readonly speed: number
}

/** A reading of the simulator's clock is this exact at least, real ms. */
const sameWithinMs = 25

/** The installation's one clock, in this process and in SQL: the machine's, or the simulator's it is slaved to. */
export async function startClock(
  { config, seams, db }: { config: AegisConfig; seams: Seams; db: Db },
  stops: StopStack,
): Promise<StartedClock> {
  if (config.clock === 'system') {
    await db.control(resetSqlClock)
    return { clock: seams.clock ?? systemClock, speed: 1 }
  }
  const url = `${seams.simulatorUrl ?? config.athena.baseUrl}/__sim/clock`
  const setSql = (nowMs: number, speed: number) =>
    db.control((tx) => slaveSqlClock(tx, { nowMs, speed, toleranceMs: speed * sameWithinMs }))
  try {
    const clock = await slavedClock({ url, onChange: setSql })
    stops.push(() => clock.stop())
    return { clock, speed: clock.speed }
  } catch (error) {
    throw new AegisError('clock.simulator-unreachable', {}, { cause: error })
  }
}
