import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { coreDumpsIn, coreDumpsOf } from './core-dumps.ts'

for (const [soft, expected] of [
  ['0', 'none'],
  ['unlimited', 'some'],
  ['1024', 'some'],
] as const) {
  test(`a limit of ${soft} is ${expected}, whatever it may be raised to`, () => {
    const table = `Limit Soft Limit Hard Limit Units\nMax core file size        ${soft}     unlimited      bytes\n`
    assert.equal(coreDumpsIn(table), expected)
  })
}

test('the limit of a process is read from the system, and of none where there is none', () => {
  const program = `import { coreDumpsOf } from ${JSON.stringify(new URL('core-dumps.ts', import.meta.url).href)}
    console.log(coreDumpsOf('self'))`
  const script = 'ulimit -S -c 0; exec "$@"'
  const args = ['-c', script, 'sh', process.execPath, '--input-type=module', '-e', program]
  assert.equal(spawnSync('/bin/sh', args, { encoding: 'utf8' }).stdout.trim(), 'none')
  assert.equal(coreDumpsOf(2 ** 30), undefined)
})
