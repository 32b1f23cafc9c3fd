import { killRun } from './kill-run.ts'

/** Kills of one run: a first load and a running day are met by each. */
const killsPerRun = 20

interface KillTier {
  readonly kills: number
  readonly patients: number
  /** Of the first run; each further one has the next. */
  readonly seed: number
}

/** Runs of real processes until so many kills are done; true when nothing was lost and no rule of athenahealth broken. */
export async function killTier({ kills, patients, seed }: KillTier): Promise<boolean> {
  let sound = true
  for (let done = 0, run = 0; done < kills; done += killsPerRun, run += 1) {
    const part = { seed: seed + run, kills: Math.min(killsPerRun, kills - done), patients }
    sound = (await oneRun(part)) && sound
  }
  return sound
}

async function oneRun({ seed, kills, patients }: KillTier): Promise<boolean> {
  const started = performance.now()
  say(`${kills} kills, seed ${seed}, ${patients} patients`)
  try {
    const result = await killRun({ seed, kills, patients })
    const seconds = Math.round((performance.now() - started) / 1_000)
    say(`${JSON.stringify(result.kills)} in ${seconds} s, ${result.changes} changes applied`)
    for (const difference of result.differences.slice(0, 20)) line(`differs: ${JSON.stringify(difference)}`)
    for (const journey of result.journeys) line(journey)
    for (const defect of result.defects) line(`simulator: ${defect}`)
    say(`most calls in a second ${result.perSecondMost}, drains at least ${result.drainDistanceMinMs} ms apart`)
    for (const rule of result.broken) line(`broken: ${rule}`)
    if (result.broken.length > 0) throw new Error('a rule of athenahealth was broken')
    if (result.differences.length > 0 || result.defects.length > 0) {
      throw new Error(`${result.differences.length} differences`)
    }
    say('the mirror equals the truth')
    return true
  } catch (error) {
    say(`FAILED: ${error instanceof Error ? error.message : String(error)}`)
    process.stdout.write(`repeat with: npm run rig -- --kills ${kills} --seed ${seed} --patients ${patients}\n`)
    return false
  }
}

function say(text: string): void {
  process.stdout.write(`rig: ${text}\n`)
}

function line(text: string): void {
  process.stdout.write(`  ${text}\n`)
}
