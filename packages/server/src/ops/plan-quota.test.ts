import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultPacingSettings } from '../pacing/pacing-settings.ts'
import { defaultOffHours } from '../policy/off-hours.ts'
import { priorityRules } from '../quota/priorities.ts'
import { quotaPresets } from '../quota/quota-limits.ts'
import { usualPractice } from '../sync/estimate-calls.ts'
import { coreFeeds, furtherFeeds } from '../sync/feed-name.ts'
import { defaultSyncSettings } from '../sync/sync-settings.ts'
import type { PlanInput } from './judge-day.ts'
import { planQuota } from './plan-quota.ts'
import type { QuotaAdvice } from './quota-report.ts'

const minute = 60_000
const day = 24 * 60 * minute
const alike = { ...defaultSyncSettings, pacing: { ...defaultPacingSettings, isAdaptive: false } }

/** Calls a day with which it would do, as advised. */
function moreOf(advice: readonly QuotaAdvice[]): number {
  const more = advice.find(({ setting }) => setting === 'limits.perDay')
  return Number(/^[\d,]+/.exec(more?.change ?? '')?.[0].replaceAll(',', ''))
}

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
    for (const [sync, least, most] of [
      [alike, 70, 100],
      // Within the bounds of feeds, and not with a reading of each a minute.
      [defaultSyncSettings, 600, 1_000],
    ] as const) {
      const { practicesMax, practicesEachInterval } = plan({ sync }).polls
      assert.equal(plan({ sync, practices: practicesMax }).fits, true)
      const over = plan({ sync, practices: practicesMax + 1 })
      assert.equal(over.fits, false)
      assert.ok(practicesMax > least && practicesMax < most, String(practicesMax))
      assert.ok(practicesEachInterval > 70 && practicesEachInterval < 100, String(practicesEachInterval))
    }
  })

  test('that reads all alike and does not fit is told what would, and does with it', () => {
    const practices = 300
    const { fits, polls, advice } = plan({ practices, sync: alike })
    assert.equal(fits, false)
    assert.ok((polls.givenMs ?? 0) > 2 * minute)
    const interval = advice.find(({ setting }) => setting === 'sync.pollInterval')
    assert.match(interval?.change ?? '', /^10m instead of 1m/)
    const sync = { ...alike, pollIntervalMs: 10 * minute }
    assert.equal(plan({ practices, sync }).fits, true)
    assert.equal(plan({ practices, sync: { ...sync, pollIntervalMs: 5 * minute } }).fits, false)
    const fewer = advice.find(({ setting }) => setting === 'practices')
    assert.match(fewer?.change ?? '', new RegExp(`^${polls.practicesMax} instead of 300`))
    assert.equal(
      plan({ practices, sync: alike, limits: { ...quotaPresets.production, perDay: moreOf(advice) } }).fits,
      true,
    )
  })

  test('whose calls are scarce fits while feeds choose their pace, and says how long changes wait', () => {
    const { fits, polls, day: of, advice } = plan({ practices: 300 })
    assert.equal(fits, true)
    assert.ok(of.total <= of.usable && of.total > 0.98 * of.usable && of.least < 0.5 * of.usable)
    const { givenMs, waitMs } = polls
    assert.ok(givenMs !== null && waitMs !== null)
    assert.ok(givenMs > 2 * minute && waitMs > minute / 2 && waitMs < givenMs / 2)
    assert.equal(polls.stretch, 1)
    const [providers, patients] = polls.byFeed
    assert.ok(providers?.waitMs && patients?.waitMs && patients.waitMs < providers.waitMs / 2)
    assert.ok(
      polls.byFeed.every(
        ({ longestMs, boundMs }) => longestMs !== null && longestMs <= boundMs && boundMs === 60 * minute,
      ),
    )
    // An interval makes no call more: they are used already.
    assert.deepEqual(
      advice.map(({ setting }) => setting),
      ['sync.subscriptionCheck', 'limits.perDay'],
    )
    const roomy = plan({ practices: 300, limits: { ...quotaPresets.production, perDay: moreOf(advice) } })
    assert.ok((roomy.polls.waitMs ?? minute) < 1.05 * (minute / 2), String(roomy.polls.waitMs))
    assert.deepEqual(roomy.advice, [])
  })

  test('whose bounds cost too much is told a bound with which it fits', () => {
    const practices = 900
    const { fits, polls, advice } = plan({ practices })
    assert.deepEqual([fits, polls.stretch > 1.05], [false, true])
    const bound = advice.find(({ setting }) => setting === 'sync.latest')
    const hours = Number(/^(\d+)h instead of 1h/.exec(bound?.change ?? '')?.[1])
    const pacing = { ...defaultPacingSettings, latestMs: hours * 60 * minute }
    assert.equal(plan({ practices, sync: { ...defaultSyncSettings, pacing } }).fits, true)
    const fewer = advice.find(({ setting }) => setting === 'practices')
    assert.match(fewer?.change ?? '', new RegExp(`^${polls.practicesMax} instead of 900`))
  })
})

