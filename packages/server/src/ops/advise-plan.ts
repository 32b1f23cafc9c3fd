import { checkedLimits, limitBounds } from '../quota/quota-limits.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import { adviseQuota } from './advise-quota.ts'
import { boundsAlone, type DrainCalls } from './drain-calls.ts'
import { type JudgedDay, judgeDay, type PlanInput } from './judge-day.ts'
import type { QuotaAdvice } from './quota-report.ts'
import { isWorthAWord } from './read-paces.ts'

/** What advice before the start rests on. */
export interface PlanFound {
  readonly input: PlanInput
  readonly judged: JudgedDay
  readonly drainCalls: DrainCalls
  /** The most practices with which it fits. */
  readonly practicesMost: number
}

const DAY_MS = 86_400_000

/** What would make a configuration fit, or where it does, would shorten the waits of changes: settings, practices, limits (pure). */
export function advisePlan(found: PlanFound): QuotaAdvice[] {
  return [...settingsAdvice(found), ...fewerPractices(found), ...limitAdvice(found)]
}

function settingsAdvice({ input, judged, drainCalls }: PlanFound): QuotaAdvice[] {
  const { sync } = input
  const { day, fits, total } = judged
  const { perDay } = checkedLimits(input.limits)
  const isStretched = sync.pacing.isAdaptive && isWorthAWord(day.stretch)
  const suffices = (changed: SyncSettings) => judgeDay({ ...input, sync: changed }).fits
  const advice = adviseQuota({
    settings: sync,
    limit: perDay,
    foreign: 0,
    wanted: total,
    left: perDay,
    msLeft: DAY_MS,
    bulkToday: 0,
    drainCalls: drainCalls(isStretched ? boundsAlone : day.price),
    isStretched,
    ...(!fits && { suffices }),
  })
  const useless = fits ? ofPace : new Set(['sync.callWorth'])
  return advice.filter(({ setting }) => !useless.has(setting ?? ''))
}

/**
 * They have feeds read less often. Where calls are scarce one that is not made where hardly anything changes is made elsewhere
 * already; and where all are read alike, changes wait the longer.
 */
const ofPace: ReadonlySet<string> = new Set(['sync.callWorth', 'sync.pollInterval', 'sync.latest'])

function fewerPractices({ input: { practices }, judged: { total }, practicesMost: most }: PlanFound): QuotaAdvice[] {
  if (most < 1 || most >= practices) return []
  const change = `${told(most)} instead of ${told(practices)}; the others with an app of their own, which has limits of its own`
  return [{ setting: 'practices', change, saves: Math.round(((practices - most) * total) / practices), isEnough: true }]
}

/** The least limits with which it fits, or where it does, with which changes hardly wait longer than with a reading each interval. */
function limitAdvice({ input, judged }: PlanFound): QuotaAdvice[] {
  const does = ({ fits, isShort }: JudgedDay) => fits && (!isShort || !judged.fits)
  const judge = (limits: Partial<PlanInput['limits']>) =>
    does(judgeDay({ ...input, limits: { ...input.limits, ...limits } }))
  const { perDay, perSecond } = checkedLimits(input.limits)
  const ofDay = leastLimit({ above: perDay, most: limitBounds.perDay.max }, (calls) => judge({ perDay: calls }))
  if (ofDay !== undefined) return [moreCalls('limits.perDay', told(ofDay))]
  const ofSecond = leastLimit({ above: perSecond, most: limitBounds.perSecond.max }, (calls) =>
    judge({ perSecond: calls }),
  )
  if (ofSecond !== undefined) return [moreCalls('limits.perSecond', told(ofSecond))]
  const leastPerDay = leastLimit({ above: perDay, most: limitBounds.perDay.max }, (calls) =>
    judge({ perDay: calls, perSecond: limitBounds.perSecond.max }),
  )
  if (leastPerDay === undefined) return []
  const leastPerSecond = leastLimit({ above: perSecond, most: limitBounds.perSecond.max }, (calls) =>
    judge({ perDay: leastPerDay, perSecond: calls }),
  )
  return [
    moreCalls(
      'limits.perDay',
      `${told(leastPerDay)} with limits.perSecond: ${told(leastPerSecond ?? limitBounds.perSecond.max)}`,
    ),
  ]
}

/** Closer than this the least limit is not looked for. */
const NEAR_ENOUGH = 1.01

/** The least round number above one that does not suffice, with which it does; undefined where not even the greatest does. */
function leastLimit(
  { above, most }: { above: number; most: number },
  suffices: (limit: number) => boolean,
): number | undefined {
  let [tooFew, enough] = [above, Math.max(1, 2 * Math.ceil(above))]
  for (; enough < most && !suffices(enough); enough *= 2) tooFew = enough
  if (enough >= most) {
    enough = most
    if (tooFew >= most || !suffices(most)) return undefined
  }
  while (enough / tooFew > NEAR_ENOUGH) {
    const middle = rounded(Math.sqrt(tooFew * enough))
    if (middle <= tooFew || middle >= enough) break
    if (suffices(middle)) enough = middle
    else tooFew = middle
  }
  return rounded(enough)
}

/** To three digits, upwards: more would not be known. */
function rounded(limit: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(limit)) - 2)
  return Math.ceil(limit / unit) * unit
}

function moreCalls(setting: string, limit: string): QuotaAdvice {
  return { setting, change: `${limit}, if athenahealth grants that many`, saves: 0, isEnough: true }
}

function told(count: number): string {
  return count.toLocaleString('en-US')
}
