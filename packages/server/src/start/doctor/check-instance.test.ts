import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../clock/clock.ts'
import { prepareHome } from '../../ops/home.ts'
import { lockHome } from '../../ops/home-lock.ts'
import { writeInstance } from '../../ops/instance-file.ts'
import { lookAtInstance } from './check-instance.ts'

function aHome(context: { after(work: () => void): void }) {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-instance-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return prepareHome(join(folder, 'home'))
}

test('of an instance that starts is said that it holds the home, and neither that none runs nor that one is to be started', async (context) => {
  const home = aHome(context)
  writeInstance(home, { url: 'http://127.0.0.1:1', token: 'x'.repeat(43), pid: 4711, startedAt: '', version: '' })
  const lock = lockHome(home) // which takes away what the killed one left
  const { findings, status } = await lookAtInstance(home, undefined, systemClock)
  lock.release()
  assert.equal(status, undefined)
  const [found, ...more] = findings
  assert.deepEqual([found?.level, found?.check, more], ['warning', 'running', []])
  assert.match(found?.message ?? '', new RegExp(`^Process ${process.pid} holds this home and does not listen\\.$`))
  assert.match(found?.remedy ?? '', /^If it is starting.*ask again/)
})

test('without one there is nothing to be said', async (context) => {
  const { findings } = await lookAtInstance(aHome(context), undefined, systemClock)
  assert.deepEqual(
    findings.map(({ level, message }) => [level, message]),
    [['ok', 'None runs on this home']],
  )
})
