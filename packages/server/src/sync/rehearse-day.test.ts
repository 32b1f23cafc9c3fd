import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultPacingSettings } from '../pacing/pacing-settings.ts'
import { priorityRules } from '../quota/priorities.ts'
import { usualPractice } from './estimate-calls.ts'
import { coreFeeds, furtherFeeds } from './feed-name.ts'
import { nextWednesday, type RehearsalFacts, type RehearsedDay, rehearseDay } from './rehearse-day.ts'
import { defaultSyncSettings } from './sync-settings.ts'

const minute = 60_000
const hour = 60 * minute

const coreChanging = ['providers', 'patients', 'appointments']

const rehearse = (facts: Partial<RehearsalFacts> = {}): RehearsedDay =>
  rehearseDay({
    settings: defaultSyncSettings,
    practices: 1,
    shape: usualPractice,
    perDayLimit: 500_000,
    now: Date.UTC(2026, 1, 25, 12),
    ...facts,
  })

const callsOf = ({ calls }: RehearsedDay) => Object.values(calls).reduce((sum, of) => sum + of, 0)
/** One feed of it, which is read. */
const feedOf = ({ feeds }: RehearsedDay, name: string) => {
  const { waitMs, longestMs, ...found } = feeds.find(({ feed }) => feed === name) ?? assert.fail(name)
  assert.ok(waitMs !== null && longestMs !== null)
  return { waitMs, longestMs, ...found }
}

test('the day that is rehearsed is a Wednesday to come', () => {
  for (let day = 0; day < 14; day += 1) {
    const now = Date.UTC(2026, 1, 1 + day, 13)
    const at = nextWednesday(now)
    assert.equal(new Date(at).toUTCString().slice(0, 3), 'Wed')
    assert.ok(at > now && at - now < 8 * 24 * hour && at % (24 * hour) === 0)
  }
})

test('while calls are plenty every feed is read each minute, and a change waits half of one', () => {
  const day = rehearse({ practices: 70 })
  assert.deepEqual(
    coreChanging
      .map((feed) => feedOf(day, feed))
      .map((of) => [of.feed, of.readings, Math.round(of.waitMs), of.longestMs]),
    coreChanging.map((feed) => [feed, 1_440, 30_000, minute]),
  )
  assert.deepEqual([day.stretch, day.price], [1, 0])
})

test('where they are scarce they are spent where things change, within the bounds, and no more than there are', () => {
  const pacing = { ...defaultPacingSettings, latestMsOf: { providers: 20 * minute } }
  const day = rehearse({ practices: 300, settings: { ...defaultSyncSettings, pacing } })
  const usable = 500_000 * (1 - priorityRules.feeds.dayFloorShare)
  assert.ok(callsOf(day) <= usable && callsOf(day) > usable * 0.99, String(callsOf(day)))
  assert.equal(day.stretch, 1)
  const [providers, patients, appointments] = coreChanging.map((feed) => feedOf(day, feed))
  assert.ok(providers && patients && appointments)
  assert.ok(providers.longestMs <= 20 * minute && patients.longestMs <= hour)
  assert.ok(appointments.waitMs < patients.waitMs && patients.waitMs < providers.waitMs / 2)
  // What they change a day is known, whenever they are read.
  assert.deepEqual(
    day.feeds.map(({ changes }) => Math.round(changes / 5)),
    [1, 60, 90],
  )
})

test('the evening is not left without calls: what changes lead to is reckoned with from the morning on', () => {
  for (const practices of [150, 300, 600]) assert.equal(rehearse({ practices }).stretch, 1, `${practices} practices`)
  const settings = { ...defaultSyncSettings, feeds: [...coreFeeds, ...furtherFeeds] }
  assert.equal(rehearse({ practices: 100, settings }).stretch, 1)
})

test('where they do not do for the bounds these are stretched, drains go on, and no more calls are made than there are', () => {
  const day = rehearse({ practices: 1_500 })
  assert.ok(day.stretch > 2)
  assert.ok(callsOf(day) <= 500_000 * (1 - priorityRules.feeds.dayFloorShare) + 1_500 * 3)
  for (const feed of coreChanging) assert.ok(feedOf(day, feed).readings > 3 && feedOf(day, feed).longestMs < 24 * hour)
})

