import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DayBudget, gonePriorities } from './day-budget.ts'
import { blockOf, chargedDays, dayResumesAt, defaultDayBlock, quotaDay } from './quota-day.ts'

const at = Date.parse

const days = [
  ['at noon a call counts on its day', '2026-11-22T12:00:00Z', ['2026-11-22']],
  ['just before the guard too', '2026-11-22T23:57:59.999Z', ['2026-11-22']],
  ['from 23:58 GMT on it counts on both days', '2026-11-22T23:58:00Z', ['2026-11-22', '2026-11-23']],
  ['at midnight too', '2026-11-23T00:00:00Z', ['2026-11-22', '2026-11-23']],
  ['until 00:02', '2026-11-23T00:01:59.999Z', ['2026-11-22', '2026-11-23']],
  ['then on the new one only', '2026-11-23T00:02:00Z', ['2026-11-23']],
  ['at the turn of the year', '2026-12-31T23:59:30Z', ['2026-12-31', '2027-01-01']],
  ['on a leap day', '2028-02-28T23:58:30Z', ['2028-02-28', '2028-02-29']],
  ['when New York falls back, nothing happens', '2026-11-01T06:00:00Z', ['2026-11-01']],
  ['when New York springs forward, nothing happens', '2026-03-08T07:00:00Z', ['2026-03-08']],
] as const
for (const [title, instant, expected] of days) {
  test(`${title} (${instant})`, () => assert.deepEqual(chargedDays(at(instant)), expected))
}

test('a used-up day is over two minutes after its midnight', () => {
  assert.equal(dayResumesAt('2026-12-31'), at('2027-01-01T00:02:00Z'))
  assert.equal(quotaDay(dayResumesAt('2026-12-31')), '2027-01-01')
})

test('blocks shrink towards the end of the day', () => {
  assert.equal(blockOf(200, 500_000), 200)
  assert.equal(blockOf(200, 800), 100)
  assert.equal(blockOf(200, 7), 1)
  assert.equal(blockOf(200, 0), 0)
  assert.deepEqual([500_000, 50_000, 1_000, 10].map(defaultDayBlock), [200, 20, 1, 1])
})

const day = '2026-11-22'
const row = (reserved: number, foreign = 0) => ({ day, reserved, foreign, upstreamLimit: null, kept: 0, perDay: null })

test('nothing is drawn that was not reserved first', () => {
  const budget = new DayBudget({ perDay: 100, dayBlock: 4 })
  assert.deepEqual(budget.draw('interactive', [day]), { kind: 'reserve' })
  budget.adopt(row(2), 2)
  assert.deepEqual(budget.draw('interactive', [day]), { kind: 'drawn' })
  assert.deepEqual(budget.draw('interactive', [day]), { kind: 'drawn' })
  assert.deepEqual(budget.draw('interactive', [day]), { kind: 'reserve' })
})

test('around midnight a call is drawn from both days or from none', () => {
  const budget = new DayBudget({ perDay: 100, dayBlock: 4 })
  budget.adopt(row(1), 1)
  assert.deepEqual(budget.draw('feeds', [day, '2026-11-23']), { kind: 'reserve' })
  assert.equal(budget.left(day), 1)
  budget.adopt({ ...row(1), day: '2026-11-23' }, 1)
  assert.deepEqual(budget.draw('feeds', [day, '2026-11-23']), { kind: 'drawn' })
  assert.equal(budget.left(day) + budget.left('2026-11-23'), 0)
})

const stops = [
  ['84 used: everybody may call', 84, []],
  ['85 used: bulk stops first', 85, ['bulk']],
  ['87 used: then reconciliation', 87, ['reconciliation', 'bulk']],
  ['89 used: then feeds', 89, ['feeds', 'reconciliation', 'bulk']],
  [
    '90 used: then notifications, and a tenth of the day is left',
    90,
    ['notifications', 'feeds', 'reconciliation', 'bulk'],
  ],
  ['100 used: then people too', 100, ['interactive', 'notifications', 'feeds', 'reconciliation', 'bulk']],
] as const
for (const [title, used, expected] of stops) {
  test(`of 100 a day, ${title}`, () => {
    const budget = new DayBudget({ perDay: 100, dayBlock: 1 })
    budget.adopt(row(used))
    assert.deepEqual(gonePriorities(budget, [day]), expected)
  })
}

