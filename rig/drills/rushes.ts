import { type Draw, drawFrom } from '../draw.ts'
import { judgeLimits } from '../judge-limits.ts'
import { withRunContext } from '../run-context.ts'
import type { Verdict } from '../verdict.ts'
import { apiCalls } from './drill-log.ts'
import { anyMinute, type DrillCall, type DrillMoment, DrillWorld, wideRules } from './drill-world.ts'

const second = 1_000
/** From one rush to the next: long enough for all of it to have left, so that the limit was free before. */
const apartMs = 60 * second
/** Of the calls that are allowed so many are made at least, while there are some to be made. */
const usedShareMin = 0.5
/** For the first and the last of a rush: a look at the database, and the answer. */
const aroundMs = 3 * second

/**
 * Several processes have two to four times as much to call at one moment as a second allows, and again a minute later; some of
 * them are killed in between. Judged by what arrives: no second over the limit, whoever counts how, every call answered, and
 * none kept waiting for longer than the limit has it.
 */
export function rushesDrill(seed: number): Promise<Verdict> {
  return withRunContext(async (context) => {
    const draw = drawFrom(seed)
    const rules = { ...wideRules, perSecond: draw.between(2, 12) }
    const processes = draw.between(2, 4)
    const world = await DrillWorld.open(context, { seed, startAt: anyMinute(draw), processes, rules })
    const rushes = Array.from({ length: draw.between(2, 4) }, (_, index) => index * apartMs + draw.between(0, 5_000))
    const calls = rushes.flatMap((atMs) => drawRush(draw, { atMs, processes, perSecond: rules.perSecond }))
    await world.live(calls, drawDeaths(draw, world, rushes))
    const limits = judgeLimits(world.simulator, rules)
    const wrong = world.outcomes.filter(({ code }) => code !== 'ok').map(({ code }) => `a call ended with ${code}`)
    for (const [, rush] of Map.groupBy(world.outcomes, ({ atMs }) => Math.floor(atMs / apartMs))) {
      const tookMs = Math.max(...rush.map(({ endedAt }) => endedAt)) - Math.min(...rush.map(({ madeAt }) => madeAt))
      const mostMs = (second * rush.length) / (usedShareMin * rules.perSecond) + aroundMs
      if (tookMs > mostMs) wrong.push(`${rush.length} calls took ${tookMs} ms, at ${rules.perSecond} a second`)
    }
    return {
      wrong: [...limits.wrong, ...wrong],
      checked: limits.checked,
      counts: { calls: apiCalls(world.simulator).length, rushes: rushes.length },
    }
  })
}

const priorities = ['interactive', 'feeds', 'reconciliation', 'bulk'] as const

/** Two to four seconds' worth of calls, all within half a second. */
function drawRush(
  draw: Draw,
  { atMs, processes, perSecond }: { atMs: number; processes: number; perSecond: number },
): DrillCall[] {
  return Array.from({ length: draw.between(2, 4) * perSecond }, () => ({
    atMs: atMs + (draw.chance(0.5) ? draw.between(0, 500) : 0),
    process: draw.between(0, processes - 1),
    kind: draw.pick(['read', 'read', 'write']),
    priority: draw.pick(priorities),
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
