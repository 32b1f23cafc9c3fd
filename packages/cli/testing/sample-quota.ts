import type { QuotaForecast, QuotaReport } from '@aegis/server'

/** A day that lasts. */
export function sampleForecast(changes: Partial<QuotaForecast> = {}): QuotaForecast {
  return {
    outlook: 'lasts',
    explanation: "Today's calls do: 92 % are left at midnight GMT (90 to 94 %).",
    restsOn: 'It rests on the last hours alone; the range is a guess.',
    endsAt: '2026-11-24T00:00:00.000Z',
    basis: 'hours',
    judgedDays: 0,
    wanted: { low: 2_000, mid: 3_000, high: 4_000 },
    leftAtMidnight: { low: 45_000, mid: 46_000, high: 47_000 },
    stops: [],
    feedsServed: { low: 1, mid: 1, high: 1 },
    ...changes,
  }
}

/** What a running instance says of its calls. */
export function sampleQuota(changes: Partial<QuotaReport> = {}): QuotaReport {
  return {
    environment: 'production',
    now: '2026-11-23T15:42:17.120Z',
    day: {
      date: '2026-11-23',
      limit: 500_000,
      perSecondLimit: 100,
      used: 31_204,
      foreign: 1_200,
      left: 468_796,
      keptForFeeds: 26_000,
      resetsAt: '2026-11-24T00:02:00.000Z',
    },
    forecast: sampleForecast(),
    spent: {
      works: [
        { priority: 'feeds', work: 'sync.drain', today: 20_000, yesterday: 29_000 },
        { priority: 'bulk', work: 'sync.snapshot', today: 10_000, yesterday: 0 },
        { priority: 'interactive', work: 'gateway.read', caller: 'portal', today: 4, yesterday: 9 },
      ],
      practices: [
        { practice: 195900, today: 20_004, yesterday: 20_009 },
        { practice: 7, today: 10_000, yesterday: 9_000 },
      ],
      practicesCount: 25,
    },
    compared: { today: 31_204, yesterday: { byNow: 29_100, total: 39_420 }, weekBefore: null },
    advice: [],
    ...changes,
  }
}
