import { type Draw, drawFrom } from '../draw.ts'
import type { GuardedRules } from '../guarded-way.ts'
import { judgeLimits } from '../judge-limits.ts'
import { withRunContext } from '../run-context.ts'
import type { Verdict } from '../verdict.ts'
import { apiCalls } from './drill-log.ts'
import { anyMinute, type DrillCall, type DrillMoment, drillPractice, DrillWorld, wideRules } from './drill-world.ts'

const second = 1_000
/** From one rush to the next: long enough for all of it to have left, so that the limit was free before. */
const apartMs = 60 * second
/** Of the calls that are allowed so many are made at least, while there are some to be made. */
const usedShareMin = 0.5
/** For the first and the last of a rush: a look at the database, and the answer. */
const aroundMs = 3 * second

/**
 * Several processes have two to four times as much to call at one moment as a second allows, and again a minute later; some of
 * them are killed in between. Every other seed has several practices, and a limit of each. Judged by what arrives: no second
 * over a limit, whoever counts how, every call answered, and none kept waiting for longer than the limits have it.
 */
export function rushesDrill(seed: number): Promise<Verdict> {
  return withRunContext(async (context) => {
    const draw = drawFrom(seed)
    const perSecond = draw.between(2, 12)
    const processes = draw.between(2, 4)
    const startAt = anyMinute(draw)
    const { practices, ...ofPractice } = drawPractices(draw, { seed, perSecond })
    const rules = { ...wideRules, perSecond, ...ofPractice }
    const world = await DrillWorld.open(context, { seed, startAt, processes, rules, practices })
    const rushes = Array.from({ length: draw.between(2, 4) }, (_, index) => index * apartMs + draw.between(0, 5_000))
    const calls = rushes.flatMap((atMs) => drawRush(draw, { atMs, processes, practices, perSecond }))
    await world.live(calls, drawDeaths(draw, world, rushes))
    const limits = judgeLimits(world.simulator, rules)
    const wrong = world.outcomes.filter(({ code }) => code !== 'ok').map(({ code }) => `a call ended with ${code}`)
    for (const [, rush] of Map.groupBy(world.outcomes, ({ atMs }) => Math.floor(atMs / apartMs))) {
      const tookMs = Math.max(...rush.map(({ endedAt }) => endedAt)) - Math.min(...rush.map(({ madeAt }) => madeAt))
      const seconds = Math.max(rush.length / perSecond, secondsOfPractices(rush, rules))
      if (tookMs > (second * seconds) / usedShareMin + aroundMs) {
        const ofEach =
          rules.perPracticePerSecond === undefined ? '' : `, ${rules.perPracticePerSecond} for one practice`
        wrong.push(`${rush.length} calls took ${tookMs} ms, at ${perSecond} a second${ofEach}`)
      }
    }
    return {
      wrong: [...limits.wrong, ...wrong],
      checked: limits.checked,
      counts: { calls: apiCalls(world.simulator).length, rushes: rushes.length },
    }
  })
}

const priorities = ['interactive', 'feeds', 'reconciliation', 'bulk'] as const

/**
 * In every other seed two or three practices, and what each may have of a second: a quarter of all at least, so that a rush
 * ends before the next one, though it be of one practice.
 */
function drawPractices(
  draw: Draw,
  { seed, perSecond }: { seed: number; perSecond: number },
): { practices: readonly [number, ...number[]]; perPracticePerSecond?: number } {
  if (seed % 2 === 0) return { practices: [drillPractice] }
  const perPracticePerSecond = draw.between(Math.ceil(perSecond / 4), Math.ceil(perSecond / 2))
  const others = [drillPractice + 1, drillPractice + 2].slice(0, draw.between(1, 2))
  return { practices: [drillPractice, ...others], perPracticePerSecond }
}

/** The seconds that the practice with most calls needs, if all its limit is used. */
function secondsOfPractices(rush: readonly DrillCall[], { perPracticePerSecond = Infinity }: GuardedRules): number {
  const ofEach = [...Map.groupBy(rush, ({ practice }) => practice).values()]
  return Math.max(...ofEach.map((calls) => calls.length)) / perPracticePerSecond
}

interface Rush {
  readonly atMs: number
  readonly processes: number
  readonly practices: readonly [number, ...number[]]
  readonly perSecond: number
}

/** Two to four seconds' worth of calls, all within half a second. */
function drawRush(draw: Draw, { atMs, processes, practices, perSecond }: Rush): DrillCall[] {
  return Array.from({ length: draw.between(2, 4) * perSecond }, () => ({
    atMs: atMs + (draw.chance(0.5) ? draw.between(0, 500) : 0),
    process: draw.between(0, processes - 1),
    kind: draw.pick(['read', 'read', 'write']),
    priority: draw.pick(priorities),
    ...(practices.length > 1 && { practice: draw.pick(practices) }),
    waitMs: apartMs,
  }))
}

/** Ten seconds before the next rush, when nobody waits for anything: what a process had booked goes with it. */
function drawDeaths(draw: Draw, world: DrillWorld, rushes: readonly number[]): DrillMoment[] {
  return rushes.slice(1).flatMap((atMs) => {
    const process = draw.between(0, world.ways.length - 1)
    return draw.chance(0.5) ? [{ atMs: atMs - 10 * second, happens: () => world.kill(process) }] : []
  })
}
