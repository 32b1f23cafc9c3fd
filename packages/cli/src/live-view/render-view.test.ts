import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Alarm } from '@aegis/server'
import { sampleFeed, samplePractice, sampleReport } from '../../testing/sample-report.ts'
import { extendHistory, type History } from './history.ts'
import type { Size } from './line.ts'
import { textWidth } from '../text-width.ts'
import { renderReport, renderView } from './render-view.ts'

const wide: Size = { columns: 120, rows: 30, color: false, unicode: true }
const usual: Size = { ...wide, columns: 80, rows: 24 }

/** A history in which changes come and go and patients grow in number. */
function history(): History {
  const reports = Array.from({ length: 40 }, (_, index) => {
    const records = { department: 12, provider: 24, patient: 25 * (index + 1), appointment: 3412 }
    return sampleReport({ practices: [samplePractice({ changesLastMinute: index % 8, records })] })
  })
  return reports.reduce(extendHistory, [])
}

const gap: Alarm = {
  level: 'error',
  code: 'sync.gap',
  practice: 195900,
  feed: 'appointments',
  message: 'Changes since 2026-11-23T14:00:00.000Z may be missing: the subscription was lost or not whole.',
  remedy: 'Nothing to do: the subscription is being renewed and a new snapshot closes the gap.',
}

test('a wide terminal shows everything', () => {
  assert.equal(
    `\n${renderView(sampleReport(), wide, history()).join('\n')}\n`,
    `
 Aegis 0.1.0  local                                                         2026-11-23 15:42:17 UTC · simulator's clock
 athenahealth  http://127.0.0.1:43121 · simulator
 this instance http://127.0.0.1:7420 · process 4711 · database embedded
 home          /srv/clinic/.aegis

 Quota █░░░░░░░░░░░░░░░░░░░ 1,234 of 50,000 calls today, 48,766 left, anew in 8 h
                            37 in the last minute · at most 5 a second · feeds read every 60 s

 Practice 195900  departments 12   providers 24   patients 1,000↑  appointments 3,412
   changes ▃▄▅▆▇█▁▂▃▄▅▆▇█▁▂▃▄▅▆▇█▁▂▃▄▅▆▇█ 37 a minute, 1,204 an hour · deleted 3 · merged 1
   feed             state        records   behind  last change  what happens
   departments      live              12     60 s  —
   patients         live           1,000     14 s  18 s ago
   appointments     settling       3,412        —  18 s ago     subscription active; settling 40 s more

 No alarms.
 Ctrl-C stops it, nothing is lost · elsewhere: aegis status · aegis sql --practice 195900 "select * from mirror.change"
`,
  )
})

test('a usual terminal keeps the figures whole, leaves out what it must and wraps alarms with their remedy', () => {
  assert.equal(
    `\n${renderView(sampleReport({ alarms: [gap] }), usual, history()).join('\n')}\n`,
    `
 Aegis 0.1.0  local                 2026-11-23 15:42:17 UTC · simulator's clock
 athenahealth  http://127.0.0.1:43121 · simulator
 this instance http://127.0.0.1:7420 · process 4711 · database embedded
 home          /srv/clinic/.aegis

 Quota █░░░░░░░░░░░░░░░░░ 1,234 of 50,000 calls today, 48,766 left, anew in 8 h
                          37 in the last minute · at most 5 a second

 Practice 195900  departments 12   providers 24   patients 1,000↑
                  appointments 3,412
   changes ▁▂▃▄▅▆▇█▁▂▃▄▅▆▇█▁▂▃▄▅▆▇█ 37 a minute, 1,204 an hour · deleted 3 · me…
   feed             state        records   behind  what happens
   departments      live              12     60 s
   patients         live           1,000     14 s
   appointments     settling       3,412        —  subscription active; settlin…

 ERROR   195900 appointments: Changes since 2026-11-23T14:00:00.000Z may be
         missing: the subscription was lost or not whole. (sync.gap)
   → Nothing to do: the subscription is being renewed and a new snapshot closes
     the gap.
 Ctrl-C stops it, nothing is lost · elsewhere: aegis status
`,
  )
})

test('a small terminal keeps practice and alarms', () => {
  assert.equal(
    `\n${renderView(sampleReport({ alarms: [gap] }), { ...usual, columns: 50, rows: 16 }, []).join('\n')}\n`,
    `
 Aegis 0.1.0  local

 Quota █░░░░ 1,234 of 50,000 calls today, 48,766 …
             37 in the last minute

 Practice 195900    2/3 live    4,448 records    …

 ERROR   195900 appointments: Changes since
         2026-11-23T14:00:00.000Z may be missing:
         the subscription was lost or not whole.
         (sync.gap)
   → Nothing to do: the subscription is being
     renewed and a new snapshot closes the gap.
 Ctrl-C stops it, nothing is lost
`,
  )
})

