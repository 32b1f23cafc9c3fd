/** Part (b) of `sync`: one large practice with limits off. First load, the reading that counts, then changes through feeds. */
import { RawTable } from './raw-upsert.ts'
import { perSecond } from './report.ts'
import { Stand } from './stand.ts'

export const practice = 195900

/** Limits that nobody reaches. */
const unlimited = { perSecond: 1_000_000, perDay: 1_000_000_000, tokensPerMinute: 1_000 }
/** As little waiting between the steps of a feed's life as is possible: the work is measured, not the pauses. */
const hurried = { settleMs: 1_000, pollIntervalMs: 1_000, activationCheckMs: 100 }

export interface Phase {
  readonly records: number
  readonly ms: number
  /** CPU time of each process, µs a record. */
  readonly cpuUs: { readonly aegis: number; readonly postgres: number; readonly simulator: number }
}

export interface FirstLoad {
  readonly load: Phase
  readonly reread: Phase
  readonly feeds: Phase
  /** Records a second of the raw upsert of the same records: the load's, the feeds'. */
  readonly raw: { readonly load: number; readonly feeds: number; readonly all: number }
  readonly calls: number
  readonly rssMost: { readonly aegis: number; readonly simulator: number; readonly postgres: number }
  /** Resident memory of Aegis when a half of the load was done, and at its end: flat or not. */
  readonly rssAt: { readonly half: number; readonly end: number }
}

export async function firstLoad(options: { patients: number; flags?: readonly string[] }): Promise<FirstLoad> {
  const { patients } = options
  const stand = await Stand.start({
    simulator: {
      practices: [{ id: practice, patients, restrictions: 'filtered' }],
      limits: 'off',
      activationLagMs: 0,
      requestLogSize: 1_000,
    },
    aegis: { practices: [practice], limits: unlimited, sync: hurried, pullSpacingMs: 0 },
    ...(options.flags && { aegisFlags: options.flags }),
  })
  try {
    return await measure(stand, options)
  } finally {
    await stand.stop()
  }
}

async function measure(stand: Stand, { patients }: { patients: number }): Promise<FirstLoad> {
  await stand.startAegis()
  let half = 0
  const load = await phase(stand, async () => {
    await stand.until(async () => {
      const { feeds, provisional, records } = await stand.progress()
      if (records > patients / 2 && half === 0) half = stand.usage().aegis.rssBytes
      return feeds > 0 && provisional === feeds
    })
    return (await stand.progress()).records
  })
  const end = stand.usage().aegis.rssBytes
  const reread = await phase(stand, async () => {
    await stand.until(async () => (await stand.progress()).live === (await stand.progress()).feeds)
    return load.records
  })
  const changed = Math.floor(patients / 5)
  const wanted = { practice, patients: changed, appointments: Math.floor(changed / 5) }
  const since = await nowOf(stand)
  const made = await stand.simulator.ask<number>('change', wanted)
  const feeds = await phase(stand, async () => {
    await stand.until(async () => (await fed(stand, since)) >= made, { everyMs: 250 })
    return made
  })
  const { rssMost, calls } = { rssMost: mostOf(stand), calls: await callsOf(stand) }
  const defects = await stand.simulator.ask<readonly string[]>('defects')
  if (defects.length > 0) throw new Error(`the simulator failed: ${defects[0]}`)
  // Alone on the machine: Aegis has nothing more to do, and does it elsewhere.
  await stand.aegis?.stop()
  const raw = await rawRates(stand, { load, changed: wanted })
  return { load, reread, feeds, raw, calls, rssMost, rssAt: { half, end } }
}

async function phase(stand: Stand, work: () => Promise<number>): Promise<Phase> {
  const [before, startedAt] = [stand.usage(), performance.now()]
  const records = await work()
  const [after, ms] = [stand.usage(), performance.now() - startedAt]
  const cpu = (part: 'aegis' | 'postgres' | 'simulator') => ((after[part].cpuMs - before[part].cpuMs) / records) * 1000
  return { records, ms, cpuUs: { aegis: cpu('aegis'), postgres: cpu('postgres'), simulator: cpu('simulator') } }
}

async function nowOf(stand: Stand): Promise<string> {
  const { rows } = await stand.owner.query<{ now: string }>('select aegis.now()::text as now')
  return rows[0]?.now ?? ''
}

/** How many changes have come since then; not of all there ever were, which would take as long as storing them. */
async function fed(stand: Stand, since: string): Promise<number> {
  const { rows } = await stand.owner.query<{ changes: number }>(
    `select count(*)::integer as changes from aegis.change
     where practice_id = $1 and changed_at >= $2::timestamptz and source = 'feed'`,
    [practice, since],
  )
  return rows[0]?.changes ?? 0
}

function mostOf(stand: Stand): FirstLoad['rssMost'] {
  const { aegis, simulator, postgres } = stand.usage()
  return { aegis: aegis.rssMost, simulator: simulator.rssMost, postgres: postgres.rssMost }
}

async function callsOf(stand: Stand): Promise<number> {
  return (await stand.simulator.ask<{ requests: number }>('totals')).requests
}

/** The same records: every patient, and as many appointments as the mirror took; then those that changed, once more. */
async function rawRates(
  stand: Stand,
  { load, changed }: { load: Phase; changed: { patients: number; appointments: number } },
): Promise<FirstLoad['raw']> {
  const table = new RawTable(stand.owner, await stand.simulator.ask<string>('url'))
  await table.create()
  const { rows } = await stand.owner.query<{ patients: number }>(
    `select coalesce(sum(records), 0)::integer as patients from aegis.record_count where kind = 'patient'`,
  )
  const patients = rows[0]?.patients ?? 0
  const sum = (results: readonly { rows: number; ms: number }[]) => ({
    rows: results.reduce((total, one) => total + one.rows, 0),
    ms: results.reduce((total, one) => total + one.ms, 0),
  })
  const first = sum([
    await table.upsert({ practice, kind: 'patients', most: patients }),
    await table.upsert({ practice, kind: 'appointments', most: load.records - patients }),
  ])
  const again = sum([
    await table.upsert({ practice, kind: 'patients', most: changed.patients }),
    await table.upsert({ practice, kind: 'appointments', most: changed.appointments }),
  ])
  await table.drop()
  return {
    load: perSecond(first.rows, first.ms),
    feeds: perSecond(again.rows, again.ms),
    all: perSecond(first.rows + again.rows, first.ms + again.ms),
  }
}
