import type { Clock } from '../../clock/clock.ts'
import { ConfigError } from '../../config/config-error.ts'
import { isAegisError } from '../../errors/aegis-error.ts'
import { errorTable } from '../../errors/error-table.ts'

/** What a finding is about, in the order in which they are shown. */
export const areas = [
  'machine',
  'configuration',
  'files',
  'instance',
  'database',
  'keys',
  'key-server',
  'athenahealth',
  'quota',
] as const
export type Area = (typeof areas)[number]

/** `skipped`: it could not be looked at, for a reason that is told elsewhere. */
export type Level = 'ok' | 'warning' | 'failure' | 'skipped'

/** One thing that was looked at. Never carries a secret or anything of a patient. */
export interface Finding {
  readonly area: Area
  /** Names the check, for programs. */
  readonly check: string
  readonly level: Level
  readonly message: string
  /** What to do; absent where there is nothing to be done. */
  readonly remedy?: string
}

/** The findings of one area, in its words. */
export interface Reporter {
  ok(check: string, message: string): Finding
  warning(check: string, message: string, remedy: string): Finding
  failure(check: string, message: string, remedy: string): Finding
  skipped(check: string, message: string): Finding
  /** What an error of ours says; others are told by their class alone, since their text could hold anything. */
  fromError(check: string, error: unknown): Finding
}

/** Makes findings of an area. */
export function reporter(area: Area): Reporter {
  const finding = (level: Level) => (check: string, message: string, remedy?: string) => ({
    area,
    check,
    level,
    message,
    ...(remedy !== undefined && { remedy }),
  })
  return {
    ok: finding('ok'),
    warning: finding('warning'),
    failure: finding('failure'),
    skipped: finding('skipped'),
    fromError: (check, error) => ({ area, check, level: 'failure', ...explained(error) }),
  }
}

function explained(error: unknown): { message: string; remedy: string } {
  if (isAegisError(error) && !(error instanceof ConfigError)) {
    const { title, remedy } = errorTable[error.code]
    const detail = Object.entries(error.detail).map(([name, value]) => `${name}: ${value}`)
    return { message: `${title}${detail.length > 0 ? ` (${detail.join(', ')})` : ''}. (${error.code})`, remedy }
  }
  const name = error instanceof Error ? error.constructor.name : typeof error
  return { message: `This check failed unexpectedly (${name}).`, remedy: asDefect }
}

/** There may be no instance, and no log. */
const asDefect = 'Report it as a defect, with this line.'

/** The longest a group of checks may take, ms of real time. */
const LIMIT_MS = 20_000

/** The findings of `work`, or that it took too long or failed: one check never keeps the others from being told. */
export async function withinLimit(
  at: { readonly report: Reporter; readonly check: string; readonly clock: Clock; readonly limitMs?: number },
  work: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const { report, check, clock, limitMs = LIMIT_MS } = at
  const late = Promise.withResolvers<readonly Finding[]>()
  const told = report.failure(
    check,
    `No answer within ${limitMs / 1_000} s.`,
    'Look at what it has to reach: network, load, locks.',
  )
  const timer = clock.timer(limitMs, () => late.resolve([told]))
  try {
    return await Promise.race([work(), late.promise])
  } catch (error) {
    return [report.fromError(check, error)]
  } finally {
    timer.cancel()
  }
}
