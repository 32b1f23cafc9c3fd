import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkEveryMs, pollStretch } from './poll-stretch.ts'
import { defaultSyncSettings as settings } from './sync-settings.ts'

const dayMs = 86_400_000
const minute = 60_000
const perDayLimit = 500_000

/** Lives through a day: every feed polled at the pace worked out each minute, each poll at `cost` calls. */
function day(feeds: number, cost: number, usedAtStart = 0) {
  const intervals: number[] = []
  let leftToday = perDayLimit - usedAtStart
  let gone: number | undefined
  for (let at = 0; at < dayMs; at += minute) {
    const stretch = pollStretch({ feeds, perDayLimit, leftToday, msLeft: dayMs - at }, settings)
    intervals.push(stretch * settings.pollIntervalMs)
    leftToday -= (feeds * minute * cost) / (stretch * settings.pollIntervalMs)
    if (leftToday < perDayLimit * 0.1) gone ??= at
  }
  return { intervals, leftToday, gone }
}

describe('the pace of polls', () => {
  test('is the configured one where the calls of the day do for it', () => {
    assert.ok(day(240, 1.13).intervals.every((interval) => interval === minute))
  })

  for (const [feeds, cost] of [
    [347, 1.13],
    [1_000, 1],
    [1_000, 1.25],
    [3_000, 1.13],
    [9_000, 1.2],
  ] as const) {
    test(`of ${feeds} feeds at ${cost} calls each lasts the day, and is even`, () => {
      const { intervals, leftToday, gone } = day(feeds, cost)
      assert.equal(gone, undefined, 'the calls for feeds are used up before the day is over')
      assert.ok(leftToday < perDayLimit * 0.2, `${leftToday} calls were left: too slow`)
      const [shortest, longest] = [Math.min(...intervals), Math.max(...intervals)]
      // The last hours may be faster: what was kept for something else is theirs then.
      const most = Math.max(...intervals.slice(0, 1_200))
      assert.ok(longest <= most * 1.01 && shortest > 0)
      assert.ok(most / Math.min(...intervals.slice(0, 1_200)) < 1.6, `from ${shortest} to ${longest} ms`)
    })
  }

  test('fits into the seconds, however many calls the day has', () => {
    const plenty = { perDayLimit: 1e8, leftToday: 1e8, msLeft: dayMs }
    const of = (feeds: number) => pollStretch({ feeds, ...plenty, usablePerSecond: 4.75 }, settings)
    assert.equal(of(200), 1)
    const stretch = of(1_200)
    const perSecond = (1_200 * 1_000) / (stretch * settings.pollIntervalMs)
    assert.ok(perSecond > 0.8 * 4.275 && perSecond <= 4.275, `${perSecond} a second`)
    assert.equal(pollStretch({ feeds: 1_200, ...plenty }, settings), 1)
  })

  test('gives way to a first load that has used half of the day already', () => {
    const [fresh, used] = [day(3_000, 1.13), day(3_000, 1.13, 250_000)]
    assert.ok((used.intervals[0] ?? 0) > 2 * (fresh.intervals[0] ?? 0))
    assert.equal(used.gone, undefined)
  })

  test('is bounded where nothing is left', () => {
    assert.equal(pollStretch({ feeds: 3, perDayLimit, leftToday: 0, msLeft: dayMs }, settings), 240)
    assert.equal(pollStretch({ feeds: 3, perDayLimit, leftToday: perDayLimit, msLeft: 0 }, settings), 1)
    assert.equal(pollStretch({ feeds: 0, perDayLimit, leftToday: perDayLimit, msLeft: dayMs }, settings), 1)
  })
})

test('two looks at a subscription are never so far apart that changes in between are forgotten, however scarce calls are', () => {
  const hour = 60 * minute
  for (const subscriptionCheckMs of [15 * minute, hour, 2 * hour]) {
    const every = checkEveryMs({ subscriptionCheckMs, retentionMs: 4 * hour, inboxKeepMs: 24 * hour }, 30)
    assert.equal(every, 2 * hour, `configured as ${subscriptionCheckMs / minute} min`)
  }
  const kept = { subscriptionCheckMs: 15 * minute, retentionMs: 4 * hour, inboxKeepMs: 2 * hour }
  assert.equal(checkEveryMs(kept, 30), 30 * minute, 'a look sees no further back than half of the time pages are kept')
  const spaced = { subscriptionCheckMs: 6 * hour, retentionMs: 4 * hour, inboxKeepMs: 24 * hour }
  assert.equal(checkEveryMs(spaced, 30), 6 * hour, 'what the operator wants is left alone')
})
