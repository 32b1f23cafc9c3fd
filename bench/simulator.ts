/*
 * Benchmark `simulator`: 70 % reads by id, 15 % lists, 10 % feeds, 5 % writes on a practice of 100,000 patients, limiter
 * and truth log on, keep-alive, this process asking and another one serving. Baseline in the same run: a bare
 * node:http server with a fixed 650-byte JSON answer. Five runs with a new server each, medians.
 * Bar: >= 6,000 requests/s, <= 1 GB RSS, load <= 10 s. `--save` writes the table to bench/results/simulator.txt.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { closedLoop, type LoopResult } from './simulator/closed-loop.ts'
import { mixedRequests, type MixOptions } from './simulator/mix.ts'
import type { ServerReport } from './simulator/serve.ts'

const practiceId = 195900
const patients = 100_000
const runs = 5
const connections = 32
const durationMs = 4000
const warmUpMs = 1000
const bar = { perSecond: 6000, rssBytes: 1e9, loadMs: 10_000 }

/** A loop, what the server spent on it, and the server after it. */
interface Measured extends LoopResult {
  /** CPU time of the server per request, µs: it tells slow code from a busy machine. */
  readonly cpuUs: number
  readonly server: ServerReport
}

interface Run {
  readonly mixed: Measured
  readonly baseline: Measured
}

const [loadBefore = 0] = loadavg()

process.exitCode = await main()

async function main(): Promise<number> {
  const results: Run[] = []
  for (let run = 1; run <= runs; run += 1) {
    results.push(await measure(run))
    process.stderr.write(`run ${run} of ${runs} done\n`)
  }
  const { text, passed } = summary(results)
  process.stdout.write(text)
  if (process.argv.includes('--save')) {
    const folder = join(import.meta.dirname, 'results')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'simulator.txt'), text)
  }
  return passed ? 0 : 1
}

async function measure(seed: number): Promise<Run> {
  const fixed = 'GET /v1/195900/patients/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer none\r\n\r\n'
  const baseline = await withServer(['baseline'], ({ url }, ask) => timed(url, ask, () => fixed))
  const mixed = await withServer(['simulator', String(patients)], async ({ url }, ask) =>
    timed(url, ask, mixedRequests({ ...(await prepare(url)), seed })),
  )
  return { mixed, baseline }
}

async function timed(url: string, ask: Ask, next: () => string): Promise<Measured> {
  await loop(url, next, warmUpMs)
  const before = await ask()
  const result = await loop(url, next, durationMs)
  const server = await ask()
  return { ...result, server, cpuUs: ((server.cpuMs - before.cpuMs) / result.requests) * 1000 }
}

function loop(url: string, next: () => string, forMs: number): Promise<LoopResult> {
  const { hostname: host, port } = new URL(url)
  return closedLoop({ host, port: Number(port), connections, durationMs: forMs, next })
}

/** A token, the subscriptions, and the ids to ask for. */
async function prepare(url: string): Promise<Omit<MixOptions, 'seed'>> {
  const token = await tokenOf(url)
  const headers = { Authorization: `Bearer ${token}` }
  for (const feed of ['appointments', 'patients', 'providers']) {
    const path = `${url}/v1/${practiceId}/${feed}/changed/subscription`
    const { status } = await fetch(path, { method: 'POST', headers })
    if (status !== 200) throw new Error(`subscribing to ${feed} was answered ${status}`)
  }
  const appointments = await recordsOf(url, 'appointments')
  const departments = await recordsOf(url, 'departments')
  const idOf = (record: Record<string, unknown>) => String(record['appointmentid'])
  return {
    host: new URL(url).host,
    token,
    practiceId,
    patients,
    appointmentIds: appointments.filter((record) => record['patientid'] !== undefined).map(idOf),
    openSlots: appointments
      .filter(isBookable)
      .map((record) => ({ id: idOf(record), typeId: String(record['appointmenttypeid']) })),
    dates: [...new Set(appointments.map((record) => String(record['date'])))].map(encodeURIComponent),
    departmentIds: departments.map((record) => String(record['departmentid'])),
  }
}

/**
 * An open slot of a specific type, days ahead so that it can be booked whatever the hour of the run; neither a generic one
 * nor one that the practice holds back for itself.
 */
