import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isAegisError } from '../errors/aegis-error.ts'
import { prepareHome } from './home.ts'
import { homeUse, lockHome } from './home-lock.ts'
import { readInstance, writeInstance } from './instance-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'home-lock-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const instance = { url: 'http://127.0.0.1:1', token: 'x'.repeat(43), pid: 1, startedAt: '', version: '' }

/** Another process that does something with a home, says so, and goes on until it is killed. */
async function child(program: string, path: string) {
  const whole = `
    const { prepareHome } = await import(${JSON.stringify(new URL('home.ts', import.meta.url).href)})
    const { lockHome, homeUse } = await import(${JSON.stringify(new URL('home-lock.ts', import.meta.url).href)})
    const home = prepareHome(${JSON.stringify(path)})
    ${program}`
  const args = ['--conditions=aegis-source', '--input-type=module', '-e', whole]
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said]: unknown[] = await once(started.stdout, 'data')
  const kill = async () => {
    started.kill('SIGKILL')
    await once(started, 'exit')
  }
  return { pid: started.pid, said: String(said).trim(), kill }
}

/** Another process that takes the lock of a home and keeps it until it is killed. */
function holder(path: string) {
  const program = `
    try { lockHome(home); console.log('locked') } catch (error) { console.log(error.code) }
    setInterval(() => {}, 1000)`
  return child(program, path)
}

test('a second process on the same home is told who has it', async () => {
  const home = prepareHome(join(folder, 'second'))
  const other = await holder(home.path)
  assert.equal(other.said, 'locked')
  assert.throws(
    () => lockHome(home),
    (error) =>
      isAegisError(error, 'ops.already-running') && error.detail.pid === other.pid && /--home/.test(error.message),
  )
  await other.kill()
})

test('after kill -9 the home is free, and the file of the dead instance is gone', async () => {
  const home = prepareHome(join(folder, 'killed'))
  const other = await holder(home.path)
  writeInstance(home, instance)
  assert.deepEqual(homeUse(home), { held: true, pid: other.pid, instance })
  await other.kill()
  assert.deepEqual(homeUse(home), { held: false, left: instance })
  const lock = lockHome(home)
  assert.equal(readInstance(home), undefined)
  lock.release()
})

test('whoever asks what runs on a home, again and again, is in nobody’s way', async () => {
  const home = prepareHome(join(folder, 'asked'))
  assert.deepEqual(homeUse(home), { held: false, left: undefined })
  assert.deepEqual(readdirSync(home.run), [], 'nothing is made')
  lockHome(home).release()
  const asking = await child(
    `
    console.log('asking')
    for (;;) homeUse(home)`,
    home.path,
  )
  for (let start = 0; start < 100; start += 1) lockHome(home).release()
  await asking.kill()
})

test('the number of the dead process being in use again deceives nobody', () => {
  const home = prepareHome(join(folder, 'reused'))
  writeFileSync(join(home.run, 'aegis.pid'), `${process.pid}\n`)
  writeFileSync(join(home.run, 'aegis.lock'), '')
  lockHome(home).release()
})

test('within one process a home is taken once as well, until it is let go', () => {
  const home = prepareHome(join(folder, 'inside'))
  const lock = lockHome(home)
  assert.throws(
    () => lockHome(home),
    (error) => isAegisError(error, 'ops.already-running'),
  )
  assert.throws(
    () => lockHome(home),
    (error) => isAegisError(error, 'ops.already-running'),
  )
  lock.release()
  lock.release()
  lockHome(home).release()
})

test('of many that start at once, exactly one gets the home', async () => {
  const home = prepareHome(join(folder, 'race'))
  const others = await Promise.all(Array.from({ length: 4 }, () => holder(home.path)))
  const said = others.map((other) => other.said).toSorted()
  await Promise.all(others.map((other) => other.kill()))
  assert.deepEqual(said, ['locked', ...Array.from({ length: 3 }, () => 'ops.already-running')].toSorted())
})
