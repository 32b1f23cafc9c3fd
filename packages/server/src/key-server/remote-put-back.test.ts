import assert from 'node:assert/strict'
import test from 'node:test'
import { patientClock } from '../../testing/key-servers.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { RemoteTokenSource } from './remote-token-source.ts'

test('of a key server that was put back, or is another one by now, the token with the lower number is taken at once', async () => {
  const clock = patientClock()
  const answers = [
    { generation: 7, value: 'canary-token-7', leftMs: 3_600_000 },
    { generation: 3, value: 'canary-token-3', leftMs: 3_600_000 },
  ]
  const link = {
    ask: async () => answers.shift() ?? assert.fail(),
    renew: () => undefined,
    close: async () => undefined,
  }
  const wish = { environment: 'local' as const, clientId: 'clinic', scope: 'a', practices: [7] }
  const tokens = new RemoteTokenSource({ link, clock, log: silentLog }, wish)
  assert.equal((await tokens.get()).value, 'canary-token-7')
  await clock.advance(4_000)
  assert.equal((await tokens.get()).value, 'canary-token-3')
})
