import { clockFaults } from './clock-faults.ts'
import { crashLoop } from './crash-loop.ts'
import { diskFaults } from './disk-faults.ts'
import { type Fault, type FaultRunOptions, type FaultRunResult, FaultUnavailable } from './fault-run.ts'
import { gracefulStops } from './graceful-stops.ts'
import { saidRates } from './judge-practice.ts'
import { partitionFaults } from './partition-faults.ts'
import { postgresFaults } from './postgres-faults.ts'

/** Faults of one run: a first load and a running day are met by each. */
const faultsPerRun = 12

const runs: Readonly<Record<Fault, (options: FaultRunOptions) => Promise<FaultRunResult>>> = {
  postgres: postgresFaults,
  disk: diskFaults,
  clock: clockFaults,
  partition: partitionFaults,
  graceful: gracefulStops,
  'crash-loop': crashLoop,
}

export const faultNames: readonly Fault[] = ['postgres', 'disk', 'clock', 'partition', 'graceful', 'crash-loop']

export function isFault(name: string): name is Fault {
  return Object.hasOwn(runs, name)
}

export interface FaultTier extends FaultRunOptions {
  readonly fault: Fault
  /** Where the fault is not to be had on this machine, this is said and nothing is wrong. */
  readonly mayBeMissing: boolean
}

/** Runs until so many faults are made; true when nothing was lost and everything said and done as promised. */
export async function faultTier(tier: FaultTier): Promise<boolean> {
  let sound = true
  for (let done = 0, run = 0; done < tier.count; done += faultsPerRun, run += 1) {
    const part = { ...tier, seed: tier.seed + run, count: Math.min(faultsPerRun, tier.count - done) }
    sound = (await oneRun(part)) && sound
  }
  return sound
}

async function oneRun(tier: FaultTier): Promise<boolean> {
  const { fault, seed, count, patients, mirrored } = tier
  const started = performance.now()
  try {
    line(`faults of ${fault}: ${count}, seed ${seed}, ${patients} patients`)
    const result = await runs[fault](tier)
    report(result, Math.round((performance.now() - started) / 1_000))
    const wrong = [result.differences, result.defects, result.broken, result.missed].flat().length
    if (wrong > 0) throw new Error(`${wrong} findings`)
    line('the mirror equals the truth')
    return true
  } catch (error) {
    if (error instanceof FaultUnavailable) {
      line(`faults of ${fault} ${tier.mayBeMissing ? 'not run' : 'refused'}: ${error.message}`)
      return tier.mayBeMissing
    }
    line(`FAILED: ${error instanceof Error ? error.message : String(error)}`)
    const same = `--seed ${seed} --patients ${patients}${mirrored === 'core' ? ' --core' : ''}`
    line(`repeat it: npm run rig -- --faults ${fault} --kills ${count} ${same}`)
    return false
  }
}

function report(result: FaultRunResult, seconds: number): void {
  line(`${JSON.stringify(result.faults)} in ${seconds} s, ${result.changes} changes applied`)
  line(`${JSON.stringify(result.counted)}`)
  line(`${saidRates(result)}, ${result.memoryMostMb ?? '?'} MB of memory at most`)
  for (const difference of result.differences.slice(0, 20)) line(`  differs: ${JSON.stringify(difference)}`)
  for (const journey of result.journeys) line(`  ${journey}`)
  for (const defect of result.defects) line(`  simulator: ${defect}`)
  for (const rule of result.broken) line(`  broken: ${rule}`)
  for (const what of result.missed) line(`  missed: ${what}`)
}

function line(text: string): void {
  process.stdout.write(`rig: ${text}\n`)
}
