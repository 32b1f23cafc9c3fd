import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultOffHours, minutesOf, type OffHours, offHours } from './off-hours.ts'

const at = Date.parse
const iso = (instant: number) => new Date(instant).toISOString().replace('.000', '')

// New York is UTC-5 in winter and UTC-4 in summer; it changes on 2026-03-08 and 2026-11-01 at 02:00.
const cases = [
  ['winter, noon', '2026-01-15T17:00:00Z', false, '2026-01-16T03:00:00Z', '2026-01-16T11:00:00Z'],
  ['winter, a second before 22:00', '2026-01-16T02:59:59Z', false, '2026-01-16T03:00:00Z', '2026-01-16T11:00:00Z'],
  ['winter, 22:00', '2026-01-16T03:00:00Z', true, '2026-01-16T03:00:00Z', '2026-01-16T11:00:00Z'],
  [
    'winter, a millisecond before 06:00',
    '2026-01-16T10:59:59.999Z',
    true,
    '2026-01-16T03:00:00Z',
    '2026-01-16T11:00:00Z',
  ],
  ['winter, 06:00', '2026-01-16T11:00:00Z', false, '2026-01-17T03:00:00Z', '2026-01-17T11:00:00Z'],
  ['summer, 22:00', '2026-07-05T02:00:00Z', true, '2026-07-05T02:00:00Z', '2026-07-05T10:00:00Z'],
  ['summer, 06:00', '2026-07-05T10:00:00Z', false, '2026-07-06T02:00:00Z', '2026-07-06T10:00:00Z'],
  [
    'night of 23 hours, before the change',
    '2026-03-08T06:59:00Z',
    true,
    '2026-03-08T03:00:00Z',
    '2026-03-08T10:00:00Z',
  ],
  ['night of 23 hours, after the change', '2026-03-08T07:01:00Z', true, '2026-03-08T03:00:00Z', '2026-03-08T10:00:00Z'],
  [
    'night of 23 hours, 06:00 summer time',
    '2026-03-08T10:00:00Z',
    false,
    '2026-03-09T02:00:00Z',
    '2026-03-09T10:00:00Z',
  ],
  ['night of 25 hours, first 01:30', '2026-11-01T05:30:00Z', true, '2026-11-01T02:00:00Z', '2026-11-01T11:00:00Z'],
  ['night of 25 hours, second 01:30', '2026-11-01T06:30:00Z', true, '2026-11-01T02:00:00Z', '2026-11-01T11:00:00Z'],
  [
    'night of 25 hours, 06:00 winter time',
    '2026-11-01T11:00:00Z',
    false,
    '2026-11-02T03:00:00Z',
    '2026-11-02T11:00:00Z',
  ],
  ['over the turn of the year', '2027-01-01T04:59:00Z', true, '2027-01-01T03:00:00Z', '2027-01-01T11:00:00Z'],
] as const
for (const [title, now, open, opensAt, closesAt] of cases) {
  test(`${title} (${now}): ${open ? 'open' : 'closed'}`, () => {
    const state = offHours(at(now), defaultOffHours)
    assert.deepEqual([state.open, iso(state.opensAt), iso(state.closesAt)], [open, opensAt, closesAt])
  })
}

const edges: [string, OffHours, string, string, string][] = [
  [
    'an edge that is shown twice opens at the second',
    { timeZone: 'America/New_York', from: '01:30', to: '05:00' },
    '2026-11-01T05:00:00Z',
    '2026-11-01T06:30:00Z',
    '2026-11-01T10:00:00Z',
  ],
  [
    'an edge that is shown twice closes at the first',
    { timeZone: 'America/New_York', from: '22:00', to: '01:30' },
    '2026-11-01T05:00:00Z',
    '2026-11-01T02:00:00Z',
    '2026-11-01T05:30:00Z',
  ],
  [
    'an edge that is skipped opens after the change',
    { timeZone: 'America/New_York', from: '02:30', to: '05:00' },
    '2026-03-08T06:00:00Z',
    '2026-03-08T07:30:00Z',
    '2026-03-08T09:00:00Z',
  ],
  [
    'an edge that is skipped closes before the change',
    { timeZone: 'America/New_York', from: '22:00', to: '02:30' },
    '2026-03-08T05:00:00Z',
    '2026-03-08T03:00:00Z',
    '2026-03-08T06:30:00Z',
  ],
  [
    'a window by day, in a zone of half hours',
    { timeZone: 'Asia/Kolkata', from: '09:00', to: '17:30' },
    '2026-05-05T03:30:00Z',
    '2026-05-05T03:30:00Z',
    '2026-05-05T12:00:00Z',
  ],
]
for (const [title, config, now, opensAt, closesAt] of edges) {
  test(title, () => {
    const state = offHours(at(now), config)
    assert.deepEqual([iso(state.opensAt), iso(state.closesAt)], [opensAt, closesAt])
  })
}

for (const host of ['UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Auckland']) {
  test(`every minute of the two nights agrees with the wall clock of New York, on a machine in ${host}`, (t) => {
    const { TZ } = process.env
    process.env['TZ'] = host
    t.after(() => {
      if (TZ === undefined) delete process.env['TZ']
      else process.env['TZ'] = TZ
    })
    const wall = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', hour: 'numeric', hourCycle: 'h23' })
    for (const night of ['2026-03-07T12:00:00Z', '2026-10-31T12:00:00Z']) {
      for (let minute = 0; minute < 60 * 48; minute++) {
        const now = at(night) + minute * 60_000
        const hour = Number(wall.format(now))
        assert.equal(offHours(now, defaultOffHours).open, hour >= 22 || hour < 6, new Date(now).toISOString())
      }
    }
  })
}

test('a window that never closes is open for good', () => {
  assert.equal(offHours(at('2026-11-22T12:00:00Z'), 'always').open, true)
  assert.equal(offHours(at('2026-11-22T12:00:00Z'), 'always').closesAt, Number.POSITIVE_INFINITY)
})

test('a time of day is HH:MM', () => {
  assert.deepEqual(['00:00', '23:59', '24:00', '6:00', '06:60', ''].map(minutesOf), [
    0,
    1439,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('equal times make a window of a whole day', () => {
  const state = offHours(at('2026-01-15T17:00:00Z'), { timeZone: 'UTC', from: '22:00', to: '22:00' })
  assert.equal(state.open, true)
})
