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

const rehearse = (facts: Partial<RehearsalFacts> = {}): RehearsedDay =>
  rehearseDay({
    settings: defaultSyncSettings,
    practices: 1,
    shape: usualPractice,
    perDayLimit: 500_000,
    now: Date.UTC(2026, 1, 25, 12),
    ...facts,
  })

const callsOf = ({ drains, looks, others, bulk }: RehearsedDay) => drains + looks + others + bulk
const feedOf = ({ feeds }: RehearsedDay, name: string) => feeds.find(({ feed }) => feed === name) ?? assert.fail(name)

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
    day.feeds.map(({ feed, readings, waitMs, longestMs }) => [feed, readings, Math.round(waitMs), longestMs]),
    ['providers', 'patients', 'appointments'].map((feed) => [feed, 1_440, 30_000, minute]),
  )
  assert.deepEqual([day.stretch, day.price], [1, 0])
})

test('where they are scarce they are spent where things change, within the bounds, and no more than there are', () => {
  const pacing = { ...defaultPacingSettings, latestMsOf: { providers: 20 * minute } }
  const day = rehearse({ practices: 300, settings: { ...defaultSyncSettings, pacing } })
  const usable = 500_000 * (1 - priorityRules.feeds.dayFloorShare)
  assert.ok(callsOf(day) <= usable && callsOf(day) > usable * 0.99, String(callsOf(day)))
  assert.equal(day.stretch, 1)
  const [providers, patients, appointments] = ['providers', 'patients', 'appointments'].map((feed) => feedOf(day, feed))
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
  assert.ok(day.feeds.every(({ readings, longestMs }) => readings > 3 && longestMs < 24 * hour))
})

test('where all are read alike they are read as often as the calls do for', () => {
  const alike = { ...defaultSyncSettings, pacing: { ...defaultPacingSettings, isAdaptive: false } }
  const few = rehearse({ settings: alike, practices: 70 })
  assert.ok(few.feeds.every(({ readings, waitMs }) => readings === 1_440 && Math.round(waitMs) === 30_000))
  const many = rehearse({ settings: alike, practices: 100 })
  assert.ok(many.stretch > 1 && many.feeds.every(({ readings }) => readings < 1_300 && readings > 1_100))
  const chosen = rehearse({ practices: 100 })
  const waited = ({ feeds }: RehearsedDay) => feeds.reduce((sum, { changes, waitMs }) => sum + changes * waitMs, 0)
  assert.ok(waited(chosen) < waited(many))
})

test('bulk work goes until its floor, and changes wait the longer for it', () => {
  const loaded = rehearse({ practices: 70, bulk: { calls: Number.POSITIVE_INFINITY, perSecond: 1 } })
  const quiet = rehearse({ practices: 70 })
  assert.ok(loaded.bulk > 30_000 && loaded.bulk < 86_400 + 1, String(loaded.bulk))
  assert.ok(feedOf(loaded, 'patients').waitMs >= feedOf(quiet, 'patients').waitMs)
  // A first load of many practices is made before noon: what feeds need until midnight is left to them.
  const flooded = rehearse({ practices: 600, bulk: { calls: Number.POSITIVE_INFINITY, perSecond: 95 } })
  assert.ok(flooded.bulk > 100_000, String(flooded.bulk))
  for (const { feed, longestMs } of flooded.feeds) assert.ok(longestMs < 1.5 * hour, `${feed}: ${longestMs} ms`)
  const small = rehearse({ practices: 70, bulk: { calls: 5_000, perSecond: 95 } })
  assert.equal(small.bulk, 5_000)
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
    const longest = Math.max(...day.feeds.map(({ longestMs }) => longestMs))
    assert.ok(longest <= (isAdaptive ? hour : 5 * minute), String(longest / minute))
    assert.equal(isAdaptive ? day.stretch : day.stretch > 1, isAdaptive ? 1 : true)
  })
}