test('the picture says in a line that calls are spaced more widely', () => {
  const throttling = 'athenahealth throttled calls: they are spaced 38 % wider than planned, 3.45 a second now.'
  const lines = renderView(sampleReport({ quota: { ...sampleReport().quota, throttling } }), wide, [])
  assert.equal(lines.filter((line) => line.includes('athenahealth throttled calls: they are')).length, 1)
})

test('a list that is read once a day is not behind for hours', () => {
  const warned = (readEveryMs: number | null) => {
    const feed = sampleFeed({ lagMs: 600 * 60_000, readEveryMs })
    const report = sampleReport({ practices: [samplePractice({ feeds: [feed] })] })
    const lines = renderReport(report, { columns: 120, color: true, unicode: true })
    return lines.some((line) => line.includes('\u001b[33m   10 h'))
  }
  assert.deepEqual([warned(86_400_000), warned(null)], [false, true])
})

test('a report leaves nothing out in a narrow terminal', () => {
  const throttling = 'athenahealth throttled calls: they are spaced 38 % wider than planned, 3.45 a second now.'
  const quota = { ...sampleReport().quota, foreignToday: 7, throttling }
  for (const practices of [
    [samplePractice()],
    Array.from({ length: 3 }, (_, id) => samplePractice({ practice: id + 1 })),
  ]) {
    const report = sampleReport({ alarms: [gap], practices, quota })
    const told = (columns: number) => renderReport(report, { columns, color: false, unicode: true })
    for (const columns of [60, 80]) {
      const lines = told(columns)
      assert.ok(
        lines.every((line) => textWidth(line) <= columns && !line.endsWith('…')),
        lines.join('\n'),
      )
      // But for the time at the right of the first line, and when the last change came.
      const words = (text: readonly string[]) =>
        text
          .slice(1)
          .join(' ')
          .split(/\s+/)
          .filter((word) => !/[█░]/.test(word))
      assert.match(
        told(89).join('\n'),
        /feeds read every 60 s[^]*38 % wider than planned[^]*subscription active; settling 40 s more/,
      )
      assert.deepEqual(words(lines).toSorted(), words(told(89)).toSorted())
    }
  }
})

