import type { Simulator } from '@aegis/simulator'
import type { Difference } from '../packages/server/testing/oracle.ts'
import { compareWithTruth } from './compare-with-truth.ts'
import { judgeMirror, type MirrorGround } from './judge-mirror.ts'
import { type Limits, type Mirrored, practice, productionLimits, scopes } from './one-practice.ts'
import type { TrueVersions } from './true-versions.ts'

/** How a run ended, as the other side knows it. */
export interface PracticeVerdict {
  readonly differences: readonly Difference[]
  /** Which feed pages carried the records that differ, for whoever looks for the reason. */
  readonly journeys: readonly string[]
  readonly defects: readonly string[]
  /** What of athenahealth's rules was broken, as the simulator counted, or of our own promises; empty when nothing was. */
  readonly broken: readonly string[]
  /** Smallest distance between the starts of two drains of one feed, virtual ms. */
  readonly drainDistanceMinMs: number | undefined
  /** Most calls in any sliding virtual second. */
  readonly perSecondMost: number
  readonly changes: number
  /** The most that one of the processes ever held; undefined where the system does not tell. */
  readonly memoryMostMb: number | undefined
}

interface Judged {
  readonly versions: TrueVersions
  readonly mirrored?: Mirrored
  readonly limits?: Limits
}

/** The mirror against the truth, how it came to be so, and what was asked against athenahealth's rules. To be called at rest. */
export async function judgePractice(
  ground: MirrorGround,
  { versions, mirrored = 'all', limits = productionLimits }: Judged,
): Promise<PracticeVerdict> {
  const { simulator, processes } = ground
  const [aegis] = processes
  const memory = judgeMemory(processes)
  const rates = judgeRates(simulator, limits)
  const differences = await compareWithTruth({ aegis, simulator, practice }, scopes[mirrored])
  const { rows } = await aegis.sql(practice, 'select count(*) from change')
  return {
    differences,
    journeys: differences.slice(0, 10).flatMap((difference) => journeyOf(simulator, difference)),
    defects: simulator.truth.defects(),
    ...rates,
    broken: [...rates.broken, ...memory.broken, ...(await judgeMirror(ground, versions))],
    memoryMostMb: memory.memoryMostMb,
    changes: Number(rows[0]?.[0] ?? 0),
  }
}

/** Of one process. */
const memoryMbMax = 400

/** What processes that run held at most; of one that was ended nobody knows any more. */
export function judgeMemory(processes: MirrorGround['processes']): Pick<PracticeVerdict, 'broken' | 'memoryMostMb'> {
  const told = processes.flatMap(({ memoryMostMb = [] }) => memoryMostMb)
  if (told.length === 0) return { broken: [], memoryMostMb: undefined }
  const memoryMostMb = Math.max(...told)
  const broken = memoryMostMb > memoryMbMax ? [`I12 a process held ${memoryMostMb} MB, more than ${memoryMbMax}`] : []
  return { broken, memoryMostMb }
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

/**
 * The database's clock is told to be the practices', which lives twenty times as fast, by one process after the other: it
 * jumps by as much as they are wrong, some fifty milliseconds of a busy machine.
 */
const clockErrorMs = 1_000

/** What the other side counted, in words. */
export function saidRates({
  perSecondMost,
  drainDistanceMinMs,
}: Pick<PracticeVerdict, 'perSecondMost' | 'drainDistanceMinMs'>): string {
  const apart =
    drainDistanceMinMs === undefined ? 'no feed drained twice' : `drains at least ${drainDistanceMinMs} ms apart`
  return `most calls in a second ${perSecondMost}, ${apart}`
}

/** The limits, and a minute between two drains, as the other side counts them. */
export function judgeRates(
  simulator: Simulator,
  most: Limits,
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
    ...(drainDistanceMinMs !== undefined && drainDistanceMinMs < 60_000 - clockErrorMs
      ? [`drains ${drainDistanceMinMs} ms apart`]
      : []),
  ]
  return { broken, drainDistanceMinMs, perSecondMost }
}
