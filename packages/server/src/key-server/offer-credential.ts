import { addCredential, type CredentialDeps } from './add-credential.ts'
import type { AppRef } from './app-ref.ts'
import type { PrivateKey } from './private-key.ts'
import type { Secret } from './secret.ts'

/** What is given without a person: at every start, by the configuration or the vault that it names. */
export interface Offer {
  readonly material: Secret | PrivateKey
  readonly origin: 'configuration' | 'vault'
}

/** `replaced`: it is used from now on, perhaps again, and what the same origin gave before ends a day after. */
export type OfferResult = 'added' | 'replaced' | 'unchanged' | 'revoked' | 'expired'

/** Processes are started anew one by one, and athenahealth may need a while: the one before stands by meanwhile. */
const formerEndsMs = 86_400_000

/**
 * Takes what the configuration gives. One that is there already changes nothing. Another one is used first. One that was
 * revoked or has expired stays so: an old file on one host must not bring it back. A vault is one place for all: what
 * it holds again is used again, unless it was revoked.
 */
export async function offerCredential(deps: CredentialDeps, app: AppRef, offer: Offer): Promise<OfferResult> {
  const { material, origin } = offer
  const { result, isOnly } = await addCredential(deps, app, {
    material,
    origin,
    actor: { kind: 'system', id: 'configuration' },
    first: true,
    others: { origins: [origin], endInMs: formerEndsMs },
  })
  if (result === 'renewed') return 'replaced'
  return result === 'added' && !isOnly ? 'replaced' : result
}
