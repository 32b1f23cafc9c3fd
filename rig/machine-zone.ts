import type { RunContext } from './run-context.ts'

/** West and east of Greenwich, with and without another time in summer. Nothing of a life may depend on them. */
const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'] as const

/** Lets the machine stand in a zone that follows from the seed until the life is over. */
export function standInZone(context: RunContext, seed: number): void {
  const before = process.env['TZ'] ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  process.env['TZ'] = zones[seed % zones.length] ?? 'UTC'
  context.after(() => {
    process.env['TZ'] = before
  })
}
