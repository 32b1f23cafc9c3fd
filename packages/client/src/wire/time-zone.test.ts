import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPlainDate, readPlainTime } from './plain-date.ts'
import {
  easternWallToInstant,
  instantOf,
  instantsOf,
  instantToEasternWall,
  isKnownZone,
  type WallTime,
  wallTimeAt,
  type Zone,
} from './time-zone.ts'

function wall(text: string): WallTime {
  const [date, time] = text.split(' ').map((part, index) => (index === 0 ? readPlainDate(part) : readPlainTime(part)))
  assert.ok(date && time)
  // The order of the parts above.
  return { date, time } as WallTime
}

for (const [zone, text, expected] of [
  ['US/Eastern', '2024-07-04 09:00', ['2024-07-04T13:00:00Z']],
  ['US/Eastern', '2024-01-04 09:00', ['2024-01-04T14:00:00Z']],
  ['US/Central', '2024-07-04 09:00', ['2024-07-04T14:00:00Z']],
  ['US/Mountain', '2024-07-04 09:00', ['2024-07-04T15:00:00Z']],
  ['US/Arizona', '2024-07-04 09:00', ['2024-07-04T16:00:00Z']],
  ['US/Pacific', '2024-07-04 09:00', ['2024-07-04T16:00:00Z']],
  ['US/Alaska', '2024-07-04 09:00', ['2024-07-04T17:00:00Z']],
  ['US/Hawaii', '2024-07-04 09:00', ['2024-07-04T19:00:00Z']],
  ['America/New_York', '2024-03-10 01:59:59', ['2024-03-10T06:59:59Z']],
  ['America/New_York', '2024-03-10 02:00', []],
  ['America/New_York', '2024-03-10 02:59:59', []],
  ['America/New_York', '2024-03-10 03:00', ['2024-03-10T07:00:00Z']],
  ['America/New_York', '2024-11-03 00:59:59', ['2024-11-03T04:59:59Z']],
  ['America/New_York', '2024-11-03 01:00', ['2024-11-03T05:00:00Z', '2024-11-03T06:00:00Z']],
  ['America/New_York', '2024-11-03 01:59:59', ['2024-11-03T05:59:59Z', '2024-11-03T06:59:59Z']],
  ['America/New_York', '2024-11-03 02:00', ['2024-11-03T07:00:00Z']],
  ['Australia/Lord_Howe', '2024-04-07 01:45', ['2024-04-06T14:45:00Z', '2024-04-06T15:15:00Z']],
  ['Asia/Kathmandu', '2024-04-07 01:45', ['2024-04-06T20:00:00Z']],
] as const) {
  const when = expected.length === 0 ? 'never' : expected.join(' and ')
  test(`clocks in ${zone} showed ${text} ${when}`, () => {
    assert.deepEqual(
      instantsOf({ name: zone }, wall(text)).map((instant) => new Date(instant).toISOString().replace('.000', '')),
      expected,
    )
  })
}

test('a wall time in the skipped hour is read as by a clock that was not put forward', () => {
  assert.equal(easternWallToInstant(wall('2024-03-10 02:30')), Date.UTC(2024, 2, 10, 7, 30))
})

test('a wall time in the repeated hour is its first showing, or its second if asked', () => {
  assert.equal(easternWallToInstant(wall('2024-11-03 01:30')), Date.UTC(2024, 10, 3, 5, 30))
  assert.equal(easternWallToInstant(wall('2024-11-03 01:30'), 'later'), Date.UTC(2024, 10, 3, 6, 30))
})

test('an unknown zone is known to be unknown, and nothing is computed with it', () => {
  assert.equal(isKnownZone('US/Eastern'), true)
  assert.equal(isKnownZone('Mars/Olympus'), false)
  assert.throws(() => instantOf({ name: 'Mars/Olympus' }, wall('2024-01-01 00:00')), RangeError)
})

const instants = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2060, 0, 1) })
const zones = fc.constantFrom<Zone>(
  { name: 'US/Eastern' },
  { name: 'US/Pacific' },
  { name: 'Australia/Lord_Howe' },
  { name: 'Europe/Dublin' },
  { offsetMinutes: -570 },
)

test('every instant is found again from the wall time it showed, in every zone', () => {
  fc.assert(
    fc.property(zones, instants, (zone, instant) => {
      const second = Math.floor(instant / 1000) * 1000
      assert.ok(instantsOf(zone, wallTimeAt(zone, instant)).includes(second))
    }),
  )
})

test('Eastern time agrees with the runtime’s own calendar', () => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/New_York',
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  })
  fc.assert(
    fc.property(instants, (instant) => {
      const { date, time } = instantToEasternWall(instant)
      const [year = '', month, day] = date.split('-')
      const expected = `${Number(month)}/${Number(day)}/${year.slice(2)}, ${time}`
      assert.equal(format.format(instant), expected)
    }),
  )
})
