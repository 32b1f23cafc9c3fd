import type { Secret } from '../config/secret.ts'
import type { AppRef } from '../key-server/app-ref.ts'
import { materialOf } from '../key-server/key-desk.ts'
import type { KeyServer } from '../key-server/key-server.ts'
import type { Log } from '../log/log.ts'

/** Stores the secret or private key that the configuration names, unless it is there. */
export async function offerConfigured(
  { keyServer, log }: { readonly keyServer: KeyServer; readonly log: Log },
  app: AppRef,
  secret: Secret,
): Promise<void> {
  const material = await materialOf({ content: Buffer.from(secret.reveal(), 'utf8') })
  const result = await keyServer.offerCredential(app, { material, origin: 'configuration' })
  if (result === 'revoked' || result === 'expired') log.warn('key-server.configured-secret-spent', { result })
  else if (result !== 'unchanged') log.info('key-server.configured-secret-taken', { result })
}
