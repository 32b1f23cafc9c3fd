import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RemoteClock } from './remote-clock.ts'

const start = Date.UTC(2026, 2, 3, 6)
const hour = 3_600_000

/** Answers one after the other, a second apart: how far the remote's clock is off in each, and what else its headers say. */
type Answers = readonly (readonly [offMs: number, age?: string])[]
const cases: readonly [title: string, answers: Answers, offMs: number | undefined][] = [
  ['the first answer is believed', [[-hour]], -hour],
  ['one that is off changes nothing', [[0], [-hour]], 0],
  ['nor do several that are off, between others', [[0], [-hour], [0], [-hour]], 0],
  ['nor two that are off differently', [[0], [-hour], [hour]], 0],
  ['two that agree are believed', [[0], [-hour], [-hour]], -hour],
  ['also where a third one was off otherwise before', [[0], [hour], [-hour], [-hour]], -hour],
  ['what comes out of a store says nothing', [[0], [-hour, '3600'], [-hour, '3601']], 0],
  ['also out of one behind another', [[0], [-hour, '3600, 1'], [-hour, '3601, 2']], 0],
  ['nor where nothing is known', [[-hour, '1']], undefined],
  ['one that was in a store for no time is believed', [[-hour, '0']], -hour],
]
for (const [title, answers, offMs] of cases) {
  test(`of a remote's clock: ${title}`, () => {
    let now = start
    const clock = new RemoteClock({ now: () => now, steady: () => now - start })
    for (const [off, age] of answers) {
      now += 1_000
      const headers = new Headers({ date: new Date(now + off).toUTCString(), ...(age !== undefined && { age }) })
      clock.observe({ sentAt: now - start - 20, receivedAt: now - start, headers })
    }
    const { reading } = clock
    if (offMs === undefined) assert.equal(reading, undefined)
    else assert.ok(reading && reading.earliest <= now + offMs && reading.latest >= now + offMs, JSON.stringify(reading))
    if (reading) assert.ok(reading.latest - reading.earliest < 2_000)
    assert.ok(clock.isHeard)
  })
}
