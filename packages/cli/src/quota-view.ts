import type { QuotaReport } from '@aegis/server'
import { bar, count, duration, instant } from './live-view/figures.ts'
import { figureTable } from './live-view/figure-table.ts'
import { fold, type Line, paint, type Size, span, spread, type Tone, wrap } from './live-view/line.ts'
import { textWidth } from './text-width.ts'

/** A report of the day's calls as text. */
export function renderQuota(report: QuotaReport, size: Omit<Size, 'rows'>, practice?: number): string[] {
  const whole = { ...size, rows: Number.POSITIVE_INFINITY }
  const blocks =
    practice === undefined
      ? [
          [...head(report, whole), ...today(report, whole)],
          forecast(report, whole),
          works(report, whole),
          practices(report, whole),
          advice(report, whole),
        ]
      : [[...head(report, whole), ...ofPractice(report, practice)], works(report, whole)]
  const present = blocks.filter((block) => block.length > 0)
  return present
    .flatMap((block, index) => (index === 0 ? block : [[], ...block]))
    .flatMap((line) => fold(line, size.columns, FOLD_INDENT))
    .map((line) => paint(line, whole))
}

/** What has no room beside something goes on below it. */
const FOLD_INDENT = 10

const ENVIRONMENT_TONES = { production: 'alert', preview: 'warn', local: 'strong' } as const

function head({ environment, now }: QuotaReport, { columns }: Size): Line[] {
  const name = [span(' Aegis quota ', 'strong'), span(` ${environment} `, ENVIRONMENT_TONES[environment])]
  return [spread(name, [span(`${instant(now)} `)], Math.min(columns, TABLE_COLUMNS)), []]
}

const BAR_WIDTH = 20

function today({ day, compared, now }: QuotaReport, { unicode, columns }: Size): Line[] {
  const share = day.limit > 0 ? day.used / day.limit : 1
  const tone = share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : 'good'
  const resets = duration(Date.parse(day.resetsAt) - Date.parse(now))
  const figures = ` ${count(day.used)} of ${count(day.limit)}, ${count(day.left)} left, anew in ${resets}`
  const past = [
    ['yesterday', compared.yesterday],
    ['a week ago', compared.weekBefore],
  ] as const
  return [
    [span(' Today    '), span(bar(share, BAR_WIDTH, unicode), tone), span(figures)],
    ...(day.foreign > 0 ? [[span(`          ${count(day.foreign)} of them by others with the same app`, 'warn')]] : []),
    ...(day.keptForFeeds > 0
      ? [[span(`          ${count(day.keptForFeeds)} kept from bulk work, for feeds`, 'dim')]]
      : []),
    ...(day.throttling === undefined ? [] : besideHeads([[day.throttling, 'warn']], columns)),
    ...past.flatMap(([name, then]): Line[] =>
      then === null
        ? []
        : [
            [
              span(`          ${name} by this time ${count(then.byNow)}, in all ${count(then.total)}`, 'dim'),
              span(` (now ${difference(compared.today, then.byNow)})`, 'dim'),
            ],
          ],
    ),
  ]
}

function difference(now: number, then: number): string {
  if (then === 0) return now === 0 ? 'the same' : 'more'
  const percent = Math.round((now / then - 1) * 100)
  return percent === 0 ? 'the same' : `${percent > 0 ? '+' : '-'}${Math.abs(percent)} %`
}

const OUTLOOK_TONES: Readonly<Record<QuotaReport['forecast']['outlook'], Tone>> = {
  lasts: 'good',
  'may-not-last': 'warn',
  'does-not-last': 'bad',
}

function forecast({ forecast: told }: QuotaReport, { columns }: Size): Line[] {
  const { outlook, explanation, restsOn, wanted } = told
  const wants = `${count(wanted.mid)} calls are wanted until then (${count(wanted.low)} to ${count(wanted.high)}).`
  const texts: readonly (readonly [string, Tone])[] = [
    [explanation, OUTLOOK_TONES[outlook]],
    [`${wants} ${restsOn}`, 'dim'],
  ]
  return besideHeads(texts, columns).map(([margin = span(''), ...line], index) => [
    index === 0 ? span(' Forecast ') : margin,
    ...line,
  ])
}

