import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { diskFullError, freeBytes, isOutOfRoom, isTooLittle } from './disk-full.ts'

const folder = mkdtempSync(join(tmpdir(), 'disk-'))
after(() => rmSync(folder, { recursive: true, force: true }))

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

test('a disk with less room than a segment of the write-ahead log is out of it', () => {
  const mb = 1024 ** 2
  assert.deepEqual([isTooLittle(16 * mb - 1), isTooLittle(16 * mb)], [true, false])
})

test('of a disk counts what is free for whoever runs this, as df tells it', () => {
  const before = freeBytes(folder) ?? 0
  const { stdout } = spawnSync('df', ['-Pk', folder], { encoding: 'utf8' })
  const after = freeBytes(folder) ?? 0
  const told = Number(stdout.trim().split('\n').at(-1)?.split(/\s+/).at(3)) * 1_024
  const others = 64 * 1024 ** 2 // what others write meanwhile
  assert.ok(told > Math.min(before, after) - others && told < Math.max(before, after) + others, `${told} ${before}`)
})
