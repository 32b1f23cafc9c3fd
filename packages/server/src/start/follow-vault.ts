import type { Clock } from '../clock/clock.ts'
import type { VaultConfig } from '../config/read-vault-section.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { AppRef } from '../key-server/app-ref.ts'
import type { KeyServer } from '../key-server/key-server.ts'
import { materialOf } from '../key-server/key-desk.ts'
import { readVault } from '../key-server/read-vault.ts'
import type { Log } from '../log/log.ts'

export interface FollowDeps {
  readonly keyServer: KeyServer
  readonly clock: Clock
  readonly log: Log
}

/**
 * Takes the secret of the app out of the vault, and looks for a new version of it from then on. A vault that is away holds
 * up nothing while the secret of before is stored here: it is said in the log, and asked again.
 */
export async function followVault(
  deps: FollowDeps,
  app: AppRef,
  { place, refreshMs }: VaultConfig,
): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController()
  let wasAway = false
  const look = async () => {
    try {
      const material = await materialOf({ content: await readVault(place) })
      const result = await deps.keyServer.offerCredential(app, { material, origin: 'vault' })
      if (result === 'added' || result === 'replaced') deps.log.info('key-server.vault-secret-taken', { result })
      if (result === 'spent') deps.log.warn('key-server.vault-secret-spent')
      wasAway = false
    } catch (error) {
      if (!isAegisError(error)) throw error
      if (!wasAway) deps.log.error('key-server.vault-unread', error)
      wasAway = true
    }
  }
  await look()
  const follow = async () => {
    while (!stopping.signal.aborted) {
      await deps.clock.sleep(refreshMs, stopping.signal).catch(() => undefined)
      if (!stopping.signal.aborted)
        await look().catch((error: unknown) => deps.log.error('key-server.vault-unread', error))
    }
  }
  const following = follow()
  return {
    async stop() {
      stopping.abort(new Error('the process is stopping'))
      await following
    },
  }
}
