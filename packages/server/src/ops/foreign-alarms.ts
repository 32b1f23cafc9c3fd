import type { QuotaUsage } from '../quota/quota-usage.ts'
import { alarmTable } from './alarm-table.ts'
import type { Alarm } from './status-report.ts'

/** A few calls by hand are nobody's business; this share of the day is another program. */
const worthAWordShare = 0.01

/** That somebody else spends the calls of the same app (pure): our share of the day is smaller than it looks. */
export function foreignAlarms({
  foreignToday,
  perDayLimit,
}: Pick<QuotaUsage, 'foreignToday' | 'perDayLimit'>): Alarm[] {
  if (foreignToday < perDayLimit * worthAWordShare) return []
  return [
    {
      level: 'warning',
      code: 'quota.foreign-calls',
      message: `${foreignToday} of today's ${perDayLimit} calls were made by somebody else who uses the same athenahealth app.`,
      remedy: alarmTable['quota.foreign-calls'].remedy,
    },
  ]
}
