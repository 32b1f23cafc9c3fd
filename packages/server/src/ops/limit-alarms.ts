import type { DayLimits } from '../quota/quota.ts'
import type { Alarm } from './status-report.ts'

/** That this process is configured with another limit of a day than the one that holds for all (pure). */
export function limitAlarms({ own, held }: DayLimits): Alarm[] {
  if (own === held) return []
  return [
    {
      level: 'warning',
      code: 'quota.limits-differ',
      message: `It is configured with ${own} calls a day, and ${held} hold: those of the process that was started last.`,
      remedy: 'Give all processes the same limits.perDay, and start those again that have another one.',
    },
  ]
}