test('calls that others made on the same app count, and a lower limit that athenahealth names holds', () => {
  const budget = new DayBudget({ perDay: 100, dayBlock: 50 })
  budget.adopt(row(10, 80))
  assert.deepEqual(gonePriorities(budget, [day]), ['notifications', 'feeds', 'reconciliation', 'bulk'])
  assert.equal(budget.block(row(10, 80)), 1)
  budget.adopt({ ...row(10), upstreamLimit: 10 })
  assert.deepEqual(budget.draw('interactive', [day]), { kind: 'gone', until: dayResumesAt(day), limit: 10 })
})

test('what is kept for feeds only bulk work leaves to them', () => {
  const budget = new DayBudget({ perDay: 100, dayBlock: 1 })
  budget.adopt({ ...row(54), kept: 30 })
  assert.deepEqual(gonePriorities(budget, [day]), [])
  budget.adopt({ ...row(55), kept: 30 })
  assert.deepEqual(gonePriorities(budget, [day]), ['bulk'])
  assert.deepEqual(budget.leftFor('feeds', day), { limit: 100, left: 34 })
})

test('what is in hand counts as still to be had', () => {
  const budget = new DayBudget({ perDay: 10, dayBlock: 5 })
  budget.adopt(row(10), 2)
  assert.deepEqual(budget.draw('interactive', [day]), { kind: 'drawn' })
  assert.deepEqual(budget.draw('interactive', [day]), { kind: 'drawn' })
  assert.deepEqual(budget.draw('interactive', [day]), { kind: 'gone', until: dayResumesAt(day), limit: 10 })
})

test('a clean stop gives back what is unused, and days that are over are forgotten', () => {
  const budget = new DayBudget({ perDay: 100, dayBlock: 10 })
  budget.adopt({ ...row(10), day: '2026-11-21' }, 10)
  budget.adopt(row(10), 10)
  budget.draw('bulk', [day])
  budget.forgetBefore(day)
  assert.deepEqual(budget.surrender(), [{ day, unused: 9 }])
  assert.deepEqual(budget.surrender(), [])
})

test('what was drawn and not used is put back, for days that are still known', () => {
  const budget = new DayBudget({ perDay: 100, dayBlock: 4 })
  budget.adopt(row(2), 2)
  budget.draw('feeds', [day])
  budget.putBack([day, '2026-11-23'])
  assert.deepEqual([budget.left(day), budget.left('2026-11-23')], [2, 0])
})

for (const [inHand, count, isShort] of [
  [1, 1, true],
  [2, 1, false],
  [4, 5, true],
  [5, 5, false],
] as const) {
  test(`${inHand} in hand are ${isShort ? 'too few' : 'enough'} for ${count} calls where 2 are kept for an outage`, () => {
    const budget = new DayBudget({ perDay: 100, dayBlock: 8 })
    // By then whole blocks are reserved.
    for (let blocks = 0; blocks < 3; blocks += 1) budget.adopt({ ...row(10), day: '2026-11-21' }, 1)
    budget.adopt(row(10), inHand)
    assert.deepEqual(budget.short([day, '2026-11-23'], count), isShort ? [day, '2026-11-23'] : ['2026-11-23'])
  })
}

test('a day of which nothing is unused gives nothing back', () => {
  const budget = new DayBudget({ perDay: 100, dayBlock: 10 })
  budget.adopt(row(10), 0)
  assert.deepEqual(budget.surrender(), [])
})

test('a process reserves little at first, and twice as much each time up to a block', () => {
  const budget = new DayBudget({ perDay: 500_000, dayBlock: 200 })
  const blocks: number[] = []
  for (let times = 0; times < 7; times += 1) {
    const block = budget.block(row(0))
    blocks.push(block)
    budget.adopt(row(block), block)
  }
  assert.deepEqual(blocks, [8, 16, 32, 64, 128, 200, 200])
})
