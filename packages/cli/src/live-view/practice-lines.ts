import type { FeedStatus, PracticeStatus } from '@aegis/server'
import { checkLines } from './check-lines.ts'
import { count, duration, sparkline } from './figures.ts'
import { changeRates, type History, isGrowing } from './history.ts'
import { flow, type Line, type Size, span, type Tone } from './line.ts'

interface Surroundings {
  readonly size: Size
  readonly history: History
  /** Epoch ms of the report. */
  readonly now: number
}

const SPARK_WIDTH = 30
/** Where the counts begin beside the practice's id. */
const TITLE = 18

/** A practice in full: records by kind, changes, and a row for every feed. */
export function practiceLines(status: PracticeStatus, around: Surroundings): Line[] {
  return [
    ...flow(records(status, around.history), around.size.columns, TITLE),
    ...limits(status, around.size.columns),
    changes(status, around),
    ...checkLines([status], { columns: around.size.columns, now: around.now }),
    feedHeader(around.size.columns),
    ...status.feeds.map((feed) => feedRow(feed, around)),
  ]
}

/** A practice on one line: how its feeds are, how many records, how many changes. */
export function practiceSummary(status: PracticeStatus, { history, size }: Surroundings): Line {
  const live = status.feeds.filter(({ state }) => state === 'live').length
  const tone = status.feeds.some((feed) => stateTone(feed) === 'bad')
    ? 'bad'
    : live < status.feeds.length
      ? 'warn'
      : 'good'
  const all = Object.values(status.records).reduce((sum, one) => sum + one, 0)
  const rates = changeRates(history, status.practice, 10)
  return [
    span(` Practice ${status.practice} `.padEnd(20), 'strong'),
    span(`${live}/${status.feeds.length} live`.padEnd(12), tone),
    span(`${count(all)} records`.padEnd(20)),
    span(`${count(status.changesLastMinute)} changes/min `.padEnd(18)),
    span(sparkline(rates, size.unicode), 'dim'),
  ]
}

/** From the frame of a practice to what moves in it. */
const ORDER: readonly string[] = ['department', 'provider', 'appointmenttype', 'patient', 'appointment']

/** What a kind of record is called, where that is not its name with an s. */
const NAMES: Readonly<Record<string, string>> = { appointmenttype: 'appointment types' }

function records(status: PracticeStatus, history: History): Line[] {
  const title = [span(` Practice ${status.practice}`.padEnd(TITLE), 'strong')]
  const place = (kind: string) => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length)
  const kinds = Object.entries(status.records).toSorted(([a], [b]) => place(a) - place(b))
  if (kinds.length === 0) return [title, [span('no records yet', 'dim')]]
  const counts = kinds.map(([kind, present]): Line => {
    const growing = isGrowing(history, status.practice, kind)
    const name = NAMES[kind] ?? `${kind}s`
    return [
      span(`${name} `, 'dim'),
      span(count(present), growing ? 'good' : 'plain'),
      span(growing ? '↑  ' : '   ', 'good'),
    ]
  })
  return [title, ...counts]
}

/** Which departments are mirrored, and of what. */
function limits({ departments, feeds }: PracticeStatus, columns: number): Line[] {
  if (departments === null) return []
  const limited = feeds.filter((feed) => feed.departments !== null).map(({ feed }) => feed)
  const of = limited.map((feed, place) => [span(place < limited.length - 1 ? `${feed}, ` : feed, 'dim')])
  const listed = departments.map((id, place) => [span(place < departments.length - 1 ? `${id}, ` : `${id}  `)])
  return flow([[span('   only departments ', 'dim')], ...listed, ...of], columns, TITLE)
}

function changes(status: PracticeStatus, { size, history }: Surroundings): Line {
  const width = Math.min(SPARK_WIDTH, Math.max(0, size.columns - 56))
  const rates = sparkline(changeRates(history, status.practice, width), size.unicode)
  const rare = (
    [
      ['deleted', status.deleted, 'dim'],
      ['merged', status.merged, 'dim'],
      ['open intents', status.openIntents, 'warn'],
      ['pages waiting', status.waitingPages, 'dim'],
      ['records in doubt', status.inDoubt, 'dim'],
      ['quarantined', status.quarantined, 'bad'],
    ] as const
  ).filter(([, value]) => value > 0)
  return [
    span('   changes ', 'dim'),
    span(rates ? `${rates} ` : '', 'good'),
    span(`${count(status.changesLastMinute)} a minute, ${count(status.changesLastHour)} an hour`),
    ...rare.map(([name, value, tone]) => span(` · ${name} ${count(value)}`, tone)),
  ]
}

/** Columns of the table of feeds with their widths, the most important first; the last takes what is left. */
const FEED = 20
const STATE = 11
const RECORDS = 11
const BEHIND = 9
const LAST_CHANGE = 13

const showsLastChange = (columns: number) => columns >= 90
const showsRecords = (columns: number) => columns >= 60

function feedHeader(columns: number): Line {
  const names = [
    '   feed'.padEnd(FEED),
    'state'.padEnd(STATE),
    showsRecords(columns) ? `${'records'.padStart(RECORDS - 2)}  ` : '',
    'behind'.padStart(BEHIND - 2).padEnd(BEHIND),
    showsLastChange(columns) ? 'last change'.padEnd(LAST_CHANGE) : '',
  ]
  return [span(names.join(''), 'dim'), span('what happens', 'dim')]
}

function feedRow(feed: FeedStatus, { size: { columns }, now }: Surroundings): Line {
  const behind = feed.lagMs === null ? '—' : duration(feed.lagMs)
  const changed = feed.lastChangeAt === null ? '—' : `${duration(now - Date.parse(feed.lastChangeAt))} ago`
  const tone = stateTone(feed)
  return [
    span(`   ${feed.feed}`.padEnd(FEED)),
    span(feed.state.padEnd(STATE), tone),
    span(showsRecords(columns) ? `${count(feed.records).padStart(RECORDS - 2)}  ` : ''),
    span(behind.padStart(BEHIND - 2).padEnd(BEHIND), behindTone(feed)),
    span(showsLastChange(columns) ? changed.padEnd(LAST_CHANGE) : '', 'dim'),
    span(feed.explanation === feed.state ? '' : feed.explanation, tone === 'good' ? 'dim' : 'plain'),
  ]
}

function stateTone(feed: FeedStatus): Tone {
  if (feed.state === 'contested' || feed.gaps.length > 0) return 'bad'
  if (feed.failure !== null || feed.state !== 'live') return 'warn'
  return 'good'
}

/** Behind by more than a few minutes beyond what is chosen for it, something holds a feed up. */
const BEHIND_MS = 5 * 60_000

function behindTone({ lagMs, readEveryMs }: FeedStatus): Tone {
  if (lagMs === null) return 'dim'
  return lagMs > BEHIND_MS + 2 * (readEveryMs ?? 0) ? 'warn' : 'plain'
}
