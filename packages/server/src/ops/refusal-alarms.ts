import type { RefusalFigures } from '../audit/refusal-counter.ts'
import { errorTable } from '../errors/error-table.ts'
import { alarmTable } from './alarm-table.ts'
import type { Alarm } from './status-report.ts'

/** Somebody may mistype a few times; so many an hour is a program, or somebody who tries. */
export const worthAWord = 20

/** That many requests were refused in the last hour (pure). */
export function refusalAlarms({ lastHour }: Pick<RefusalFigures, 'lastHour'>): Alarm[] {
  const reasons = [...lastHour].toSorted(([, one], [, other]) => other - one)
  const count = reasons.reduce((sum, [, refused]) => sum + refused, 0)
  if (count < worthAWord) return []
  const why = reasons.map(([code, refused]) => `${errorTable[code].title} (${refused})`).join('; ')
  return [
    {
      level: 'warning',
      code: 'audit.many-refusals',
      message: `${count} requests were refused in the last hour: ${why}.`,
      remedy: alarmTable['audit.many-refusals'].remedy,
    },
  ]
}
