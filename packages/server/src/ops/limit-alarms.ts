import type { HeldLimits } from '../quota/quota-limits.ts'
import type { LimitsInForce } from '../quota/quota.ts'
import type { Alarm } from './status-report.ts'

const whatOf = {
  perDay: 'calls a day',
  perSecond: 'calls a second',
  perPracticePerSecond: 'calls a second for one practice',
  tokensPerMinute: 'token requests a minute',
} as const satisfies Record<keyof HeldLimits, string>

/** That this process is configured with other limits than the one that was started last (pure). */
export function limitAlarms({ own, held }: LimitsInForce): Alarm[] {
  const names = ['perDay', 'perSecond', 'perPracticePerSecond', 'tokensPerMinute'] as const
  const other = names.filter((name) => own[name] !== held[name])
  if (other.length === 0) return []
  const differences = other.map(
    (name) => `${whatOf[name]}: ${own[name] ?? 'no limit'} here, ${held[name] ?? 'no limit'} there`,
  )
  return [
    {
      level: 'warning',
      code: 'quota.limits-differ',
      message:
        `It is configured with other limits than the process that was started last, whose limits of calls hold for all. ` +
        `${differences.join('; ')}.`,
      remedy: `Give all processes the same ${other.map((name) => `limits.${name}`).join(', ')}, and start those again that have another one.`,
    },
  ]
}
