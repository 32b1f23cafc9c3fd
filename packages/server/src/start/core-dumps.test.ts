import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { coreDumpsIn, coreDumpsOf } from './core-dumps.ts'

const program = '|/usr/share/apport/apport -p%p\n'
for (const [soft, pattern, expected] of [
  ['0', 'core\n', 'none'],
  ['1', 'core\n', 'none'],
  ['unlimited', 'core\n', 'some'],
  ['1024', 'core\n', 'some'],
  ['0', program, 'handed-over'],
  ['unlimited', program, 'handed-over'],
  ['1', program, 'none'],
] as const) {
  test(`a limit of ${soft} with the pattern ${pattern.trim()} is ${expected}, whatever it may be raised to`, () => {
    const limits = `Limit Soft Limit Hard Limit Units\nMax core file size        ${soft}     unlimited      bytes\n`
    assert.equal(coreDumpsIn({ limits, pattern }), expected)
  })
}

test('the limit of a process is read from the system, and of none where there is none', () => {
  const asked = `import { coreDumpsOf } from ${JSON.stringify(new URL('core-dumps.ts', import.meta.url).href)}
    console.log(coreDumpsOf('self'))`
  const script = 'ulimit -S -c 0; exec "$@"'
  const args = ['-c', script, 'sh', process.execPath, '--input-type=module', '-e', asked]
  const isPiped = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').startsWith('|')
  const said = spawnSync('/bin/sh', args, { encoding: 'utf8' }).stdout.trim()
  assert.equal(said, isPiped ? 'handed-over' : 'none')
  assert.equal(coreDumpsOf(2 ** 30), undefined)
})
