/** `npm run rig`: see rig/README.md. Ends non-zero when anything was lost, and prints the command that repeats it. */
import { parseArgs } from 'node:util'
import { killRun } from './kill-run.ts'

const { values } = parseArgs({
  options: {
    tier: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string', default: '1' },
    patients: { type: 'string', default: '300' },
  },
})

const kills = Number(values.kills ?? (values.tier === 'short' ? 12 : 20))
const seed = Number(values.seed)
const patients = Number(values.patients)
const started = performance.now()
process.stdout.write(`rig: ${kills} kills, seed ${seed}, ${patients} patients\n`)
try {
  const result = await killRun({ seed, kills, patients })
  const seconds = Math.round((performance.now() - started) / 1_000)
  process.stdout.write(`rig: ${JSON.stringify(result.kills)} in ${seconds} s, ${result.changes} changes applied\n`)
  for (const difference of result.differences.slice(0, 20))
    process.stdout.write(`  differs: ${JSON.stringify(difference)}\n`)
  for (const line of result.journeys) process.stdout.write(`  ${line}\n`)
  for (const defect of result.defects) process.stdout.write(`  simulator: ${defect}\n`)
  process.stdout.write(
    `rig: most calls in a second ${result.perSecondMost}, drains at least ${result.drainDistanceMinMs} ms apart\n`,
  )
  for (const rule of result.broken) process.stdout.write(`  broken: ${rule}\n`)
  if (result.broken.length > 0) throw new Error('a rule of athenahealth was broken')
  if (result.differences.length > 0 || result.defects.length > 0)
    throw new Error(`${result.differences.length} differences`)
  process.stdout.write('rig: the mirror equals the truth\n')
} catch (error) {
  process.stdout.write(`rig: FAILED: ${error instanceof Error ? error.message : String(error)}\n`)
  process.stdout.write(`repeat with: npm run rig -- --kills ${kills} --seed ${seed} --patients ${patients}\n`)
  process.exitCode = 1
}
