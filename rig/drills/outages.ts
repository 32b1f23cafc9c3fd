import type { FaultRule, RequestEntry } from '@aegis/simulator'
import { drawFrom, type Draw } from '../draw.ts'
import { judgeLimits } from '../judge-limits.ts'
import { withRunContext } from '../run-context.ts'
import type { Verdict } from '../verdict.ts'
import { apiCalls, attemptsOf, repeats } from './drill-log.ts'
import { anyMinute, type CallKind, type DrillCall, type DrillOutcome, DrillWorld, wideRules } from './drill-world.ts'

const minute = 60_000
const attemptsMax = 3
/** Of each process: what it may repeat for each call that it makes, and what it may have saved up. */
const budget = { share: 0.1, saved: 10 }
/** Steady state begins when what was saved up is spent. */
const amplificationMax = 1.1
/** First wait before a call is repeated; it doubles with every attempt and is drawn from nothing up to that. */
const backoffMs = 200
/** What a repetition waits for its own permission, and the answer of those before it. */
const permissionMs = 5_000
const soonMs = 3_000

/** When and how often athenahealth answers that it cannot. */
interface Outage {
  readonly name: string
  readonly rules: readonly FaultRule[]
  /** Ms from the start: while everything fails. */
  readonly whole: { readonly fromMs: number; readonly toMs: number } | undefined
}

/**
 * F11: athenahealth answers with 500, 502, 503 or 504 for ten minutes, or in bursts, or now and then. Judged by what
 * arrives: nobody is asked more than three times, a write and a consuming read once, and all repetitions together stay
 * within a tenth of the calls and the little that was saved up; afterwards all is well at once.
 */
export function outagesDrill(seed: number): Promise<Verdict> {
  return withRunContext(async (context) => {
    const draw = drawFrom(seed)
    const startAt = anyMinute(draw)
    const world = await DrillWorld.open(context, { seed, startAt, processes: draw.between(1, 2), rules: wideRules })
    const { simulator } = world
    await world.subscribe()
    const outage = drawOutage(draw, world.now())
    simulator.faults.add(outage.rules)
    await world.live(drawCalls(draw, world.ways.length))
    simulator.faults.clear()
    const healedAt = world.now()
    const probes = await world.probe(minute)
    const requests = apiCalls(simulator)
    const limits = judgeLimits(simulator, wideRules)
    const judged = { world, requests, probes, healedAt, outage }
    const steady = steadyState(judged)
    return {
      wrong: [
        ...limits.wrong,
        ...judgeAttempts(judged),
        ...judgeBudgets(judged),
        ...steady.wrong,
        ...judgeEnds(judged),
      ],
      checked: limits.checked,
      counts: {
        calls: world.outcomes.length,
        failed: requests.filter(({ fault }) => fault !== undefined).length,
        repeated: repeats(requests).length,
        [`lives: ${outage.name}`]: 1,
        'steady state: calls': steady.calls,
        'steady state: requests': steady.requests,
      },
    }
  })
}

function drawOutage(draw: Draw, startedAt: number): Outage {
  const status = draw.pick<500 | 502 | 503 | 504>([500, 502, 503, 504])
  const told = draw.chance(0.2) ? { retryAfter: draw.pick([0, 1, 5, 60]) } : {}
  const rule = { kind: 'server-error', status, processed: status === 504, ...told } as const
  const path = '/patients*'
  const between = (fromMs: number, toMs: number, probability = 1): FaultRule => ({
    ...rule,
    when: { path, from: startedAt + fromMs, until: startedAt + toMs, probability },
  })
  const name = draw.pick(['ten minutes', 'bursts', 'now and then'])
  if (name === 'now and then') {
    return { name, rules: [{ ...rule, when: { path, probability: draw.pick([0.01, 0.05, 0.2]) } }], whole: undefined }
  }
  if (name === 'ten minutes') {
    const fromMs = draw.between(0, 3 * minute)
    const toMs = fromMs + 10 * minute
    return { name, rules: [between(fromMs, toMs)], whole: { fromMs, toMs } }
  }
  const bursts = Array.from({ length: draw.between(3, 12) }, () => {
    const fromMs = draw.between(0, 14 * minute)
    return between(fromMs, fromMs + draw.between(500, 30_000), draw.pick([0.5, 0.9, 1]))
  })
  return { name, rules: bursts, whole: undefined }
}

