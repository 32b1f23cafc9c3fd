import type { Alarm, StatusReport } from '@aegis/server'
import { bar, count, duration, instant } from './figures.ts'
import type { History } from './history.ts'
import { fitting, fold, type Line, paint, type Size, span, spread, type Tone, wrap } from './line.ts'
import { alikeTogether, overviewLines, overviewOf } from './many-practices.ts'
import { practiceLines, practiceSummary } from './practice-lines.ts'

const ENVIRONMENT_TONES: Readonly<Record<StatusReport['environment'], Tone>> = {
  production: 'alert',
  preview: 'warn',
  local: 'good',
}

/**
 * A report as the lines of a terminal of this size: counts, ids, states and times, never names. Never more lines than
 * rows nor more characters than columns; where there is no room, practices shrink to a line each, then all are summed up
 * and those in trouble shown. Pure.
 */
export function renderView(report: StatusReport, size: Size, history: History): string[] {
  const told = [...throttling(report, size).slice(0, 1), ...shortage(report, size)]
  const around = [...head(report, size), [], ...quota(report, size), ...told, []]
  const alarms = alarmLines(report.alarms, size.columns, Math.max(3, Math.floor(size.rows / 3)))
  const room = size.rows - around.length - alarms.length - 2
  const lines = [...around, ...practices(report, { size, history, room }), [], ...alarms, footer(report, size.columns)]
  return lines.slice(0, size.rows).map((line) => paint(line, size))
}

/**
 * A report as text for `aegis status`: everything of a few practices; of many the sum, and those in trouble. There are rows enough:
 * what has no room in the width goes on below, and nothing is left out for it.
 */
export function renderReport(report: StatusReport, size: Omit<Size, 'rows'>): string[] {
  const whole = { ...size, rows: Number.POSITIVE_INFINITY }
  const isMany = report.practices.length > SHOWN_EACH
  const shown = practices(report, { size: whole, history: [], room: isMany ? SHOWN_OF_MANY : whole.rows })
  const lines = [
    ...head(report, whole),
    [],
    ...quota(report, whole),
    ...throttling(report, whole),
    ...outlook(report, whole),
    ...spending(report, whole),
    [],
    ...shown,
    [],
    ...alarmLines(report.alarms, whole.columns, whole.rows),
  ]
  return lines.flatMap((line) => fold(line, whole.columns, FOLD_INDENT)).map((line) => paint(line, whole))
}

/** What has no room beside something goes on below it. */
const FOLD_INDENT = 5

/** On a lower terminal the practices need the room more than the addresses, which `aegis status` tells as well. */
const ROWS_FOR_ADDRESSES = 20

function head(report: StatusReport, size: Size): Line[] {
  const { columns, rows } = size
  const { environment, baseUrl, clock, now, startedAt, urls, home, pid, version } = report
  const name = [span(` Aegis ${version} `, 'strong'), span(` ${environment} `, ENVIRONMENT_TONES[environment])]
  const time = span(`${instant(now)}${clock === 'simulator' ? " · simulator's clock" : ''} `)
  // A simulator's time runs faster than the instance has been up.
  const up = clock === 'system' ? [`up ${duration(Date.parse(now) - Date.parse(startedAt))}`] : []
  const first = spread(name, [time], columns)
  if (rows < ROWS_FOR_ADDRESSES) return [first]
  return [
    first,
    [span(' athenahealth  ', 'dim'), span(baseUrl), span(urls.simulator === undefined ? '' : ' · simulator', 'dim')],
    [
      span(' this instance ', 'dim'),
      span(fitting([urls.api, ...up, `process ${pid}`, `database ${urls.database}`], room(size, 15))),
    ],
    [span(' home          ', 'dim'), span(home)],
  ]
}

/** Columns beside so many others, where lines are not folded. */
function room({ columns, rows }: Size, others: number): number {
  return Number.isFinite(rows) ? columns - others : Number.POSITIVE_INFINITY
}

const BAR_WIDTH = 20

function quota({ quota: used, now }: StatusReport, size: Size): Line[] {
  const { columns, unicode } = size
  const share = used.dayLimit > 0 ? used.usedToday / used.dayLimit : 1
  const tone = share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : 'good'
  const width = Math.min(BAR_WIDTH, Math.max(5, columns - 62))
  const resets = duration(Date.parse(used.resetsAt) - Date.parse(now))
  const figures = `${count(used.usedToday)} of ${count(used.dayLimit)} calls today, ${count(used.leftToday)} left`
  const polls = used.polledFeeds > 0 ? [`feeds read every ${duration(used.pollIntervalMs)}`] : []
  const foreign = used.foreignToday > 0 ? [`${count(used.foreignToday)} of them by somebody else`] : []
  const parts = [
    ...foreign,
    `${count(used.callsLastMinute)} in the last minute`,
    `at most ${used.perSecondLimit} a second`,
    ...polls,
  ]
  const pace = fitting(parts, room(size, 8 + width))
  return [
    [span(' Quota ', 'strong'), span(bar(share, width, unicode), tone), span(` ${figures}, anew in ${resets}`)],
    [span(`${' '.repeat(8 + width)}${pace}`, 'dim')],
  ]
}

