const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Milliseconds of a duration as people write it: '15m', '1h30m', '60s', '500ms', '2d', or a plain number of
 * milliseconds. Undefined for anything else, for negative numbers and for what is no whole number of milliseconds.
 */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const text = value.trim()
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)
  const ms = [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? Number.NaN), 0)
  return Number.isSafeInteger(ms) ? ms : undefined
}

/** The shortest way to write `ms` that `parseDuration` reads back as the same: 900000 is '15m', 5400000 is '1h30m'. */
export function formatDuration(ms: number): string {
  let left = ms
  const parts = ['d', 'h', 'm', 's', 'ms'].map((unit) => {
    const count = Math.floor(left / (unitMs[unit] ?? 1))
    left -= count * (unitMs[unit] ?? 1)
    return count > 0 ? `${count}${unit}` : ''
  })
  return parts.join('') || '0s'
}
