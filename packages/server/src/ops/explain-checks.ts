import type { CheckSummary, ReadingTask } from '../sync/reconciliation.sql.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import { alarmTable } from './alarm-table.ts'
import { explainFailure, failureInWords } from './explain-failure.ts'
import type { Alarm, CheckStatus } from './status-report.ts'

/** What the words about a check rest on. */
export interface CheckView {
  readonly at: { readonly practice: number; readonly feed: string }
  readonly check: CheckSummary
  /** Since when the feed could be checked, epoch ms; null before its first snapshot. */
  readonly liveSince: number | null
  readonly now: number
  readonly settings: SyncSettings
}

const dayMs = 86_400_000

/** How long after its last completion a check is late: its turn, and some nights that may go wrong. */
const lateDays: Readonly<Record<ReadingTask, (settings: SyncSettings) => number>> = {
  nightly: () => 3,
  weekly: () => 10,
  rolling: ({ rereadDays }) => rereadDays + 3,
}

/** What wants a person about a check (pure). */
export function checkAlarms({ at, check, liveSince, now, settings }: CheckView): Alarm[] {
  const { task } = check
  const alarms: Alarm[] = []
  if ((check.unexplained ?? 0) > 0)
    alarms.push({ level: 'error', code: 'sync.unexplained-differences', ...differencesAlarm(check), ...at })
  const doneAt = Math.max(check.done_at ?? 0, liveSince ?? now)
  if (now - doneAt > lateDays[task](settings) * dayMs) {
    alarms.push({ level: 'warning', code: 'sync.check-late', ...at, ...late(check, now - doneAt) })
  }
  return alarms
}

/** What the checks found that are judged, also where that is nothing (pure). */
export function judgedChecks(checks: readonly CheckSummary[]): CheckStatus[] {
  return checks.flatMap(({ task, read_at: readAt, compared, explained, unexplained }) => {
    if (readAt === null || unexplained === null) return []
    const differences = (explained ?? 0) + unexplained
    return [{ task, readAt: new Date(readAt).toISOString(), compared: Number(compared ?? 0), differences, unexplained }]
  })
}

function differencesAlarm({ task, ...report }: CheckSummary) {
  const { compared, missing_here, differing, gone_there, explained, unexplained } = report
  const found = `${missing_here} missing here, ${differing} differing, ${gone_there} gone at athenahealth`
  return {
    message: `The ${names[task]} compared ${compared} records and found ${found}; nothing explains ${unexplained} of them (${explained} are explained). They are mended.`,
    remedy: `Nothing is to be repaired, but the mirror was wrong and nobody knew: see which by "select * from difference where explanation is null" with "aegis sql", and report it as a defect if nobody changed the tables. The alarm ends with the next ${names[task]} that finds none.`,
  }
}

const names: Readonly<Record<ReadingTask, string>> = {
  nightly: 'nightly check',
  weekly: 'weekly check',
  rolling: 'check of all patients',
}

function late({ task, failure_code: code, failures }: CheckSummary, sinceMs: number) {
  const message = `The ${names[task]} has not been complete for ${Math.floor(sinceMs / dayMs)} days.`
  if (failures > 0 && code !== null)
    return {
      message: `${message} The last ${failures} attempts failed: ${failureInWords(code)}.`,
      remedy: `${explainFailure(code).remedy} The check then goes on by itself.`,
    }
  return {
    message,
    remedy: alarmTable['sync.check-late'].remedy,
  }
}
