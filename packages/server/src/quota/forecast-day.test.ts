import assert from 'node:assert/strict'
import { test } from 'node:test'
import { offsetMinutesAt } from '@aegis/client'
import { seededRandom } from '../../testing/seeded-random.ts'
import { type DayState, forecastDay } from './forecast-day.ts'
import { HOUR_MS, type HourUse } from './use-rhythm.ts'

const zone = 'America/New_York'
const day = 24 * HOUR_MS
const limit = 50_000

/** Calls of an hour as a practice's life has them: open from eight to six, hardly on weekends, the same polls all day. */
function usual(at: number): number {
  const wall = new Date(at + offsetMinutesAt({ name: zone }, at) * 60_000)
  const isOpen = wall.getUTCHours() >= 8 && wall.getUTCHours() < 18
  const isWeekend = [0, 6].includes(wall.getUTCDay())
  return isWeekend ? 240 : isOpen ? 3_000 : 300
}

interface Life {
  readonly from: number
  readonly until: number
  /** Calls of an hour. Default: as usual. */
  readonly of?: (at: number) => number
  /** Each hour differs by up to this share, by chance. */
  readonly noise?: number
  readonly kind?: HourUse['kind']
}

/** Whole hours from `from`, and of the hour in which `until` lies the part before it. */
function lived({ from, until, of = usual, noise = 0, kind = 'feeds' }: Life): HourUse[] {
  const random = seededRandom(7)
  const hours: HourUse[] = []
  for (let at = Math.floor(from / HOUR_MS) * HOUR_MS; at < until; at += HOUR_MS) {
    const share = Math.min(1, (until - at) / HOUR_MS)
    hours.push({ at, kind, calls: Math.round(of(at) * (1 + noise * (2 * random.fraction() - 1)) * share) })
  }
  return hours
}

function sum(hours: readonly HourUse[], from: number, until = Infinity): number {
  return hours.filter(({ at }) => at >= from && at < until).reduce((all, { calls }) => all + calls, 0)
}

function state(now: number, hours: readonly HourUse[], changes: Partial<DayState> = {}): DayState {
  const used = sum(hours, Math.floor(now / day) * day)
  return { now, limit, left: limit - used, kept: 0, zone, pollShare: 0.9, pollsAre: 'even', ...changes }
}

const rest = (now: number, of = usual) => {
  const end = Math.floor(now / day) * day + day
  const whole = lived({ from: now, until: end, of })
  return sum(whole, 0) - of(Math.floor(now / HOUR_MS) * HOUR_MS) * ((now % HOUR_MS) / HOUR_MS)
}

const moments: readonly [what: string, now: string][] = [
  ['at noon GMT of a Wednesday', '2026-02-25T12:00:00Z'],
  ['in the middle of an hour', '2026-02-25T16:40:00Z'],
  ['a minute after midnight GMT', '2026-02-25T00:01:00Z'],
  ['at midnight GMT itself', '2026-02-25T00:00:00Z'],
  ['a minute before midnight GMT', '2026-02-25T23:59:00Z'],
  ['on a Saturday after busy days', '2026-02-28T15:00:00Z'],
  ['on a Monday after a weekend', '2026-03-02T09:00:00Z'],
  ['the morning after the clocks were set forward', '2026-03-09T10:00:00Z'],
  ['the day the clocks are set forward', '2026-03-08T05:00:00Z'],
  ['the evening after the clocks were set forward', '2026-03-09T21:00:00Z'],
  ['the morning after the clocks were set back', '2026-11-02T11:00:00Z'],
  ['the evening after the clocks were set back', '2026-11-02T21:30:00Z'],
]

for (const [what, text] of moments) {
  test(`a rhythm that repeats is foretold to a twentieth ${what}`, () => {
    const now = Date.parse(text)
    const hours = lived({ from: now - 30 * day, until: now, noise: 0.1 })
    const { wanted, judgedDays, basis, endsAt } = forecastDay(hours, state(now, hours))
    const truth = rest(now)
    assert.ok(Math.abs(wanted.mid - truth) <= truth * 0.05 + 5, `${wanted.mid} for ${truth}`)
    assert.ok(wanted.low <= truth + 5 && truth - 5 <= wanted.high, `${JSON.stringify(wanted)} for ${truth}`)
    assert.equal(basis, 'weeks')
    assert.equal(judgedDays, 14)
    assert.equal(endsAt, Math.floor(now / day) * day + day)
  })
}

test('a day busier than its like is foretold busier', () => {
  const now = Date.parse('2026-02-25T18:00:00Z')
  const today = Math.floor(now / day) * day
  const busy = (at: number) => usual(at) * (at >= today ? 1.6 : 1)
  const hours = lived({ from: now - 30 * day, until: now, of: busy })
  const { wanted } = forecastDay(hours, state(now, hours))
  const truth = rest(now, busy)
  assert.ok(Math.abs(wanted.mid - truth) <= truth * 0.1, `${wanted.mid} for ${truth}`)
})

