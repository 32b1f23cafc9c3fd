import type { Clock } from '../clock/clock.ts'
import type { VaultConfig } from '../config/read-vault-section.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { StandingError } from '../errors/standing-error.ts'
import type { AppRef } from '../key-server/app-ref.ts'
import type { KeyServer } from '../key-server/key-server.ts'
import { materialOf } from '../key-server/key-desk.ts'
import { vaultReader } from '../key-server/vault-reader.ts'
import type { Log } from '../log/log.ts'
import { type VaultStatus, vaultStatus } from '../ops/vault-status.ts'
import { repeatedly } from './repeatedly.ts'

export interface FollowDeps {
  readonly keyServer: KeyServer
  readonly clock: Clock
  readonly log: Log
}

export interface FollowedVault {
  /** That the vault is away, refuses, or holds what cannot be used; undefined while all is well. */
  standing(): StandingError | undefined
  /** Until when the way to it serves. */
  status(): VaultStatus
  stop(): Promise<void>
}

/** What fails is tried again as soon as this, if the vault is not looked at more often anyway. */
const retryMs = 15_000

const overCodes = { revoked: 'key-server.credential-spent', expired: 'key-server.credential-over' } as const

/**
 * Takes the secret of the app out of the vault, and looks for a new version of it from then on. A vault that is away holds
 * up nothing while the secret of before is stored here: it is said in the log, and asked again.
 */
export async function followVault(
  deps: FollowDeps,
  app: AppRef,
  { place, refreshMs }: VaultConfig,
): Promise<FollowedVault> {
  const vault = vaultReader(place, deps.clock)
  let failing: { readonly error: AegisError; readonly since: number } | undefined
  const note = (error: AegisError | undefined) => {
    if (error && failing?.error.code !== error.code) deps.log.error('key-server.vault-unread', error)
    failing = error && { error, since: failing?.since ?? deps.clock.steady() }
  }
  const look = async () => {
    try {
      const material = await materialOf({ content: await vault.read() })
      const result = await deps.keyServer.offerCredential(app, { material, origin: 'vault' })
      if (result === 'added' || result === 'replaced') deps.log.info('key-server.vault-secret-taken', { result })
      const over = result === 'revoked' || result === 'expired' ? overCodes[result] : undefined
      note(over && new AegisError(over, { from: 'vault' }))
    } catch (error) {
      if (!isAegisError(error)) throw error
      note(error)
    }
  }
  await look()
  // The start does not wait for it.
  const lookedUp = vault.lookUp()
  const stop = repeatedly(
    { clock: deps.clock, afterMs: () => (failing ? Math.min(refreshMs, retryMs) : refreshMs) },
    async () => {
      await look().catch((error: unknown) => deps.log.error('key-server.vault-unread', error))
      await vault.lookUp()
    },
  )
  return {
    // The secret of before serves as long as it is good: whether there is one is told of the credentials.
    standing() {
      // What else went wrong, such as with the database, is not the vault's matter.
      if (!failing?.error.code.startsWith('key-server.')) return undefined
      return { error: failing.error, forMs: deps.clock.steady() - failing.since, servesMs: Number.POSITIVE_INFINITY }
    },
    status: () => vaultStatus(vault.times(), deps.clock.now()),
    async stop() {
      await stop()
      await lookedUp
    },
  }
}
