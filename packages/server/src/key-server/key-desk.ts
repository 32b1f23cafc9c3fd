import type { Actor } from '../audit/actor.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { addCredential, type AddedCredential, type CredentialDeps } from './add-credential.ts'
import type { AppRef } from './app-ref.ts'
import { changeHolders, type Holder, type HolderChange, listHolders } from './holders.ts'
import { type CredentialInfo, listCredentials, publicKeysOf } from './list-credentials.ts'
import { type GeneratedAlg, type KeyNames, looksLikeKey, PrivateKey, type PublicJwk } from './private-key.ts'
import { revokeCredential } from './revoke-credential.ts'
import { Secret } from './secret.ts'

/** What a person gives. */
export interface GivenCredential {
  /**
   * The content of a file: a secret on one line, or a private key as JWK or PEM; wiped. Or the wish that Aegis makes a key:
   * then nobody but the key server ever has its private half.
   */
  readonly from: { readonly content: Uint8Array; readonly names?: KeyNames } | { readonly generate: GeneratedAlg }
  readonly actor: Actor
  /** Used before all others, or when those are used up. Default: behind them. */
  readonly first?: boolean
  /** Ms from now on for which it is not used. Default: 0, and for a key that Aegis makes 15 minutes. */
  readonly usedAfterMs?: number
  /** Epoch ms. */
  readonly expiresAt?: number
  readonly audience?: string
}

export interface Rotation extends Omit<GivenCredential, 'first'> {
  /** How long the others stay valid after the new one is used first. Default one day. */
  readonly keepMs?: number
}

/** What became of what was given. */
export interface DeskResult {
  readonly result: AddedCredential['result']
  readonly credential: CredentialInfo
  /** To be made known to athenahealth, unless it fetches the set itself. */
  readonly publicJwk?: PublicJwk
}

/** The credentials of one app, as a person sees and changes them. What goes in never comes out. */
export interface KeyDesk {
  readonly app: AppRef
  list(): Promise<CredentialInfo[]>
  /** One more credential. */
  add(given: GivenCredential): Promise<DeskResult>
  /** A new credential in the place of the others: used first, and they end some time after that. */
  rotate(given: Rotation): Promise<DeskResult>
  /** See `revokeCredential`; without a number, of all. */
  revoke(given: { readonly number?: number; readonly actor: Actor }): Promise<number[]>
  holders(): Promise<Holder[]>
  /** See `changeHolders`; false when it was so already. */
  changeHolders(change: HolderChange): Promise<boolean>
  /** See `publicKeysOf`. */
  publicKeys(): Promise<{ keys: PublicJwk[] }>
}

/** Until athenahealth has surely fetched the set of public keys again. */
const publishedFirstMs = 900_000
const keepMsDefault = 86_400_000

/** Opens the desk of an app. `onRevoked`: tokens in memory are to be forgotten. */
export function keyDesk(deps: CredentialDeps, { app, onRevoked }: { app: AppRef; onRevoked: () => void }): KeyDesk {
  return {
    app,
    list: () => listCredentials(deps, app),
    add: (given) => give(deps, app, { ...given, first: given.first ?? false }),
    rotate: ({ keepMs = keepMsDefault, ...given }) => give(deps, app, { ...given, first: true, keepMs }),
    async revoke(given) {
      const numbers = await revokeCredential(deps, app, given)
      onRevoked()
      return numbers
    },
    holders: () => listHolders(deps, app),
    changeHolders: (change) => changeHolders(deps, app, change),
    publicKeys: () => publicKeysOf(deps, app),
  }
}

async function give(
  deps: CredentialDeps,
  app: AppRef,
  { from, keepMs, ...given }: GivenCredential & { first: boolean; keepMs?: number },
): Promise<DeskResult> {
  const material = await materialOf(from)
  const isGenerated = 'generate' in from
  const { number, result } = await addCredential(deps, app, {
    ...given,
    material,
    origin: 'operator',
    usedAfterMs: given.usedAfterMs ?? (isGenerated ? publishedFirstMs : 0),
    ...(keepMs !== undefined && { others: { origins: ['operator', 'configuration', 'vault'], endInMs: keepMs } }),
  })
  const credential = (await listCredentials(deps, app)).find((each) => each.number === number)
  if (!credential) throw new AegisError('internal.unexpected')
  return { result, credential, ...(material instanceof PrivateKey && { publicJwk: material.publicJwk }) }
}

/** What a person or a vault gives, as what it is: a secret or a private key. The bytes are wiped. */
export async function materialOf(from: GivenCredential['from']): Promise<Secret | PrivateKey> {
  if ('generate' in from) return PrivateKey.generate(from.generate)
  return looksLikeKey(from.content) ? PrivateKey.fromBytes(from.content, from.names) : Secret.fromBytes(from.content)
}
