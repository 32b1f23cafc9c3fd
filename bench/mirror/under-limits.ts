/** Part (a) of `sync`: many practices at once under athenahealth's limits, which are what should bound it. */
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAthenaClient } from '@aegis/client'
import type { SimulatorOptions } from '@aegis/simulator'
import { defaultSyncSettings } from '../../packages/server/src/sync/sync-settings.ts'
import { Child } from './child.ts'
import { RawTable } from './raw-upsert.ts'
import { perSecond } from './report.ts'
import { Stand } from './stand.ts'

const limit = 100
/** Of athenahealth's answers, as published and as measured from a data centre. */
const latencyMs = 150
/** So many practices' records make the baseline of raw upserts. */
const rawPractices = 20
/** Arrivals are counted from when all practices are at work to when the first has nothing left to ask for. */
const rampMs = 3_000

export interface UnderLimits {
  readonly limit: number
  readonly calls: number
  readonly records: number
  readonly ms: number
  readonly callsPerSecond: number
  readonly serialPerSecond: number
  /** Records a second that PostgreSQL alone writes, Aegis being gone: no limit of calls lets through more than that. */
  readonly rawPerSecond: number
  readonly perSecondMost: number
  readonly refused: number
  /** How often the database was not to be had in time: work failed for that, and was done once more. */
  readonly unavailable: number
  readonly rssMost: number
  /** How much of one processor each of them took, 1 being all of it: says whether the limit or the machine bounds. */
  readonly busy: Readonly<Record<'aegis' | 'postgres' | 'simulator', number>>
  /** Of all processors of the machine, how much the three took: waiting, for a disk too, is none of it. */
  readonly taken: number
}

interface Totals {
  readonly requests: number
  readonly byStatus: Readonly<Record<string, number>>
}

export async function firstLoadsUnderLimits(options: {
  practices: number
  patients: number
  /** Processes of Aegis. */
  processes: number
}): Promise<UnderLimits> {
  const ids = Array.from({ length: options.practices }, (_, index) => 1_000 + index)
  const simulator = simulatorOf(ids, options.patients)
  const stand = await Stand.start({
    simulator,
    processes: options.processes,
    aegis: {
      practices: ids,
      limits: { perSecond: limit, perDay: 500_000, tokensPerMinute: 50 },
      sync: { settleMs: 3_600_000, activationCheckMs: 60_000 },
    },
  })
  try {
    await stand.startAegis()
    await sleep(rampMs)
    const [before, used, startedAt] = [await totalsOf(stand.simulator), stand.usage(), performance.now()]
    let last = before
    await stand.until(
      async () => {
        last = await totalsOf(stand.simulator)
        const { feeds, provisional } = await stand.progress()
        return feeds > 0 && provisional >= feeds * 0.98
      },
      { everyMs: 500 },
    )
    const [ms, usage] = [performance.now() - startedAt, stand.usage()]
    const share = (part: keyof typeof usage) => (usage[part].cpuMs - used[part].cpuMs) / ms
    const busy = { aegis: share('aegis'), postgres: share('postgres'), simulator: share('simulator') }
    const windows = await stand.simulator.ask<Record<string, { perSecond: number }>>('windows')
    const { records } = await stand.progress()
    const unavailable = stand.unavailable()
    await stand.stopAegis()
    const rawPerSecond = await rawRate(stand, ids.slice(0, rawPractices))
    return {
      limit,
      calls: last.requests - before.requests,
      records,
      ms,
      callsPerSecond: perSecond(last.requests - before.requests, ms),
      serialPerSecond: await serialRate(simulatorOf(ids.slice(0, ids.length / 10), options.patients), ids),
      rawPerSecond,
      perSecondMost: Math.max(...Object.values(windows).map((app) => app.perSecond)),
      refused: (last.byStatus['429'] ?? 0) + (last.byStatus['403'] ?? 0),
      unavailable,
      rssMost: usage.aegis.rssMost,
      busy,
      taken: (busy.aegis + busy.postgres + busy.simulator) / availableParallelism(),
    }
  } finally {
    await stand.stop()
  }
}

function simulatorOf(ids: readonly number[], patients: number): SimulatorOptions {
  return {
    practices: ids.map((id) => ({ id, patients, restrictions: 'filtered' })),
    limits: 'production',
    activationLagMs: 0,
    requestLogSize: 1_000,
    faults: [{ kind: 'slow', delayMs: latencyMs }],
  }
}

function totalsOf(simulator: Child): Promise<Totals> {
  return simulator.ask<Totals>('totals')
}

async function rawRate(stand: Stand, practices: readonly number[]): Promise<number> {
  const table = new RawTable(stand.owner, await stand.simulator.ask<string>('url'))
  await table.create()
  let [rows, ms] = [0, 0]
  for (const practice of practices) {
    for (const kind of ['patients', 'appointments']) {
      const written = await table.upsert({ practice, kind, most: Infinity })
      rows += written.rows
      ms += written.ms
    }
  }
  await table.drop()
  return perSecond(rows, ms)
}

/** The baseline: a program that reads the same lists one after the other, and keeps nothing. */
async function serialRate(options: SimulatorOptions, ids: readonly number[]): Promise<number> {
  const simulator = new Child('serve-simulator.ts', options)
  try {
    const athena = createAthenaClient({
      environment: 'local',
      baseUrl: await simulator.ask<string>('url'),
      credential: { clientId: 'demo-client', secret: 'demo-secret' },
    })
    const startedAt = performance.now()
    for (const id of ids.slice(0, ids.length / 10)) await readSerially(athena.practice(id))
    const { requests } = await totalsOf(simulator)
    return perSecond(requests, performance.now() - startedAt)
  } finally {
    await simulator.stop()
  }
}

async function readSerially(practice: ReturnType<ReturnType<typeof createAthenaClient>['practice']>): Promise<void> {
  const limits = { limit: defaultSyncSettings.snapshotPageSize }
  const departments: string[] = []
  for await (const { departmentid } of practice.departments.list(limits)) departments.push(String(departmentid))
  for (const departmentid of departments) {
    for await (const _ of practice.patients.list({ departmentid, ...limits }).pages());
  }
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)
  for (let at = -7; at <= 90; at += 7) {
    const range = { startdate: day(at), enddate: day(at + 6), ...limits }
    for await (const _ of practice.appointments.booked(range).pages());
  }
}
