import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultOffHours } from '../policy/off-hours.ts'
import { priorityRules } from '../quota/priorities.ts'
import { quotaPresets } from '../quota/quota-limits.ts'
import { usualPractice } from '../sync/estimate-calls.ts'
import { coreFeeds, furtherFeeds } from '../sync/feed-name.ts'
import { defaultSyncSettings } from '../sync/sync-settings.ts'
import { type PlanInput, planQuota } from './plan-quota.ts'

const minute = 60_000
const day = 24 * 60 * minute

function plan(changes: Partial<PlanInput> = {}) {
  return planQuota({
    environment: 'production',
    practices: 1,
    shape: usualPractice,
    limits: quotaPresets.production,
    sync: defaultSyncSettings,
    policy: { offHours: defaultOffHours, onboarding: { days: 3, calls: 10_000 } },
    now: Date.UTC(2026, 1, 25, 12),
    ...changes,
  })
}

describe('a configuration', () => {
  test('of one practice takes a call a minute and feed, and some more, and fits', () => {
    const { day: of, fits, polls, advice } = plan()
    assert.deepEqual(of.perPractice, { polls: 4_320, looks: 576, named: 315, refresh: 2, checks: 20 })
    assert.equal(of.usable, Math.floor(500_000 * (1 - priorityRules.feeds.dayFloorShare)))
    assert.equal(fits, true)
    assert.equal(polls.givenMs, minute)
    assert.deepEqual(advice, [])
  })

  test('is told how many feeds a day does for: 500,000 calls are 347 a minute', () => {
    assert.equal(plan().polls.feedsMax, 347)
    assert.equal(plan({ limits: quotaPresets.preview }).polls.feedsMax, 34)
  })

  test('fits for as many practices as it says, and not for one more', () => {
    const { practicesMax } = plan().polls
    assert.equal(plan({ practices: practicesMax }).fits, true)
    const over = plan({ practices: practicesMax + 1 })
    assert.equal(over.fits, false)
    assert.ok(practicesMax > 70 && practicesMax < 100, String(practicesMax))
  })

  test('that does not fit is told what would, and does with it', () => {
    const practices = 300
    const { fits, polls, advice } = plan({ practices })
    assert.equal(fits, false)
    assert.ok(polls.givenMs > 2 * minute)
    const interval = advice.find(({ setting }) => setting === 'sync.pollInterval')
    assert.match(interval?.change ?? '', /^10m instead of 1m/)
    const sync = { ...defaultSyncSettings, pollIntervalMs: 10 * minute }
    assert.equal(plan({ practices, sync }).fits, true)
    assert.equal(plan({ practices, sync: { ...sync, pollIntervalMs: 5 * minute } }).fits, false)
    const fewer = advice.find(({ setting }) => setting === 'practices')
    assert.match(fewer?.change ?? '', new RegExp(`^${polls.practicesMax} instead of 300`))
    const more = advice.find(({ setting }) => setting === 'limits.perDay')
    const perDay = Number(/^[\d,]+/.exec(more?.change ?? '')?.[0].replaceAll(',', ''))
    assert.equal(plan({ practices, limits: { ...quotaPresets.production, perDay } }).fits, true)
  })

  test('with every feed costs what each costs', () => {
    const sync = { ...defaultSyncSettings, feeds: [...coreFeeds, ...furtherFeeds] }
    const { perPractice } = plan({ sync }).day
    assert.equal(perPractice.polls, 12 * 1_440)
    // Patients 300, providers and referring providers 5 each three times, eight others 100 each three times.
    assert.equal(perPractice.named, 300 + 2 * 15 + 8 * 300)
  })

  test('whose checks do not end in a night does not fit', () => {
    const shape = { ...usualPractice, patients: 30_000_000 }
    const limits = { perSecond: 1, perDay: 50_000_000, tokensPerMinute: 5 }
    const { fits, night, day: of } = plan({ shape, limits })
    assert.equal(night.openMs, 8 * 60 * minute)
    assert.ok(night.neededMs < night.openMs && fits, 'thirty million patients are a thousand pages a night')
    assert.ok(of.total < of.usable)
    assert.equal(plan({ shape, limits, practices: 40 }).fits, false)
  })
})

describe('a first load', () => {
  test('takes what the limit per second gives, where the day has room', () => {
    const { load, second } = plan({ practices: 10 })
    assert.equal(second.usable, 95)
    assert.equal(load.atLimitMs, Math.round((load.total / 95) * 1_000))
    assert.ok(load.lastsMs !== null && load.lastsMs >= load.atLimitMs && load.lastsMs < day)
    assert.equal(load.confined, 0)
  })

  test('takes days where the day leaves little, and never ends where it leaves nothing', () => {
    const sync = { ...defaultSyncSettings, feeds: [...coreFeeds, 'problems' as const] }
    const { load } = plan({ practices: 60, sync, shape: { ...usualPractice, patients: 50_000 } })
    assert.ok(load.lastsMs !== null && load.lastsMs > 10 * day, String(load.lastsMs))
    const tiny = { perSecond: 5, perDay: 100, tokensPerMinute: 5, dayBlock: 1 }
    const none = plan({ practices: 1, limits: tiny })
    assert.equal(none.load.aDay, 4)
  })

  test('beyond the onboarding allowance waits for the nights', () => {
    const policy = { offHours: defaultOffHours, onboarding: { days: 1, calls: 20 } }
    const shape = { ...usualPractice, patients: 1_000_000 }
    const { load } = plan({ policy, shape })
    assert.ok(load.confined > 2_000)
    assert.equal(plan({ policy: { ...policy, offHours: 'always' }, shape }).load.confined, 0)
  })
})
