import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { version } from '../../version.ts'
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

/** What is said of a process that holds the home and answers like this. */
async function whileRunning(context: { after(work: () => void): void }, answer: (response: ServerResponse) => void) {
  const home = aHome(context)
  const server = createServer((_, response) => answer(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const lock = lockHome(home)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  writeInstance(home, { url, token: 'x'.repeat(43), pid: process.pid, startedAt: '', version: '0.0.9' })
  const look = await lookAtInstance(home, undefined, systemClock)
  lock.release()
  server.closeAllConnections()
  await new Promise((resolve) => void server.close(resolve))
  return look
}

test('a process that holds the home and does not answer is told, and that it has to be ended first', async (context) => {
  const { findings, status } = await whileRunning(context, (response) => void response.socket?.destroy())
  assert.equal(status, undefined)
  const [found, ...more] = findings
  assert.deepEqual([found?.level, found?.check, more], ['warning', 'running', []])
  assert.match(found?.message ?? '', new RegExp(`^Process ${process.pid} runs on this home and does not answer\\.$`))
  assert.match(found?.remedy ?? '', /end it \(SIGTERM, then SIGKILL\) before/)
})

test('a process of another release is told, with both, and so are its alarms', async (context) => {
  const told = async (...levels: ('warning' | 'error')[]) => {
    const report = { environment: 'local', alarms: levels.map((level) => ({ level })) }
    const { findings } = await whileRunning(context, (response) => void response.end(JSON.stringify(report)))
    return findings.map(({ level, check, message }) => `${level} ${check}: ${message}`)
  }
  const running = `ok running: Process ${process.pid}, release 0.0.9, local`
  const release = `warning release: The running process is release 0.0.9, this program ${version}.`
  assert.deepEqual(await told(), [running, release, 'ok alarms: No alarms'])
  assert.deepEqual(await told('warning'), [running, release, 'warning alarms: It has 1 warnings.'])
  assert.deepEqual(await told('warning', 'error'), [
    running,
    release,
    'failure alarms: It has 1 alarms that are errors.',
  ])
})

test('without one there is nothing to be said', async (context) => {
  const { findings } = await lookAtInstance(aHome(context), undefined, systemClock)
  assert.deepEqual(
    findings.map(({ level, message }) => [level, message]),
    [['ok', 'None runs on this home']],
  )
})
