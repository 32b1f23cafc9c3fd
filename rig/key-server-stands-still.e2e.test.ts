/** A key server that is stopped by SIGSTOP takes connections and answers nothing: a worker must not wait long for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { StatusReport } from '@aegis/server'
import { separateHosts } from './separate-hosts.ts'

test('a worker whose token ends while the key server stands still says so within seconds, and goes on when it is woken', async (t) => {
  const secret = 'canary-secret-of-the-app'
  const { simulator, keys, worker, run, start } = await separateHosts(t, { clientId: 'clinic', secret })
  assert.equal((await run(keys, ['keys', 'add'], secret)).code, 0)
  const server = start(keys)
  await server.said(/No alarms|alarms|practice/i)
  await start(worker).said(/departments: /)

  server.child.kill('SIGSTOP')
  // From now on athenahealth refuses the token at hand: another one is wanted, and there is nobody to give it.
  simulator.truth.revokeTokens()
  const status = async (): Promise<StatusReport> => JSON.parse((await run(worker, ['status', '--json'])).out)
  const failures = async () =>
    (await status()).practices.flatMap(({ feeds }) => feeds.flatMap(({ failure }) => failure?.code ?? []))
  await run(worker, ['sync', 'now'])
  for (let looks = 0; looks < 40 && !(await failures()).includes('key-server.unreachable'); looks++) await delay(250)
  assert.deepEqual(new Set(await failures()), new Set(['key-server.unreachable']))
  const alarm = (await status()).alarms.find(({ code }) => code === 'key-server.unreachable')
  assert.match(alarm?.message ?? '', /The key server does not answer/)

  server.child.kill('SIGCONT')
  const calls = () => simulator.truth.requests().totals.requests
  const before = calls()
  for (let looks = 0; looks < 40 && (calls() < before + 3 || (await failures()).length > 0); looks++) {
    await run(worker, ['sync', 'now'])
    await delay(250)
  }
  assert.ok(calls() >= before + 3, 'it goes on')
  const { alarms } = await status()
  assert.ok(!alarms.some(({ code }) => code.startsWith('key-server.')), JSON.stringify(alarms))
})
