import { type CredentialDeps, findSame } from './add-credential.ts'
import type { AppRef } from './app-ref.ts'
import { credentialsOf } from './credential.sql.ts'
import type { PrivateKey } from './private-key.ts'
import type { Secret } from './secret.ts'

/**
 * The number of the stored credential that this is, also of one that was revoked; undefined when it was never given.
 * Changes nothing. What is given is wiped.
 */
export async function recognizeCredential(
  { db, kek, log }: Pick<CredentialDeps, 'db' | 'kek' | 'log'>,
  app: AppRef,
  material: Secret | PrivateKey,
): Promise<number | undefined> {
  const bytes = material.take()
  try {
    const rows = await db.control((tx) => credentialsOf(tx, app))
    return (await findSame({ kek, log }, { app, material, bytes }, rows))?.number
  } finally {
    bytes.fill(0)
  }
}
