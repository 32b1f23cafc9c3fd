import type { Actor } from '../audit/actor.ts'
import type { Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import { auditChange, type CredentialDeps } from './add-credential.ts'
import type { AppRef } from './app-ref.ts'
import * as table from './credential.sql.ts'
import { asHolder } from './holders.ts'
import { sealedDigestOf } from './sealed-credential.ts'

/**
 * Wipes one credential of an app, or all of them, and the tokens that were got with it. Every process stops handing those
 * out within 5 seconds; calls under way may still use one. The numbers of what was wiped.
 * `key-server.credential-missing` when there is nothing to wipe.
 */
export async function revokeCredential(
  deps: CredentialDeps,
  app: AppRef,
  { number, actor }: { number?: number; actor: Actor },
): Promise<number[]> {
  return asHolder(deps, { app, actor }, async (tx) => {
    await keepDigests(deps, tx, app)
    const numbers = await table.wipeCredentials(tx, app, number)
    if (numbers.length === 0) {
      const { environment } = app
      throw new AegisError('key-server.credential-missing', { environment, ...(number !== undefined && { number }) })
    }
    for (const each of numbers) await auditChange(deps.audit, tx, { app, number: each, actor, subtype: 'revoke' })
    return numbers
  })
}

/** Releases before several credentials kept no digest: what they stored is to be known when it is given again, too. */
async function keepDigests(deps: CredentialDeps, tx: Tx, app: AppRef): Promise<void> {
  for (const row of await table.credentialsOf(tx, app)) {
    if (row.sealed_digest || !row.sealed_secret) continue
    try {
      await table.storeDigest(tx, app, { number: row.number, sealedDigest: await sealedDigestOf(deps, app, row) })
    } catch (error) {
      // Damaged, or of another key file: it is revoked all the same.
      if (!isUnreadable(error)) throw error
    }
  }
}