describe('a configuration that lacks calls', () => {
  for (const [what, changes] of [
    ['bounds cost too much', { practices: 900 }],
    ['practices are many times too many', { practices: 5_000 }],
    [
      'feeds tell of more than can be asked for',
      { practices: 3, shape: { ...usualPractice, patientChangesADay: 1e6 } },
    ],
    ['calls a day are next to none', { practices: 50, limits: { ...quotaPresets.preview, perDay: 10 } }],
  ] as const) {
    test(`whose ${what} is told the least calls a day with which it fits`, () => {
      const { fits, advice } = plan(changes)
      assert.equal(fits, false)
      const needed = moreOf(advice)
      const limits = 'limits' in changes ? changes.limits : quotaPresets.production
      assert.equal(plan({ ...changes, limits: { ...limits, perDay: needed } }).fits, true, String(needed))
      assert.equal(plan({ ...changes, limits: { ...limits, perDay: 0.95 * needed } }).fits, false, String(needed))
    })
  }

  test('is told of both limits where neither does alone', () => {
    const shape = { ...usualPractice, patientChangesADay: 1e6 }
    const { advice } = plan({ practices: 10, shape })
    const [perDay, perSecond] = /^([\d,]+) with limits\.perSecond: ([\d,]+)/
      .exec(advice.find(({ setting }) => setting === 'limits.perDay')?.change ?? '')
      ?.slice(1)
      .map((text) => Number(text.replaceAll(',', ''))) ?? [0, 0]
    assert.ok(perDay && perSecond)
    const fits = (limits: { perDay: number; perSecond: number }) =>
      plan({ practices: 10, shape, limits: { ...quotaPresets.production, ...limits } }).fits
    assert.deepEqual(
      [
        fits({ perDay, perSecond }),
        fits({ perDay: 0.9 * perDay, perSecond }),
        fits({ perDay, perSecond: 0.9 * perSecond }),
      ],
      [true, false, false],
    )
  })

  test('that the calls of a second do not do for is told the least with which it fits', () => {
    const limits = { ...quotaPresets.production, perSecond: 2 }
    const { fits, advice } = plan({ practices: 300, limits })
    assert.equal(fits, false)
    const perSecond = Number(
      /^\d+/.exec(advice.find(({ setting }) => setting === 'limits.perSecond')?.change ?? '')?.[0],
    )
    const fitsWith = (more: number) => plan({ practices: 300, limits: { ...limits, perSecond: more } }).fits
    assert.deepEqual([fitsWith(perSecond), fitsWith(perSecond - 1)], [true, false], String(perSecond))
  })

  test('is told how many practices the seconds do for as well', () => {
    const limits = { ...quotaPresets.production, perSecond: 2 }
    const { practicesEachInterval: most } = plan({ limits }).polls
    const waitMs = (practices: number) => plan({ limits, practices }).polls.waitMs ?? day
    assert.ok(waitMs(most) < 1.05 * (minute / 2) && waitMs(Math.ceil(1.3 * most)) > 1.05 * (minute / 2), String(most))
  })

  test('does not fit where what feeds tell of cannot be asked for, however often they are read', () => {
    const { fits, day: of } = plan({ shape: { ...usualPractice, patientChangesADay: 1e6 } })
    assert.equal(fits, false)
    assert.ok(of.total <= 445_000, String(of.total))
  })

  for (const practices of [1, 50, 300, 900, 5_000]) {
    test(`of ${practices} practices takes as many calls as its parts, which are no more than there are`, () => {
      for (const sync of [defaultSyncSettings, { ...defaultSyncSettings, feeds: [...coreFeeds, ...furtherFeeds] }]) {
        const { day: of } = plan({ practices, sync })
        const parts = Object.values(of.perPractice).reduce((sum, calls) => sum + calls, 0)
        // A practice's are rounded.
        assert.ok(Math.abs(parts * practices - of.total) <= 2.5 * practices, `${parts * practices}, ${of.total}`)
        assert.ok(of.total <= 500_000)
      }
    })
  }
})

