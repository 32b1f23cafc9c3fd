import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where tests run: a copy of the repository, and a directory for whatever they put down. */
export interface Place {
  readonly copy: string
  readonly temporary: string
}

export interface Limits {
  /** For each test of the file. */
  readonly testMs: number
  /** For the whole file. */
  readonly fileMs: number
}

export interface TestRun {
  readonly outcome: 'passed' | 'failed' | 'too long'
  readonly ms: number
  /** How long the longest test of the file took, where all passed. */
  readonly longestTestMs: number
}

/** How stop-at-failure.cjs ends a process whose test took too long. */
const tooLongCode = 2
/** A mutant that fills the memory is ended by this. */
const memoryMb = 2048

/** Runs a test file until its first failure. */
export async function runTestFile(place: Place, file: string, asked: Limits & { coverage?: string }): Promise<TestRun> {
  const reporter = join(place.copy, 'rig/mutation/stop-at-failure.cjs')
  const flags = ['--conditions=aegis-source', '--import', './scripts/leak-guard.ts', `--max-old-space-size=${memoryMb}`]
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [...flags, `--test-timeout=${Math.round(asked.testMs)}`, `--test-reporter=${reporter}`, file],
    {
      cwd: place.copy,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: environment(place, asked.coverage),
    },
  )
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  let isTooLong = false
  const limit = setTimeout(() => {
    isTooLong = true
    child.kill('SIGKILL')
  }, asked.fileMs)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  clearTimeout(limit)
  child.stdout.destroy()
  if (code !== 0) endWhatIsLeft(place.temporary)
  const ms = performance.now() - started
  const outcome = isTooLong || code === tooLongCode ? 'too long' : code === 0 ? 'passed' : 'failed'
  return { outcome, ms, longestTestMs: Math.max(0, ...printed.split('\n').map(Number).filter(Number.isFinite)) }
}

function environment({ copy, temporary }: Place, coverage: string | undefined): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${join(copy, 'node_modules/.bin')}:${process.env['PATH']}`,
    TMPDIR: temporary,
    AEGIS_TEST_RUN_DIRECTORY: temporary,
    // Starting is most of what a quick test file costs. V8 does not count what it takes from the cache.
    ...(coverage ? { NODE_V8_COVERAGE: coverage } : { NODE_COMPILE_CACHE: join(temporary, 'compiled') }),
  }
}

/** What a killed test file has started knows itself by the directory in its environment (Linux). */
function endWhatIsLeft(temporary: string): void {
  const pids = process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : []
  for (const pid of pids) {
    try {
      const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
      const isOurs = entries.includes(`AEGIS_TEST_RUN_DIRECTORY=${temporary}`) && Number(pid) !== process.pid
      const isKept = entries.some((entry) => entry.startsWith('AEGIS_TEST_OUTLIVES_FILE='))
      if (isOurs && !isKept) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // Gone meanwhile, or not ours.
    }
  }
}
