import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sampleForecast, sampleQuota } from '../testing/sample-quota.ts'
import { renderQuota } from './quota-view.ts'
import { textWidth } from './text-width.ts'

const size = { columns: 80, color: false, unicode: true }

const { day } = sampleQuota()
const short = sampleQuota({
  day: {
    ...day,
    throttling:
      'athenahealth throttled calls: they are spaced 38 % wider than planned, 68.8 a second now; half of that is taken back each hour, and they are as planned from 20:58 GMT on.',
  },
  forecast: sampleForecast({
    outlook: 'does-not-last',
    explanation:
      "Today's calls do not do: bulk work stops about 17:20 GMT (16:40 to 18:30), and feeds are read at 61 % of their pace.",
  }),
  advice: [
    { setting: 'sync.pollInterval', change: '2m instead of 1m: what changes is seen that much later', saves: 216_000 },
    { setting: null, change: 'give the other programs that use this app an app of their own', saves: 1_200 },
  ],
})

describe('the calls of a day', () => {
  test('are shown with forecast, spenders and what to change', () => {
    assert.equal(
      `\n${renderQuota(short, size).join('\n')}\n`,
      `
 Aegis quota  production                                2026-11-23 15:42:17 UTC

 Today    █░░░░░░░░░░░░░░░░░░░ 31,204 of 500,000, 468,796 left, anew in 8 h
          1,200 of them by others with the same app
          26,000 kept from bulk work, for feeds
          athenahealth throttled calls: they are spaced 38 % wider than planned,
          68.8 a second now; half of that is taken back each hour, and they are
          as planned from 20:58 GMT on.
          yesterday by this time 29,100, in all 39,420 (now +7 %)

 Forecast Today's calls do not do: bulk work stops about 17:20 GMT (16:40 to
          18:30), and feeds are read at 61 % of their pace.
          3,000 calls are wanted until then (2,000 to 4,000). It rests on the
          last hours alone; the range is a guess.

   Work                                               today  of limit yesterday
   reading feeds                 feeds               20,000     4.0 %    29,000
   first load, snapshots         bulk                10,000     2.0 %         0
   gateway.read for portal       interactive              4     0.0 %         9

   Practice                                           today  of limit yesterday
   195900                                            20,004     4.0 %    20,009
   7                                                 10,000     2.0 %     9,000
   and 23 more practices that spent less

   What would help, and what it saves a day
  216,000  sync.pollInterval: 2m instead of 1m: what changes is seen that much
           later
    1,200  give the other programs that use this app an app of their own
`,
    )
  })

  for (const columns of [40, 80, 200]) {
    test(`fit into ${columns} columns, in ASCII too`, () => {
      for (const unicode of [true, false]) {
        const lines = renderQuota(short, { columns, color: false, unicode })
        assert.ok(lines.every((line) => textWidth(line) <= columns))
        if (!unicode) assert.match(lines.join(''), /^[\u0020-\u007e]*$/)
      }
    })
  }

  test('are whole in a narrow terminal', () => {
    for (const columns of [50, 60, 70]) {
      const lines = renderQuota(short, { ...size, columns })
      assert.ok(
        lines.every((line) => !line.endsWith('…')),
        lines.join('\n'),
      )
      assert.match(lines.join('\n'), /^ {3}reading feeds +20,000 +4\.0 % +29,000$/m)
      assert.match(lines.join('\n'), /31,204 of 500,000,\s+468,796\s+left,\s+anew\s+in\s+8 h$/m)
    }
  })

  test('are shown of one practice by what they were for', () => {
    const lines = renderQuota(sampleQuota(), size, 7)
    assert.match(lines.join('\n'), /^ Practice 7 {2}10,000 calls today, 9,000 yesterday$/m)
    assert.match(lines.join('\n'), /^ {3}reading feeds/m)
    assert.doesNotMatch(lines.join('\n'), /Forecast|195900/)
  })
})
