import type { Actor } from '../audit/actor.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { auditChange } from './add-credential.ts'
import type { AppRef } from './app-ref.ts'
import * as table from './credential.sql.ts'
import { asHolder, type HolderDeps } from './holders.ts'

/**
 * Wipes one credential of an app, or all of them, and the tokens that were got with it. Every process stops handing those
 * out within 5 seconds; calls under way may still use one. The numbers of what was wiped.
 * `key-server.credential-missing` when there is nothing to wipe.
 */
export async function revokeCredential(
  deps: HolderDeps,
  app: AppRef,
  { number, actor }: { number?: number; actor: Actor },
): Promise<number[]> {
  return asHolder(deps, { app, actor }, async (tx) => {
    const numbers = await table.wipeCredentials(tx, app, number)
    if (numbers.length === 0) {
      const { environment } = app
      throw new AegisError('key-server.credential-missing', { environment, ...(number !== undefined && { number }) })
    }
    for (const each of numbers) await auditChange(deps.audit, tx, { app, number: each, actor, subtype: 'revoke' })
    return numbers
  })
}
