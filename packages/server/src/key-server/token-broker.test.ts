import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { accessToken } from '@aegis/client'
import { code } from '../../testing/key-servers.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { TokenAsk } from './token-api.ts'
import { createTokenBroker } from './token-broker.ts'

const app = { environment: 'local', clientId: 'clinic' } as const
const ask: TokenAsk = { ...app, scope: 'a b', practices: [7] }
const clock = manualClock()
const audited: (string | undefined)[] = []
const asked: string[] = []
beforeEach(() => {
  audited.length = 0
  asked.length = 0
})

function broker() {
  const token = accessToken('canary-token', 1, clock.now() + 3_600_000)
  const source = (scope: string) => {
    asked.push(scope)
    return { get: async () => token, atHand: async () => token }
  }
  const audit = { record: async ({ subtype }: { subtype?: string }) => void audited.push(subtype) }
  const grants = { worker: { practices: 'all' } } as const
  return createTokenBroker({ audit, clock, source }, { app, scopeDefault: 'a b', grants: () => grants })
}

test('a service that names no scope is refused: athenahealth would take it out on the credential', async () => {
  await assert.rejects(broker().issue(['worker'], { ...ask, scope: ' ' }), code('key-server.not-granted'))
  assert.deepEqual([asked, audited], [[], ['token-refused']])
})

test('the same scopes in another order are the same token, written down once', async () => {
  const { issue } = broker()
  for (const scope of ['a b', 'b  a', 'a b a']) await issue(['worker'], { ...ask, scope })
  assert.deepEqual([asked, audited], [['a b', 'a b', 'a b'], ['token-issue']])
})

test('nobody fills the audit log with refusals, and a stranger does not use up the turns of a service', async () => {
  const { issue } = broker()
  const asks = Array.from({ length: 60 }, (_, stranger) => issue([`stranger-${stranger}`], ask))
  for (const each of await Promise.allSettled(asks)) assert.equal(each.status, 'rejected')
  assert.equal(audited.length, 50)
  await assert.rejects(issue(['stranger'], ask), code('key-server.asks-too-often'))
  assert.equal((await issue(['worker'], ask)).value, 'canary-token')
  await clock.advance(1_000)
  await assert.rejects(issue(['stranger'], ask), code('key-server.service-unknown'))
})
