import type { CheckStatus, PracticeStatus } from '@aegis/server'
import { count, duration } from './figures.ts'
import { flow, type Line, span } from './line.ts'

const TASKS: readonly (readonly [task: CheckStatus['task'], name: string])[] = [
  ['nightly', 'nightly'],
  ['weekly', 'weekly'],
  ['rolling', 'all patients'],
]

/** What the last checks of the mirror found, of one practice or of many together: that they ran is said also where they found nothing. */
export function checkLines(practices: readonly PracticeStatus[], at: { columns: number; now: number }): Line[] {
  const checks = practices.flatMap(({ feeds }) => feeds.flatMap((feed) => feed.checks))
  if (checks.length === 0) return []
  const parts = TASKS.map(([task, name]) =>
    part(
      name,
      checks.filter((check) => check.task === task),
      at.now,
    ),
  )
  return flow([[span('   checks  ', 'dim')], ...parts], at.columns, INDENT)
}

const INDENT = 11

function part(name: string, found: readonly CheckStatus[], now: number): Line {
  if (found.length === 0) return []
  // Of several feeds or practices: none was checked longer ago.
  const oldest = Math.min(...found.map(({ readAt }) => Date.parse(readAt)))
  const sum = (of: (check: CheckStatus) => number) => found.reduce((all, check) => all + of(check), 0)
  const unexplained = sum((check) => check.unexplained)
  return [
    span(`${name} ${duration(now - oldest)} ago: ${count(sum(({ compared }) => compared))} compared, `, 'dim'),
    span(`${count(unexplained)} unexplained`, unexplained > 0 ? 'bad' : 'good'),
    span('  ', 'dim'),
  ]
}
