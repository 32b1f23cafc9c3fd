import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type PlantedBug, plantedBugs } from './planted-bugs.ts'
import { PlantedCopy } from './planted-copy.ts'

const checkTimeoutMs = 900_000

/**
 * Plants each known bug whose name contains one of the words (each, without words) into a copy of the repository and runs
 * what must notice it; whether everything was noticed.
 */
export function plantBugs(words: readonly string[]): boolean {
  const chosen = plantedBugs.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
  const copy = new PlantedCopy()
  let survived = 0
  try {
    for (const bug of chosen) if (!isCaught(copy, bug)) survived += 1
  } finally {
    copy.remove()
  }
  process.stdout.write(`${chosen.length - survived} of ${chosen.length} planted bugs were caught\n`)
  return survived === 0 && chosen.length > 0
}

function isCaught(copy: PlantedCopy, bug: PlantedBug): boolean {
  const takeOut = copy.plant(bug)
  try {
    for (const check of bug.caughtBy) {
      const started = performance.now()
      if (isGreen(copy, check)) continue
      process.stdout.write(`caught by ${check} (${Math.round((performance.now() - started) / 1000)} s): ${bug.name}\n`)
      return true
    }
  } finally {
    takeOut()
  }
  process.stdout.write(`SURVIVED ${bug.caughtBy.join(', ')}: ${bug.name}\n`)
  return false
}

/** Whether a check finds nothing wrong in the copy. One that does not end in time has found something. */
function isGreen({ directory }: PlantedCopy, check: string): boolean {
  const [what = '', count = '', drillCount = ''] = check.split(' ')
  const rig = ['--conditions=aegis-source', 'rig/rig.ts']
  const commands: Readonly<Record<string, readonly string[]>> = {
    seeds: [...rig, '--first-seed', '1', '--seeds', count],
    failpoints: [...rig, '--failpoints'],
    drills: [...rig, '--drills', count, '--count', drillCount],
    faults: [...rig, '--faults', count, '--kills', drillCount],
  }
  const command = commands[what] ?? ['scripts/test.ts', check]
  const { status } = spawnSync(process.execPath, command, {
    cwd: directory,
    stdio: 'ignore',
    timeout: checkTimeoutMs,
    env: { ...process.env, PATH: `${join(directory, 'node_modules/.bin')}:${process.env['PATH']}` },
  })
  return status === 0
}
