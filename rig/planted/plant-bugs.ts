import { type PlantedBug, plantedBugs } from './planted-bugs.ts'
import { PlantedCopy } from './planted-copy.ts'
import { type CheckResult, runCheck } from './run-check.ts'

/**
 * Plants each known bug whose name contains one of the words (each, without words) into a copy of the repository and runs
 * what must notice it; whether all of that noticed every bug, and none of it anything in the copy without one.
 */
export function plantBugs(words: readonly string[]): boolean {
  const chosen = plantedBugs.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
  if (chosen.length === 0) {
    say(`no planted bug has "${words.join('" or "')}" in its name; rig/planted names them`)
    return false
  }
  const copy = new PlantedCopy()
  const sound = new Map<string, CheckResult>()
  let caught = 0
  try {
    for (const bug of chosen) if (isCaught(copy, bug, sound)) caught += 1
  } finally {
    copy.remove()
  }
  say(`${caught} of ${chosen.length} planted bugs were caught, each by all that must notice it`)
  return caught === chosen.length
}

function isCaught(copy: PlantedCopy, bug: PlantedBug, sound: Map<string, CheckResult>): boolean {
  say(bug.name)
  // Whatever is red without the bug proves nothing with it.
  for (const check of bug.caughtBy) if (!sound.has(check)) sound.set(check, runCheck(copy.directory, check))
  const takeOut = copy.plant(bug)
  try {
    return bug.caughtBy.map((check) => isNoticed(copy, check, sound.get(check))).every(Boolean)
  } finally {
    takeOut()
  }
}

function isNoticed({ directory }: PlantedCopy, check: string, control: CheckResult | undefined): boolean {
  if (control?.outcome !== 'green') {
    say(`  NO PROOF: without the bug ${check} says: ${control?.said}`)
    return false
  }
  const { outcome, said, seconds } = runCheck(directory, check)
  if (outcome === 'red') say(`  caught by ${check} (${seconds} s): ${said}`)
  else say(`  NOT CAUGHT by ${check} (${seconds} s): ${said}`)
  return outcome === 'red'
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
