import type { RequestEntry, Simulator } from '@aegis/simulator'
import { clockIn, isNight } from './drills/plain-calendar.ts'
import { type GuardedRules, onboardingDays } from './guarded-way.ts'
import type { Judgement } from './judge-history.ts'

const second = 1_000
const minute = 60 * second
const day = 24 * 60 * minute
/** Lists that are large pulls when a snapshot reads them, by whose snapshot that is. */
const largeRoutes: ReadonlyMap<string, string> = new Map([
  ['/v1/{practiceid}/patients', 'patients'],
  ['/v1/{practiceid}/appointments/booked', 'appointments'],
  ['/v1/{practiceid}/appointments/booked/multipledepartment', 'appointments'],
  ['/v1/{practiceid}/claims', 'claims'],
])

/** Times of a gap are the database's, rounded. What a feed called sooner before it was opened is of its onboarding. */
const nearMs = 1
/** So long a call may have waited after it was counted on an allowance. */
const lateMs = 60 * minute

/** What is judged of a simulator: its log of requests. */
interface Judged {
  readonly truth: { requests(from: { since: number; limit: number }): Pick<RequestPage, 'requests' | 'next'> }
}

/** When new snapshots of a feed may call outside of the off-hours, epoch ms. */
export interface GapOpen {
  readonly feed: string
  readonly opened: number
  readonly closed: number | null
}

type RequestPage = ReturnType<Simulator['truth']['requests']>

/**
 * I6 of a life that goes the whole way: counted here from the other side's log of requests, not by our limiter. `gaps`: all that
 * were ever open.
 */
export function judgeLimits(simulator: Judged, rules: GuardedRules, gaps: readonly GapOpen[] = []): Judgement {
  const requests = allRequests(simulator)
  const calls = requests.filter(({ route }) => !isToken(route))
  const wrong: string[] = []
  const tooMany = (what: string, most: number, limit: number) => {
    if (most > limit) wrong.push(`I6 ${most} ${what}, and ${limit} are allowed`)
  }
  // It is the other side's own clock that jumps, and within a call: sent before the jump, as far from the next one as it has
  // to be, the call is logged after it, where the next one follows at once. All others count, those after the jump too.
  const unmoved = requests.filter(({ fault }) => fault?.kind !== 'clock-jump')
  const [tokens, moments] = [
    unmoved.filter(({ route }) => isToken(route)),
    unmoved.filter(({ route }) => !isToken(route)),
  ]
  tooMany('calls in a second', mostWithin(moments, second), rules.perSecond)
  if (rules.perPracticePerSecond !== undefined) {
    for (const [, ofPractice] of Map.groupBy(moments, ({ practice }) => practice)) {
      tooMany('calls of one practice in a second', mostWithin(ofPractice, second), rules.perPracticePerSecond)
    }
  }
  tooMany('calls in a GMT day', mostOf(calls, day), rules.perDay)
  tooMany('token requests in a minute', mostOf(tokens, minute), rules.tokensPerMinute)
  const outside = moments.filter((call) => isLargePull(call) && !isOffHours(call.at, rules))
  const isOfGap = ({ route, at }: RequestEntry) =>
    gaps.some(({ feed, opened, closed }) => {
      const isOpen = opened - nearMs <= at && (closed === null || at <= closed + nearMs)
      return isOpen && feed === largeRoutes.get(route)
    })
  const [ofGaps, others] = [outside.filter(isOfGap), outside.filter((call) => !isOfGap(call))]
  tooMany('large calls after gaps in a day outside of the off-hours', mostOf(ofGaps, day), rules.gapCalls)
  tooMany('large calls in a day outside of the off-hours', mostOf(others, day), rules.onboardingCalls)
  const ended = (others[0]?.at ?? 0) + onboardingDays * day + lateMs
  const late = others.filter(({ at }) => at > ended).length
  tooMany('large calls outside of the off-hours when the onboarding was over', late, 0)
  return { wrong, checked: { I6: requests.length } }
}

/** What a day may come to at most before its calls count as used up: the rest is kept back, or was reserved by a process that ended. */
const usedUpShare = 0.7

/**
 * Whether the calls of some day between two instants were used up by the second one: a doubt may then grow older than what
 * upstream keeps, before it can be cleared.
 */
export function wasDayUsedUp(
  simulator: Judged,
  rules: GuardedRules,
  { from, last }: { from: number; last: number },
): boolean {
  const firstDay = Math.floor(from / day)
  const calls = allRequests(simulator).filter(
    ({ route, at }) => !isToken(route) && Math.floor(at / day) >= firstDay && at <= last,
  )
  return mostOf(calls, day) >= usedUpShare * rules.perDay
}

/** Whether the calls of every whole day since an instant were used up, and there was one. */
export function wereDaysUsedUp(
  simulator: Judged,
  rules: GuardedRules,
  { since, now }: { since: number; now: number },
): boolean {
  const calls = allRequests(simulator).filter(({ route }) => !isToken(route))
  const first = Math.ceil(since / day)
  const days = Array.from({ length: Math.max(0, Math.floor(now / day) - first) }, (_, index) => first + index)
  const madeOn = (which: number) => calls.filter(({ at }) => Math.floor(at / day) === which).length
  return days.length > 0 && days.every((which) => madeOn(which) >= usedUpShare * rules.perDay)
}

/**
 * Whether large pulls may run, by the rig's own calendar and its own hours: the one by which they were let through may be wrong,
 * and what goes by it would not see that.
 */
function isOffHours(at: number, { offHours }: GuardedRules): boolean {
  return offHours === 'always' || isNight(clockIn('eastern', at))
}

/** The first page of one patient's list is none, as athenahealth counts: it is narrowed, and alone. */
function isLargePull({ method, route, fields }: RequestEntry): boolean {
  const isOfPatient = fields.includes('patientid') && !fields.includes('offset')
  return method === 'GET' && largeRoutes.has(route) && !isOfPatient
}

function isToken(route: string): boolean {
  return route.endsWith('/token')
}

/** Most arrivals in any window of this length, both of whose ends are arrivals. */
export function mostWithin(requests: readonly Pick<RequestEntry, 'at'>[], lengthMs: number): number {
  let first = 0
  let most = 0
  for (const [index, { at }] of requests.entries()) {
    while ((requests[first]?.at ?? at) <= at - lengthMs) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}

/** Most arrivals in one of the periods that the clock is divided into. */
function mostOf(requests: readonly RequestEntry[], periodMs: number): number {
  const counts = new Map<number, number>()
  for (const { at } of requests) {
    const period = Math.floor(at / periodMs)
    counts.set(period, (counts.get(period) ?? 0) + 1)
  }
  return Math.max(0, ...counts.values())
}

export function allRequests({ truth }: Judged): RequestEntry[] {
  const all: RequestEntry[] = []
  for (let since = 0; ; ) {
    const { requests, next } = truth.requests({ since, limit: 10_000 })
    if (requests.length === 0) return all
    all.push(...requests)
    since = next
  }
}
