import type { StandingError } from '../errors/standing-error.ts'
import { certificateAlarms } from './certificate-alarms.ts'
import { standingAlarms } from './standing-alarms.ts'
import type { Alarm, CertificateStatus } from './status-report.ts'

/** What only this process knows. */
export interface OwnFacts {
  /** What of the ways to secrets and tokens fails in it just now. */
  readonly standing: () => readonly StandingError[]
  readonly certificates: () => readonly CertificateStatus[]
}

/** What is wrong with this process, and with no other for that. */
export function ownAlarms({ standing, certificates }: OwnFacts): Alarm[] {
  return [...standingAlarms(standing()), ...certificateAlarms(certificates())]
}
