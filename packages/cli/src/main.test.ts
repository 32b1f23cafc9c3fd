import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { runAegis } from '../testing/run-aegis.ts'

const cwd = mkdtempSync(join(tmpdir(), 'aegis-'))
after(() => rmSync(cwd, { recursive: true, force: true }))

const run = (args: readonly string[], env: Record<string, string> = {}) => runAegis(args, { cwd, env }).ended

describe('the program itself', () => {
  test('called wrongly, ends with 2 and says how it is called', async () => {
    const { code, out, err } = await run(['up', '--demmo'])
    assert.equal(code, 2)
    assert.match(err, /unknown option '--demmo'\n\(Did you mean --demo\?\)/)
    assert.equal(out, '')
  })

  test('a bad configuration is told in full, without a stack', async () => {
    writeFileSync(join(cwd, 'bad.yaml'), 'environment: nowhere\nhttp: { port: -1 }\n')
    const { code, err } = await run(['config', 'check', '--config', 'bad.yaml'], { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
    assert.equal(code, 1)
    assert.match(err, /NODE_TLS_REJECT_UNAUTHORIZED switches off/)
    assert.match(err, /environment \(bad\.yaml:1\) does not fit \("nowhere"\)/)
    assert.match(err, /http\.port \(bad\.yaml:2\) does not fit \(-1\)/)
    assert.doesNotMatch(err, /\n\s+at /)
  })

  test('it runs from a link, as npm installs it', async () => {
    const bin = join(cwd, 'aegis')
    symlinkSync(join(import.meta.dirname, '..', 'bin', 'aegis.js'), bin)
    const { code, out } = await runAegis(['--help'], { cwd, bin }).ended
    assert.equal(code, 0)
    assert.match(out, /aegis up --demo/)
  })
})

interface Told {
  readonly url: string
  readonly apps: readonly Record<string, unknown>[]
  readonly pid: number
}

describe('aegis simulate', () => {
  test('tells one line of JSON, serves the API and ends cleanly on SIGTERM', async () => {
    const simulator = runAegis(['simulate', '--json', '--patients', '100', '--practice', '195900', '--practice', '7'], {
      cwd,
    })
    const [line] = await simulator.said(/^.*\n/)
    const told: Told = JSON.parse(line)
    assert.deepEqual(told.apps, [{ clientId: 'demo-client', secret: 'demo-secret' }])
    assert.equal(told.pid, simulator.child.pid, 'there is no second process')
    const authorization = `Basic ${Buffer.from('demo-client:demo-secret').toString('base64')}`
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*' })
    const response = await fetch(`${told.url}/oauth2/v1/token`, { method: 'POST', headers: { authorization }, body })
    assert.equal(response.status, 200)
    await response.text()
    simulator.child.kill('SIGTERM')
    const { code, signal, out, err } = await simulator.ended
    assert.deepEqual(
      { code, signal, lines: out.trim().split('\n').length, err },
      { code: 0, signal: null, lines: 1, err: '' },
    )
  })

  test("apps of a file keep their secret to themselves, and its client can't be the demo's", async () => {
    const secret = 'a secret of the tests'
    writeFileSync(join(cwd, 'apps.json'), JSON.stringify([{ clientId: 'mine', secret }]))
    const simulator = runAegis(['simulate', '--app-file', 'apps.json', '--patients', '100', '--admin', 'off'], { cwd })
    await simulator.said(/Ctrl-C/)
    assert.match(
      simulator.out(),
      /\[local\] athenahealth is simulated at http:\/\/127\.0\.0\.1:\d+\n[\s\S]*mine\n[\s\S]*truth +off/,
    )
    assert.ok(!simulator.out().includes(secret))
    simulator.child.kill('SIGINT')
    assert.equal((await simulator.ended).code, 0)
  })

  test('faults of a file strike over the wire', async () => {
    writeFileSync(join(cwd, 'faults.json'), '[{"kind": "reset-before", "when": {"path": "/oauth2/v1/token"}}]')
    const simulator = runAegis(['simulate', '--faults', 'faults.json', '--patients', '100', '--json'], { cwd })
    const [line] = await simulator.said(/^.*\n/)
    const told: Told = JSON.parse(line)
    await assert.rejects(fetch(`${told.url}/oauth2/v1/token`, { method: 'POST' }), TypeError)
    const report = await (await fetch(`${told.url}/__sim/faults`)).json()
    assert.deepEqual([report.faults.length, report.faults[0].fired], [1, 1])
    simulator.child.kill('SIGTERM')
    assert.equal((await simulator.ended).code, 0)
  })

  test('a port that is taken is said to be, with the remedy', async () => {
    const first = runAegis(['simulate', '--patients', '100', '--json'], { cwd })
    const [line] = await first.said(/^.*\n/)
    const told: Told = JSON.parse(line)
    const { port } = new URL(told.url)
    const { code, err } = await run(['simulate', '--port', port, '--patients', '100'])
    assert.equal(code, 1)
    assert.equal(
      err,
      `aegis: Another program listens on port ${port} already\nRemedy: choose another one with --port; 0 takes a free one.\n`,
    )
    first.child.kill('SIGTERM')
    await first.ended
    await assert.rejects(connected(Number(port)))
  })
})

function connected(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
}
