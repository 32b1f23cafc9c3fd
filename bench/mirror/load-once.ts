/** One first load with limits off: of one large practice, or of many small ones. */
import { type Looks, Stand } from './stand.ts'
import type { FirstLoad } from './first-load.ts'

export interface LoadOnce {
  readonly records: number
  readonly calls: number
  readonly ms: number
  /** CPU time, µs a record: of each process, and of all together. */
  readonly cpuUs: FirstLoad['load']['cpuUs'] & { readonly all: number }
  /** Write-ahead log, bytes a record, and how much of it is whole pages: the first change of a page after a checkpoint. */
  readonly wal: { readonly bytes: number; readonly wholePages: number }
  readonly rss: FirstLoad['rssMost']
  /** When all is loaded. */
  readonly looks: Looks
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
    const walBefore = await walOf(stand)
    const [before, startedAt] = [stand.usage(), performance.now()]
    const loaded = async () => {
      const { feeds, provisional } = await stand.progress()
      return feeds > 0 && provisional === feeds
    }
    await stand.until(loaded, { withinMs: 7_200_000 })
    const [after, ms] = [stand.usage(), performance.now() - startedAt]
    const { records } = await stand.progress()
    const { requests } = await stand.simulator.ask<{ requests: number }>('totals')
    const walAfter = await walOf(stand)
    const cpu = (part: 'aegis' | 'postgres' | 'simulator') =>
      ((after[part].cpuMs - before[part].cpuMs) / records) * 1000
    const parts = { aegis: cpu('aegis'), postgres: cpu('postgres'), simulator: cpu('simulator') }
    const cpuUs = { ...parts, all: parts.aegis + parts.postgres + parts.simulator }
    const wal = {
      bytes: (walAfter.bytes - walBefore.bytes) / records,
      wholePages: ((walAfter.pages - walBefore.pages) * pageBytes) / records,
    }
    const rss = { aegis: after.aegis.rssMost, simulator: after.simulator.rssMost, postgres: after.postgres.rssMost }
    const looks = await stand.looks()
    return { records, calls: requests, ms, cpuUs, wal, rss, looks }
  } finally {
    await stand.stop()
  }
}

/** PostgreSQL's page. */
const pageBytes = 8192

async function walOf(stand: Stand): Promise<{ readonly bytes: number; readonly pages: number }> {
  const { rows } = await stand.owner.query<{ bytes: number; pages: number }>(
    'select wal_bytes::float8 as bytes, wal_fpi::float8 as pages from pg_stat_wal',
  )
  return rows[0] ?? { bytes: 0, pages: 0 }
}
