import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QuotaReport } from '../../ops/quota-report.ts'
import { judgeQuota } from './check-quota.ts'

/** A day of 50,000 calls that lasts, with changes. */
function report(day: Partial<QuotaReport['day']>, outlook: QuotaReport['forecast']['outlook'] = 'lasts'): QuotaReport {
  const nothing = { low: 0, mid: 0, high: 0 }
  return {
    environment: 'production',
    now: '2026-11-23T15:42:17.120Z',
    day: {
      date: '2026-11-23',
      limit: 50_000,
      perSecondLimit: 5,
      used: 45_000,
      foreign: 0,
      left: 5_000,
      keptForFeeds: 0,
      resetsAt: '2026-11-24T00:02:00.000Z',
      ...day,
    },
    forecast: {
      outlook,
      explanation: "Today's calls do not do: feeds are read at 61 % of their pace.",
      restsOn: '',
      endsAt: '2026-11-24T00:00:00.000Z',
      basis: 'hours',
      judgedDays: 0,
      wanted: nothing,
      leftAtMidnight: nothing,
      stops: [],
      feedsServed: nothing,
    },
    spent: { works: [], practices: [], practicesCount: 0 },
    compared: { today: 0, yesterday: null, weekBefore: null },
    advice: [],
  }
}

const quota = '"aegis quota"'
const cases: readonly [title: string, report: QuotaReport, found: string[]][] = [
  ['a tenth of the day left is enough', report({}), ['ok left: 5,000 of 50,000 calls are left today']],
  [
    'less is left for people alone',
    report({ left: 4_999 }),
    ['warning left: 4,999 of 50,000 calls are left today: feeds and bulk work wait.'],
  ],
  [
    'none left is a failure, and nothing is forecast',
    report({ left: 0 }, 'does-not-last'),
    ['failure left: No calls are left today, of 50,000.'],
  ],
  [
    'others with the same app are told',
    report({ foreign: 1_200 }),
    [
      'ok left: 5,000 of 50,000 calls are left today',
      'warning foreign: 1,200 calls of today were made by others with the same app.',
    ],
  ],
  [
    'a day that is not expected to do is told',
    report({}, 'does-not-last'),
    [
      'ok left: 5,000 of 50,000 calls are left today',
      "warning forecast: Today's calls do not do: feeds are read at 61 % of their pace.",
    ],
  ],
  ['one that may not is not', report({}, 'may-not-last'), ['ok left: 5,000 of 50,000 calls are left today']],
]
for (const [title, given, found] of cases) {
  test(title, () => {
    const findings = judgeQuota(given)
    assert.deepEqual(
      findings.map(({ level, check, message }) => `${level} ${check}: ${message}`),
      found,
    )
    for (const { level, check, remedy = '' } of findings)
      assert.equal(remedy.includes(check === 'foreign' ? 'client id' : quota), level !== 'ok', check)
  })
}
