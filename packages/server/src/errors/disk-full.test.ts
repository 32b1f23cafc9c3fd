import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { diskFullError, isOutOfRoom } from './disk-full.ts'

const folder = mkdtempSync(join(tmpdir(), 'disk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0

test('what the system says of a full disk or a used-up quota is one error of ours, and nothing else is', () => {
  for (const code of ['ENOSPC', 'EDQUOT']) {
    assert.equal(diskFullError(Object.assign(new Error(code), { code }), '/here')?.code, 'db.disk-full')
  }
  for (const other of [Object.assign(new Error('no'), { code: 'EACCES' }), new Error('ENOSPC'), 'ENOSPC']) {
    assert.equal(diskFullError(other, '/here'), undefined)
  }
})

test('a directory that is not there is not out of room', () => {
  assert.equal(isOutOfRoom(join(folder, 'nowhere')), false)
})

test('a disk with less room than a segment of the write-ahead log is out of it', {
  skip: !canMount && 'forbidden here',
}, () => {
  for (const [size, isOut] of [
    ['15m', true],
    ['17m', false],
  ] as const) {
    const module = join(import.meta.dirname, 'disk-full.ts')
    const script = `import { isOutOfRoom } from ${JSON.stringify(module)}; console.log(isOutOfRoom(${JSON.stringify(folder)}))`
    const mounted = `mount -t tmpfs -o size=${size} none "$0" && exec "$@"`
    const node = [process.execPath, '--input-type=module', '-e', script]
    const { stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', mounted, folder, ...node], {
      encoding: 'utf8',
    })
    assert.equal(stdout.trim(), String(isOut), stderr)
  }
})
