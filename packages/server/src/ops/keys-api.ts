import { z } from 'zod'
import { generatedAlgs, type PublicJwk } from '../key-server/private-key.ts'

/** Longer than any secret or key. */
const contentMax = 16_384
const yearMs = 366 * 86_400_000

const actor = z.string().trim().min(1).max(200)
const durationMs = z.int().min(0).max(yearMs)

/** A credential that a person gives. `rotate`: in the place of the others, which end `keepMs` after it is used. */
export const giveKeyRequest = z
  .strictObject({
    action: z.enum(['add', 'rotate']),
    /** What stands in the file: a secret, or a private key as JWK or PEM. */
    content: z.string().min(1).max(contentMax).optional(),
    /** Instead: Aegis makes a key that signs so. */
    generate: z.enum(generatedAlgs).optional(),
    kid: z.string().min(1).max(256).optional(),
    alg: z.string().min(1).max(16).optional(),
    audience: z.string().min(1).max(2_048).optional(),
    first: z.boolean().optional(),
    usedAfterMs: durationMs.optional(),
    /** Epoch ms. */
    expiresAt: z.int().positive().optional(),
    keepMs: durationMs.optional(),
    actor,
  })
  .refine(({ content, generate }) => (content === undefined) !== (generate === undefined), {
    message: 'one of them',
    path: ['content'],
  })
export type GiveKeyRequest = z.input<typeof giveKeyRequest>

/** One credential, or all of the app. */
export const revokeKeyRequest = z
  .strictObject({ number: z.int().min(1).optional(), all: z.literal(true).optional(), actor })
  .refine(({ number, all }) => (number === undefined) !== (all === undefined), {
    message: 'one of them',
    path: ['number'],
  })
export type RevokeKeyRequest = z.input<typeof revokeKeyRequest>

export const holdersRequest = z.strictObject({
  action: z.enum(['add', 'remove']),
  holder: z.string().min(1).max(200),
  actor,
})
export type HoldersRequest = z.input<typeof holdersRequest>

/** A credential as it is shown: never the secret. Instants are ISO UTC. */
export interface CredentialReport {
  readonly number: number
  readonly kind: 'secret' | 'private-key'
  readonly origin: 'operator' | 'configuration' | 'vault'
  /** See `stateOfCredential`. */
  readonly state: 'live' | 'waiting' | 'refused' | 'expired' | 'revoked'
  /** Whether the next token is asked for with it. */
  readonly next: boolean
  readonly kid: string | null
  readonly alg: string | null
  readonly audience: string | null
  readonly addedAt: string
  readonly usedFrom: string | null
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly refusedAt: string | null
  /** Number of the one that replaces it: it ends some time after that one is used first. */
  readonly endsAfter: number | null
  readonly usedAt: string | null
}

export interface HolderReport {
  readonly holder: string
  readonly addedAt: string
  readonly addedBy: string
}

/** The app is named in every answer: it belongs to one environment. */
export interface AppReport {
  readonly environment: 'preview' | 'production' | 'local'
  readonly clientId: string
}

export interface KeysReport extends AppReport {
  /** In the order in which they are used. */
  readonly credentials: readonly CredentialReport[]
  /** Empty: whoever can reach the instance may change them. */
  readonly holders: readonly HolderReport[]
}

export interface GivenKeyReport extends AppReport {
  /** `renewed`, `unchanged`: it was there; `revoked` and `expired` do not come to a person. */
  readonly result: 'added' | 'renewed' | 'unchanged' | 'revoked' | 'expired'
  readonly credential: CredentialReport
  /** Of a private key: for athenahealth's developer portal, unless it fetches the set. */
  readonly publicJwk?: PublicJwk
}

export interface RevokedKeysReport extends AppReport {
  readonly revoked: readonly number[]
}

export interface HoldersReport extends AppReport {
  /** False: it was so already. */
  readonly changed: boolean
  readonly holders: readonly HolderReport[]
}

/** The routes about credentials. */
export interface KeysApi {
  readonly 'GET /aegis/v1/keys': { request: undefined; response: KeysReport }
  readonly 'POST /aegis/v1/keys': { request: GiveKeyRequest; response: GivenKeyReport }
  readonly 'POST /aegis/v1/keys/revoke': { request: RevokeKeyRequest; response: RevokedKeysReport }
  readonly 'POST /aegis/v1/keys/holders': { request: HoldersRequest; response: HoldersReport }
  /** Public keys for athenahealth to fetch: needs no token. */
  readonly 'GET /aegis/v1/jwks.json': { request: undefined; response: { readonly keys: readonly PublicJwk[] } }
}
