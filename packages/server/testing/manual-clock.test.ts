import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualClock } from './manual-clock.ts'
import { seededRandom } from './seeded-random.ts'

describe('a manual clock', () => {
  test('fires what falls due in the order of time, and of setting at one time', async () => {
    const clock = manualClock(1000)
    const fired: [string, number][] = []
    const note = (name: string) => () => fired.push([name, clock.now()])
    clock.timer(30, note('c'))
    clock.timer(10, note('a'))
    clock.timer(30, note('d'))
    clock.timer(20, note('b')).cancel()
    clock.timer(31, note('late'))
    await clock.advance(30)
    assert.deepEqual(fired, [
      ['a', 1010],
      ['c', 1030],
      ['d', 1030],
    ])
    assert.deepEqual([clock.now(), clock.pending], [1030, 1])
  })

  test('runs a chain of sleeps within one advance', async () => {
    const clock = manualClock(0)
    const seen: number[] = []
    const chain = (async () => {
      for (let count = 0; count < 3; count++) {
        await clock.sleep(100)
        seen.push(clock.now())
      }
    })()
    await clock.advance(1000)
    await chain
    assert.deepEqual([seen, clock.now()], [[100, 200, 300], 1000])
  })

  test('wakes a sleeper whose signal aborts, with the reason', async () => {
    const clock = manualClock()
    const controller = new AbortController()
    const sleeping = clock.sleep(100, controller.signal)
    controller.abort(new RangeError('enough'))
    await assert.rejects(sleeping, RangeError)
    assert.equal(clock.pending, 0)
  })

  test('yields once for a sleep of no time', async () => {
    await manualClock().sleep(0)
  })
})

describe('seeded randomness', () => {
  test('repeats with its seed and differs with another', () => {
    const [a, b, c] = [seededRandom(7), seededRandom(7), seededRandom(8)]
    const draw = (random: typeof a) => [random.fraction(), random.uuid(), random.bytes(40).toString('hex')]
    assert.deepEqual(draw(a), draw(b))
    assert.notDeepEqual(draw(a), draw(c))
  })

  test('makes fractions below 1 and well-formed UUIDs', () => {
    const random = seededRandom(1)
    for (let count = 0; count < 1000; count++) {
      const fraction = random.fraction()
      assert.ok(fraction >= 0 && fraction < 1)
      assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
  })
})
