import type { StatusReport } from '@aegis/server'

/** What the view remembers of earlier reports, oldest first. */
export type History = readonly Sample[]

interface Sample {
  readonly practices: ReadonlyMap<number, PracticeSample>
}

interface PracticeSample {
  readonly changesLastMinute: number
  readonly records: Readonly<Record<string, number>>
}

const SAMPLES_MAX = 120

/** The history with one more report; the oldest is forgotten. */
export function extendHistory(history: History, report: StatusReport): History {
  const practices = report.practices.map(({ practice, changesLastMinute, records }) => {
    return [practice, { changesLastMinute, records }] as const
  })
  return [...history, { practices: new Map(practices) }].slice(-SAMPLES_MAX)
}

/** Changes per minute of a practice, as they were at the last `length` reports, oldest first. */
export function changeRates(history: History, practice: number, length: number): number[] {
  return history.slice(-length).map(({ practices }) => practices.get(practice)?.changesLastMinute ?? 0)
}

/** Whether a kind of record of a practice has become more since the report before the last. */
export function isGrowing(history: History, practice: number, kind: string): boolean {
  const [before, last] = history.slice(-2).map(({ practices }) => practices.get(practice)?.records[kind] ?? 0)
  return before !== undefined && last !== undefined && last > before
}