test('colours mark the environment and what is not well, and nothing else changes', () => {
  const colored = renderView(sampleReport({ environment: 'production', alarms: [gap] }), { ...wide, color: true }, [])
  const plain = renderView(sampleReport({ environment: 'production', alarms: [gap] }), wide, [])
  assert.ok(colored[0]?.includes('\u001b[1;37;41m production \u001b[0m'))
  assert.ok(colored.join('\n').includes('\u001b[31m ERROR   \u001b[0m'))
  // oxlint-disable-next-line no-control-regex -- the codes of the colours are what is taken out
  const bare = colored.map((line) => line.replace(/\u001b\[[\d;]*m/g, '').trimEnd())
  assert.deepEqual(bare, plain)
})

test('a terminal without Unicode gets ASCII only', () => {
  const text = renderView(sampleReport({ alarms: [gap] }), { ...wide, unicode: false }, history()).join('')
  assert.match(text, /^[ -~]*$/)
})

const practices = Array.from({ length: 30 }, (_, index) => samplePractice({ practice: 1000 + index }))

describe('many practices', () => {
  test('shrink to a line each', () => {
    const lines = renderView(sampleReport({ practices: practices.slice(0, 10) }), wide, [])
    assert.equal(lines.filter((line) => /^ Practice 10\d\d +2\/3 live/.test(line)).length, 10)
  })

  const live = (practice: number) => samplePractice({ practice, feeds: [sampleFeed()], records: { patient: 1000 } })
  const lagging = (practice: number): Alarm => {
    const remedy = 'It goes on by itself.'
    const message = 'The mirror is 7 min behind.'
    return { level: 'warning', code: 'sync.lagging', practice, feed: 'patients', message, remedy }
  }

  test('are summed up, and those in trouble shown, the worst first', () => {
    const thousands = Array.from({ length: 3000 }, (_, index) => live(1000 + index))
    const report = sampleReport({
      practices: [...thousands, samplePractice({ practice: 7 })],
      alarms: [{ ...gap, practice: 1200 }, ...Array.from({ length: 40 }, (_, index) => lagging(1100 + index))],
    })
    const text = renderReport(report, wide)
    assert.ok(text.length < 60, `${text.length} lines`)
    assert.deepEqual(
      text.filter((line) => /practices|records ·|Practice 1200|Practice 1100|more/.test(line)),
      [
        ' 3,001 practices  2,959 live  1 loading  41 in trouble',
        '   3,004,448 records · 111,037 changes a minute',
        ' Practice 1200      1/1 live    1,000 records       37 changes/min',
        ' Practice 1100      1/1 live    1,000 records       37 changes/min',
        ' … and 14 more in trouble; one in full: aegis status --practice <id>',
        ' WARNING 1100 patients: The mirror is 7 min behind. (sync.lagging) And 39 more like it.',
      ],
    )
  })

  test('fill a terminal with what matters', () => {
    const alarms = practices.map(({ practice }) => lagging(practice))
    const lines = renderView(sampleReport({ practices, alarms }), usual, [])
    assert.equal(lines.length, 24)
    assert.match(lines.join('\n'), /30 practices {2}0 live {2}0 loading {2}30 in trouble/)
    assert.match(lines.join('\n'), /… and \d+ more in trouble/)
  })

  test('up to ten are shown each by aegis status', () => {
    const lines = renderReport(sampleReport({ practices: practices.slice(0, 10) }), wide)
    assert.equal(lines.filter((line) => line.startsWith(' Practice')).length, 10)
    assert.ok(lines.length > 50)
  })
})

test('who spends a day that does not do stands below how it ends', () => {
  const spending = 'Spent so far by feeds 90 %, and bulk work 10 %. More: aegis quota.'
  const explanation = "Today's calls do not do: feeds are read at 61 % of their pace."
  const forecast = { ...sampleReport().quota.forecast, outlook: 'does-not-last' as const, explanation }
  const lines = renderReport(sampleReport({ quota: { ...sampleReport().quota, forecast, spending } }), wide)
  assert.equal(lines[lines.indexOf(`       ${explanation}`) + 1], `       ${spending}`)
})

describe('checks of the mirror', () => {
  const nightly = {
    task: 'nightly',
    readAt: '2026-11-23T06:42:17.000Z',
    compared: 3_000,
    differences: 2,
    unexplained: 0,
  } as const
  const feeds = [
    sampleFeed({
      checks: [{ ...nightly, task: 'rolling', readAt: '2026-11-20T06:42:17.000Z', compared: 900 }, nightly],
    }),
    sampleFeed({ checks: [{ ...nightly, readAt: '2026-11-23T07:42:17.000Z', compared: 241 }] }),
  ]
  const lines = (report: Parameters<typeof sampleReport>[0]) =>
    renderReport(sampleReport(report), wide).filter((line) => line.includes('compared'))

  test('that found nothing to explain say that they ran, and when', () => {
    assert.deepEqual(lines({ practices: [samplePractice({ feeds })] }), [
      '   checks  nightly 9 h ago: 3,241 compared, 0 unexplained  all patients 3 d ago: 900 compared, 0 unexplained',
    ])
  })

  test('of many practices are summed up', () => {
    const many = Array.from({ length: 11 }, (_, index) => samplePractice({ practice: index + 1, feeds }))
    const found = [...many, samplePractice({ feeds: [sampleFeed({ checks: [{ ...nightly, unexplained: 2 }] })] })]
    assert.deepEqual(lines({ practices: found }), [
      '   checks  nightly 9 h ago: 38,651 compared, 2 unexplained  all patients 3 d ago: 9,900 compared, 0 unexplained',
    ])
  })

  test('that have not been made yet are not spoken of', () => {
    assert.deepEqual(lines({}), [])
  })
})

test('no frame is larger than its terminal', () => {
  const alarms = Array.from({ length: 9 }, (_, index) => ({ ...gap, practice: index }))
  for (const columns of [1, 10, 33, 50, 79, 80, 81, 100, 200]) {
    for (const rows of [1, 2, 5, 10, 24, 50]) {
      const lines = renderView(sampleReport({ practices, alarms }), { ...wide, columns, rows }, history())
      assert.ok(lines.length <= rows, `${columns}x${rows}: ${lines.length} lines`)
      assert.ok(
        lines.every((line) => line.length <= columns),
        `${columns}x${rows}`,
      )
    }
  }
})

test('what the report says cannot move the cursor', () => {
  const explanation = 'waiting\u001b[2J\r\nfor\u202e it'
  const feeds = [sampleFeed({ state: 'settling', explanation })]
  const text = renderView(sampleReport({ practices: [samplePractice({ feeds })] }), wide, []).join('\n')
  assert.match(text, /waiting\\u\{1b\}\[2J\\u\{d\}\\u\{a\}for\\u\{202e\} it/)
})

test('a practice of which some departments are mirrored says which, and of what', () => {
  const departments = ['1', '21']
  const feeds = [sampleFeed({ feed: 'departments' }), sampleFeed({ departments })]
  const lines = renderView(sampleReport({ practices: [samplePractice({ departments, feeds })] }), wide, history())
  assert.equal(lines.includes('   only departments 1, 21  patients'), true, lines.join('\n'))
})
