import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { easternZone, instantOf, instantsOf, type WallTime } from '../wire/time-zone.ts'
import { readWireDateTime } from '../wire/wire-date-time.ts'
import { replayWindow } from './replay-window.ts'

for (const [title, from, to, start, end] of [
  ['in summer', '2024-07-04T13:00:00Z', '2024-07-04T13:05:00Z', '07/04/2024 09:00:00', '07/04/2024 09:05:00'],
  ['in winter', '2024-01-04T13:00:00Z', '2024-01-04T13:05:00Z', '01/04/2024 08:00:00', '01/04/2024 08:05:00'],
  ['across midnight', '2024-01-04T04:59:30Z', '2024-01-04T05:00:30Z', '01/03/2024 23:59:30', '01/04/2024 00:00:30'],
  [
    'of parts of seconds',
    '2024-07-04T13:00:00.900Z',
    '2024-07-04T13:00:01.100Z',
    '07/04/2024 09:00:00',
    '07/04/2024 09:00:02',
  ],
  [
    'across the skipped hour',
    '2024-03-10T06:30:00Z',
    '2024-03-10T07:30:00Z',
    '03/10/2024 01:30:00',
    '03/10/2024 03:30:00',
  ],
  [
    'before the repeated hour',
    '2024-11-03T04:00:00Z',
    '2024-11-03T04:59:59Z',
    '11/03/2024 00:00:00',
    '11/03/2024 00:59:59',
  ],
  [
    'in its first showing',
    '2024-11-03T05:10:00Z',
    '2024-11-03T05:20:00Z',
    '11/03/2024 00:59:59',
    '11/03/2024 02:00:00',
  ],
  [
    'in its second showing',
    '2024-11-03T06:10:00Z',
    '2024-11-03T06:20:00Z',
    '11/03/2024 00:59:59',
    '11/03/2024 02:00:00',
  ],
  [
    'from the first into the second',
    '2024-11-03T05:50:00Z',
    '2024-11-03T06:10:00Z',
    '11/03/2024 00:59:59',
    '11/03/2024 02:00:00',
  ],
  ['that begins in it', '2024-11-03T06:50:00Z', '2024-11-03T07:10:00Z', '11/03/2024 00:59:59', '11/03/2024 02:10:00'],
  ['that ends in it', '2024-11-03T04:50:00Z', '2024-11-03T05:10:00Z', '11/03/2024 00:50:00', '11/03/2024 02:00:00'],
  ['around it', '2024-11-03T04:50:00Z', '2024-11-03T07:10:00Z', '11/03/2024 00:50:00', '11/03/2024 02:10:00'],
] as const) {
  test(`a window ${title} is asked for from ${start} to ${end}`, () => {
    assert.deepEqual(replayWindow({ from: Date.parse(from), to: Date.parse(to) }), {
      showprocessedstartdatetime: start,
      showprocessedenddatetime: end,
    })
  })
}

function read(text: string): WallTime {
  const { date, time } = readWireDateTime(text) ?? {}
  assert.ok(date && time)
  return { date, time }
}

test('however its ends are read, a window covers what was asked for, and not more than two hours more', () => {
  const hard = fc.integer({ min: Date.UTC(2024, 10, 3, 3), max: Date.UTC(2024, 10, 3, 9) })
  const any = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) })
  fc.assert(
    fc.property(fc.oneof(hard, any), fc.nat(7_200_000), fc.constantFrom('earlier', 'later'), (from, span, repeated) => {
      const window = replayWindow({ from, to: from + span })
      const starts = instantOf(easternZone, read(window.showprocessedstartdatetime), repeated)
      const ends = instantOf(easternZone, read(window.showprocessedenddatetime), repeated)
      assert.ok(starts <= from && from + span <= ends)
      assert.ok(ends - starts <= span + 2_000 + 4 * 3_600_000)
      for (const text of [window.showprocessedstartdatetime, window.showprocessedenddatetime]) {
        assert.equal(instantsOf(easternZone, read(text)).length, 1, text)
      }
    }),
    { numRuns: 500 },
  )
})
