import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkDisk, checkNode } from './check-machine.ts'

const folder = mkdtempSync(join(tmpdir(), 'doctor-disk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0

test('an older Node is a failure', () => {
  assert.equal(checkNode('24.0.0').level, 'ok')
  assert.equal(checkNode('26.1.0').level, 'ok')
  const { level, message, remedy } = checkNode('22.9.0')
  assert.deepEqual([level, message], ['failure', 'This is Node 22.9.0; Aegis needs 24 or newer.'])
  assert.match(remedy ?? '', /npm ci/)
})

test('how full a disk that is not there is, is not known', () => {
  assert.equal(checkDisk(join(folder, 'nowhere')).level, 'skipped')
})

test('a disk is told as full, nearly full, or with room', { skip: !canMount && 'forbidden here' }, () => {
  for (const [size, level] of [
    ['15m', 'failure'],
    ['100m', 'warning'],
    ['3g', 'ok'],
  ] as const) {
    const module = join(import.meta.dirname, 'check-machine.ts')
    const script = `import { checkDisk } from ${JSON.stringify(module)}; console.log(checkDisk(${JSON.stringify(folder)}).level)`
    const mounted = `mount -t tmpfs -o size=${size} none "$0" && exec "$@"`
    const node = [process.execPath, '--conditions=aegis-source', '--input-type=module', '-e', script]
    const { stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', mounted, folder, ...node], {
      encoding: 'utf8',
    })
    assert.equal(stdout.trim(), level, stderr)
  }
})
