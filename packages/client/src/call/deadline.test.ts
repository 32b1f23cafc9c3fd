import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { testClient } from '../../testing/test-client.ts'

test('a signal that outlives many calls is left without listeners of theirs', async () => {
  const { signal } = new AbortController()
  const department = { body: [{ departmentid: '1' }] }
  const { practice, run } = testClient([department, { status: 404, body: { error: 'none' } }, department])
  await run(practice.departments.get(1, undefined, { signal }))
  await assert.rejects(run(practice.departments.get(1, undefined, { signal })))
  await run(practice.departments.get(1, undefined, { signal }))
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})
