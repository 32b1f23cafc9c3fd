import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { json } from '../../testing/athena-server.ts'
import { said, waysOut } from '../../testing/way-out.ts'

const { setUp } = await waysOut()

test('large pulls of one practice are asked for one after another and apart; all else is asked for meanwhile', async (t) => {
  const { server, practice } = await setUp(t, { policy: { pullSpacingMs: 60 } })
  let open = 0
  let most = 0
  let lastEndedAt = Number.NEGATIVE_INFINITY
  const gaps: number[] = []
  const pullIsOpen = Promise.withResolvers<void>()
  const readIsDone = Promise.withResolvers<void>()
  server.answer = async ({ url = '' }, response) => {
    if (url.includes('/patients/7')) {
      json(response, [{ patientid: '7' }])
      return
    }
    open += 1
    most = Math.max(most, open)
    gaps.push(performance.now() - lastEndedAt)
    pullIsOpen.resolve()
    await readIsDone.promise
    await delay(100)
    open -= 1
    lastEndedAt = performance.now()
    json(response, { patients: [], totalcount: 0 })
  }
  const context = said({ priority: 'bulk', purpose: 'sync.snapshot', large: 'onboarding' })
  const pull = async () => {
    for await (const _ of practice.patients.list({ departmentid: 1 }, context)) assert.fail('there are none')
  }
  const pulls = Promise.all([pull(), pull(), pull()])
  await pullIsOpen.promise
  await practice.patients.get('7', {}, said({ priority: 'interactive' }))
  readIsDone.resolve()
  await pulls
  assert.deepEqual([gaps.length, most], [3, 1])
  assert.ok(Math.min(...gaps) >= 60, gaps.join())
})

test('a large pull that fails, or that nobody waits for any more, holds up no other', async (t) => {
  const { server, practice } = await setUp(t)
  const context = said({ priority: 'bulk', purpose: 'sync.snapshot', large: 'onboarding' })
  const pull = async (signal?: AbortSignal) => {
    for await (const _ of practice.patients.list({ departmentid: 1 }, { ...context, ...(signal && { signal }) })) {
      assert.fail('there are none')
    }
  }
  server.answer = (_, response) => json(response, { error: 'no' }, { status: 400 })
  await assert.rejects(pull())
  const cancel = new AbortController()
  server.answer = () => {
    setTimeout(() => cancel.abort(), 50)
  }
  await assert.rejects(pull(cancel.signal))
  server.answer = (_, response) => json(response, { patients: [], totalcount: 0 })
  const from = performance.now()
  await pull()
  assert.ok(performance.now() - from < 15_000, 'not for as long as the turn of a dead process')
})
