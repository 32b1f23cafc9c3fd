import { formatDuration, type QuotaPlan } from '@aegis/server'
import { count, duration } from './live-view/figures.ts'
import { type Line, paint, type Size, span, type Tone, wrap } from './live-view/line.ts'

/** A plan as text. */
export function renderPlan(plan: QuotaPlan, size: Omit<Size, 'rows'>): string[] {
  const whole = { ...size, columns: Math.min(size.columns, TABLE_COLUMNS), rows: Number.POSITIVE_INFINITY }
  const blocks = [
    [...head(plan), ...verdict(plan, whole)],
    dayTable(plan),
    section('Arithmetic', arithmetic(plan), whole),
    feedTable(plan),
    section('First load', firstLoad(plan), whole),
    section('Nights', nights(plan), whole),
    advice(plan, whole),
    assumed(plan, whole),
  ]
  return blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : [[], ...block]))
    .map((line) => paint(line, whole))
}

const TABLE_COLUMNS = 80
const ENVIRONMENT_TONES = { production: 'alert', preview: 'warn', local: 'strong' } as const

function head({ environment, practices, limits }: QuotaPlan): Line[] {
  const many = practices === 1 ? '1 practice' : `${count(practices)} practices`
  const limit = `${count(limits.perDay)} calls a day, ${count(limits.perSecond)} a second`
  return [
    [
      span(' Aegis quota plan ', 'strong'),
      span(` ${environment} `, ENVIRONMENT_TONES[environment]),
      span(` ${many} · ${limit}`),
    ],
    [],
  ]
}

function verdict(plan: QuotaPlan, { columns }: Size): Line[] {
  return toned(verdictInWords(plan), { columns: columns - 1, tone: plan.fits ? 'good' : 'bad' })
}

function verdictInWords(plan: QuotaPlan): string {
  const { fits, day, limits, night, second, polls } = plan
  const share = (calls: number) => `${Math.round((calls / limits.perDay) * 100)} %`
  const kept = `${count(day.usable)} of ${count(limits.perDay)} are for the mirror, the rest is kept for people`
  if (isStretched(plan) && second.isShort)
    return `It does not fit: ${count(limits.perSecond)} calls a second do not even do for reading each feed as its bound asks.`
  if (polls.isAdaptive && isStretched(plan))
    return `It does not fit: a day wants ${count(day.least)} calls (${share(day.least)}) even with each feed read only as its bound asks; ${kept}.`
  if (!polls.isAdaptive && day.total > day.usable)
    return `It does not fit: a day wants ${count(day.total)} calls (${share(day.total)}); ${kept}.`
  if (second.average > second.usable) return `It does not fit: ${second.average.toFixed(1)} calls a second are wanted.`
  if (!fits) return `It does not fit: the checks take ${duration(night.neededMs)} of ${duration(night.openMs)} a night.`
  const fitting = `It fits: a day takes ${count(day.total)} calls (${share(day.total)}); ${kept}.`
  if (!isShort(plan)) return fitting
  const short = second.isShort ? `${count(limits.perSecond)} calls a second` : 'They'
  return `${fitting} ${short} do not do for reading every feed each ${formatDuration(polls.intervalMs)}: a change waits ${duration(polls.waitMs)} on average, and no feed is left alone for longer than ${duration(longest(plan))}.`
}

/** Whether not even the bounds of feeds can be kept. */
function isStretched({ polls }: QuotaPlan): boolean {
  return polls.stretch >= 1.05
}

/** Whether feeds are read less often than each interval. */
function isShort({ polls }: QuotaPlan): boolean {
  return polls.givenMs > polls.intervalMs * 1.05
}

function longest({ polls }: QuotaPlan): number {
  return Math.max(...polls.byFeed.map(({ longestMs }) => longestMs))
}

function toned(text: string, { columns, tone }: { columns: number; tone: Tone }): Line[] {
  return wrap(text, columns - 1, 0).map((line) => [span(' '), ...line.map((part) => span(part.text, tone))])
}

function dayTable({ day, practices, polls }: QuotaPlan): Line[] {
  const { perPractice: of } = day
  const sum = of.polls + of.looks + of.named + of.refresh + of.checks
  const feeds = Math.round(polls.feeds / Math.max(1, practices))
  const isChosen = polls.isAdaptive && polls.givenMs > polls.intervalMs * 1.05
  const pace = isChosen ? `${duration(polls.givenMs)} on average` : formatDuration(polls.intervalMs)
  const rows: readonly (readonly [string, number])[] = [
    [`${feeds} feeds, read every ${pace}`, of.polls],
    ['looks at their subscriptions', of.looks],
    ['records that feeds name, asked for by id', of.named],
    ['lists without a feed, read again', of.refresh],
    ['checks of the mirror, on average', of.checks],
  ]
  const line = ([name, ...figures]: readonly [string, ...string[]], tone: Tone): Line => [
    span(`   ${name.padEnd(45)}`, tone),
    ...figures.map((figure) => span(figure.padStart(15), tone)),
  ]
  return [
    line(['Calls of a day', 'a practice', 'in all'], 'dim'),
    ...rows.map(([name, calls]) => line([name, count(calls), count(Math.round(calls * practices))], 'plain')),
    line(['together', count(sum), count(day.total)], 'strong'),
  ]
}

