import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '../../testing/test-clock.ts'
import { startDeadline } from './deadline.ts'
import type { Failure } from './judge-response.ts'
import { watchedStream } from './watched-stream.ts'

/** A body without an end, watched; `cancelled` once nobody reads it any more. */
function endless({ bytesMax = Number.POSITIVE_INFINITY } = {}) {
  const seen = { cancelled: false, failures: [] as (Failure | undefined)[] }
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel() {
      seen.cancelled = true
    },
  })
  const caller = new AbortController()
  const clock = testClock()
  const stream = watchedStream(body, {
    clock,
    deadline: startDeadline(clock, Number.POSITIVE_INFINITY, caller.signal),
    pieceMs: Number.POSITIVE_INFINITY,
    bytesMax,
    errorOf: ({ code }) => new Error(code),
    onEnd: (failure) => seen.failures.push(failure),
  })
  return { seen, caller, reader: stream.getReader() }
}

test('a stream given up by its reader frees its connection', async () => {
  const { seen, reader } = endless()
  await reader.read()
  await reader.cancel()
  assert.deepEqual(seen, { cancelled: true, failures: [undefined] })
})

test('a stream that grows too large frees its connection', async () => {
  const { seen, reader } = endless({ bytesMax: 15 })
  await reader.read()
  await assert.rejects(reader.read(), /response-too-large/)
  assert.deepEqual(seen, { cancelled: true, failures: [{ code: 'response-too-large', executed: 'yes' }] })
})

test('a stream whose caller aborts frees its connection', async () => {
  const { seen, caller, reader } = endless()
  await reader.read()
  caller.abort()
  await assert.rejects(reader.read(), /aborted/)
  assert.deepEqual(seen, { cancelled: true, failures: [{ code: 'aborted', executed: 'yes' }] })
})
