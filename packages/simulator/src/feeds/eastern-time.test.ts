import assert from 'node:assert/strict'
import { test } from 'node:test'
import { easternInstant } from './eastern-time.ts'

const cases: [wall: string, first: string, second: string][] = [
  ['01/05/2026 12:00:00', '2026-01-05T17:00:00Z', '2026-01-05T17:00:00Z'],
  ['07/04/2026 12:00:00', '2026-07-04T16:00:00Z', '2026-07-04T16:00:00Z'],
  // Clocks go back on 1 November 2026: 01:00 to 01:59:59 comes twice.
  ['11/01/2026 00:59:59', '2026-11-01T04:59:59Z', '2026-11-01T04:59:59Z'],
  ['11/01/2026 01:00:00', '2026-11-01T05:00:00Z', '2026-11-01T06:00:00Z'],
  ['11/01/2026 01:59:59', '2026-11-01T05:59:59Z', '2026-11-01T06:59:59Z'],
  ['11/01/2026 02:00:00', '2026-11-01T07:00:00Z', '2026-11-01T07:00:00Z'],
  // Clocks go forward on 8 March 2026: 02:00 to 02:59:59 is left out.
  ['03/08/2026 01:59:59', '2026-03-08T06:59:59Z', '2026-03-08T06:59:59Z'],
  ['03/08/2026 02:30:00', '2026-03-08T07:30:00Z', '2026-03-08T07:30:00Z'],
  ['03/08/2026 03:00:00', '2026-03-08T07:00:00Z', '2026-03-08T07:00:00Z'],
]
for (const [wall, first, second] of cases) {
  test(`${wall} Eastern is ${first}${first === second ? '' : ` or ${second}`}`, () => {
    assert.equal(easternInstant(wall, 'first'), Date.parse(first))
    assert.equal(easternInstant(wall, 'second'), Date.parse(second))
  })
}

test('text of another form and days that do not exist are no time', () => {
  for (const text of ['', '2026-01-05T12:00:00Z', '01/05/2026', '02/30/2026 10:00:00', '01/05/2026 24:00:00']) {
    assert.equal(easternInstant(text, 'first'), undefined, text)
  }
})