function isBookable(record: Record<string, unknown>): boolean {
  if (record['appointmentstatus'] !== 'o' || /^(?:Any |Template Hold)/.test(String(record['appointmenttype'])))
    return false
  const [month, day, year] = String(record['date']).split('/').map(Number)
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day) > Date.now() + 3 * 86_400_000
}

async function tokenOf(url: string): Promise<string> {
  const response = await fetch(`${url}/oauth2/v1/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from('demo-client:demo-secret').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*' }),
  })
  const body: unknown = await response.json()
  if (typeof body === 'object' && body !== null && 'access_token' in body) return String(body.access_token)
  throw new Error(`no token: ${response.status}`)
}

async function recordsOf(url: string, kind: string): Promise<Record<string, unknown>[]> {
  const text = await (await fetch(`${url}/__sim/state/${practiceId}/${kind}?format=ndjson`)).text()
  // One JSON object a line, as the administration promises.
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

type Ask = () => Promise<ServerReport>

async function withServer<T>(args: readonly string[], use: (server: ServerReport, ask: Ask) => Promise<T>): Promise<T> {
  const child = fork(join(import.meta.dirname, 'simulator', 'serve.ts'), args)
  try {
    const server = await nextReport(child)
    return await use(server, () => {
      const report = nextReport(child)
      child.send('report')
      return report
    })
  } finally {
    if (child.exitCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await exited
    }
  }
}

function nextReport(child: ChildProcess): Promise<ServerReport> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as ServerReport))
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
  })
}

function summary(results: readonly Run[]): { text: string; passed: boolean } {
  const of = (value: (run: Run) => number) => median(results.map(value))
  const perSecond = of(({ mixed }) => mixed.perSecond)
  const baseline = of(({ baseline }) => baseline.perSecond)
  const rssBytes = of(({ mixed }) => mixed.server.rssBytes)
  const loadMs = of(({ mixed }) => mixed.server.loadMs)
  const strays = new Set(results.flatMap(({ mixed }) => Object.keys(mixed.statuses)))
  strays.delete('200')
  const rows: [string, string, string][] = [
    ['requests/s', perSecond.toFixed(0), `>= ${bar.perSecond}`],
    ['of the baseline', `${((perSecond / baseline) * 100).toFixed(1)} %`, ''],
    ['baseline requests/s', baseline.toFixed(0), ''],
    ['answer p50', `${of(({ mixed }) => mixed.p50Ms).toFixed(2)} ms`, ''],
    ['answer p99', `${of(({ mixed }) => mixed.p99Ms).toFixed(2)} ms`, ''],
    ["server's CPU per request", `${of(({ mixed }) => mixed.cpuUs).toFixed(0)} µs`, ''],
    ["baseline's", `${of(({ baseline }) => baseline.cpuUs).toFixed(0)} µs`, ''],
    ['bytes per answer', of(({ mixed }) => mixed.bytes / mixed.requests).toFixed(0), ''],
    ['RSS after the run', `${(rssBytes / 1e6).toFixed(0)} MB`, '<= 1000 MB'],
    ['load', `${(loadMs / 1000).toFixed(2)} s`, '<= 10 s'],
    ['statuses other than 200', strays.size === 0 ? 'none' : [...strays].join(', '), 'none'],
  ]
  const passed = perSecond >= bar.perSecond && rssBytes <= bar.rssBytes && loadMs <= bar.loadMs && strays.size === 0
  const [cpu] = cpus()
  const lines = [
    `simulator: ${patients} patients, ${connections} connections, ${runs} runs of ${durationMs / 1000} s, medians`,
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${process.platform} ${process.arch}, ` +
      `${cpus().length} x ${cpu?.model ?? 'unknown CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, ` +
      `load ${loadBefore.toFixed(1)} before`,
    '',
    ...rows.map(([name, value, limit]) => `${name.padEnd(26)}${value.padStart(12)}   ${limit}`.trimEnd()),
    '',
    `each run: ${results.map(({ mixed, baseline }) => `${mixed.perSecond.toFixed(0)}/${baseline.perSecond.toFixed(0)}`).join('  ')} (simulator/baseline)`,
    passed ? 'at or above its bar' : 'BELOW ITS BAR',
    '',
  ]
  return { text: lines.join('\n'), passed }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
