import { saidRates } from './judge-practice.ts'
import { replicaRun, type ReplicaRunOptions } from './replica-run.ts'

/** Pauses, kills and stops of one run: a first load and a change of the configuration are met by each. */
const pausesPerRun = 20

/** Runs of several processes on one database until so many blows have fallen; true when nothing was wrong. */
export async function replicaTier(options: ReplicaRunOptions): Promise<boolean> {
  let sound = true
  for (let done = 0, run = 0; done < options.pauses; done += pausesPerRun, run += 1) {
    const pauses = Math.min(pausesPerRun, options.pauses - done)
    sound = (await oneRun({ ...options, pauses, seed: options.seed + run })) && sound
  }
  return sound
}

async function oneRun(options: ReplicaRunOptions): Promise<boolean> {
  const { seed, replicas, pauses, patients, leaseMs, pauseMs, mirrored } = options
  const started = performance.now()
  say(`${replicas} processes, ${pauses} pauses, kills and stops, seed ${seed}`)
  try {
    const result = await replicaRun(options)
    const seconds = Math.round((performance.now() - started) / 1_000)
    say(`${JSON.stringify(result.done)} in ${seconds} s, ${result.changes} changes applied`)
    for (const difference of result.differences.slice(0, 20)) line(`differs: ${JSON.stringify(difference)}`)
    for (const journey of result.journeys) line(journey)
    for (const defect of result.defects) line(`simulator: ${defect}`)
    say(
      `${result.tokenRequests} token requests, ${saidRates(result)}, taken over within ${result.takeOverMostMs} ms (${result.holders} of those struck held a lease), stopped within ${result.stopMostMs} ms, ` +
        `${result.memoryMostMb ?? '?'} MB of memory at most`,
    )
    for (const rule of result.broken) line(`broken: ${rule}`)
    if (result.differences.length + result.defects.length + result.broken.length > 0) throw new Error('it is not sound')
    return true
  } catch (error) {
    line(error instanceof Error ? error.message : String(error))
    const same = `--seed ${seed} --patients ${patients} --lease ${leaseMs / 1_000} --pause ${pauseMs / 1_000}${mirrored === 'core' ? ' --core' : ''}`
    line(`repeat it: npm run rig -- --replicas ${replicas} --pauses ${pauses} ${same}`)
    return false
  }
}

function say(text: string): void {
  line(`replicas: ${text}`)
}

function line(text: string): void {
  process.stdout.write(`${text}\n`)
}
