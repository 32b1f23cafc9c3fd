import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../testing/seeded-random.ts'
import { callsAt, drainPrice, evenInterval, type ForecastGroup, type PriceQuestion, stretchMax } from './drain-price.ts'

const minute = 60_000
const hour = 60 * minute
const dayLengths = Array.from<number>({ length: 24 }).fill(hour)
const bounds = { leastMs: minute, mostMs: hour }

function group(feeds: number, rate: number, more: Partial<ForecastGroup> = {}): ForecastGroup {
  return { feeds, rates: Array.from<number>({ length: 24 }).fill(rate), ...bounds, ...more }
}

function ask(groups: readonly ForecastGroup[], calls: number, more: Partial<PriceQuestion> = {}): PriceQuestion {
  return { groups, calls, lengths: dayLengths, callsPerDrain: () => 1, priceMin: 0, ...more }
}

test('intervals are as the inverse square root of the rates, and use up the calls', () => {
  const wide = { leastMs: 1, mostMs: 1e12 }
  const question = ask([group(10, 1, wide), group(10, 4, wide), group(10, 16, wide)], 7_000)
  const { price, stretch } = drainPrice(question)
  const [slow = 0, middle = 0, fast = 0] = [1, 4, 16].map((rate) => evenInterval({ price, rate, ...wide }))
  assert.ok(Math.abs(slow / middle - 2) < 1e-9 && Math.abs(middle / fast - 2) < 1e-9)
  // 10 (1 + 2 + 4) times 24 hours over the slow interval.
  assert.ok(Math.abs((10 * 7 * 24 * hour) / slow - 7_000) < 20)
  assert.equal(stretch, 1)
})

test('no other way of spending the calls leaves changes waiting for less', () => {
  const random = seededRandom(5)
  const groups = Array.from({ length: 12 }, () => group(5, 0.1 * 1_000 ** random.fraction()))
  const calls = 6_000
  const { price } = drainPrice(ask(groups, calls))
  const best = groups.map(({ rates: [rate = 0] }) => evenInterval({ price, rate, ...bounds }))
  const spent = (intervals: readonly number[]) => intervals.reduce((sum, one) => sum + (5 * 24 * hour) / one, 0)
  const waited = (intervals: readonly number[]) =>
    intervals.reduce((sum, one, index) => sum + ((groups[index]?.rates[0] ?? 0) * one) / 2, 0)
  let tried = 0
  for (let attempt = 0; attempt < 2_000; attempt += 1) {
    const other = best.map((one) => Math.max(minute, Math.min(hour, one * 1.5 ** (2 * random.fraction() - 1))))
    if (spent(other) > spent(best)) continue
    tried += 1
    assert.ok(waited(other) >= waited(best) * 0.999)
  }
  assert.ok(tried > 100)
})

test('calls that are left in plenty are not spent for less than a call is worth', () => {
  const { price, stretch } = drainPrice(ask([group(3, 1)], 1e9, { priceMin: 1_000 }))
  assert.deepEqual({ price, stretch }, { price: 1_000, stretch: 1 })
})

test('where calls do not do for the bounds, the bounds are stretched alike and the calls last', () => {
  const question = ask([group(100, 5), group(10, 500, { mostMs: 10 * minute })], 100 * 24 + 10 * 144 - 1_000)
  const answer = drainPrice(question)
  assert.equal(answer.price, Number.POSITIVE_INFINITY)
  assert.ok(answer.stretch > 1 && answer.stretch < 2)
  assert.ok(Math.abs(callsAt(question, answer) / question.calls - 1) < 0.002)
})

for (const calls of [0, -50]) {
  test(`with ${calls} calls left feeds are stretched as far as they are ever`, () => {
    const { price, stretch } = drainPrice(ask([group(100, 5)], calls))
    assert.deepEqual({ price, stretch }, { price: Number.POSITIVE_INFINITY, stretch: stretchMax })
  })
}

test('more calls never make a call dearer, over all sizes of the question', () => {
  const groups = [group(50, 0.01), group(50, 3), group(5, 2_000)]
  let before = { price: Number.POSITIVE_INFINITY, stretch: Number.POSITIVE_INFINITY }
  for (let calls = 10; calls < 1e6; calls *= 1.3) {
    const answer = drainPrice(ask(groups, calls))
    assert.ok(answer.price <= before.price * 1.001 && answer.stretch <= before.stretch * 1.001, String(calls))
    before = answer
  }
})

test('what a drain costs beside itself is paid for', () => {
  const question = ask([group(100, 20)], 30_000, { callsPerDrain: (everyMs) => 1 + everyMs / hour })
  assert.ok(callsAt(question, drainPrice(question)) <= 30_000)
  assert.ok(drainPrice(question).price > drainPrice(ask([group(100, 20)], 30_000)).price)
})

test('a forecast without feeds or without time asks for nothing', () => {
  assert.equal(drainPrice(ask([], 0, { priceMin: 7 })).price, 7)
  assert.equal(drainPrice(ask([group(5, 1)], 10, { lengths: [], priceMin: 7 })).price, 7)
})

/** Calls of the first hour, at a price. */
function inFirstHour(question: PriceQuestion, answer: { price: number; stretch: number }): number {
  const groups = question.groups.map((each) => ({ ...each, rates: each.rates.slice(0, 1) }))
  return callsAt({ groups, lengths: [hour], calls: 0, callsPerDrain: question.callsPerDrain, priceMin: 0 }, answer)
}

test('with calls in plenty for the day, those of an hour still fit into its seconds, and the dearer bound counts', () => {
  const most = 5 * 3_600 * 0.855
  const bounded = (groups: readonly ForecastGroup[], calls = 1e9) =>
    ask(groups, calls, { mostInHour: dayLengths.map(() => most) })
  const plenty = bounded([group(300, 4), group(300, 40)])
  const answer = drainPrice(plenty)
  assert.ok(answer.isOfSecond && answer.stretch === 1)
  assert.ok(Math.abs(inFirstHour(plenty, answer) / most - 1) < 0.01, String(inFirstHour(plenty, answer)))
  const tooMany = bounded([group(40_000, 4)])
  const stretched = drainPrice(tooMany)
  assert.ok(stretched.isOfSecond && stretched.stretch > 2)
  assert.ok(Math.abs(inFirstHour(tooMany, stretched) / most - 1) < 0.01)
  const few = bounded([group(100, 4)])
  assert.deepEqual(drainPrice(few), { price: 0, stretch: 1, isOfSecond: false })
  const scarce = ask([group(300, 4)], 50_000)
  const { price, isOfSecond } = drainPrice(bounded([group(300, 4)], 50_000))
  assert.deepEqual([price, isOfSecond], [drainPrice(scarce).price, false])
})

test('what later hours cannot have for want of seconds is not saved for them', () => {
  const busyLater = { rates: dayLengths.map((_, at) => (at < 12 ? 1 : 1_000)) }
  const groups = [group(1_000, 1, busyLater)]
  const calls = 600_000
  const unbounded = drainPrice(ask(groups, calls))
  const bounded = drainPrice(ask(groups, calls, { mostInHour: dayLengths.map(() => 15_000) }))
  assert.ok(bounded.price < unbounded.price / 2, `${bounded.price} and ${unbounded.price}`)
})
