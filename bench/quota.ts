/*
 * Benchmark `quota`: 4 processes with 800 callers share one PostgreSQL and two apps, one with 100 calls a second and one with 5,
 * for 60 s; after a third and after two thirds of it one process is killed and started again. Arrivals are counted by the
 * simulator. Baselines in the same run, each 20 s: rate-limiter-flexible on PostgreSQL, bottleneck and p-queue (whose parts of
 * the limit cannot be shared without Redis). Bar: no sliding second above the limit, nothing refused, >= 93 % of the allowance
 * used, one token request an app. `--quick` takes a quarter of the time; `--save` keeps the table.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../packages/server/src/clock/clock.ts'
import { type EmbeddedPostgres, startEmbedded } from '../packages/server/src/db/embedded-postgres.ts'
import { migrate } from '../packages/server/src/db/migrate.ts'
import { installQueue } from '../packages/server/src/queue/install-queue.ts'
import { silentLog } from '../packages/server/testing/memory-log.ts'
import { Child } from './mirror/child.ts'
import type { LimitedApp, LimiterName, WorkerInput } from './mirror/quota-worker.ts'
import { mb, publish, type Row } from './mirror/report.ts'
import { usageOf } from './mirror/usage.ts'

const processes = 4
const callers = 800
const quick = process.argv.includes('--quick') ? 4 : 1
const durations = { aegis: 60_000 / quick, others: 20_000 / quick }
const bar = { share: 0.93 }
/** Until every process has its connections and its token. */
const warmUpMs = 3_000
const apps = [
  { clientId: 'bench-100', perSecond: 100 },
  { clientId: 'bench-5', perSecond: 5 },
]
/** Of each process's callers, those of the slower app. */
const slowCallers = 20

interface Counted {
  readonly clientId: string
  readonly limit: number
  readonly share: number
  readonly most: number
  readonly tokens: number
}

interface Outcome {
  readonly limiter: LimiterName
  readonly apps: readonly Counted[]
  readonly refused: number
  /** CPU time of all processes a call, ms, and the memory of one of them. */
  readonly cpuMs: number
  readonly rssBytes: number
}

process.exitCode = await main()

async function main(): Promise<number> {
  installLimiters()
  const home = mkdtempSync(join(tmpdir(), 'aegis-bench-'))
  const place = { dataDir: join(home, 'postgres'), runDir: join(home, 'run') }
  const postgres = await startEmbedded({ ...place, log: silentLog, clock: systemClock })
  try {
    await migrate({ ownerUrl: postgres.ownerUrl, log: silentLog })
    await installQueue({ ownerUrl: postgres.ownerUrl })
    const outcomes: Outcome[] = []
    for (const limiter of ['aegis', 'rate-limiter-flexible', 'bottleneck', 'p-queue'] as const) {
      outcomes.push(await measure({ limiter, home, postgres }))
      process.stderr.write(`${limiter} done\n`)
    }
    return report(outcomes)
  } finally {
    await postgres.stop()
    rmSync(home, { recursive: true, force: true })
  }
}

/** The limiters compared with belong to this benchmark alone, and are installed when it is run. */
function installLimiters(): void {
  const folder = join(import.meta.dirname, 'limiters')
  if (existsSync(join(folder, 'node_modules'))) return
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
}

async function measure(of: { limiter: LimiterName; home: string; postgres: EmbeddedPostgres }): Promise<Outcome> {
  const { limiter, home, postgres } = of
  const isOurs = limiter === 'aegis'
  const simulator = new Child('serve-simulator.ts', {
    practices: [{ id: 195900, patients: 10 }],
    apps: apps.map(({ clientId, perSecond }) => ({
      clientId,
      secret: 'demo-secret',
      limits: { perSecond, perDay: 1_000_000, tokensPerMinute: 50 },
    })),
  })
  const workers: Child[] = []
  try {
    const simulatorUrl = await simulator.ask<string>('url')
    const { ownerUrl, logins } = postgres
    const perProcess = callers / processes
    const limited: LimitedApp[] = []
    for (const app of apps) {
      const ofApp = app.perSecond === 5 ? slowCallers : perProcess - slowCallers
      limited.push({ ...app, callers: ofApp, token: isOurs ? '' : await tokenOf(simulatorUrl, app.clientId) })
    }
    const start = (index: number) => {
      const place = { home: join(home, 'aegis'), holder: `bench-${index}`, simulatorUrl, ownerUrl, logins }
      const worker: WorkerInput = { limiter, processes, apps: limited, ...place }
      const child = new Child('quota-worker.ts', worker)
      workers[index] = child
      return child.ask('start')
    }
    await start(0) // the first makes the keys that all share
    await Promise.all(Array.from({ length: processes - 1 }, (_, index) => start(index + 1)))
    await sleep(warmUpMs)
    return await count({ limiter, simulator, workers, start, durationMs: isOurs ? durations.aegis : durations.others })
  } finally {
    await Promise.all(workers.map((worker) => worker.stop('SIGKILL')))
    await simulator.stop()
  }
}

