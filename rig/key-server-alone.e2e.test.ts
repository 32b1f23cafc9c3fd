/** The key server alone: a process that has the credentials and no key for patients, and a worker that has it the other way round. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { StatusReport } from '@aegis/server'
import { separateHosts } from './separate-hosts.ts'

test('a worker mirrors with tokens of a key server that alone has the secret, and goes on while that one is away', async (t) => {
  const secret = 'canary-secret-of-the-app'
  const { simulator, keys, worker, run, start } = await separateHosts(t, { clientId: 'clinic', secret })
  const given = await run(keys, ['keys', 'add'], secret)
  assert.equal(given.code, 0, given.err)
  const first = start(keys)
  await first.said(/No alarms|alarms|practice/i)
  await start(worker).said(/departments: /)
  const refused = await run(worker, ['keys', 'list'])
  assert.match(refused.err, /The credentials are not here[\s\S]*on the host of the key server/)
  assert.deepEqual(readdirSync(join(keys, '.aegis', 'keys')), ['credentials.kek'])
  assert.deepEqual(readdirSync(join(worker, '.aegis', 'keys')), ['phi.kek'])
  assert.equal(simulator.truth.requests().totals.byRoute['POST /oauth2/v1/token'], 1)

  first.child.kill('SIGKILL')
  await first.ended
  const calls = () => simulator.truth.requests().totals.requests
  const before = calls()
  await run(worker, ['sync', 'now'])
  for (let looks = 0; looks < 120 && calls() <= before; looks++) await delay(250)
  assert.ok(calls() > before, 'it goes on with the token at hand')
  await start(keys).said(/No alarms|alarms|practice/i)
  const report: StatusReport = JSON.parse((await run(worker, ['status', '--json'])).out)
  assert.deepEqual(
    new Set(report.replicas.filter(({ live }) => live).map(({ role }) => role)),
    new Set(['key-server', 'worker']),
  )

  // What only the key server can see is shown on the other host as well.
  writeFileSync(join(keys, 'cert.pem'), 'no certificate')
  const ofKeyServer = async () => {
    const { alarms }: StatusReport = JSON.parse((await run(worker, ['status', '--json'])).out)
    return alarms.find(({ code }) => code === 'key-server.settings-unusable')
  }
  let alarm = await ofKeyServer()
  for (let looks = 0; looks < 80 && !alarm; looks++) {
    await delay(250)
    alarm = await ofKeyServer()
  }
  assert.match(alarm?.message ?? '', /key-server\/\.aegis: /)
})
