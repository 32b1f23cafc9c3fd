/*
 * The scale table: time, calls and memory of a first load with limits off, at 1,000 to 1,000,000 patients of one practice and at
 * 1 to 3,000 practices of 100 patients. What a record costs may not grow with their number: bar: at most 1.5 times from one step
 * to the next, by CPU time of all processes together, which a busy machine distorts least, and by the clock, which shows waiting;
 * and Aegis <= 400 MB. `patients` or `practices` runs one half, `--most N` leaves out the largest steps, `--save` keeps the table.
 */
import { type LoadOnce, loadOnce } from './mirror/load-once.ts'
import { flag, mb, publish, type Row } from './mirror/report.ts'

const bar = { growth: 1.5, rssBytes: 400e6 }
const most = flag('most', Number.POSITIVE_INFINITY)
const halves = ['patients', 'practices'].filter((half) => process.argv.includes(half))
const asked = halves.length === 0 ? ['patients', 'practices'] : halves

interface Step extends LoadOnce {
  readonly size: number
}

process.exitCode = await main()

async function main(): Promise<number> {
  const parts: (Row[] | string)[] = []
  let passed = true
  for (const half of asked) {
    const steps = half === 'patients' ? await byPatients() : await byPractices()
    parts.push(
      `${half}: records, calls, time; records/s; CPU a record, of it Aegis/PostgreSQL/simulator; WAL a record, of it whole pages; ` +
        'RSS of Aegis, simulator, PostgreSQL; one `aegis status`, one reading of the metrics',
      rowsOf(steps),
    )
    passed = passed && steps.every((step, index) => isLinear(steps[index - 1], step))
  }
  publish('scale', 'scale: first load, limits off', [...parts, passed ? 'nothing worse than linear' : 'BELOW ITS BAR'])
  return passed ? 0 : 1
}

function isLinear(before: Step | undefined, step: Step): boolean {
  const isAsCheap =
    before === undefined ||
    (step.cpuUs.all <= bar.growth * before.cpuUs.all &&
      step.ms / step.records <= (bar.growth * before.ms) / before.records)
  return step.rss.aegis <= bar.rssBytes && isAsCheap
}

function rowsOf(steps: readonly Step[]): Row[] {
  return steps.map(({ size, records, calls, ms, cpuUs, wal, rss, looks }) => [
    String(size).padStart(9),
    `${records}, ${calls}, ${(ms / 1000).toFixed(1)} s; ${((records / ms) * 1000).toFixed(0)}/s; ${cpuUs.all.toFixed(0)} µs, ` +
      `${cpuUs.aegis.toFixed(0)}/${cpuUs.postgres.toFixed(0)}/${cpuUs.simulator.toFixed(0)}; ` +
      `${(wal.bytes / 1000).toFixed(1)} kB, ${(wal.wholePages / 1000).toFixed(1)} kB; ` +
      `${mb(rss.aegis)}, ${mb(rss.simulator)}, ${mb(rss.postgres)}; ${looks.statusMs.toFixed(0)}, ${looks.metricsMs.toFixed(0)} ms`,
  ])
}

async function byPatients(): Promise<Step[]> {
  const steps: Step[] = []
  for (const size of [1_000, 10_000, 100_000, 1_000_000].filter((one) => one <= most)) {
    steps.push({ size, ...(await loadOnce({ practices: 1, patients: size })) })
    process.stderr.write(`${size} patients done\n`)
  }
  return steps
}

async function byPractices(): Promise<Step[]> {
  const steps: Step[] = []
  for (const size of [1, 10, 100, 1_000, 3_000].filter((one) => one <= most)) {
    steps.push({ size, ...(await loadOnce({ practices: size, patients: 100 })) })
    process.stderr.write(`${size} practices done\n`)
  }
  return steps
}
