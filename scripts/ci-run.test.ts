import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, test } from 'node:test'
import { gitEnvironment } from './tidy/git-environment.ts'

const root = join(import.meta.dirname, '..')

interface Outcome {
  readonly code: number
  readonly output: string
}

function run(cwd: string, command: readonly string[], path = ''): Promise<Outcome> {
  const env = { ...gitEnvironment(), PATH: path + delimiter + process.env['PATH'] }
  const [program, ...args] = command
  return new Promise((resolve) => {
    execFile(program!, args, { cwd, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? (error ? -1 : 0)), output: stdout + stderr }),
    )
  })
}

/** Runs `.ci/run` in a repository of its own, with an `npm` that is this script. */
async function runWith(npm: string): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-'))
  try {
    const [checkout, programs] = [join(folder, 'checkout'), join(folder, 'programs')]
    await mkdir(checkout)
    await mkdir(programs)
    await cp(join(root, '.ci'), join(checkout, '.ci'), { recursive: true })
    await writeFile(join(programs, 'npm'), `#!/bin/sh\n[ "$1" = --version ] && echo 11.0.0 && exit\n${npm}\n`)
    await chmod(join(programs, 'npm'), 0o755)
    await run(checkout, ['git', 'init', '--quiet'])
    return await run(checkout, [join('.ci', 'run')], programs)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe('.ci/run', { concurrency: true }, () => {
  test('runs every step, each timed, without input', async () => {
    const { code, output } = await runWith('[ "$CI" = true ] && ! read line')
    assert.equal(code, 0, output)
    for (const step of ['npm ci', 'npm run lint', 'npm run tidy', 'npm run types', 'npm test', 'npm run try-package']) {
      assert.match(output, new RegExp(`^=== .*: ${step}$`, 'm'))
    }
    assert.match(output, /^=== all steps passed in \d+ s\n(?: *\d+s {2}[\w, ]+\n){5,}$/m)
  })

  test('stops at the step that fails, with its exit code and the command that repeats it', async () => {
    const { code, output } = await runWith('[ "$2" != tidy ] || exit 7')
    assert.equal(code, 7, output)
    assert.match(output, /=== tidy failed with exit code 7 after \d+ s\nRepeat it with:\n {2}cd \S+ && npm run tidy\n$/)
  })

  test('fails when a step changes the checkout', async () => {
    const { code, output } = await runWith('[ "$1" != test ] || touch forgotten')
    assert.equal(code, 1, output)
    assert.match(output, /has changed the checkout:\n(?:.*\n)*\?\? forgotten/)
  })
})
