import type { FaultRule, RequestEntry } from '@aegis/simulator'
import { priorities } from '../../packages/server/src/quota/priorities.ts'
import { type Draw, drawFrom } from '../draw.ts'
import type { GuardedRules } from '../guarded-way.ts'
import { judgeLimits } from '../judge-limits.ts'
import { withRunContext } from '../run-context.ts'
import type { Verdict } from '../verdict.ts'
import { apiCalls, attemptsOf, repeats } from './drill-log.ts'
import { type CallKind, type DrillCall, type DrillOutcome, DrillWorld } from './drill-world.ts'

const minute = 60_000
const day = 24 * 60 * minute
/** A call is repeated after no longer wait; asked to wait longer, it fails. */
const longestWaitMs = 20_000
/** The app is paused for no longer, whatever was asked for. */
const longestPauseMs = 15 * minute
/** Nobody said for how long: from the first to the last of a row. */
const unsaid = { leastMs: 1_000, mostMs: 64_000 }
/** Instants that another process had booked when the pause came: so far ahead do they reach. */
const bookedAheadMs = 350
/** From the end of a pause to the answer of whoever waited for it. */
const soonMs = 3_000

const rules: GuardedRules = {
  perSecond: 20,
  perDay: 50_000,
  tokensPerMinute: 5,
  offHours: 'always',
  onboardingCalls: 0,
  gapCalls: 0,
}

/** One way of being told to slow down, or of being told something else that looks like it. */
interface Refusal {
  readonly name: string
  readonly rule: FaultRule
  /** How long everybody is to be quiet at least; undefined: it is no throttling. */
  readonly pauseMs: number | undefined
  /** What was asked for; undefined: nothing that can be understood. */
  readonly askedMs?: number
}

function drawRefusal(draw: Draw): Refusal {
  const kind = draw.pick(['seconds', 'date', 'unsaid', 'day', 'page', 'genuine'])
  if (kind === 'seconds') {
    const askedMs = 1_000 * draw.pick([1, 2, 5, 15, 30, 120, 900, 3_600])
    return { name: 'in seconds', rule: { kind: 'throttled', retryAfter: askedMs / 1_000 }, ...saidOf(askedMs) }
  }
  if (kind === 'date') {
    const ms = 1_000 * draw.pick([2, 10, 45, 600, 7_200])
    // Dates are of whole seconds.
    return { name: 'as a date', rule: { kind: 'throttled', retryAfterDateMs: ms }, ...saidOf(ms - 1_000) }
  }
  if (kind === 'day') return { name: 'of a day', rule: { kind: 'throttled', retryAfter: 86_400 }, ...saidOf(day) }
  const quiet = { pauseMs: unsaid.leastMs }
  if (kind === 'unsaid') {
    const [name, rule] = draw.pick<readonly [string, FaultRule]>([
      ['absent', { kind: 'throttled' }],
      ['garbage', { kind: 'throttled', retryAfter: draw.pick(['soon', '-5', '1e3', '5 s', 'NaN', ' ']) }],
      ['of 0', { kind: 'throttled', retryAfter: 0 }],
      ['a date that has passed', { kind: 'throttled', retryAfterDateMs: -30_000 }],
    ])
    return { name, rule, ...quiet }
  }
  if (kind === 'page') {
    const style = draw.pick<'over-qps' | 'over-rate' | 'header'>(['over-qps', 'over-rate', 'header'])
    return { name: `403 ${style}`, rule: { kind: 'forbidden', style }, ...quiet }
  }
  return draw.chance(0.5)
    ? { name: '403 of another kind', rule: { kind: 'forbidden', style: 'plain' }, pauseMs: undefined }
    : { name: '401 as recorded', rule: { kind: 'unauthorized' }, pauseMs: undefined }
}

function saidOf(askedMs: number): Pick<Refusal, 'pauseMs' | 'askedMs'> {
  return { pauseMs: Math.max(unsaid.leastMs, Math.min(askedMs, longestPauseMs)), askedMs }
}

/**
 * F9 and F10: some calls of several processes are thrown back, in one of the many ways. Judged by what arrives: all of
 * them are quiet for as long as they were asked to and no longer than the cap, nothing is sent again blindly, a refusal that
 * is none of this stops nobody, and no call ends in anything but a typed error.
 */
export function throttledDrill(seed: number): Promise<Verdict> {
  return withRunContext(async (context) => {
    const draw = drawFrom(seed)
    const startAt = Date.UTC(2026, 2, 3, 15) + draw.between(0, day)
    const world = await DrillWorld.open(context, { seed, startAt, processes: draw.between(2, 3), rules })
    const { simulator } = world
    await world.subscribe()
    const refusal = drawRefusal(draw)
    const calls = drawCalls(draw, world.ways.length)
    // From one of the calls on, so that there is one to be thrown back.
    const from = world.now() + draw.pick(calls).atMs
    const howMany = draw.chance(0.5) ? { times: draw.between(1, 5) } : { until: from + draw.between(1_000, 20_000) }
    simulator.faults.add([{ ...refusal.rule, when: { path: '/patients*', from, ...howMany } }])
    await world.live(calls)
    const healedAt = world.now()
    simulator.faults.clear()
    const probes = await world.probe(longestPauseMs + 5 * minute)
    const judged = { refusal, world, healedAt, probes, requests: apiCalls(simulator) }
    const limits = judgeLimits(simulator, rules)

    const struck = judged.requests.filter(({ fault }) => fault !== undefined)
    return {
      wrong: [...limits.wrong, ...judgeQuiet(judged), ...judgeRepeats(judged), ...judgeEnds(judged)],
      checked: limits.checked,
      counts: {
        calls: judged.requests.length,
        'thrown back': struck.length,
        repeated: repeats(judged.requests).length,
        [`thrown back: ${refusal.name}`]: struck.length,
      },
    }
  })
}