const OUTLOOK_TONES = { lasts: 'dim', 'may-not-last': 'warn', 'does-not-last': 'warn' } as const

/** How the day is expected to end. */
function outlook({ quota: { forecast } }: StatusReport, { columns }: Size): Line[] {
  return below(forecast.explanation, OUTLOOK_TONES[forecast.outlook], columns)
}

/** Who has spent a day that does not do. */
function spending({ quota: { spending: words } }: StatusReport, { columns }: Size): Line[] {
  return words === undefined ? [] : below(words, 'plain', columns)
}

/** That calls wait or are spaced more widely. */
function throttling({ quota: { throttling: words } }: StatusReport, { columns }: Size): Line[] {
  return words === undefined ? [] : below(words, 'warn', columns)
}

function below(words: string, tone: Tone, columns: number): Line[] {
  return wrap(words, columns - 8, 0).map((line) => [span(' '.repeat(7)), ...line.map(({ text }) => span(text, tone))])
}

/** The picture has room for one line of it, and only where there is something to say. */
function shortage(report: StatusReport, size: Size): Line[] {
  return report.quota.forecast.outlook === 'does-not-last' ? outlook(report, size).slice(0, 1) : []
}

/** So many practices are shown each in a report; of more, so many lines. */
const SHOWN_EACH = 10
const SHOWN_OF_MANY = 30

function practices(
  report: StatusReport,
  { size, history, room }: { size: Size; history: History; room: number },
): Line[] {
  if (report.practices.length === 0) return [[span(' No practice is configured.', 'warn')]]
  const now = Date.parse(report.now)
  const around = { size, history, now }
  if (report.practices.length <= SHOWN_EACH) {
    const full = report.practices.map((status) => practiceLines(status, around))
    const spaced = full.flatMap((lines, index) => (index === 0 ? lines : [[], ...lines]))
    if (spaced.length <= room) return spaced
  }
  if (report.practices.length <= Math.min(room, SHOWN_EACH))
    return report.practices.map((status) => practiceSummary(status, around))
  const overview = overviewOf(report)
  const sums = overviewLines(report, overview, size)
  const left = Math.max(0, room - sums.length - 1)
  const troubled = overview.troubled.slice(0, left).map((status) => practiceSummary(status, around))
  const more = overview.troubled.length - troubled.length
  const rest = more > 0 ? ` … and ${count(more)} more in trouble;` : ''
  return [...sums, ...troubled, [span(`${rest} one in full: aegis status --practice <id>`, 'dim')]].slice(0, room)
}

const ALARM_TONES: Readonly<Record<Alarm['level'], Tone>> = { error: 'bad', warning: 'warn' }

/** As many alarms as there is room for, worst first, each with its remedy in full. */
function alarmLines(alarms: readonly Alarm[], columns: number, room: number): Line[] {
  if (alarms.length === 0) return [[span(' No alarms.', 'good')]]
  const lines: Line[] = []
  const groups = alikeTogether(alarms)
  for (const [index, { alarm, more }] of groups.entries()) {
    const told = describeAlarm(alarm, more, columns)
    const isLast = index === groups.length - 1
    if (lines.length > 0 && lines.length + told.length > room - (isLast ? 0 : 1)) {
      const left = groups.slice(index).reduce((sum, group) => sum + 1 + group.more, 0)
      return [...lines, [span(` … and ${count(left)} more: aegis status`, 'warn')]]
    }
    lines.push(...told)
  }
  return lines
}

function describeAlarm(alarm: Alarm, more: number, columns: number): Line[] {
  const { level, code, practice, feed, message, remedy } = alarm
  const where = [practice, feed].filter((part) => part !== undefined).join(' ')
  const alike = more > 0 ? ` And ${count(more)} more like it.` : ''
  const [first = [], ...rest] = wrap(`${where}${where ? ': ' : ''}${message} (${code})${alike}`, columns - 9, 0)
  return [
    [span(` ${level.toUpperCase().padEnd(7)} `, ALARM_TONES[level]), ...first],
    ...rest.map((line) => [span(' '.repeat(9)), ...line]),
    ...wrap(`   → ${remedy}`, columns, 5),
  ]
}

function footer(report: StatusReport, columns: number): Line {
  const practice = report.practices[0]?.practice ?? '…'
  const query = `aegis sql --practice ${practice} "select * from mirror.change"`
  return [span(fitting([' Ctrl-C stops it, nothing is lost', 'elsewhere: aegis status', query], columns), 'dim')]
}
