import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scriptedFetch } from '../../testing/scripted-fetch.ts'
import { testClock } from '../../testing/test-clock.ts'
import type { ResponseEvent } from '../athena-call.ts'
import { requestToken } from './request-token.ts'

test('a hook is told of every answer to a token request, with what it says', async () => {
  const reply = (status: number, body: unknown) => async () => {
    await clock.advance(40)
    return Response.json(body, { status })
  }
  const { fetch } = scriptedFetch([], [reply(503, {}), reply(200, { access_token: 'a', expires_in: '3600' })])
  const clock = testClock()
  const credential = { clientId: 'client', secret: 'swordfish' }
  const told: unknown[] = []
  const onResponse = ({ call, outcome, at, durationMs, meta }: ResponseEvent) =>
    told.push([call.kind, outcome, at === clock.now(), durationMs, meta?.status])
  const request = { environment: 'preview', credential, fetch, clock, hooks: { onResponse } } as const
  await assert.rejects(requestToken(request), { code: 'server-error' })
  await requestToken(request)
  assert.deepEqual(told, [
    ['token', 'server-error', true, 40, 503],
    ['token', 'ok', true, 40, 200],
  ])
})
