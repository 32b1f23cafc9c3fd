import type { Alarm, PracticeStatus, StatusReport } from '@aegis/server'
import { checkLines } from './check-lines.ts'
import { count } from './figures.ts'
import { flow, type Line, type Size, span } from './line.ts'

/** How the practices of an installation are, as one reads them when there are too many to show each. */
export interface Overview {
  /** Every feed is live and nothing is wrong. */
  readonly well: number
  /** Still loading, and nothing is wrong. */
  readonly loading: number
  /** With an alarm, a gap or a failure; those with errors first. */
  readonly troubled: readonly PracticeStatus[]
}

/** Sorts the practices of a report by how they are. Pure. */
export function overviewOf({ practices, alarms }: StatusReport): Overview {
  const levels = new Map<number, Alarm['level']>()
  for (const { practice, level } of alarms)
    if (practice !== undefined && levels.get(practice) !== 'error') levels.set(practice, level)
  const isTroubled = (status: PracticeStatus) =>
    levels.has(status.practice) || status.feeds.some(({ failure, gaps }) => failure !== null || gaps.length > 0)
  const rank = ({ practice }: PracticeStatus) => (levels.get(practice) === 'error' ? 0 : 1)
  const troubled = practices.filter(isTroubled).toSorted((a, b) => rank(a) - rank(b))
  const loading = practices.filter(
    (status) => !isTroubled(status) && status.feeds.some(({ state }) => state !== 'live'),
  ).length
  return { well: practices.length - troubled.length - loading, loading, troubled }
}

/** The overview in two lines, with the sums over all practices. */
export function overviewLines(report: StatusReport, { well, loading, troubled }: Overview, size: Size): Line[] {
  const { practices } = report
  const sum = (of: (status: PracticeStatus) => number) => practices.reduce((total, status) => total + of(status), 0)
  const records = sum((status) => Object.values(status.records).reduce((all, present) => all + present, 0))
  const rare = (
    [
      ['open intents', sum(({ openIntents }) => openIntents)],
      ['pages waiting', sum(({ waitingPages }) => waitingPages)],
      ['records in doubt', sum(({ inDoubt }) => inDoubt)],
      ['quarantined', sum(({ quarantined }) => quarantined)],
    ] as const
  ).filter(([, value]) => value > 0)
  const states: Line[] = [
    [span(` ${count(practices.length)} practices  `, 'strong')],
    [span(`${count(well)} live  `, 'good')],
    [span(`${count(loading)} loading  `, loading > 0 ? 'warn' : 'dim')],
    [span(`${count(troubled.length)} in trouble`, troubled.length > 0 ? 'bad' : 'dim')],
  ]
  const sums: Line[] = [
    [span(`   ${count(records)} records`)],
    [span(` · ${count(sum(({ changesLastMinute }) => changesLastMinute))} changes a minute`)],
    ...rare.map(([name, value]): Line => [span(` · ${name} ${count(value)}`, 'warn')]),
  ]
  const checks = checkLines(practices, { columns: size.columns, now: Date.parse(report.now) })
  return [...flow(states, size.columns, 3), ...flow(sums, size.columns, 3), ...checks]
}

/** Alarms that say the same of many feeds, as one with their number; worst first as before. Pure. */
export function alikeTogether(alarms: readonly Alarm[]): { readonly alarm: Alarm; readonly more: number }[] {
  const groups = Map.groupBy(alarms, ({ level, code, remedy }) => `${level} ${code} ${remedy}`)
  return [...groups.values()].flatMap((group) => {
    const [alarm] = group
    if (!alarm) return []
    // Two or three are read more easily as they are.
    if (group.length <= 3) return group.map((one) => ({ alarm: one, more: 0 }))
    return [{ alarm, more: group.length - 1 }]
  })
}
