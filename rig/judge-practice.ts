import type { Simulator } from '@aegis/simulator'
import type { Difference } from '../packages/server/testing/oracle.ts'
import type { AegisProcess } from './aegis-process.ts'
import { compareWithTruth } from './compare-with-truth.ts'
import { type Mirrored, practice, scopes } from './one-practice.ts'

/** How a run ended, as the other side knows it. */
export interface PracticeVerdict {
  readonly differences: readonly Difference[]
  /** Which feed pages carried the records that differ, for whoever looks for the reason. */
  readonly journeys: readonly string[]
  readonly defects: readonly string[]
  /** What of athenahealth's rules was broken, as the simulator counted; empty when none was. */
  readonly broken: readonly string[]
  /** Smallest distance between the starts of two drains of one feed, virtual ms. */
  readonly drainDistanceMinMs: number | undefined
  /** Most calls in any sliding virtual second. */
  readonly perSecondMost: number
  readonly changes: number
}

/** The mirror against the truth, and what was asked against athenahealth's rules. To be called at rest. */
export async function judgePractice(
  { aegis, simulator }: { aegis: AegisProcess; simulator: Simulator },
  mirrored: Mirrored = 'all',
): Promise<PracticeVerdict> {
  const differences = await compareWithTruth({ aegis, simulator, practice }, scopes[mirrored])
  const { rows } = await aegis.sql(practice, 'select count(*) from change')
  return {
    differences,
    journeys: differences.slice(0, 10).flatMap((difference) => journeyOf(simulator, difference)),
    defects: simulator.truth.defects(),
    ...judgeRates(simulator),
    changes: Number(rows[0]?.[0] ?? 0),
  }
}

/** The feed pages that carried a record, with their times: what was handed out and never arrived stands here. */
export function journeyOf(simulator: Simulator, { kind, id, what }: Difference): string[] {
  const lines: string[] = []
  for (let since = 0, more = true; more; ) {
    const { pages, next } = simulator.truth.pages({ since, limit: 1_000 })
    for (const page of pages) {
      if (page.feed !== kind || !page.ids.includes(id)) continue
      lines.push(
        `${kind} ${id} (${what}): ${page.mode} at ${new Date(page.at).toISOString()}, ${page.ids.length} records`,
      )
    }
    more = pages.length > 0
    since = next
  }
  return lines.length > 0 ? lines : [`${kind} ${id} (${what}): on no page of a feed`]
}

/** The limits, and a minute between two drains, as the other side counts them. */
export function judgeRates(
  simulator: Simulator,
  most = { perSecond: 100, tokensPerMinute: 50 },
): Pick<PracticeVerdict, 'broken' | 'drainDistanceMinMs' | 'perSecondMost'> {
  const { apps, drains } = simulator.truth.windows()
  const rates = Object.values(apps)
  const perSecondMost = Math.max(0, ...rates.map((rate) => rate.perSecond))
  const tokensMost = Math.max(0, ...rates.map((rate) => rate.tokensPerMinute))
  const distances = drains.flatMap(({ minimumMs }) => (minimumMs === undefined ? [] : [minimumMs]))
  const drainDistanceMinMs = distances.length > 0 ? Math.min(...distances) : undefined
  const broken = [
    ...(perSecondMost > most.perSecond ? [`${perSecondMost} calls in a second`] : []),
    ...(tokensMost > most.tokensPerMinute ? [`${tokensMost} token requests in a minute`] : []),
    ...(drainDistanceMinMs !== undefined && drainDistanceMinMs < 60_000
      ? [`drains ${drainDistanceMinMs} ms apart`]
      : []),
  ]
  return { broken, drainDistanceMinMs, perSecondMost }
}