describe('what a configuration tells', () => {
  test('is no wait where nothing is read', () => {
    const { polls, load } = plan({ practices: 50, limits: { ...quotaPresets.preview, perDay: 10 } })
    assert.deepEqual([polls.waitMs, load.waitMs], [null, null])
    for (const { readings, waitMs, longestMs } of polls.byFeed) {
      assert.deepEqual([readings, waitMs, longestMs], [0, null, null])
    }
  })

  test('is of the calls a second that are given: whole ones, or one in some seconds', () => {
    const usableOf = (perSecond: number) => plan({ limits: { ...quotaPresets.preview, perSecond } }).second.usable
    assert.deepEqual([0.5, 1, 1.5, 5, 100].map(usableOf), [0.475, 0.95, 0.95, 4.75, 95])
  })

  test('of every feed is what each costs', () => {
    const sync = { ...defaultSyncSettings, feeds: [...coreFeeds, ...furtherFeeds] }
    const { perPractice } = plan({ sync }).day
    assert.equal(perPractice.polls, 12 * 1_440)
    // Patients 300, providers and referring providers 5 each three times, claims 150, seven others 100 each three times, and the patient of
    // each allergy.
    assert.equal(perPractice.named, 300 + 2 * 15 + 450 + 7 * 300 + 100)
  })

  test('is that it does not fit where checks do not end in a night', () => {
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

  test('takes days where the day leaves little, and changes wait meanwhile', () => {
    const sync = { ...defaultSyncSettings, feeds: [...coreFeeds, 'problems' as const] }
    const { load } = plan({ practices: 60, sync, shape: { ...usualPractice, patients: 50_000 } })
    assert.ok(load.lastsMs !== null && load.lastsMs > 7 * day, String(load.lastsMs))
    assert.ok((load.waitMs ?? 0) > 10 * minute, String(load.waitMs))
    const tiny = { perSecond: 5, perDay: 100, tokensPerMinute: 5, dayBlock: 1 }
    const little = plan({ practices: 1, limits: tiny })
    // Bulk work leaves 15 % to others, and these are there first.
    assert.ok(little.load.aDay <= 85, String(little.load.aDay))
  })

  test('beyond the onboarding allowance waits for the nights', () => {
    const policy = { offHours: defaultOffHours, onboarding: { days: 1, calls: 20 } }
    const shape = { ...usualPractice, patients: 1_000_000 }
    const { load } = plan({ policy, shape })
    assert.ok(load.confined > 2_000)
    assert.equal(plan({ policy: { ...policy, offHours: 'always' }, shape }).load.confined, 0)
  })
})