/** Sentences in the column beside the heads of blocks. */
function besideHeads(texts: readonly (readonly [string, Tone])[], columns: number): Line[] {
  const width = Math.min(columns, TABLE_COLUMNS) - 10
  return texts.flatMap(([text, tone]) =>
    wrap(text, width, 0).map((line) => [span(' '.repeat(10)), ...line.map((part) => span(part.text, tone))]),
  )
}

/** What the kinds of work are to people; others are shown as they are. */
const WORKS: Readonly<Record<string, string>> = {
  'sync.drain': 'reading feeds',
  'sync.replay': 'reading feeds again',
  'sync.subscription': 'looks at subscriptions',
  'sync.refetch': 'records asked for by id',
  'sync.reconcile': 'checks of the mirror',
  'sync.snapshot': 'first load, snapshots',
  'start.preflight': 'questions at the start',
  'doctor.practice': 'aegis doctor',
}

const TABLE_COLUMNS = 80
const NAME_COLUMNS = 30

function works({ spent, day }: QuotaReport, size: Size): Line[] {
  const rows = spent.works.map(({ work, caller, priority, ...calls }) => ({
    name: `${WORKS[work] ?? (work || 'not told apart')}${caller === undefined ? '' : ` for ${caller}`}`,
    beside: priority,
    ...calls,
  }))
  return table(['Work', rows], day, size)
}

function practices({ spent, day }: QuotaReport, size: Size): Line[] {
  const rows = spent.practices.map(({ practice, ...calls }) => ({ name: String(practice), beside: '', ...calls }))
  const more = spent.practicesCount - rows.length
  const lines = table(['Practice', rows], day, size)
  return more > 0 ? [...lines, [span(`   and ${count(more)} more practices that spent less`, 'dim')]] : lines
}

function ofPractice({ spent }: QuotaReport, practice: number): Line[] {
  const found = spent.practices.find((each) => each.practice === practice)
  const text = ` ${count(found?.today ?? 0)} calls today, ${count(found?.yesterday ?? 0)} yesterday`
  return [[span(` Practice ${practice} `, 'strong'), span(text)]]
}

interface Row {
  readonly name: string
  readonly beside: string
  readonly today: number
  readonly yesterday: number
}

/** In a narrow terminal without what stands beside names. */
function table(
  [title, rows]: readonly [title: string, rows: readonly Row[]],
  day: QuotaReport['day'],
  { columns }: Size,
): Line[] {
  if (rows.length === 0) return []
  const share = (calls: number) => `${((calls / Math.max(1, day.limit)) * 100).toFixed(1)} %`
  const heads = ['today', 'of limit', 'yesterday'] as const
  if (columns < TABLE_COLUMNS)
    return figureTable(
      { cells: [title, ...heads], tone: 'dim' },
      rows.map(({ name, today: calls, yesterday }) => ({
        cells: [name, count(calls), share(calls), count(yesterday)],
        tone: 'plain',
      })),
      columns,
    )
  const line = ([name, beside, ...figures]: readonly [string, string, ...string[]], tone: Tone): Line => [
    span(`   ${padded(name, NAME_COLUMNS)}`, tone),
    span(padded(beside, 16), 'dim'),
    ...figures.map((figure) => span(figure.padStart(10), tone)),
  ]
  return [
    line([title, '', ...heads], 'dim'),
    ...rows.map(({ name, beside, today: calls, yesterday }) =>
      line([name, beside, count(calls), share(calls), count(yesterday)], 'plain'),
    ),
  ]
}

function padded(text: string, columns: number): string {
  return `${text}${' '.repeat(Math.max(1, columns - textWidth(text)))}`
}

function advice({ advice: all }: QuotaReport, { columns }: Size): Line[] {
  if (all.length === 0) return []
  const width = Math.min(columns, TABLE_COLUMNS)
  return [
    [span('   What would help, and what it saves a day', 'dim')],
    ...all.flatMap(({ setting, change, saves }) =>
      wrap(`${count(saves).padStart(9)}  ${setting === null ? '' : `${setting}: `}${change}`, width, 11),
    ),
  ]
}