const kinds: readonly [CallKind, ...CallKind[]] = ['read', 'read', 'read', 'write', 'drain']

/** Calls of a minute and a half: some alone, most in bunches that meet the refusal together. */
function drawCalls(draw: Draw, processes: number): [DrillCall, ...DrillCall[]] {
  const calls = Array.from({ length: 5 }, () => draw.between(0, 90_000)).flatMap((atMs) =>
    Array.from({ length: draw.between(1, 6) }, () => ({
      atMs: atMs + (draw.chance(0.5) ? draw.between(0, 3_000) : 0),
      process: draw.between(0, processes - 1),
      kind: draw.pick(kinds),
      priority: draw.pick(interactiveFirst),
      waitMs: draw.pick([5_000, 30_000, 120_000]),
    })),
  )
  const [first, ...others] = calls
  return first ? [first, ...others] : drawCalls(draw, processes)
}
const [firstPriority, ...otherPriorities] = priorities
const interactiveFirst = [firstPriority, ...otherPriorities] as const

interface Judged {
  readonly refusal: Refusal
  readonly world: DrillWorld
  readonly healedAt: number
  readonly probes: readonly DrillOutcome[]
  readonly requests: readonly RequestEntry[]
}

/** Whoever was thrown back, all are quiet. */
function judgeQuiet({ refusal, requests }: Judged): string[] {
  const { pauseMs, name } = refusal
  if (pauseMs === undefined) return []
  return requests
    .filter(({ fault }) => fault !== undefined)
    .flatMap(({ at }) => requests.filter((one) => one.at > at + bookedAheadMs && one.at < at + pauseMs - 1))
    .map(({ at }) => `F9 a call at ${iso(at)} within the pause of ${pauseMs} ms that was asked for (${name})`)
}

/** Nothing is sent again that may have been done, or was refused for good; and nothing sooner than asked for. */
function judgeRepeats({ refusal, world, requests }: Judged): string[] {
  const wrong: string[] = []
  for (const { id, kind } of world.outcomes) {
    const attempts = attemptsOf(requests, id)
    const isOnce = refusal.pauseMs === undefined || kind === 'drain' || (refusal.askedMs ?? 0) > longestWaitMs
    const most = isOnce ? 1 : 3
    // The recorded 401 of athenahealth itself: one newer token is worth a try.
    if (attempts.length > most) wrong.push(`F10 a ${kind} was sent ${attempts.length} times after ${refusal.name}`)
    for (const [index, { at }] of attempts.entries()) {
      const next = attempts[index + 1]
      if (next && next.at - at < Math.max(unsaid.leastMs, refusal.askedMs ?? 0) - 1) {
        wrong.push(`F9 a ${kind} was sent again ${Math.round(next.at - at)} ms after ${refusal.name}`)
      }
    }
  }
  return wrong
}

const expected = {
  throttled: ['ok', 'throttled', 'quota.timeout'],
  refused: ['ok', 'forbidden', 'configuration'],
} as const

/** Every call ends in a way that its caller can deal with; a refusal that is no throttling delays nobody; then all is well. */
function judgeEnds({ refusal, world, healedAt, probes, requests }: Judged): string[] {
  const isThrottling = refusal.pauseMs !== undefined
  const known: readonly string[] = isThrottling ? expected.throttled : expected.refused
  const wrong = world.outcomes
    .filter(({ code }) => !known.includes(code))
    .map(({ kind, code }) => `F9 a ${kind} ended with ${code} after ${refusal.name}`)
  if (!isThrottling) {
    const late = world.outcomes.filter(({ madeAt, endedAt }) => endedAt - madeAt > soonMs)
    wrong.push(...late.map(({ kind }) => `F10 a ${kind} had to wait although ${refusal.name} is no throttling`))
  }
  const last = requests.findLast(({ fault }) => fault !== undefined)
  const mostMs = refusal.askedMs === undefined ? unsaid.mostMs : (refusal.pauseMs ?? 0) + 1_000
  const freeAt = Math.max(healedAt, isThrottling && last ? last.at + mostMs : 0)
  for (const { code, endedAt } of probes) {
    if (code !== 'ok') wrong.push(`F9 after it was over a call ended with ${code} (${refusal.name})`)
    if (endedAt > freeAt + soonMs) {
      wrong.push(`F9 ${Math.round((endedAt - freeAt) / 1_000)} s too long after ${refusal.name} nobody called`)
    }
  }
  return wrong
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
