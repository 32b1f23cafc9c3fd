import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'

test('a name that no test has is refused: else nothing would run, and nothing fail', () => {
  const root = join(import.meta.dirname, '..')
  const run = (...names: string[]) => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/test.ts', ...names], {
      cwd: root,
      encoding: 'utf8',
    })
    return { status, stderr }
  }
  assert.deepEqual(run('scripts/no-such.test.ts'), {
    status: 1,
    stderr: 'There is no test of this name: scripts/no-such.test.ts\n',
  })
})
