import { type Encoding, type FaultRule, quirkValues, type SimulatorOptions } from '@aegis/simulator'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'
import { type Draw, drawFrom } from './draw.ts'

/** Lives of seeds from here on meet oddities too; those before stay what they were. */
export const oddFrom = 1_000_001
/** Their draw is one of its own. */
const oddStream = 0x6f_64_64_73

/** What a seed decides beside the life itself: habits and faults that came to be drawn later. */
export interface Oddities {
  /** How answers are written. */
  readonly simulator: Pick<SimulatorOptions, 'quirks' | 'encoding'>
  readonly faults: readonly FaultRule[]
  /** In which order the feeds that are due have their turns this time. */
  order(feeds: readonly FeedName[]): readonly FeedName[]
}

const none: Oddities = { simulator: {}, faults: [], order: (feeds) => feeds }

export function drawOddities(seed: number): Oddities {
  if (seed < oddFrom) return none
  const draw = drawFrom((seed ^ oddStream) >>> 0)
  const simulator = { quirks: drawQuirks(draw), encoding: draw.pick<Encoding>(['typed', 'string']) }
  return { simulator, faults: drawFaults(draw), order: (feeds) => mixed(draw, feeds) }
}

/** Each habit is off in half of the lives. */
function drawQuirks(draw: Draw): Record<string, string | boolean> {
  const on = Object.entries(quirkValues).flatMap(([name, [off = false, ...others]]) =>
    draw.chance(0.5) ? [[name, draw.pick([others[0] ?? off, ...others.slice(1)])] as const] : [],
  )
  return Object.fromEntries(on)
}

/**
 * What a token says of its own life: nothing, no number, a short one, one that has passed, one that is no life.
 * No `null`: `pick` would hand out the first instead.
 */
const lives: readonly [unknown, ...unknown[]] = [undefined, '3600', 'soon', 40, 0, -1, false, 1e12]

function drawFaults(draw: Draw): FaultRule[] {
  const dribble: FaultRule = {
    kind: 'dribble',
    pieceBytes: draw.pick([500, 5_000, 50_000]),
    everyMs: draw.pick([200, 2_000]),
    when: { probability: 0.02 * draw.fraction() },
  }
  const expiresIn: FaultRule = { kind: 'expires-in', value: draw.pick(lives), when: { probability: draw.fraction() } }
  return [dribble, expiresIn].filter(() => draw.chance(0.7))
}

function mixed<T>(draw: Draw, list: readonly T[]): T[] {
  const all = [...list]
  for (let last = all.length - 1; last > 0; last -= 1) {
    const [one] = all.splice(draw.between(0, last), 1)
    if (one !== undefined) all.push(one)
  }
  return all
}
