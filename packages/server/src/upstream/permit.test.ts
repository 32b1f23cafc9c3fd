import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { said } from '../../testing/way-out.ts'
import type { AttemptId } from '../audit/audit.ts'
import { permit, type PermitDeps } from './permit.ts'

test('the wait for the turn is part of the wait for a permission: a drain that falls due does not wait twice as long', async () => {
  const clock = manualClock()
  const deadlines: unknown[] = []
  const refuse = () => assert.fail('not asked for')
  const deps: PermitDeps = {
    clock,
    app: 'local/app',
    policy: {
      permit: async () => ({ large: true }),
      turn: async ({ patienceMs }) => {
        assert.equal(patienceMs, 60_000)
        await clock.advance(45_000)
        return { lost: new AbortController().signal, end: async () => undefined }
      },
    },
    // An id is a string.
    audit: { attempt: async () => 'attempt' as AttemptId, outcome: refuse },
    quota: {
      unused: refuse,
      observe: refuse,
      throttled: refuse,
      check: () => undefined,
      permission: async ({ deadlineMs }) => {
        deadlines.push(deadlineMs)
        return { app: 'local/app', practice: 1, priority: 'bulk', sendAt: 0, days: [] }
      },
    },
  }
  await permit(deps, {
    call: {
      method: 'GET',
      route: '/patients',
      practice: 1,
      attempt: 1,
      kind: 'api',
      consuming: false,
      intensive: true,
      idempotent: true,
      requestId: 'r-1',
    },
    url: new URL('https://athena.example/v1/1/patients?departmentid=1'),
    context: said({ priority: 'bulk', waitMs: 60_000 }).context,
    signal: new AbortController().signal,
  })
  assert.deepEqual(deadlines, [15_000])
})
