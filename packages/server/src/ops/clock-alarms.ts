import { SKEW_ALARM_MS } from '../clock/remote-clock.ts'
import { type ClockWatchRow, readClockWatch } from '../db/clock-watch.sql.ts'
import type { Db } from '../db/db.ts'
import { errorTable } from '../errors/error-table.ts'
import { inWords } from './explain-feed.ts'
import type { Alarm, StatusReport } from './status-report.ts'

export interface ClockFacts {
  readonly fixed: Pick<StatusReport, 'clock'>
  readonly certainSkewMs: () => number
  readonly machineOffMs: () => number
}

/** A clock that was set back is told for a day. */
const toldMs = 86_400_000

/** What of the three clocks wants a person: this machine's, the database's, athenahealth's. */
export async function clockAlarms(facts: ClockFacts & { readonly db: Db }): Promise<Alarm[]> {
  return judgeClocks(facts, await facts.db.control(readClockWatch))
}

/** The same, from what is known (pure). */
export function judgeClocks({ fixed, certainSkewMs, machineOffMs }: ClockFacts, watch: ClockWatchRow): Alarm[] {
  // A simulator's clock is taken over by all.
  if (fixed.clock !== 'system') return []
  const alarms: Alarm[] = []
  const { set_back_at: setBackAt, set_back_ms: setBackMs, now_at: now } = watch
  if (setBackAt !== null && now - setBackAt < toldMs)
    alarms.push(alarmOf('clock.set-back', 'warning', `by ${inWords(setBackMs ?? 0)} or more`))
  const skewMs = certainSkewMs()
  if (skewMs > SKEW_ALARM_MS) alarms.push(alarmOf('upstream.clock-skew', 'error', inWords(skewMs)))
  const offMs = machineOffMs()
  if (offMs > SKEW_ALARM_MS) alarms.push(alarmOf('clock.database-skew', 'error', inWords(offMs)))
  return alarms
}

function alarmOf(
  code: 'clock.set-back' | 'upstream.clock-skew' | 'clock.database-skew',
  level: Alarm['level'],
  detail: string,
): Alarm {
  const { title, remedy } = errorTable[code]
  return { level, code, message: `${title} (${detail}).`, remedy }
}
