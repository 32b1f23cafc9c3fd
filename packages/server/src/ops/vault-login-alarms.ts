import { expiryMs, inDays } from './credential-alarms.ts'
import type { Alarm, VaultLoginStatus } from './status-report.ts'

const names = {
  token: {
    name: 'token for the vault (vault.tokenFile)',
    remedy:
      'Put a new token into the file of vault.tokenFile, or let an agent keep it valid: it is taken up by itself.',
  },
  'secret-id': {
    name: 'secret id for the vault (vault.secretIdFile)',
    remedy:
      'Have the vault make a new secret id for the role, and put it into the file of vault.secretIdFile: it is taken up by itself.',
  },
}

/** Who renews what lives shortly, such as an agent, does it before its last tenth. */
const lastShare = { warning: 0.1, error: 0.05 }

/** That what a process logs in to its vault with ends soon, or has ended (pure). */
export function vaultLoginAlarms(login: VaultLoginStatus | null): Alarm[] {
  const { of, leftMs, lifeMs } = login ?? { leftMs: null }
  if (of === undefined || leftMs === null) return []
  const within = (level: Alarm['level']) => Math.min(expiryMs[level], (lifeMs ?? Infinity) * lastShare[level])
  if (leftMs > within('warning')) return []
  const { name, remedy } = names[of]
  const when = leftMs > 0 ? `expires in ${inDays(leftMs)}; then` : 'has expired:'
  const message = `The ${name} ${when} no new version of the secret is taken up.`
  const level = leftMs > within('error') ? 'warning' : 'error'
  return [{ level, code: 'key-server.vault-login-expiring', message, remedy }]
}
