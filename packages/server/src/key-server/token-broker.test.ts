import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { accessToken } from '@aegis/client'
import { code } from '../../testing/key-servers.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Refusal } from '../audit/refusal-counter.ts'
import type { ServiceGrants } from './service-grants.ts'
import type { TokenAsk } from './token-api.ts'
import { createTokenBroker } from './token-broker.ts'

const app = { environment: 'local', clientId: 'clinic' } as const
const ask: TokenAsk = { ...app, scope: 'a b', practices: [7] }
const clock = manualClock()
const worker = { names: ['worker'], peer: 'private' } as const
const audited: (string | undefined)[] = []
const refused: Refusal[] = []
const asked: string[] = []
const looked: (number | undefined)[] = []
beforeEach(() => {
  audited.length = 0
  refused.length = 0
  asked.length = 0
  looked.length = 0
})

function broker(grants: ServiceGrants = { worker: { practices: 'all' } }) {
  const token = Object.assign(accessToken('canary-token', 1, Infinity), { generation: 1, endsAt: Infinity })
  const source = (scope: string) => {
    asked.push(scope)
    return { get: async () => token, atHand: async (oldestMs?: number) => (looked.push(oldestMs), token) }
  }
  const audit = { record: async ({ subtype }: { subtype?: string }) => void audited.push(subtype) }
  const refusals = { note: async (refusal: Refusal) => void refused.push(refusal) }
  return createTokenBroker({ audit, refusals, clock, source }, { app, scopeDefault: 'a b', grants: () => grants })
}

test('a service that names no scope is refused: athenahealth would take it out on the credential', async () => {
  await assert.rejects(broker().issue(worker, { ...ask, scope: ' ' }), code('key-server.not-granted'))
  assert.deepEqual([asked, audited], [[], []])
  assert.deepEqual(refused, [
    {
      type: 'credential',
      subtype: 'token-refused',
      route: 'POST /aegis/v1/token',
      actor: { kind: 'caller', id: 'worker' },
      entity: 'local/clinic',
      code: 'key-server.not-granted',
      peer: 'private',
    },
  ])
})

test('a service with a list of practices names those that it wants, and none that is not on it', async () => {
  const granted = Array.from({ length: 10_000 }, (_, index) => index + 1)
  const { issue } = broker({ worker: { practices: granted } })
  await issue(worker, { ...ask, practices: granted })
  await issue(worker, { ...ask, practices: [7] })
  for (const practices of [[], [7, 10_001]]) {
    await assert.rejects(issue(worker, { ...ask, practices }), code('key-server.not-granted'))
  }
  await broker().issue(worker, { ...ask, practices: [] })
})

test('the same scopes in another order are the same token, written down once', async () => {
  const { issue } = broker()
  for (const scope of ['a b', 'b  a', 'a b a']) await issue(worker, { ...ask, scope })
  assert.deepEqual([asked, audited], [['a b', 'a b', 'a b'], ['token-issue']])
})

test('every refusal is counted, also of those that ask too often, and a stranger does not use up the turns of a service', async () => {
  const { issue } = broker()
  const asks = Array.from({ length: 60 }, (_, stranger) => issue({ names: [`stranger-${stranger}`] }, ask))
  for (const each of await Promise.allSettled(asks)) assert.equal(each.status, 'rejected')
  const codes = Object.groupBy(refused, ({ code: why }) => why)
  assert.equal(codes['key-server.service-unknown']?.length, 50)
  assert.equal(codes['key-server.asks-too-often']?.length, 10)
  await assert.rejects(issue({ names: ['stranger'] }, ask), code('key-server.asks-too-often'))
  assert.equal((await issue(worker, ask)).value, 'canary-token')
  await clock.advance(1_000)
  await assert.rejects(issue({ names: ['stranger'] }, ask), code('key-server.service-unknown'))
})

test('a name that is none is not repeated', async () => {
  await assert.rejects(broker().issue({ names: ['Ada Lovelace'] }, ask), code('key-server.service-unknown'))
  assert.deepEqual(refused[0]?.actor.id, 'unknown')
})

test('whatever a service asks, what stands in the database is looked at: another process may have revoked a credential', async () => {
  const { issue } = broker()
  for (const more of [{}, { held: 1 }, { newerThan: 0 }]) await issue(worker, { ...ask, ...more })
  assert.deepEqual(looked, [500, 500, 500])
})
