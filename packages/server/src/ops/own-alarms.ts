import type { RefusalFigures } from '../audit/refusal-counter.ts'
import type { StandingError } from '../errors/standing-error.ts'
import { certificateAlarms } from './certificate-alarms.ts'
import { refusalAlarms } from './refusal-alarms.ts'
import { standingAlarms } from './standing-alarms.ts'
import type { Alarm, CertificateStatus } from './status-report.ts'

/** What only this process knows. */
export interface OwnFacts {
  /** What of the ways to secrets and tokens fails in it just now. */
  readonly standing: () => readonly StandingError[]
  readonly certificates: () => readonly CertificateStatus[]
  /** Whom it turned away. */
  readonly refused: () => RefusalFigures
}

/** What is wrong with this process, and with no other for that. */
export function ownAlarms({ standing, certificates, refused }: OwnFacts): Alarm[] {
  return [...standingAlarms(standing()), ...certificateAlarms(certificates()), ...refusalAlarms(refused())]
}
