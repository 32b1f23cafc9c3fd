import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'

test('of several runs that are stopped each is cleaned up after, also when one cannot be', () => {
  const script = `
    import { onInterrupt } from ${JSON.stringify(join(import.meta.dirname, 'on-interrupt.ts'))}
    onInterrupt(() => { throw new Error('in use') })
    onInterrupt(() => console.log('cleaned up'))
    process.kill(process.pid, 'SIGTERM')
    setInterval(() => undefined, 1_000)`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.deepEqual([status, stdout, stderr], [143, 'cleaned up\n', 'in use\n'])
})
