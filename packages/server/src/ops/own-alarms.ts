import type { RefusalFigures } from '../audit/refusal-counter.ts'
import type { LimitsInForce } from '../quota/quota.ts'
import type { StandingError } from '../errors/standing-error.ts'
import { certificateAlarms } from './certificate-alarms.ts'
import { limitAlarms } from './limit-alarms.ts'
import { refusalAlarms } from './refusal-alarms.ts'
import { standingAlarms } from './standing-alarms.ts'
import type { Alarm, CertificateStatus, VaultLoginStatus } from './status-report.ts'
import { vaultLoginAlarms } from './vault-login-alarms.ts'

/** What only this process knows. */
export interface OwnFacts {
  /** What of the ways to secrets and tokens fails in it just now. */
  readonly standing: () => readonly StandingError[]
  readonly certificates: () => readonly CertificateStatus[]
  readonly vaultLogin: () => VaultLoginStatus | null
  /** Whom it turned away. */
  readonly refused: () => RefusalFigures
  readonly limits: () => LimitsInForce
}

/** What is wrong with this process, and with no other for that. */
export function ownAlarms({ standing, certificates, vaultLogin, refused, limits }: OwnFacts): Alarm[] {
  return [
    ...standingAlarms(standing()),
    ...certificateAlarms(certificates()),
    ...vaultLoginAlarms(vaultLogin()),
    ...refusalAlarms(refused()),
    ...limitAlarms(limits()),
  ]
}
