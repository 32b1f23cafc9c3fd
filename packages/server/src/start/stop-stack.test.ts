import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { manualClock } from '../../testing/manual-clock.ts'
import { memoryLog } from '../../testing/memory-log.ts'
import { StopStack } from './stop-stack.ts'

test('what waits for somebody who does not answer is given up in time for a service manager, and all the rest is stopped', async () => {
  const clock = manualClock(0)
  const [stops, log, stopped] = [new StopStack(clock), memoryLog(), [] as string[]]
  const answer = Promise.withResolvers<void>()
  stops.push(() => void stopped.push('first'))
  stops.push(() => answer.promise)
  stops.push(() => void stopped.push('last'))
  stops.pushLastResort(() => answer.reject(new Error('given up')))
  const stopping = stops.run(log)
  await clock.advance(23_000)
  assert.deepEqual(stopped, ['last'])
  await clock.advance(2_000)
  await stopping
  assert.deepEqual(stopped, ['last', 'first'])
  assert.deepEqual(log.events(), ['aegis.stop-late', 'aegis.stop-failed'])
})

test('what was still being started is stopped as well, and a stop that is waited for once more waits for that', async () => {
  const [stops, stopped] = [new StopStack(manualClock(0)), [] as string[]]
  await stops.run()
  const late = Promise.withResolvers<void>()
  stops.push(() => late.promise.then(() => void stopped.push('late')))
  const again = stops.run().then(() => stopped.push('all'))
  await turn()
  late.resolve()
  await again
  assert.deepEqual(stopped, ['late', 'all'])
})

test('a stop in good time gives nothing up', async () => {
  const clock = manualClock(0)
  const [stops, log] = [new StopStack(clock), memoryLog()]
  let isGivenUp = false
  stops.push(async () => undefined)
  stops.pushLastResort(() => (isGivenUp = true))
  await stops.run(log)
  await clock.advance(60_000)
  assert.equal(isGivenUp, false)
  assert.deepEqual(log.events(), [])
})