const kinds: readonly [CallKind, ...CallKind[]] = ['read', 'read', 'read', 'read', 'write', 'drain']

/** Calls of a quarter of an hour, one every few seconds and some at once. */
function drawCalls(draw: Draw, processes: number): DrillCall[] {
  return Array.from({ length: draw.between(60, 120) }, () => ({
    atMs: draw.between(0, 15 * minute),
    process: draw.between(0, processes - 1),
    kind: draw.pick(kinds),
    priority: draw.pick(['interactive', 'feeds', 'bulk']),
  }))
}

interface Judged {
  readonly world: DrillWorld
  readonly requests: readonly RequestEntry[]
  readonly probes: readonly DrillOutcome[]
  readonly healedAt: number
  readonly outage: Outage
}

function judgeAttempts({ world, requests }: Judged): string[] {
  const wrong: string[] = []
  for (const { id, kind } of world.outcomes) {
    const attempts = attemptsOf(requests, id)
    const most = kind === 'read' ? attemptsMax : 1
    if (attempts.length > most) wrong.push(`F11 a ${kind} was sent ${attempts.length} times`)
    for (const [index, { at }] of attempts.slice(1).entries()) {
      const waitedMs = at - (attempts[index]?.at ?? at)
      // 5 s is the longest wait that is asked for and heeded.
      if (waitedMs > 5_000 + backoffMs * 2 ** index + permissionMs) {
        wrong.push(`F11 a ${kind} was repeated only after ${Math.round(waitedMs)} ms`)
      }
    }
  }
  return wrong
}

/** In any stretch of time a process repeats no more than its share of the calls of it, and what it can have saved. */
function judgeBudgets({ world, requests }: Judged): string[] {
  const callers = new Map(world.outcomes.map(({ id, process }) => [id, process]))
  const again = new Set(repeats(requests).map(({ number }) => number))
  return world.ways.flatMap((_, process) => {
    const own = requests.filter(({ intent }) => intent !== undefined && callers.get(intent) === process)
    let over = 0
    let most = 0
    for (const { number } of own) {
      over = Math.max(0, over + (again.has(number) ? 1 : -budget.share))
      most = Math.max(most, over)
    }
    const isOver = most > budget.saved + 2 * budget.share
    return isOver ? [`F11 ${most.toFixed(1)} repetitions above the share, ${budget.saved} can be saved up`] : []
  })
}

/** The part of a whole outage in which nothing saved up is left: what arrives for each call that is made. */
function steadyState({ world, requests, outage }: Judged): { wrong: string[]; calls: number; requests: number } {
  const { whole } = outage
  // Two processes do not spend theirs at the same pace; what each may is judged by itself.
  if (!whole || world.ways.length > 1) return { wrong: [], calls: 0, requests: 0 }
  const [begins, to] = [world.startedAt + whole.fromMs, world.startedAt + whole.toMs]
  const spending = repeats(requests).filter(({ at }) => at >= begins && at < to)
  // Where less was repeated, some of what was saved up may be left: there is no steady state yet.
  const last = spending[budget.saved - 1]
  if (!last) return { wrong: [], calls: 0, requests: 0 }
  const from = last.at + 1
  const within = requests.filter(({ at }) => at >= from && at < to)
  const calls = within.length - repeats(requests).filter(({ at }) => at >= from && at < to).length
  // What was earned while the rest was spent may be spent now.
  const isOver = within.length > amplificationMax * calls + 2
  const wrong = isOver ? [`F11 ${within.length} requests for ${calls} calls in the middle of an outage`] : []
  return { wrong, calls, requests: within.length }
}

function judgeEnds({ world, probes, healedAt }: Judged): string[] {
  const known = ['ok', 'server-error']
  const wrong = world.outcomes
    .filter(({ code }) => !known.includes(code))
    .map(({ kind, code }) => `F11 a ${kind} ended with ${code}`)
  for (const { code, endedAt } of probes) {
    if (code !== 'ok') wrong.push(`F11 after the outage a call ended with ${code}`)
    if (endedAt > healedAt + soonMs) wrong.push('F11 after the outage a call had to wait')
  }
  return wrong
}
