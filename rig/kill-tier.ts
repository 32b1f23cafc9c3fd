import { availableParallelism } from 'node:os'
import { saidRates } from './judge-practice.ts'
import { killRun, type KillRunResult } from './kill-run.ts'

/** Kills of one run at most: a first load and a running day are met by each. */
const killsPerRun = 20
/** Runs at once at most: each has processes, a simulator and a PostgreSQL of its own in the memory. */
const lanesMax = 4

interface KillTier {
  readonly kills: number
  readonly patients: number
  /** Of the first run; each further one has the next. */
  readonly seed: number
}

/**
 * Runs of real processes until so many kills are done; true when nothing was lost and no rule of athenahealth broken. As many
 * at once as there are processors, four at most: a run waits for half of its time, for the moment to kill and for what starts
 * again.
 */
export async function killTier({ kills, patients, seed }: KillTier): Promise<boolean> {
  const runs = Math.ceil(kills / killsPerRun)
  const parts = Array.from({ length: runs }, (_, run) => ({
    seed: seed + run,
    kills: Math.floor((kills + run) / runs),
    patients,
  })).values()
  const lanes = Array.from({ length: Math.min(runs, availableParallelism(), lanesMax) }, () => runEach(parts))
  return (await Promise.all(lanes)).every(Boolean)
}

async function runEach(parts: Iterable<KillTier>): Promise<boolean> {
  let sound = true
  for (const part of parts) sound = (await oneRun(part)) && sound
  return sound
}

/** What a run has to say comes at its end, in one piece. */
async function oneRun({ seed, kills, patients }: KillTier): Promise<boolean> {
  const started = performance.now()
  process.stdout.write(`rig: ${kills} kills, seed ${seed}, ${patients} patients\n`)
  try {
    const { lines, isSound } = told(await killRun({ seed, kills, patients }))
    const seconds = Math.round((performance.now() - started) / 1_000)
    process.stdout.write(`${[`rig: seed ${seed}, ${seconds} s`, ...lines].join('\n')}\n`)
    if (isSound) return true
  } catch (error) {
    process.stdout.write(`rig: FAILED: ${error instanceof Error ? error.message : String(error)}\n`)
  }
  process.stdout.write(`repeat with: npm run rig -- --kills ${kills} --seed ${seed} --patients ${patients}\n`)
  return false
}

function told(result: KillRunResult): { lines: string[]; isSound: boolean } {
  const { differences, journeys, defects, broken, memoryMostMb } = result
  const found = { differences, 'rules broken': broken, 'defects of the simulator': defects }
  const wrong = Object.entries(found).flatMap(([what, { length }]) => (length > 0 ? [`${length} ${what}`] : []))
  const lines = [
    `  killed: ${JSON.stringify(result.kills)}; ${result.changes} changes applied`,
    ...differences.slice(0, 20).map((difference) => `  differs: ${JSON.stringify(difference)}`),
    ...journeys.map((journey) => `  ${journey}`),
    ...defects.map((defect) => `  simulator: ${defect}`),
    `  ${saidRates(result)}, ${memoryMostMb ?? '?'} MB of memory at most`,
    ...broken.map((rule) => `  broken: ${rule}`),
    wrong.length > 0 ? `  FAILED: ${wrong.join(', ')}` : '  the mirror equals the truth',
  ]
  return { lines, isSound: wrong.length === 0 }
}
