/*
 * npm test [-- file, folder or node:test flag …]: runs the tests of the whole workspace, or of the files and folders
 * named. What needs root (*.root.test.ts), or root that may mount (*.mount.test.ts), runs where it can, and where it is
 * named. They get a directory for temporary files of their own; whatever is left in it, and every process that still works
 * in it when the tests are over, is a leak and fails the run.
 */
import { spawn, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const roots = ['packages', 'scripts', 'rig', 'examples']
/** A test file that needs longer is a defect. */
const fileTimeoutMs = 300_000
/** How long the shared test cluster may take to notice that nobody uses it any more, and to go. */
const teardownMs = 10_000
const pollMs = 50
const isRoot = process.getuid?.() === 0
const sudo = isRoot ? '' : 'sudo '
/** What not everybody may who runs the tests, by the end of the names of those that need it. */
const rights = [
  { end: '.root.test.ts', needs: 'root', isHeld: () => isRoot },
  {
    end: '.mount.test.ts',
    needs: 'root that may mount',
    isHeld: () => isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0,
  },
]

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const flags = args.filter((arg) => arg.startsWith('-'))
  const paths = args.filter((arg) => !arg.startsWith('-'))
  const patterns = (paths.length ? paths : roots).map(patternOf)
  const empty = paths.filter((path) => globSync(patternOf(path)).length === 0)
  if (empty.length > 0) {
    // Else whoever mistypes a name would see no test fail.
    process.stderr.write(`There is no test of this name: ${empty.join(', ')}\n`)
    return 1
  }
  const leftOut = filesLeftOut(patterns, paths)
  const files = leftOut.length > 0 ? filesOf(patterns, leftOut) : patterns
  removeOldDirectories()
  const temporary = mkdtempSync(join(tmpdir(), `aegis-run-${process.pid}-`))
  try {
    // Without a file node would run whatever it finds.
    const code = files.length > 0 ? await runTests([...flags, ...files], temporary) : 1
    for (const { file, needs } of leftOut)
      process.stderr.write(`Not run, it needs ${needs}: ${sudo}npm test -- ${file}\n`)
    if (files.length === 0) process.stderr.write('Nothing was run: there is nothing else.\n')
    const leaks = await leaksIn(temporary)
    for (const leak of leaks) process.stderr.write(`Leaked by the tests: ${leak}\n`)
    return leaks.length ? 1 : code
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

interface LeftOut {
  readonly file: string
  readonly needs: string
}

/** Without the rights the tests of what root does cannot run: they are named, with the command, and not run. */
function filesLeftOut(patterns: readonly string[], named: readonly string[]): LeftOut[] {
  const wanted = new Set(named.map((path) => resolve(path)))
  const lacking = rights.filter(({ isHeld }) => !isHeld())
  return globSync([...patterns]).flatMap((file) => {
    const right = wanted.has(resolve(file)) ? undefined : lacking.find(({ end }) => file.endsWith(end))
    return right ? [{ file, needs: right.needs }] : []
  })
}

function filesOf(patterns: readonly string[], leftOut: readonly LeftOut[]): string[] {
  return globSync([...patterns]).filter((path) => !leftOut.some(({ file }) => file === path))
}

function patternOf(path: string): string {
  return isFile(path) ? path : `${path}/**/*.test.ts`
}

function isFile(path: string): boolean {
  return /[*?]/.test(path) || (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false)
}

function runTests(args: readonly string[], temporary: string): Promise<number> {
  const options = ['--conditions=aegis-source', '--import', './scripts/leak-guard.ts']
  const limits = ['--test-concurrency=2', `--test-timeout=${fileTimeoutMs}`]
  const child = spawn(process.execPath, [...options, '--test', ...limits, ...args], {
    stdio: 'inherit',
    env: { ...process.env, TMPDIR: temporary },
  })
  // Ctrl-C reaches the tests by itself; this process stays to clean up after them.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** Names what the tests left behind, and ends the processes among it. */
async function leaksIn(temporary: string): Promise<string[]> {
  for (let waitedMs = 0; waitedMs < teardownMs; waitedMs += pollMs) {
    if (leftIn(temporary).length === 0 && processesIn(temporary).length === 0) return []
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  const processes = processesIn(temporary)
  for (const { pid } of processes) process.kill(pid, 'SIGKILL')
  return [...processes.map(({ pid, words }) => `process ${pid} (${words})`), ...leftIn(temporary)]
}

/** Files and folders with something in them. A test file that cannot even be loaded leaves its own, empty. */
function leftIn(temporary: string): string[] {
  return readdirSync(temporary).filter((name) => {
    const path = join(temporary, name)
    return !statSync(path, { throwIfNoEntry: false })?.isDirectory() || readdirSync(path).length > 0
  })
}

/** Those of runs that were killed themselves. */
function removeOldDirectories(): void {
  for (const name of readdirSync(tmpdir())) {
    const runner = /^aegis-run-(\d+)-/.exec(name)?.[1]
    const path = join(tmpdir(), name)
    if (!runner || isAlive(Number(runner)) || processesIn(path).length > 0) continue
    rmSync(path, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

interface Process {
  readonly pid: number
  readonly words: string
}

/** Processes that work in the directory or were started with a path of it (Linux; elsewhere none are found). */
function processesIn(directory: string): Process[] {
  const pids = process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : []
  return pids.flatMap((name) => {
    const pid = Number(name)
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200)
      const inside = [words, readlinkSync(`/proc/${pid}/cwd`)].some((text) => text.includes(directory))
      return inside && pid !== process.pid ? [{ pid, words }] : []
    } catch {
      return [] // gone meanwhile, or not ours
    }
  })
}
