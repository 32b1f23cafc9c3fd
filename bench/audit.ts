/*
 * Benchmark `audit`: 64 writers append attempts, each waiting until its entry is durable, on an embedded PostgreSQL with
 * real fsync. Baseline in the same run: one transaction per entry behind one locked head row, as a chain that links each
 * entry to the one before would need. Five runs, medians. Bar: >= 5,000 entries/s and >= 10 times the baseline.
 * `--save` writes the table to bench/results/audit.txt.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { silentLog } from '../packages/server/testing/memory-log.ts'
import { createAudit } from '../packages/server/src/audit/audit.ts'
import { systemClock } from '../packages/server/src/clock/clock.ts'
import { systemRandom } from '../packages/server/src/clock/random.ts'
import { clientConfig } from '../packages/server/src/db/database-login.ts'
import { startEmbedded } from '../packages/server/src/db/embedded-postgres.ts'
import { migrate } from '../packages/server/src/db/migrate.ts'
import { openDb } from '../packages/server/src/db/open-db.ts'
import { openKek } from '../packages/server/src/sealing/open-kek.ts'
import { createSealing } from '../packages/server/src/sealing/sealing.ts'

const runs = 5
const writers = 64
const durationMs = 2_000
const bar = { perSecond: 5_000, ratio: 10 }

interface Run {
  readonly perSecond: number
  readonly sealedPerSecond: number
  readonly baselinePerSecond: number
}

process.exitCode = await main()

async function main(): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'aegis-bench-'))
  const cluster = await startEmbedded({
    dataDir: join(home, 'data'),
    runDir: join(home, 'run'),
    log: silentLog,
    clock: systemClock,
  })
  try {
    await migrate({ ownerUrl: cluster.ownerUrl, log: silentLog })
    const db = await openDb({ logins: cluster.logins, log: silentLog })
    try {
      const kek = await openKek({ db, random: systemRandom }, { directory: join(home, 'keys'), purpose: 'phi' })
      const sealing = createSealing({ db, kek, clock: systemClock, random: systemRandom })
      const audit = createAudit({ db, sealing, clock: systemClock, random: systemRandom })
      const event = {
        practice: 195900,
        type: 'upstream',
        subtype: 'poll-feed',
        action: 'R',
        actor: { kind: 'system', id: 'bench' },
      } as const
      const results: Run[] = []
      for (let run = 0; run < runs; run++) {
        const perSecond = await rate(() => audit.attempt(event))
        const sealedPerSecond = await rate((n) => audit.record({ ...event, patientIds: [String(n)] }))
        results.push({ perSecond, sealedPerSecond, baselinePerSecond: await lockedHead(cluster.ownerUrl) })
      }
      await audit.stop()
      return report(results)
    } finally {
      await db.close()
    }
  } finally {
    await cluster.stop()
    rmSync(home, { recursive: true, force: true })
  }
}

/** Calls per second of `writers` loops. */
async function rate(append: (n: number) => Promise<unknown>): Promise<number> {
  let count = 0
  const startedAt = performance.now()
  const writer = async () => {
    while (performance.now() - startedAt < durationMs) await append(count++)
  }
  await Promise.all(Array.from({ length: writers }, writer))
  return count / ((performance.now() - startedAt) / 1000)
}

async function lockedHead(ownerUrl: string): Promise<number> {
  const pool = new pg.Pool({ ...clientConfig({ url: ownerUrl }), max: 16 })
  await pool.query(`create table if not exists public.bench_head (seq bigint); truncate public.bench_head;
    insert into public.bench_head values (0);
    create table if not exists public.bench_entry (seq bigint primary key, body text)`)
  await pool.query('truncate public.bench_entry')
  const body = 'x'.repeat(200)
  const perSecond = await rate(async () => {
    const client = await pool.connect()
    await client.query('begin')
    const { rows } = await client.query<{ seq: string }>('update public.bench_head set seq = seq + 1 returning seq')
    await client.query('insert into public.bench_entry values ($1, $2)', [rows[0]?.seq, body])
    await client.query('commit')
    client.release()
  })
  await pool.end()
  return perSecond
}

function report(results: readonly Run[]): number {
  const middle = (pick: (run: Run) => number) => results.map(pick).sort((a, b) => a - b)[runs >> 1] ?? 0
  const perSecond = middle((run) => run.perSecond)
  const ratio = middle((run) => run.perSecond / run.baselinePerSecond)
  const passed = perSecond >= bar.perSecond && ratio >= bar.ratio
  const text = [
    `audit: ${writers} writers, ${runs} runs of ${durationMs / 1000} s, medians`,
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`,
    '',
    `attempts, durable            ${perSecond.toFixed(0)}/s (bar ${bar.perSecond})`,
    `entries with a sealed detail ${middle((run) => run.sealedPerSecond).toFixed(0)}/s`,
    `baseline: one locked head    ${middle((run) => run.baselinePerSecond).toFixed(0)}/s`,
    `ratio                        ${ratio.toFixed(1)} (bar ${bar.ratio})`,
    `memory of this process       ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
    passed ? 'passed' : 'below the bar',
    '',
  ].join('\n')
  process.stdout.write(text)
  if (process.argv.includes('--save')) {
    const folder = join(import.meta.dirname, 'results')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'audit.txt'), text)
  }
  return passed ? 0 : 1
}
