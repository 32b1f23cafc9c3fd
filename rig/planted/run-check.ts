import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** One check at most: the longest takes a third of it on a machine with nothing else to do. */
const checkTimeoutMs = 1_800_000
const outputBytesMax = 256 * 1024 * 1024

/** How a check ended. `none`: it found nothing by itself, but did not come to its end either, or could not begin. */
export interface CheckResult {
  readonly outcome: 'green' | 'red' | 'none'
  /** The first thing that it found, or why there is no result. */
  readonly said: string
  readonly seconds: number
}

const rig = ['--conditions=aegis-source', 'rig/rig.ts', '--until-wrong']

const runs: Readonly<Record<string, (words: readonly string[]) => readonly string[]>> = {
  seeds: ([count = '', first = '1']) => ['--first-seed', first, '--seeds', count],
  failpoint: (words) => ['--failpoint', words.join(' ')],
  drills: ([name = '', count = '']) => ['--drills', name, '--count', count],
  faults: ([name = '', count = '']) => ['--faults', name, '--kills', count],
}

/** Whether a check is a run of the rig, and not of test files. */
export function isRun(check: string): boolean {
  return commandOf(check)[0] !== 'scripts/test.ts'
}

function commandOf(check: string): readonly string[] {
  const [what = '', ...words] = check.split(' ')
  const run = Object.hasOwn(runs, what) ? runs[what] : undefined
  return run ? [...rig, ...run(words)] : ['scripts/test.ts', check]
}

/** Runs a check in a copy of the repository: test files, or so much of the rig. */
export function runCheck(directory: string, check: string): CheckResult {
  const started = performance.now()
  const { status, stdout } = spawnSync(process.execPath, commandOf(check), {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    maxBuffer: outputBytesMax,
    timeout: checkTimeoutMs,
    env: { ...process.env, PATH: `${join(directory, 'node_modules/.bin')}:${process.env['PATH']}` },
  })
  const seconds = Math.round((performance.now() - started) / 1_000)
  if (status === 0) return { outcome: 'green', said: 'nothing', seconds }
  if (status === null) return { outcome: 'none', said: `no end within ${seconds} s`, seconds }
  const found = isRun(check) ? findingOfRig(stdout) : findingOfTests(stdout)
  return found === undefined
    ? { outcome: 'none', said: 'it ended, and found nothing', seconds }
    : { outcome: 'red', said: found, seconds }
}

const isNoFinding = /^(the life did not end|there is no |and \d+ more|at |\w*Error\b)/

/** What is not as it must be; that a life had no end, or that something was thrown in it, says nothing of the bug. */
export function findingOfRig(output: string): string | undefined {
  const lines = output.split('\n').map((line) => /^(?: {4}|rig: {3})(\S.*)$/.exec(line)?.[1])
  return lines.find((line) => line !== undefined && !isNoFinding.test(line))
}

/** A test that failed; that a file could not be loaded says nothing of the bug. */
export function findingOfTests(output: string): string | undefined {
  const titles = output.split('\n').map((line) => /^\s*✖ (.*?)(?: \([\d.]+ms\))?$/.exec(line)?.[1])
  return titles.find((title) => title !== undefined && title !== 'failing tests:' && !title.endsWith('.test.ts'))
}
