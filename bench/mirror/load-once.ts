/** One first load with limits off: of one large practice, or of many small ones. */
import { Stand } from './stand.ts'
import type { FirstLoad } from './first-load.ts'

export interface LoadOnce {
  readonly records: number
  readonly calls: number
  readonly ms: number
  /** All processes together, µs a record. */
  readonly cpuUs: number
  readonly rss: FirstLoad['rssMost']
}

export async function loadOnce(options: { practices: number; patients: number }): Promise<LoadOnce> {
  const ids = Array.from({ length: options.practices }, (_, index) => 1_000 + index)
  const stand = await Stand.start({
    simulator: {
      practices: ids.map((id) => ({ id, patients: options.patients, restrictions: 'filtered' })),
      limits: 'off',
      activationLagMs: 0,
      requestLogSize: 1_000,
    },
    aegis: {
      practices: ids,
      limits: { perSecond: 1_000_000, perDay: 1_000_000_000, tokensPerMinute: 1_000 },
      pullSpacingMs: 0,
      // The first reading alone is measured; the others would begin while it goes on.
      sync: { settleMs: 86_400_000, activationCheckMs: 60_000 },
    },
  })
  try {
    await stand.startAegis()
    const [before, startedAt] = [stand.usage(), performance.now()]
    const loaded = async () => {
      const { feeds, provisional } = await stand.progress()
      return feeds > 0 && provisional === feeds
    }
    await stand.until(loaded, { withinMs: 7_200_000 })
    const [after, ms] = [stand.usage(), performance.now() - startedAt]
    const { records } = await stand.progress()
    const { requests } = await stand.simulator.ask<{ requests: number }>('totals')
    const parts = ['aegis', 'postgres', 'simulator'] as const
    const cpuMs = parts.reduce((sum, part) => sum + after[part].cpuMs - before[part].cpuMs, 0)
    const rss = { aegis: after.aegis.rssMost, simulator: after.simulator.rssMost, postgres: after.postgres.rssMost }
    return { records, calls: requests, ms, cpuUs: (cpuMs / records) * 1000, rss }
  } finally {
    await stand.stop()
  }
}
