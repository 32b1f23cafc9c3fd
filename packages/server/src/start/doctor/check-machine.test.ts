import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkDisk, checkNode, judgeCoreDumps, judgeRoom } from './check-machine.ts'

const folder = mkdtempSync(join(tmpdir(), 'doctor-disk-'))
after(() => rmSync(folder, { recursive: true, force: true }))

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

const mb = 1024 ** 2
for (const [free, level, shown] of [
  [15 * mb, 'failure', '15 MB'],
  [16 * mb, 'warning', '16 MB'],
  [2_047 * mb, 'warning', '2.0 GB'],
  [2_048 * mb, 'ok', '2.0 GB'],
] as const) {
  test(`${free / mb} MB of room: ${level}`, () => {
    const finding = judgeRoom(free)
    assert.equal(finding.level, level)
    assert.ok(finding.message.includes(shown), finding.message)
  })
}

test('the room of a disk that is there is told', () => {
  assert.match(checkDisk(folder).message, /[0-9.]+ [GM]B free/)
})

test('a process that leaves its memory behind when it dies is warned of, with what to do', () => {
  const { level, remedy } = judgeCoreDumps('some', 'running')
  assert.equal(level, 'warning')
  assert.match(remedy ?? '', /ulimit -c 0.*LimitCORE=0/)
  const handedOver = judgeCoreDumps('handed-over', 'running')
  assert.equal(handedOver.level, 'warning')
  assert.match(handedOver.message, /to a program \(\/proc\/sys\/kernel\/core_pattern\)/)
  assert.match(handedOver.remedy ?? '', /LimitCORE=1 .*prlimit --core=1/)
  assert.equal(judgeCoreDumps('none', 'running').level, 'ok')
  assert.equal(judgeCoreDumps(undefined, 'running').level, 'skipped')
})
