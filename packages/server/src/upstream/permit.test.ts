import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { said } from '../../testing/way-out.ts'
import type { AttemptId } from '../audit/audit.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { permit, type PermitDeps, type PermitRequest } from './permit.ts'

const clock = manualClock()
const refuse = () => assert.fail('not asked for')
const request: PermitRequest = {
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
}

/** A way out on which everything is allowed at once, but for what a test says. */
function depsOf(more: { policy?: Partial<PermitDeps['policy']>; quota?: Partial<PermitDeps['quota']> }): PermitDeps {
  return {
    clock,
    app: 'local/app',
    policy: { permit: async () => ({}), turn: refuse, ...more.policy },
    // An id is a string.
    audit: { attempt: async () => 'attempt' as AttemptId, outcome: async () => undefined },
    quota: {
      unused: () => undefined,
      observe: refuse,
      throttled: refuse,
      check: () => undefined,
      permission: async () => ({ app: 'local/app', practice: 1, priority: 'bulk', sendAt: 0, days: [] }),
      ...more.quota,
    },
  }
}

/** Notes how long each permission may be waited for. */
function notingDeadlines() {
  const deadlines: unknown[] = []
  const permission: PermitDeps['quota']['permission'] = async ({ deadlineMs }) => {
    deadlines.push(deadlineMs)
    return { app: 'local/app', practice: 1, priority: 'bulk', sendAt: 0, days: [] }
  }
  return { deadlines, permission }
}

test('the wait for the turn is part of the wait for a permission: a drain that falls due does not wait twice as long', async () => {
  const { deadlines, permission } = notingDeadlines()
  const turn: PermitDeps['policy']['turn'] = async ({ patienceMs }) => {
    assert.equal(patienceMs, 60_000)
    await clock.advance(45_000)
    return { lost: new AbortController().signal, end: async () => undefined }
  }
  const deps = depsOf({ policy: { permit: async () => ({ large: true }), turn }, quota: { permission } })
  await permit(deps, request)
  assert.deepEqual(deadlines, [15_000])
})

test('the policy is told whether a call is made for a caller', async () => {
  const told: unknown[] = []
  const permitting: PermitDeps['policy']['permit'] = async ({ ofCaller }) => {
    told.push(ofCaller)
    return {}
  }
  const deps = depsOf({ policy: { permit: permitting } })
  await permit(deps, request)
  await permit(deps, { ...request, context: { ...request.context, actor: { kind: 'caller', id: 'portal' } } })
  assert.deepEqual(told, [false, true])
})

test('a call that is urgent in the line alone is so there, and not of the day', async () => {
  const asked: unknown[] = []
  const { permission: granted } = notingDeadlines()
  const quota: Partial<PermitDeps['quota']> = {
    check: ({ priority }) => void asked.push(priority),
    permission: (of) => {
      asked.push(of.priority, of.dayPriority)
      return granted(of)
    },
  }
  const context = { ...request.context, priority: 'feeds', dayPriority: 'reconciliation' } as const
  await permit(depsOf({ quota }), { ...request, context })
  assert.deepEqual(asked, ['reconciliation', 'feeds', 'reconciliation'])
})

test('a permission that could not be used does not begin the wait anew', async () => {
  const { deadlines, permission } = notingDeadlines()
  const permitted = await permit(depsOf({ quota: { permission } }), request)
  await clock.advance(59_000)
  await permitted.again()
  await clock.advance(2_000)
  await permitted.again()
  assert.deepEqual(deadlines, [60_000, 1_000, 0])
})

test('on a day that is used up no allowance is touched', async () => {
  const check = () => {
    throw new AegisError('quota.day-exhausted', { until: 1, retryAfterMs: 1 })
  }
  const deps = depsOf({ policy: { permit: refuse }, quota: { check } })
  await assert.rejects(permit(deps, request), { code: 'quota.day-exhausted' })
})

test('a call that did not leave gives its day and its allowance back, once, and not when it was refused meanwhile', async () => {
  const given = { days: 0, allowances: 0 }
  const unused = async () => {
    given.allowances += 1
  }
  const policy = { permit: async () => ({ unused }) }
  const { permission: granted } = notingDeadlines()
  let refused = false
  const permission: PermitDeps['quota']['permission'] = (request) =>
    refused ? Promise.reject(new AegisError('quota.timeout')) : granted(request)
  const quota = {
    permission,
    unused: () => {
      given.days += 1
    },
  }
  const permitted = await permit(depsOf({ policy, quota }), request)
  await permitted.unused()
  await permitted.unused()
  assert.deepEqual(given, { days: 1, allowances: 1 })
  const other = await permit(depsOf({ policy, quota }), request)
  refused = true
  await assert.rejects(other.again(), { code: 'quota.timeout' })
  await other.unused()
  assert.deepEqual(given, { days: 2, allowances: 2 })
})

const waits: readonly [what: string, part: 'policy' | 'quota'][] = [
  ['its turn', 'policy'],
  ['a permission', 'quota'],
]
for (const [what, part] of waits) {
  test(`a call that waits for ${what} is given up when its work ends, and is given back`, async () => {
    const end = new AbortController()
    let given = 0
    let isTold: boolean | undefined
    const untilAborted = ({ signal }: { signal?: AbortSignal }) => {
      end.abort(new Error('stopped'))
      isTold = signal?.aborted
      return Promise.reject(signal?.reason)
    }
    const unused = async () => {
      given += 1
    }
    const large = part === 'policy' ? ({ large: true } as const) : {}
    const policy = { permit: async () => ({ ...large, unused }), turn: untilAborted }
    const quota = part === 'quota' ? { permission: untilAborted } : {}
    const context = { ...request.context, unless: end.signal }
    await assert.rejects(permit(depsOf({ policy, quota }), { ...request, context }), { code: 'upstream.given-up' })
    assert.deepEqual([isTold, given], [true, 1])
  })
}

const failures: readonly [what: string, more: Parameters<typeof depsOf>[0]][] = [
  ['its turn did not come', { policy: { turn: () => Promise.reject(new AegisError('quota.timeout')) } }],
  ['there was no permission', { quota: { permission: () => Promise.reject(new AegisError('quota.timeout')) } }],
]
for (const [what, more] of failures) {
  test(`a call that was not made since ${what} is given back to its allowance, once`, async () => {
    let given = 0
    const unused = async () => {
      given += 1
    }
    const turn = async () => ({ lost: new AbortController().signal, end: async () => undefined })
    const policy = { permit: async () => ({ large: true, unused }) as const, turn, ...more.policy }
    await assert.rejects(permit(depsOf({ ...more, policy }), request), { code: 'quota.timeout' })
    assert.equal(given, 1)
  })
}
