/** Callers that wait for a request for a token which another one has begun. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyServers, patientClock, settled, until } from '../../testing/key-servers.ts'
import type { Db } from '../db/db.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'

const { newApp, switchable } = await keyServers()

test('a token that another process is fetching is waited for; a dead one is taken over', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess } = await newApp(t, clock)
  const unset = setFailpointHook((name) => {
    if (name === 'key-server.before-request') throw new Error('killed')
  })
  t.after(unset)
  await assert.rejects(newProcess().tokens.get(), /killed/)
  unset()
  const waiting = newProcess().tokens.get()
  let done = false
  void waiting.then(() => {
    done = true
  })
  await clock.advance(14_000)
  await settled()
  assert.equal(done, false)
  assert.equal(endpoint.requests.length, 0)
  await clock.advance(1_000)
  assert.equal((await waiting).value, 'canary-token-1')
})

test('who needs a newer token than the one that others are waiting for gets the one after it', async (t) => {
  const { endpoint, newProcess } = await newApp(t)
  const link = switchable()
  let looks = 0
  const counted: Db = { ...link, control: (work) => link.control(work).finally(() => (looks += 1)) }
  let opened = () => undefined as void
  endpoint.gate = new Promise((resolve) => {
    opened = resolve
  })
  const fetching = newProcess().tokens.get()
  await until(async () => endpoint.requests.length === 1)
  const { tokens } = newProcess({}, counted)
  const waiting = tokens.get()
  await until(async () => looks > 2)
  const newer = tokens.get({ newerThan: 1 })
  opened()
  assert.deepEqual(
    (await Promise.all([fetching, waiting, newer])).map(({ value }) => value),
    ['canary-token-1', 'canary-token-1', 'canary-token-2'],
  )
})

test('a caller that gives up leaves the request to the others', async (t) => {
  const { endpoint, newProcess } = await newApp(t)
  const { tokens } = newProcess()
  let opened = () => undefined as void
  endpoint.gate = new Promise((resolve) => {
    opened = resolve
  })
  const leaving = new AbortController()
  const left = assert.rejects(tokens.get({ signal: leaving.signal }), /left/)
  const staying = tokens.get()
  await until(async () => endpoint.requests.length === 1)
  leaving.abort(new Error('left'))
  await left
  opened()
  assert.equal((await staying).value, 'canary-token-1')
  assert.equal(endpoint.requests.length, 1)
})