test('the range widens with days that differ', () => {
  const now = Date.parse('2026-02-25T12:00:00Z')
  const width = (noise: number) => {
    const random = seededRandom(3)
    const factors = new Map<number, number>()
    const of = (at: number) => {
      const date = Math.floor(at / day)
      if (!factors.has(date)) factors.set(date, 1 + noise * (2 * random.fraction() - 1))
      return usual(at) * (factors.get(date) ?? 1)
    }
    const hours = lived({ from: now - 30 * day, until: now, of })
    const { wanted } = forecastDay(hours, state(now, hours))
    return (wanted.high - wanted.low) / wanted.mid
  }
  assert.ok(width(0.02) < 0.15)
  assert.ok(width(0.5) > 2 * width(0.02))
})

test('eight of ten days end within the range that was told at their noon', () => {
  const random = seededRandom(11)
  const factors = Array.from({ length: 100 }, () => 0.7 + 0.6 * random.fraction())
  const start = Date.parse('2026-01-05T00:00:00Z')
  const of = (at: number) => usual(at) * (factors[Math.floor((at - start) / day)] ?? 1)
  const whole = lived({ from: start, until: start + 90 * day, of, noise: 0.2 })
  let within = 0
  for (let date = 30; date < 90; date += 1) {
    const now = start + date * day + 14 * HOUR_MS
    const known = whole.filter(({ at }) => at < now && at >= now - 35 * day)
    const { wanted } = forecastDay(known, state(now, known))
    const truth = sum(whole, now, start + (date + 1) * day)
    if (wanted.low <= truth && truth <= wanted.high) within += 1
  }
  assert.ok(within >= 42, `${within} of 60`)
})

test('on the first day what goes on now is taken to go on, and the range is said to be guessed', () => {
  const now = Date.parse('2026-02-25T12:30:00Z')
  const hours = lived({ from: now - 3 * HOUR_MS, until: now, of: () => 600 })
  const { wanted, basis, judgedDays } = forecastDay(hours, state(now, hours))
  assert.equal(basis, 'hours')
  assert.equal(judgedDays, 0)
  assert.ok(Math.abs(wanted.mid - 600 * 11.5) < 300, String(wanted.mid))
  assert.ok(wanted.low < wanted.mid * 0.7 && wanted.high > wanted.mid * 1.5)
})

test('calls that are spent as they are wanted do, also where an even pace through the day would not', () => {
  const now = Date.parse('2026-02-25T05:00:00Z')
  // Just as many as the day takes, nearly all of them wanted in its first half.
  const early = (at: number) => (Math.abs(new Date(at).getUTCHours() - 9) < 3 ? 1_000 : 50)
  const hours = lived({ from: now - 30 * day, until: now, of: early })
  const wanted = rest(now, early)
  const left = wanted / 0.9 + limit * 0.11
  const served = (pollsAre: DayState['pollsAre']) =>
    forecastDay(hours, state(now, hours, { left, pollsAre })).feedsServed.mid
  assert.ok(served('even') < 0.95, String(served('even')))
  assert.ok(served('as-wanted') > 0.99, String(served('as-wanted')))
  const scarce = forecastDay(hours, state(now, hours, { left: wanted / 2 + limit * 0.11, pollsAre: 'as-wanted' }))
  assert.ok(Math.abs(scarce.feedsServed.mid - 0.5) < 0.03, String(scarce.feedsServed.mid))
})

test('without any call ever nothing is expected', () => {
  const now = Date.parse('2026-02-25T12:30:00Z')
  const forecast = forecastDay([], state(now, []))
  assert.deepEqual(forecast.wanted, { low: 0, mid: 0, high: 0 })
  assert.deepEqual(forecast.leftAtMidnight, { low: limit, mid: limit, high: limit })
  assert.deepEqual(forecast.stops, [])
})

test('the second day rests on the first', () => {
  const now = Date.parse('2026-02-25T13:00:00Z')
  const hours = lived({ from: now - 30 * HOUR_MS, until: now })
  const { wanted, basis } = forecastDay(hours, state(now, hours))
  assert.equal(basis, 'days')
  assert.ok(Math.abs(wanted.mid - rest(now)) <= rest(now) * 0.1, `${wanted.mid} for ${rest(now)}`)
})

test('what others on the same app use counts, and stops for nobody', () => {
  const now = Date.parse('2026-02-25T12:00:00Z')
  const others = () => 2_500
  const ours = lived({ from: now - 20 * day, until: now, of: () => 100 })
  const hours = [...ours, ...lived({ from: now - 20 * day, until: now, of: others, kind: 'foreign' })]
  const { leftAtMidnight, stops } = forecastDay(hours, state(now, hours, { left: 20_000 }))
  assert.equal(leftAtMidnight.mid, 0)
  const [first] = stops
  assert.equal(first?.priority, 'feeds')
  // 20,000 less the floor of 5,000, at 2,600 an hour.
  const expected = now + (15_000 / 2_600) * HOUR_MS
  assert.ok(Math.abs((first?.at ?? 0) - expected) < 15 * 60_000, new Date(first?.at ?? 0).toISOString())
})

