import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

const guard = join(import.meta.dirname, 'leak-guard.ts')

interface Outcome {
  readonly code: number
  readonly output: string
  /** What is left in the run's directory for temporary files. */
  readonly left: readonly string[]
}

/** Runs one test file, given as text, under the guard and in a run of its own. */
async function runGuarded(text: string, options: readonly string[] = []): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'guarded-'))
  try {
    const file = join(folder, 'planted.test.ts')
    await writeFile(file, `import test, { after, describe } from 'node:test'\n${text}\n`)
    const { NODE_TEST_CONTEXT: _context, AEGIS_TEST_FILE: _tag, AEGIS_TEST_RUN_DIRECTORY: _run, ...env } = process.env
    const run = await mkdtemp(join(folder, 'run-'))
    const settings = { env: { ...env, TMPDIR: run }, timeout: 60_000 }
    const args = ['--import', guard, ...options, file]
    const outcome = await new Promise<Omit<Outcome, 'left'>>((resolve) => {
      execFile(process.execPath, args, settings, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? (error ? -1 : 0)), output: stdout + stderr }),
      )
    })
    return { ...outcome, left: await readdir(run) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const sleeper = "process.execPath, ['-e', 'setInterval(() => {}, 1e6)']"

const leaks: [title: string, text: string, named: RegExp][] = [
  [
    'a server that was not closed',
    "import { createServer } from 'node:net'\ntest('a', (t, done) => { createServer().listen(0, '127.0.0.1', done) })",
    /still open after the tests: Server on .*127\.0\.0\.1/,
  ],
  [
    'a server that was only unreferenced',
    "import { createServer } from 'node:net'\ntest('a', (t, done) => { createServer().listen(0, done).unref() })",
    /a server on port \d+/,
  ],
  [
    'a socket that was not closed',
    `import { connect, createServer } from 'node:net'
    test('a', (t, done) => {
      const server = createServer(() => server.close()).listen(0, () => connect(server.address().port, done))
    })`,
    /socket from port \d+ to port \d+/,
  ],
  ['a timer', "test('a', () => { setInterval(() => {}, 1e6) })", /still open after the tests: Timeout/],
  [
    'a worker thread',
    "import { Worker } from 'node:worker_threads'\ntest('a', () => { new Worker('setInterval(() => {}, 1e6)', { eval: true }) })",
    /still open after the tests: .*worker thread/,
  ],
  [
    'a child process',
    `import { spawn } from 'node:child_process'\ntest('a', () => { spawn(${sleeper}) })`,
    /child process \d+ \(.*setInterval/,
  ],
  [
    'a child process that was let go',
    `import { spawn } from 'node:child_process'
    test('a', () => { spawn(${sleeper}, { detached: true, stdio: 'ignore' }).unref() })`,
    /process \d+ \(.*setInterval/,
  ],
  [
    'a child process that was let go in an environment of its own',
    `import { spawn } from 'node:child_process'
    test('a', () => { spawn(${sleeper}, { detached: true, stdio: 'ignore', env: {} }).unref() })`,
    /process \d+ \(.*setInterval/,
  ],
  [
    'a process whose parent is gone',
    `import { spawnSync } from 'node:child_process'
    test('a', () => { spawnSync('sh', ['-c', 'sleep 1000 > /dev/null 2>&1 &']) })`,
    /process \d+ \(sleep 1000\)/,
  ],
  [
    'a file that was not closed',
    "import { openSync } from 'node:fs'\ntest('a', () => { openSync(import.meta.filename) })",
    /an open file, .*planted\.test\.ts/,
  ],
  [
    'a temporary file that was not removed',
    `import { writeFileSync } from 'node:fs'
    import { tmpdir } from 'node:os'
    test('a', () => { writeFileSync(tmpdir() + '/forgotten', '') })`,
    /a temporary file or folder, forgotten/,
  ],
  [
    'a server left open by a hook that failed',
    `import { createServer } from 'node:net'
    after(() => { throw new Error('the hook failed') })
    test('a', (t, done) => { createServer().listen(0, done).unref() })`,
    /a server on port \d+/,
  ],
]

// They mostly wait for the guard's time of grace, so all run at once.
describe('a test file fails that leaks', { concurrency: true }, () => {
  for (const [title, text, named] of leaks) {
    test(title, async () => {
      const { code, output, left } = await runGuarded(text)
      assert.equal(code, 1, output)
      assert.match(output, named)
      assert.match(output, /Leaked by .*planted\.test\.ts/)
      assert.deepEqual(left, [])
    })
  }
})

describe('the guard', { concurrency: true }, () => {
  test('makes the runner fail, and ends what was leaked', async () => {
    const { code, output } = await runGuarded(
      `import { spawn } from 'node:child_process'
    test('a', () => { spawn(${sleeper}, { detached: true, stdio: 'ignore' }).unref() })`,
      ['--test', '--test-reporter=tap'],
    )
    assert.equal(code, 1, output)
    assert.match(output, /^not ok 1 - .*planted\.test\.ts$/m)
    const pid = Number(/process (\d+)/.exec(output)?.[1])
    // Gone, or dead and not yet collected by its parent.
    assert.equal(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''), '')
  })

  test('lets a test file pass that closes everything, in hooks too and however late', async () => {
    const { code, output, left } = await runGuarded(
      `import { spawn } from 'node:child_process'
    import { openSync, closeSync, mkdtempSync, rmSync } from 'node:fs'
    import { createServer } from 'node:net'
    import { tmpdir } from 'node:os'
    const server = createServer().listen(0)
    const folder = mkdtempSync(tmpdir() + '/a-')
    const child = spawn(${sleeper}, { detached: true, stdio: 'ignore' })
    after(() => new Promise((resolve) => setTimeout(resolve, 2_500)))
    after(() => { server.close(); rmSync(folder, { recursive: true }); child.kill() })
    describe('a', () => test('b', () => closeSync(openSync(import.meta.filename))))`,
    )
    assert.equal(code, 0, output)
    assert.deepEqual(left, [])
  })

  test('lets a process outlive a test file that serves several of them', async () => {
    const { code, output } = await runGuarded(
      `import { spawn } from 'node:child_process'
    const env = { ...process.env, AEGIS_TEST_OUTLIVES_FILE: '1' }
    test('a', () => { spawn('sleep', ['1'], { detached: true, stdio: 'ignore', env }).unref() })`,
    )
    assert.equal(code, 0, output)
  })
})
