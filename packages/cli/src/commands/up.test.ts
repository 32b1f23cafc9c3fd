import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { AegisError, bindHome, prepareHome, type RunningAegis } from '@aegis/server'
import { startSimulator } from '@aegis/simulator'
import { sampleQuota } from '../../testing/sample-quota.ts'
import { sampleReport } from '../../testing/sample-report.ts'
import { testTerminal } from '../../testing/test-terminal.ts'
import { runCli } from '../cli.ts'
import type { Programs } from '../programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'up-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** An instance and a simulator that note what is done with them, in order. */
function recorded(changes: Partial<RunningAegis> = {}) {
  const done: string[] = []
  const started = Promise.withResolvers<Parameters<Programs['startAegis']>>()
  const programs: Programs = {
    openKeys: () => assert.fail('nothing is to be opened'),
    async startSimulator(options) {
      done.push('simulator started')
      const simulator = await startSimulator({ ...options, speed: 0, day: false })
      return {
        ...simulator,
        async stop() {
          await simulator.stop()
          done.push('simulator stopped')
        },
      }
    },
    async startAegis(...args) {
      done.push('aegis started')
      started.resolve(args)
      return {
        url: 'http://127.0.0.1:7420',
        ended: new Promise(() => undefined),
        status: async () => sampleReport(),
        quota: async () => sampleQuota(),
        metrics: async () => '# EOF\n',
        syncNow: async () => undefined,
        resnapshot: async () => undefined,
        sql: () => assert.fail('nobody asks'),
        keys: () => assert.fail('nobody asks'),
        stop: async () => void done.push('aegis stopped'),
        ...changes,
      }
    },
  }
  return { programs, done, started: started.promise }
}

function start(args: readonly string[], programs: Programs, env: Record<string, string> = {}) {
  const terminal = testTerminal({ cwd: folder, env })
  const ended = runCli(['up', ...args], terminal, programs)
  return { terminal, ended }
}

describe('the demo', () => {
  test('points Aegis at its simulator, shows what happens and stops in order', async () => {
    const { programs, done, started } = recorded()
    const { terminal, ended } = start(['--demo', '--home', 'demo', '--port', '0'], programs)
    const [config, seams] = await started
    assert.equal(config.environment, 'local')
    assert.equal(config.clock, 'simulator')
    assert.equal(config.policy.offHours, 'always')
    assert.equal(config.home, join(folder, 'demo'))
    assert.equal(config.http.port, 0)
    assert.match(config.athena.baseUrl, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal(seams?.simulatorUrl, config.athena.baseUrl)
    while (!terminal.out.text.includes('is up')) await turn()
    terminal.signal('SIGINT')
    assert.equal(await ended, 0)
    assert.deepEqual(done, ['simulator started', 'aegis started', 'aegis stopped', 'simulator stopped'])
    assert.match(terminal.out.text, /^\[local, demo\] Aegis: starting, practice 195900, home /)
    assert.match(terminal.out.text, /stopped; the next start goes on from here\n$/)
    assert.equal(terminal.err.text, '')
  })

  test('says what to do when it cannot go on with its practices', async () => {
    const directory = join(folder, 'broken', 'simulator')
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'journal.db'), 'no journal at all')
    const { programs, done } = recorded()
    const { terminal, ended } = start(['--demo', '--home', 'broken'], programs)
    assert.equal(await ended, 1)
    assert.match(
      terminal.err.text,
      /cannot go on where it was: the journal .*journal\.db is damaged.*\nRemedy: remove /,
    )
    assert.deepEqual(done, ['simulator started'])
  })

  test('leaves a home that is not its own as it was', async () => {
    const home = prepareHome(join(folder, 'clinic'))
    bindHome(home, { environment: 'preview', demo: false })
    const before = readdirSync(home.path)
    const { programs, done } = recorded()
    const { terminal, ended } = start(['--demo', '--home', 'clinic'], programs)
    assert.equal(await ended, 1)
    assert.match(terminal.err.text, /^aegis: This home belongs to another environment .*\nRemedy: /)
    assert.deepEqual(readdirSync(home.path), before)
    assert.deepEqual(done, [])
  })

  test('starts nothing for another environment', async () => {
    const { programs, done } = recorded()
    const { terminal, ended } = start(['--demo'], programs, { AEGIS_ENVIRONMENT: 'production' })
    assert.equal(await ended, 1)
    assert.match(terminal.err.text, /environment \(AEGIS_ENVIRONMENT\) is production; the demo runs against its own/)
    assert.deepEqual(done, [])
  })
})

test('asked to end while it is still starting, it ends in order', async () => {
  const { programs, done, started } = recorded()
  const { terminal, ended } = start(['--demo', '--home', 'early'], programs)
  terminal.signal('SIGTERM')
  assert.equal(await ended, 0)
  assert.deepEqual(done, ['simulator started', 'simulator stopped'])
  void started
})

test('asked to end while Aegis is starting, it calls that off and takes its simulator with it', async () => {
  const { programs, done } = recorded()
  const starting = Promise.withResolvers<void>()
  const startAegis: Programs['startAegis'] = (_config, _seams, signal) => {
    starting.resolve()
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  }
  const { terminal, ended } = start(['--demo', '--home', 'waits'], { ...programs, startAegis })
  await starting.promise
  terminal.signal('SIGTERM')
  assert.equal(await ended, 0)
  assert.match(terminal.out.text, /stopped before it had started/)
  assert.deepEqual(done, ['simulator started', 'simulator stopped'])
})

test('asked twice, it ends at once; a signal that arrives by two ways is one', async () => {
  const stuck = Promise.withResolvers<undefined>()
  const { programs, started } = recorded({ stop: () => stuck.promise })
  const { terminal, ended } = start(['--demo', '--home', 'twice'], programs)
  await started
  terminal.signal('SIGTERM')
  terminal.signal('SIGTERM')
  assert.deepEqual(terminal.exits, [])
  await delay(550)
  terminal.signal('SIGINT')
  assert.deepEqual(terminal.exits, [130])
  stuck.resolve(undefined)
  await ended
})

test('a run that ends by itself is a failure that says why, and everything is stopped', async () => {
  const ended = Promise.resolve(new AegisError('start.second-deployment'))
  const { programs, done } = recorded({ ended })
  const run = start(['--demo', '--home', 'contested'], programs)
  assert.equal(await run.ended, 1)
  assert.match(run.terminal.err.text, /^aegis: .*\nRemedy: /)
  assert.deepEqual(done.slice(-2), ['aegis stopped', 'simulator stopped'])
})

test('an instance that does not start takes its simulator with it', async () => {
  const { programs, done } = recorded()
  const failing = { ...programs, startAegis: () => Promise.reject(new AegisError('ops.already-running', { pid: 7 })) }
  const run = start(['--demo', '--home', 'busy'], failing)
  assert.equal(await run.ended, 1)
  assert.match(run.terminal.err.text, /pid: 7\)\nRemedy: /)
  assert.deepEqual(done, ['simulator started', 'simulator stopped'])
})

test('without --demo nothing is simulated, and what is missing is said', async () => {
  const { programs, done } = recorded()
  const run = start([], programs)
  assert.equal(await run.ended, 1)
  assert.match(run.terminal.err.text, /environment is missing/)
  assert.deepEqual(done, [])
})
