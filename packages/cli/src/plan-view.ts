import { formatDuration, type QuotaPlan } from '@aegis/server'
import { count, duration } from './live-view/figures.ts'
import { type Line, paint, type Size, span, type Tone, widthOf, wrap } from './live-view/line.ts'
import { figureTable } from './live-view/figure-table.ts'

/** A plan as text. */
export function renderPlan(plan: QuotaPlan, size: Omit<Size, 'rows'>): string[] {
  const whole = { ...size, columns: Math.min(size.columns, TABLE_COLUMNS), rows: Number.POSITIVE_INFINITY }
  const blocks = [
    [...head(plan, whole), ...verdict(plan, whole)],
    dayTable(plan, whole),
    section('Arithmetic', arithmetic(plan), whole),
    feedTable(plan, whole),
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

function head({ environment, practices, limits }: QuotaPlan, { columns }: Size): Line[] {
  const limit = `${counted(limits.perDay, 'call')} a day, ${count(limits.perSecond)} a second`
  const name = [span(' Aegis quota plan ', 'strong'), span(` ${environment} `, ENVIRONMENT_TONES[environment])]
  const what = [span(` ${counted(practices, 'practice')} · ${limit}`)]
  return [...(widthOf([...name, ...what]) <= columns ? [[...name, ...what]] : [name, what]), []]
}

function counted(many: number, what: string): string {
  return `${count(many)} ${what}${many === 1 ? '' : 's'}`
}

function verdict(plan: QuotaPlan, { columns }: Size): Line[] {
  return toned(verdictInWords(plan), { columns: columns - 1, tone: plan.fits ? 'good' : 'bad' })
}

function verdictInWords(plan: QuotaPlan): string {
  const { fits, day, limits } = plan
  const kept = `${count(day.usable)} of ${count(limits.perDay)} are for the mirror, the rest is kept for people`
  if (fits) return `It fits: a day takes ${shareOf(plan, day.total)}; ${kept}.${waits(plan)}`
  return `It does not fit${plan.polls.isAdaptive ? bounds(plan, kept) : interval(plan, kept)}`
}

/** Why the bounds of feeds cannot be kept. */
function bounds(plan: QuotaPlan, kept: string): string {
  const { day, limits, second } = plan
  if (isStretched(plan) && second.isShort)
    return `: ${counted(limits.perSecond, 'call')} a second ${doNot(limits.perSecond)} even do for reading each feed as its bound asks. ${leftAlone(plan)}`
  if (!isStretched(plan) && day.least <= day.usable) return others(plan)
  const reserve = day.least > day.usable ? '' : ', and a tenth of that is held back for what cannot be foreseen'
  return `: a day wants ${shareOf(plan, day.least)} even with each feed read only as its bound asks; ${kept}${reserve}. ${leftAlone(plan)}`
}

/** Why feeds cannot all be read each interval. */
function interval(plan: QuotaPlan, kept: string): string {
  const { total, usable } = plan.day
  return total > usable ? `: a day wants ${shareOf(plan, total)}; ${kept}.` : others(plan)
}

/** What does not fit where the calls of the day do. */
function others(plan: QuotaPlan): string {
  const { second, night } = plan
  if (second.average > second.usable) return `: ${second.average.toFixed(1)} calls a second are wanted.`
  if (night.neededMs > night.openMs)
    return `: the checks take ${duration(night.neededMs)} of ${duration(night.openMs)} a night.`
  return `. ${leftAlone(plan)}`
}

function doNot(calls: number): string {
  return calls === 1 ? 'does not' : 'do not'
}

function shareOf({ limits }: QuotaPlan, calls: number): string {
  return `${counted(calls, 'call')} (${count(Math.round((calls / limits.perDay) * 100))} %)`
}

/** What is paid where every interval has no reading of every feed. */
function waits(plan: QuotaPlan): string {
  const { polls, second, limits } = plan
  if (!isShort(plan) || polls.waitMs === null) return ''
  const short = second.isShort ? `${count(limits.perSecond)} calls a second` : 'They'
  const longest = Math.max(...polls.byFeed.map(({ longestMs }) => longestMs ?? 0))
  return ` ${short} do not do for reading every feed each ${formatDuration(polls.intervalMs)}: a change waits ${duration(polls.waitMs)} on average, and no feed is left alone for longer than ${duration(longest)}.`
}

/** What would come of it, were it started so. */
function leftAlone({ polls, day }: QuotaPlan): string {
  const unread = polls.byFeed.filter(({ readings }) => readings === 0).length
  const over = ({ longestMs, boundMs }: (typeof polls.byFeed)[number]) => (longestMs ?? 0) / boundMs
  const [worst] = polls.byFeed.toSorted((one, other) => over(other) - over(one))
  const parts = [
    ...(unread > 0
      ? [
          `${unread} of ${polls.byFeed.length} feeds of a practice ${unread === 1 ? 'is' : 'are'} not read at all that day.`,
        ]
      : []),
    ...(worst && unread === 0 && over(worst) > 1
      ? [`A feed is left alone for up to ${duration(worst.longestMs ?? 0)} instead of ${duration(worst.boundMs)}.`]
      : []),
    ...(!day.isAllMade
      ? [`${counted(day.unmade, 'call')} for what feeds name and for checks are put off to the next day, each day.`]
      : []),
  ]
  return parts.join(' ')
}

/** Whether not even the bounds of feeds can be kept. */
function isStretched({ polls }: QuotaPlan): boolean {
  return polls.stretch >= 1.05
}

/** Whether feeds are read less often than each interval. */
function isShort({ polls }: QuotaPlan): boolean {
  return polls.givenMs === null || polls.givenMs > polls.intervalMs * 1.05
}

const DAY_MS = 86_400_000

/** Between two readings of a feed on average, where each is read once a day at least. */
function givenInWords({ polls: { givenMs } }: QuotaPlan): string | undefined {
  return givenMs === null || givenMs > DAY_MS ? undefined : duration(givenMs)
}

function toned(text: string, { columns, tone }: { columns: number; tone: Tone }): Line[] {
  return wrap(text, columns - 1, 0).map((line) => [span(' '), ...line.map((part) => span(part.text, tone))])
}

function dayTable(plan: QuotaPlan, { columns }: Size): Line[] {
  const { day, practices, polls, fits } = plan
  const { perPractice: of, calls } = day
  const sum = of.polls + of.looks + of.named + of.refresh + of.checks
  const feeds = Math.round(polls.feeds / Math.max(1, practices))
  const isChosen = polls.isAdaptive && isShort(plan)
  const given = givenInWords(plan)
  const every = given === undefined ? 'read less than once a day' : `read every ${given} on average`
  const pace = isChosen ? every : `read every ${formatDuration(polls.intervalMs)}`
  const rows = [
    [`${counted(feeds, 'feed')}, ${pace}`, of.polls, calls.polls],
    ['looks at their subscriptions', of.looks, calls.looks],
    ['records that feeds name, asked for by id', of.named, calls.named],
    ['lists without a feed, read again', of.refresh, calls.refresh],
    ['checks of the mirror, on average', of.checks, calls.checks],
  ] as const
  const title = fits || !polls.isAdaptive ? 'Calls of a day' : 'Calls of a day, as far as they go'
  return figureTable(
    { cells: [title, 'a practice', 'in all'], tone: 'dim' },
    [
      ...rows.map(([name, ...figures]) => ({ cells: [name, ...figures.map(count)], tone: 'plain' as const })),
      { cells: ['together', count(sum), count(day.total)], tone: 'strong' },
    ],
    columns,
  )
}

function arithmetic(plan: QuotaPlan): string[] {
  const { limits, polls, second } = plan
  const every = formatDuration(polls.intervalMs)
  const times = count(Math.round(86_400_000 / polls.intervalMs))
  const pairs = `${count(limits.perDay)} calls a day are ${count(polls.feedsMax)} feeds of practices read every ${every} (${times} times a day), if nothing else called at all; here there are ${count(polls.feeds)}.`
  const chosen = polls.isAdaptive
    ? 'each is read when enough changes are expected to wait in it (sync.adaptive), and none is left out'
    : 'Aegis spreads them evenly and leaves no practice out'
  const each = givenInWords(plan)
  const short = second.isShort ? `${counted(limits.perSecond, 'call')} a second` : "The day's calls"
  const given = !isShort(plan)
    ? `Each feed is read every ${every}.`
    : each === undefined
      ? `${short} do not even do for one reading of each feed a day.`
      : `${short} do for one reading of each feed every ${each} on average: ${chosen}.`
  return [pairs, given, practicesInWords(plan)]
}

function practicesInWords({ polls, practices }: QuotaPlan): string {
  const { practicesMax: most, practicesEachInterval: eachInterval } = polls
  const every = formatDuration(polls.intervalMs)
  if (most === 0) return 'They do not do for a single practice like these.'
  const fewer = most < practices ? 'They do' : 'They would do'
  const like = most === 1 ? '1 practice' : `${count(most)} practices`
  if (!polls.isAdaptive || eachInterval === most)
    return `${fewer} for ${like} like these, with a reading of each feed every ${every}.`
  const reading = eachInterval === 0 ? 'none' : count(eachInterval)
  return `${fewer} for ${like} like these within the bounds of feeds, and for ${reading} with a reading of each every ${every}.`
}

/** How often each feed is read where that differs. */
function feedTable(plan: QuotaPlan, { columns }: Size): Line[] {
  const { polls } = plan
  if (!polls.isAdaptive || !isShort(plan)) return []
  const known = (ms: number | null) => (ms === null ? '—' : duration(ms))
  return figureTable(
    { cells: ['A practice, a day', 'changes', 'readings', 'mean wait', 'at most'], tone: 'dim' },
    polls.byFeed.map(({ feed, changes, readings, waitMs, longestMs }) => ({
      cells: [feed, count(Math.round(changes)), count(Math.round(readings)), known(waitMs), known(longestMs)],
      tone: 'plain',
    })),
    columns,
  )
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
  const meanwhile =
    load.waitMs === null
      ? 'meanwhile not every feed is read'
      : `meanwhile a change waits ${duration(load.waitMs)} on average`
  const lasts =
    load.lastsMs === null
      ? 'The feeds leave no calls for it: it would not come to an end.'
      : `Beside the feeds it takes about ${duration(load.lastsMs)}, ${counted(load.aDay, 'call')} a day at most; ${meanwhile}.`
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
  const listed = (title: string, some: QuotaPlan['advice']): Line[] =>
    some.length === 0
      ? []
      : [...toned(`${title}, and what it saves a day`, { columns, tone: 'dim' }), ...some.flatMap(adviceLines(columns))]
  if (fits) return listed('What would shorten the waits', all)
  return [
    ...listed(
      'What would make it fit, each by itself',
      all.filter(({ isEnough }) => isEnough),
    ),
    ...listed(
      'What would help, but not by itself',
      all.filter(({ isEnough }) => !isEnough),
    ),
  ]
}

function adviceLines(columns: number): (advice: QuotaPlan['advice'][number]) => Line[] {
  return ({ setting, change, saves }) =>
    wrap(
      `${(saves > 0 ? count(saves) : '').padStart(10)}  ${setting === null ? '' : `${setting}: `}${change}`,
      columns,
      12,
    )
}

function assumed({ shape }: QuotaPlan, { columns }: Size): Line[] {
  const of = `Estimated for practices of ${count(shape.patients)} patients in ${count(shape.departments)} departments with, a day, ${count(shape.appointmentsADay)} appointments, ${count(shape.patientChangesADay)} patients that change, and ${count(shape.changesADay)} changes of each feed that only names what changed`
  return toned(`${of} (--patients, --departments, --appointments, --changes).`, { columns, tone: 'dim' })
}
