import { systemClock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import type { AegisConfig } from '../config/aegis-config.ts'
import { createLog } from '../log/create-log.ts'
import { openLogFile } from '../log/log-file.ts'
import type { Log } from '../log/log.ts'
import type { Home } from '../ops/home.ts'
import type { StopStack } from './stop-stack.ts'

/** The log as it is configured: standard error, or files in the home. */
export function openLog(
  { config, home, random }: { config: AegisConfig; home: Home; random: Random },
  stops: StopStack,
): Log {
  const { level, to } = config.log
  if (to === 'stderr') return createLog({ level, destination: process.stderr, clock: systemClock, random })
  const file = openLogFile({ directory: home.logs, name: 'aegis' })
  stops.push(() => file.close())
  return createLog({ level, destination: file, clock: systemClock, random })
}