function arithmetic(plan: QuotaPlan): string[] {
  const { limits, polls, practices, second } = plan
  const every = formatDuration(polls.intervalMs)
  const times = count(Math.round(86_400_000 / polls.intervalMs))
  const pairs = `${count(limits.perDay)} calls a day are ${count(polls.feedsMax)} feeds of practices read every ${every} (${times} times a day), if nothing else called at all; here there are ${count(polls.feeds)}.`
  const chosen = polls.isAdaptive
    ? 'each is read when enough changes are expected to wait in it (sync.adaptive), and none is left out'
    : 'Aegis spreads them evenly and leaves no practice out'
  const given = isShort(plan)
    ? `${second.isShort ? `${count(limits.perSecond)} calls a second do` : "The day's calls do"} for one reading of each feed every ${duration(polls.givenMs)} on average: ${chosen}.`
    : `Each feed is read every ${every}.`
  const fewer = polls.practicesMax < practices ? 'They do' : 'They would do'
  const most = polls.isAdaptive
    ? `${fewer} for ${count(polls.practicesMax)} practices like these within the bounds of feeds, and for ${count(polls.practicesEachInterval)} with a reading of each every ${every}.`
    : `${fewer} for ${count(polls.practicesMax)} practices like these at this interval.`
  return [pairs, given, most]
}

/** How often each feed is read where that differs. */
function feedTable(plan: QuotaPlan): Line[] {
  const { polls } = plan
  if (!polls.isAdaptive || !isShort(plan)) return []
  const line = ([name, ...figures]: readonly [string, ...string[]], tone: Tone): Line => [
    span(`   ${name.padEnd(20)}`, tone),
    ...figures.map((figure) => span(figure.padStart(14), tone)),
  ]
  return [
    line(['A practice, a day', 'changes', 'readings', 'mean wait', 'at most'], 'dim'),
    ...polls.byFeed.map(({ feed, changes, readings, waitMs, longestMs }) =>
      line(
        [feed, count(Math.round(changes)), count(Math.round(readings)), duration(waitMs), duration(longestMs)],
        'plain',
      ),
    ),
  ]
}

function firstLoad({ load, second, practices }: QuotaPlan): string[] {
  const { large, byPatient, other } = load.perPractice
  const parts = [
    `${count(Math.round(large))} pages of large lists`,
    ...(byPatient > 0 ? [`${count(Math.round(byPatient))} patient by patient`] : []),
    `${count(Math.round(other))} others`,
  ]
  const sum = `${count(Math.round(large + byPatient + other))} calls a practice (${parts.join(', ')})`
  const inAll = practices > 1 ? `, ${count(Math.round(load.total))} in all` : ''
  const rate = `${duration(load.atLimitMs)} at ${second.usable.toFixed(second.usable < 10 ? 2 : 0)} calls a second`
  const lasts =
    load.lastsMs === null
      ? 'The feeds leave no calls for it: it would not come to an end.'
      : `Beside the feeds it takes about ${duration(load.lastsMs)}, ${count(load.aDay)} calls a day at most; meanwhile a change waits ${duration(load.waitMs)} on average.`
  const confined =
    load.confined > 0
      ? `${count(Math.round(load.confined))} large calls are beyond the onboarding allowance and wait for the off-hours.`
      : 'Large lists may be read at any hour: the onboarding allowance covers them.'
  return [`${sum}${inAll}: ${rate}.`, lasts, confined, 'A subscription takes up to 15 minutes, and as long to settle.']
}

function nights({ night, tokensADay, limits }: QuotaPlan): string[] {
  const checks = `Checks want ${count(night.calls)} calls a night: ${duration(night.neededMs)} of off-hours of ${duration(night.openMs)}.`
  return [
    checks,
    `Tokens: about ${count(tokensADay)} a day for all processes together; athenahealth allows ${count(limits.tokensPerMinute)} a minute.`,
  ]
}

function section(title: string, sentences: readonly string[], { columns }: Size): Line[] {
  return [[span(` ${title}`, 'dim')], ...sentences.flatMap((sentence) => wrap(`   ${sentence}`, columns, 3))]
}

function advice({ advice: all, fits }: QuotaPlan, { columns }: Size): Line[] {
  if (all.length === 0) return []
  const what = fits ? 'What would shorten the waits' : 'What would make it fit'
  return [
    [span(` ${what}, and what it saves a day`, 'dim')],
    ...all.flatMap(({ setting, change, saves }) =>
      wrap(
        `${(saves > 0 ? count(saves) : '').padStart(10)}  ${setting === null ? '' : `${setting}: `}${change}`,
        columns,
        12,
      ),
    ),
  ]
}

function assumed({ shape }: QuotaPlan, { columns }: Size): Line[] {
  const of = `Estimated for practices of ${count(shape.patients)} patients in ${count(shape.departments)} departments with, a day, ${count(shape.appointmentsADay)} appointments, ${count(shape.patientChangesADay)} patients that change, and ${count(shape.changesADay)} changes of each feed that only names what changed`
  return toned(`${of} (--patients, --departments, --appointments, --changes).`, { columns, tone: 'dim' })
}
