/** The work that a call is for ends before it is sent, or after. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { json } from '../../testing/athena-server.ts'
import { said, waysOut } from '../../testing/way-out.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'

const { setUp } = await waysOut()

test('a call whose work ends as its permission comes is not sent, and the day has it back', async (t) => {
  const { server, practice, quota, usedToday } = await setUp(t)
  const end = new AbortController()
  const remove = setFailpointHook(async (name) => {
    if (name === 'upstream.permitted') end.abort(new Error('stopped'))
  })
  t.after(remove)
  const call = practice.feed('patients').drainPage({ limit: 10 }, said({ unless: end.signal }))
  await assert.rejects(call, { code: 'upstream.given-up' })
  await quota.stop()
  assert.deepEqual([server.requests.length, await usedToday()], [0, 0])
})

test('a call is asked about for the last time when all else is ready', async (t) => {
  const { server, practice } = await setUp(t)
  const end = new AbortController()
  const looks: number[] = []
  const look = () => {
    looks.push(server.connections)
    end.abort(new Error('the machine slept'))
  }
  const call = practice.feed('patients').drainPage({ limit: 10 }, said({ unless: end.signal, look }))
  await assert.rejects(call, { code: 'upstream.given-up' })
  assert.deepEqual([looks, server.requests.length], [[1], 0])
})

test('a call that has been sent goes on when its work ends', async (t) => {
  const { server, practice } = await setUp(t)
  const end = new AbortController()
  server.answer = (_, response) => {
    end.abort(new Error('stopped'))
    json(response, { patients: [{ patientid: '7' }], totalcount: 1 })
  }
  const page = await practice.feed('patients').drainPage({ limit: 10 }, said({ unless: end.signal }))
  assert.equal(page.items.length, 1)
})