interface Counting {
  readonly limiter: LimiterName
  readonly simulator: Child
  readonly workers: Child[]
  readonly start: (index: number) => Promise<unknown>
  readonly durationMs: number
}

async function count({ limiter, simulator, workers, start, durationMs }: Counting): Promise<Outcome> {
  const before = await countsOf(simulator)
  const startedAt = performance.now()
  let cpuMs = 0
  for (const victim of [0, 1]) {
    await sleep(durationMs / 3)
    cpuMs += usageOf(workers[victim]?.pid ?? 0).cpuMs
    await workers[victim]?.stop('SIGKILL')
    // It starts while the others go on.
    void start(victim).catch(() => undefined) // killed once more before it was up
  }
  await sleep(durationMs / 3)
  const [after, elapsedMs] = [await countsOf(simulator), performance.now() - startedAt]
  const used = workers.map(({ pid }) => usageOf(pid))
  const counted = apps.map(({ clientId, perSecond: limit }) => {
    const [from, to] = [before.apps[clientId], after.apps[clientId]]
    const calls = (to?.perDay ?? 0) - (from?.perDay ?? 0)
    return {
      clientId,
      limit,
      share: calls / limit / (elapsedMs / 1000),
      most: to?.perSecond ?? 0,
      tokens: to?.tokensPerMinute ?? 0,
    }
  })
  const calls = after.requests - before.requests
  return {
    limiter,
    apps: counted,
    refused: after.refused,
    cpuMs: (cpuMs + used.reduce((sum, one) => sum + one.cpuMs, 0)) / calls,
    rssBytes: Math.max(...used.map(({ rssBytes }) => rssBytes)),
  }
}

interface Counts {
  readonly apps: Readonly<Record<string, { perSecond: number; perDay: number; tokensPerMinute: number }>>
  readonly requests: number
  readonly refused: number
}

async function countsOf(simulator: Child): Promise<Counts> {
  const totals = await simulator.ask<{ requests: number; byStatus: Record<string, number> }>('totals')
  const refused = (totals.byStatus['429'] ?? 0) + (totals.byStatus['403'] ?? 0)
  return { apps: await simulator.ask('windows'), requests: totals.requests, refused }
}

async function tokenOf(url: string, clientId: string): Promise<string> {
  const response = await fetch(`${url}/oauth2/v1/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${clientId}:demo-secret`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*' }),
  })
  const body: unknown = await response.json()
  if (typeof body === 'object' && body !== null && 'access_token' in body) return String(body.access_token)
  throw new Error(`no token: ${response.status}`)
}

function report(outcomes: readonly Outcome[]): number {
  const ours = outcomes.find(({ limiter }) => limiter === 'aegis')
  const passed =
    ours !== undefined &&
    ours.refused === 0 &&
    ours.apps.every((app) => app.most <= app.limit && app.share >= bar.share && app.tokens <= 1)
  const rowsOf = ({ limiter, apps: counted, refused, cpuMs, rssBytes }: Outcome): Row[] => [
    ...counted.flatMap((app): Row[] => {
      const held = limiter === 'aegis'
      return [
        [
          `${limiter}, ${app.limit}/s: used`,
          `${(app.share * 100).toFixed(1)} %`,
          held ? `>= ${bar.share * 100} %` : '',
        ],
        ['  most arrivals in any second', String(app.most), held ? `<= ${app.limit}` : ''],
        ...(held ? [['  token requests', String(app.tokens), '<= 1'] as const] : []),
      ]
    }),
    ['  refused', String(refused), limiter === 'aegis' ? '0' : ''],
    ['  CPU a call, memory of a process', `${cpuMs.toFixed(1)} ms, ${mb(rssBytes)}`],
  ]
  publish('quota', `quota: ${processes} processes, ${callers} callers, ${durations.aegis / 1000} s, two kills`, [
    ...outcomes.map(rowsOf),
    passed ? 'at or above its bar' : 'BELOW ITS BAR',
  ])
  return passed ? 0 : 1
}
