import type { VaultTimes } from '../key-server/vault-reader.ts'
import type { CertificateStatus, VaultLoginStatus } from './status-report.ts'

/** What is told of the way to a vault. */
export interface VaultStatus {
  readonly login: VaultLoginStatus | null
  readonly certificates: readonly CertificateStatus[]
}

/** For how long yet the way to a vault serves (pure). `now`: of the clock that the times are of. */
export function vaultStatus({ login, loginAsOf, authorityExpiresAt }: VaultTimes, now: number): VaultStatus {
  const finite = (ms: number) => (Number.isFinite(ms) ? ms : null)
  return {
    login: login ? { of: login.of, leftMs: finite(login.expiresAt - loginAsOf), lifeMs: finite(login.lifeMs) } : null,
    certificates: authorityExpiresAt === undefined ? [] : [{ of: 'vault-authority', leftMs: authorityExpiresAt - now }],
  }
}
