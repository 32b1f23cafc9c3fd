import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, parseDuration } from './duration.ts'

const readable: [text: string | number, ms: number][] = [
  ['15m', 900_000],
  ['60s', 60_000],
  ['500ms', 500],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1.5s', 1_500],
  [' 5s ', 5_000],
  ['0s', 0],
  [250, 250],
]

for (const [text, ms] of readable) {
  test(`${JSON.stringify(text)} is ${ms} ms`, () => assert.equal(parseDuration(text), ms))
}

for (const text of ['', '15', 'm', '15 minutes', '-1s', '1m-', '1e3s', '0.0001s', -5, 1.5, Number.NaN, Infinity]) {
  test(`${JSON.stringify(text)} is no duration`, () => assert.equal(parseDuration(text), undefined))
}

test('what is written is read back as the same', () => {
  fc.assert(fc.property(fc.nat({ max: 1e12 }), (ms) => parseDuration(formatDuration(ms)) === ms))
  assert.equal(formatDuration(900_000), '15m')
  assert.equal(formatDuration(0), '0s')
})
