import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyServers, patientClock, settled } from '../../testing/key-servers.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'

const { newApp } = await keyServers()

test('a process that dies with every answer and starts again does not use up the minute, nor lock the others out', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess } = await newApp(t, clock)
  const options = { requestsPerMinute: { local: 2 } }
  const unset = setFailpointHook((name) => {
    if (name === 'key-server.after-request') throw new Error('killed')
  })
  t.after(unset)
  for (let start = 0; start < 12; start++) {
    const attempt = newProcess(options).tokens.get()
    const ended = attempt.then(
      () => assert.fail('it was to die'),
      () => undefined,
    )
    let isOver = false
    void ended.then(() => {
      isOver = true
    })
    for (let seconds = 0; seconds < 60 && !isOver; seconds++) {
      await clock.advance(1_000)
      await settled()
    }
    await ended
  }
  assert.ok(endpoint.requests.length >= 2, `${endpoint.requests.length} requests`)
  for (const { at } of endpoint.requests) {
    const inMinute = endpoint.requests.filter((other) => other.at > at - 60_000 && other.at <= at).length
    assert.ok(inMinute <= 2, `${inMinute} requests in a minute`)
  }
  unset()
  await clock.advance(90_000)
  await newProcess(options).tokens.get()
})
