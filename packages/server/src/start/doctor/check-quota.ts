import { alarmTable } from '../../ops/alarm-table.ts'
import type { QuotaReport } from '../../ops/quota-report.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('quota')

/** Less than this share of the day is left for people alone. */
const LOW_SHARE = 0.1

/** Whether calls are left, and will be (pure). */
export function judgeQuota({ day, forecast }: QuotaReport): readonly Finding[] {
  const left = `${day.left.toLocaleString('en-US')} of ${day.limit.toLocaleString('en-US')} calls are left today`
  const wait = 'Calls go on two minutes after 00:00 GMT. "aegis quota" shows who spends them and what to change.'
  const findings = [
    day.left === 0
      ? report.failure('left', `No calls are left today, of ${day.limit.toLocaleString('en-US')}.`, wait)
      : day.left < day.limit * LOW_SHARE
        ? report.warning('left', `${left}: feeds and bulk work wait.`, wait)
        : report.ok('left', left),
  ]
  if (day.foreign > 0) {
    const message = `${day.foreign.toLocaleString('en-US')} calls of today were made by others with the same app.`
    findings.push(report.warning('foreign', message, alarmTable['quota.foreign-calls'].remedy))
  }
  if (forecast.outlook === 'does-not-last' && day.left > 0) {
    findings.push(report.warning('forecast', forecast.explanation, 'See "aegis quota" for what to change.'))
  }
  return findings
}
