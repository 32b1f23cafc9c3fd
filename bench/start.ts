/**
 * Benchmark `start`: from `npm start` on an empty home until the first appointment shows. Five runs, the median counts;
 * beside it, in the same run, what starting Node and PostgreSQL alone cost on this machine. Bar: 15 s.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const runs = 5
const barSeconds = 15
const root = join(import.meta.dirname, '..')

interface Run {
  /** Until the API answers. */
  readonly upSeconds: number
  /** Until the first appointment is in the mirror. */
  readonly firstAppointmentSeconds: number
  /** Until every patient of the demo is. */
  readonly loadedSeconds: number
}

async function measure(): Promise<Run> {
  const home = mkdtempSync(join(tmpdir(), 'aegis-bench-start-'))
  const child = spawn('npm', ['start', '--', '--port', '0', '--plain'], {
    cwd: root,
    env: { ...process.env, AEGIS_HOME: home },
    stdio: 'ignore',
    detached: true,
  })
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1_000
  try {
    const upSeconds = await until(home, child, { reached: () => true, seconds })
    const firstAppointmentSeconds = await until(home, child, { reached: (of) => (of.appointment ?? 0) > 0, seconds })
    const loadedSeconds = await until(home, child, { reached: (of) => (of.patient ?? 0) >= 1_000, seconds })
    return { upSeconds, firstAppointmentSeconds, loadedSeconds }
  } finally {
    await stop(child, home)
    rmSync(home, { recursive: true, force: true })
  }
}

type Counts = Readonly<Record<string, number>>

async function until(
  home: string,
  child: ChildProcess,
  goal: { reached: (records: Counts) => boolean; seconds: () => number },
): Promise<number> {
  while (goal.seconds() < 120) {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}`)
    const records = await readRecords(home).catch(() => undefined)
    if (records && goal.reached(records)) return goal.seconds()
    await sleep(25)
  }
  throw new Error('not reached within two minutes')
}

async function readRecords(home: string): Promise<Counts | undefined> {
  const file = join(home, 'run', 'instance.json')
  if (!existsSync(file)) return undefined
  const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; token: string }
  const response = await fetch(`${url}/aegis/v1/status`, { headers: { authorization: `Bearer ${token}` } })
  const report = (await response.json()) as { practices: { records: Counts }[] }
  return report.practices[0]?.records
}

/** Stops the program npm started, and waits for npm to end with it. */
async function stop(child: ChildProcess, home: string): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const file = join(home, 'run', 'instance.json')
  if (existsSync(file)) process.kill((JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid, 'SIGTERM')
  else if (child.pid) process.kill(-child.pid, 'SIGTERM')
  await ended
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** The least any start costs here: npm and Node with nothing to do. */
function bareSeconds(): number {
  const started = performance.now()
  spawnSync('npm', ['exec', '--', 'node', '-e', '0'], { cwd: root, stdio: 'ignore' })
  return (performance.now() - started) / 1_000
}

const measured: Run[] = []
for (let run = 0; run < runs; run += 1) measured.push(await measure())
const bare = median(Array.from({ length: runs }, bareSeconds))
const first = median(measured.map((run) => run.firstAppointmentSeconds))
const lines = [
  `benchmark start, ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`,
  `baseline, npm and Node doing nothing      ${bare.toFixed(2)} s`,
  `API answers                               ${median(measured.map((run) => run.upSeconds)).toFixed(2)} s`,
  `first appointment shows                   ${first.toFixed(2)} s   (bar ${barSeconds} s, ${(first / bare).toFixed(1)} x baseline)`,
  `1,000 patients shown                      ${median(measured.map((run) => run.loadedSeconds)).toFixed(2)} s`,
  `runs (first appointment)                  ${measured.map((run) => run.firstAppointmentSeconds.toFixed(2)).join(' ')}`,
]
process.stdout.write(`${lines.join('\n')}\n`)
if (first > barSeconds) process.exitCode = 1