test('where they do not do for what feeds tell of that is not made, and what is not read waits for as long', () => {
  const named = { ...usualPractice, patientChangesADay: 1e6 }
  const day = rehearse({ shape: named })
  assert.ok(day.unmade > 500_000, String(day.unmade))
  assert.ok(Math.abs(day.calls.named + day.unmade - 1e6) < 10_000, String(day.calls.named))
  const scarce = rehearse({ practices: 300 })
  assert.ok(scarce.unmade < 0.01 * scarce.calls.named, String(scarce.unmade))
  const none = rehearse({ practices: 50, perDayLimit: 10 })
  assert.deepEqual(
    none.feeds.map(({ readings, waitMs, longestMs }) => [readings, waitMs, longestMs]),
    coreChanging.map(() => [0, null, null]),
  )
  // Read once a day or less, changes wait for half a day at least.
  const rare = rehearse({ practices: 10_000 })
  for (const feed of coreChanging) {
    const { readings, waitMs, longestMs } = feedOf(rare, feed)
    assert.ok(readings > 0 && readings <= 2 && waitMs > 8 * hour && longestMs > 18 * hour, `${readings} ${waitMs}`)
  }
})

test('where all are read alike they are read as often as the calls do for', () => {
  const alike = { ...defaultSyncSettings, pacing: { ...defaultPacingSettings, isAdaptive: false } }
  const few = rehearse({ settings: alike, practices: 70 })
  assert.ok(few.feeds.every(({ readings, waitMs }) => readings === 1_440 && Math.round(waitMs ?? 0) === 30_000))
  const many = rehearse({ settings: alike, practices: 100 })
  assert.ok(many.stretch > 1 && many.feeds.every(({ readings }) => readings < 1_300 && readings > 1_100))
  const chosen = rehearse({ practices: 100 })
  const waited = (day: RehearsedDay) =>
    coreChanging.map((feed) => feedOf(day, feed)).reduce((sum, { changes, waitMs }) => sum + changes * waitMs, 0)
  assert.ok(waited(chosen) < waited(many))
})

test('bulk work goes until its floor, and changes wait the longer for it', () => {
  const loaded = rehearse({ practices: 70, bulk: { calls: Number.POSITIVE_INFINITY, perSecond: 1 } })
  const quiet = rehearse({ practices: 70 })
  assert.ok(loaded.calls.bulk > 30_000 && loaded.calls.bulk < 86_400 + 1, String(loaded.calls.bulk))
  assert.ok(feedOf(loaded, 'patients').waitMs >= feedOf(quiet, 'patients').waitMs)
  // A first load of many practices is made before noon: what feeds need until midnight is left to them.
  const flooded = rehearse({ practices: 600, bulk: { calls: Number.POSITIVE_INFINITY, perSecond: 95 } })
  assert.ok(flooded.calls.bulk > 100_000, String(flooded.calls.bulk))
  for (const feed of coreChanging) {
    const { longestMs } = feedOf(flooded, feed)
    assert.ok(longestMs < 1.75 * hour, `${feed}: ${longestMs} ms`)
  }
  const small = rehearse({ practices: 70, bulk: { calls: 5_000, perSecond: 95 } })
  assert.equal(small.calls.bulk, 5_000)
})

for (const isAdaptive of [true, false]) {
  test(`many practices with few calls a second are read as often as the seconds do for, ${isAdaptive ? 'each by its worth' : 'all alike'}`, () => {
    const settings = { ...defaultSyncSettings, pacing: { ...defaultPacingSettings, isAdaptive } }
    const facts = { practices: 200, perDayLimit: 5_000_000, settings }
    const free = rehearse(facts)
    assert.ok(!free.isOfSecond && free.busiestPerSecond > 10, String(free.busiestPerSecond))
    const day = rehearse({ ...facts, usablePerSecond: 4.75 })
    assert.ok(day.isOfSecond)
    assert.ok(day.busiestPerSecond < 4.75 + 1e-9 && day.busiestPerSecond > 0.85 * 4.75, String(day.busiestPerSecond))
    // It is planned so, and does not come of a line that grows.
    const longest = Math.max(...coreChanging.map((feed) => feedOf(day, feed).longestMs))
    assert.ok(longest <= (isAdaptive ? hour : 5 * minute), String(longest / minute))
    assert.equal(isAdaptive ? day.stretch : day.stretch > 1, isAdaptive ? 1 : true)
  })
}
