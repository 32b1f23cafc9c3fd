/** How much one app may ask for. `Infinity` switches a limit off. */
export interface Limits {
  /** API requests in any sliding second. */
  readonly perSecond: number
  /** API requests per GMT day. */
  readonly perDay: number
  /** Token requests per clock minute. */
  readonly tokensPerMinute: number
  /** A further allowance for each practice an app calls; none if absent. athenahealth documents no such limit. */
  readonly perPractice?: { readonly perSecond?: number; readonly perDay?: number }
}

/** What athenahealth's Best Practices page and its page on authentication give for its two environments. */
const presets: Readonly<Record<'preview' | 'production' | 'off', Limits>> = {
  preview: { perSecond: 5, perDay: 50_000, tokensPerMinute: 5 },
  production: { perSecond: 100, perDay: 500_000, tokensPerMinute: 50 },
  off: { perSecond: Infinity, perDay: Infinity, tokensPerMinute: Infinity },
}

/** A preset's name, or the limits themselves. */
export type LimitsOption = keyof typeof presets | Limits

const required = ['perSecond', 'perDay', 'tokensPerMinute'] as const

/** The limits an option stands for. Throws RangeError when one is absent or not positive, or a name is unknown. */
export function resolveLimits(option: LimitsOption): Limits {
  const limits = typeof option !== 'string' ? option : Object.hasOwn(presets, option) ? presets[option] : undefined
  if (typeof limits !== 'object' || limits === null) {
    throw new RangeError(`limits: give one of ${Object.keys(presets).join(', ')}, or numbers`)
  }
  const numbers = [
    ...required.map((name) => [name, limits[name]] as const),
    ...Object.entries(limits.perPractice ?? {}),
  ]
  for (const [name, value] of numbers) {
    if (!(typeof value === 'number' && value >= 1)) throw new RangeError(`limits.${name}: give 1 or more, or Infinity`)
  }
  return limits
}