test('a load under way is taken to last as long again, for the range from not at all to all day', () => {
  const now = Date.parse('2026-02-25T12:00:00Z')
  const polls = lived({ from: now - 20 * day, until: now, of: () => 100 })
  const hours = [...polls, ...lived({ from: now - 2 * HOUR_MS, until: now, of: () => 1_000, kind: 'bulk' })]
  const { wanted } = forecastDay(hours, state(now, hours))
  assert.deepEqual([wanted.low, wanted.mid, wanted.high], [1_200, 3_200, 13_200])
})

test('a load that was over yesterday is not expected today', () => {
  const now = Date.parse('2026-02-25T12:00:00Z')
  const polls = lived({ from: now - 3 * day, until: now, of: () => 100 })
  const hours = [
    ...polls,
    ...lived({ from: now - 26 * HOUR_MS, until: now - 20 * HOUR_MS, of: () => 1_000, kind: 'bulk' }),
  ]
  const { wanted } = forecastDay(hours, state(now, hours))
  assert.ok(wanted.mid < 2_500, String(wanted.mid))
})

test('who has the lowest priority stops first; polls are put off, and last until late', () => {
  const now = Date.parse('2026-02-25T12:00:00Z')
  const of = (calls: number, kind: HourUse['kind']) =>
    lived({ from: now - 20 * day, until: now, of: () => calls, kind })
  const hours = [...of(3_000, 'feeds'), ...of(300, 'reconciliation'), ...of(100, 'interactive')]
  const { stops, feedsServed, leftAtMidnight } = forecastDay(hours, state(now, hours, { left: 14_000 }))
  // Polls get 9 of 14 thousand, less what the others take; they want 36.
  assert.ok(feedsServed.mid > 0.1 && feedsServed.mid < 0.3, String(feedsServed.mid))
  const at = Object.fromEntries(stops.map((stop) => [stop.priority, stop.at ?? Infinity]))
  assert.ok((at.reconciliation ?? 0) < (at.feeds ?? 0) && (at.feeds ?? 0) > now + 10 * HOUR_MS, JSON.stringify(stops))
  assert.equal(at.interactive, undefined)
  assert.ok(leftAtMidnight.mid > 3_800 && leftAtMidnight.mid < 6_500, String(leftAtMidnight.mid))
})

test('bulk work stops where what is kept for feeds begins, which is less in the evening', () => {
  const now = Date.parse('2026-02-25T12:00:00Z')
  const hours = lived({ from: now - 6 * HOUR_MS, until: now, of: () => 2_000, kind: 'bulk' })
  const stopsAt = (kept: number) => {
    const { stops } = forecastDay(hours, state(now, hours, { left: limit * 0.15 + 9_000, kept }))
    return ((stops.find(({ priority }) => priority === 'bulk')?.at ?? Infinity) - now) / HOUR_MS
  }
  assert.ok(Math.abs(stopsAt(0) - 4.5) < 0.1, String(stopsAt(0)))
  // 9,000 - 2,000 t = 6,000 (1 - t / 12)
  assert.ok(Math.abs(stopsAt(6_000) - 2) < 0.2, String(stopsAt(6_000)))
})

test('where the day may not do, the earliest is told although it is expected to do', () => {
  const now = Date.parse('2026-02-25T12:00:00Z')
  const hours = lived({ from: now - 2 * HOUR_MS, until: now, of: () => 1_000, kind: 'interactive' })
  const { stops, leftAtMidnight } = forecastDay(hours, state(now, hours, { left: 15_000 }))
  assert.ok(Math.abs(leftAtMidnight.mid - 3_000) < 500, String(leftAtMidnight.mid))
  const [stop] = stops
  assert.deepEqual([stop?.priority, stop?.at, stop?.latest], ['interactive', null, null])
  assert.ok(Math.abs((stop?.earliest ?? 0) - (now + (15_000 / 1_600) * HOUR_MS)) < 30 * 60_000)
})

test('past calls are gone through once, from however many past days the model is judged', () => {
  const [from, now] = [Date.UTC(2026, 2, 1), Date.UTC(2026, 3, 5, 15)]
  let looks = 0
  const hours = lived({ from, until: now }).map(({ at, kind, calls }) => ({
    at,
    kind,
    get calls() {
      looks += 1
      return calls
    },
  }))
  assert.equal(forecastDay(hours, state(now, [])).judgedDays, 14)
  assert.equal(looks, hours.length)
})
