import { createHash } from 'node:crypto'
import type { Credential } from '@aegis/client'
import type { Random } from '../clock/random.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import type { Kek } from '../sealing/kek.ts'
import { openSingle, sealSingle } from '../sealing/single-value.ts'
import type { AppRef } from './app-ref.ts'
import type { CredentialRow } from './credential.sql.ts'
import { isAssertionAlg, PrivateKey, type PublicJwk } from './private-key.ts'
import type { Secret } from './secret.ts'

export interface SealDeps {
  /** The one for credentials. */
  readonly kek: Kek
  readonly random: Pick<Random, 'bytes'>
}

/** What is stored of a secret: itself, and a digest by which it is known when it is given again. */
export async function sealCredential(
  deps: SealDeps,
  at: { app: AppRef; number: number },
  bytes: Buffer,
): Promise<{ sealedSecret: Buffer; sealedDigest: Buffer }> {
  const sealedSecret = await sealSingle(deps, placeOf(at.app, at.number, 'sealed_secret'), bytes)
  return { sealedSecret, sealedDigest: await sealDigest(deps, at, bytes) }
}

/** The digest of a stored secret that has none yet. */
export async function sealedDigestOf(deps: SealDeps, app: AppRef, row: CredentialRow): Promise<Buffer> {
  const bytes = await openSecret(deps.kek, app, row)
  try {
    return await sealDigest(deps, { app, number: row.number }, bytes)
  } finally {
    bytes.fill(0)
  }
}

function sealDigest(deps: SealDeps, { app, number }: { app: AppRef; number: number }, bytes: Buffer): Promise<Buffer> {
  return sealSingle(deps, placeOf(app, number, 'sealed_digest'), digestOf(bytes))
}

function openSecret(kek: Kek, app: AppRef, row: CredentialRow): Promise<Buffer> {
  if (!row.sealed_secret) throw new AegisError('key-server.credential-missing', { environment: app.environment })
  return openSingle(kek, placeOf(app, row.number, 'sealed_secret'), row.sealed_secret)
}

/** Whether these bytes are the row's, also when it was wiped. */
export async function isSameSecret(kek: Kek, app: AppRef, { row, bytes }: { row: CredentialRow; bytes: Buffer }) {
  if (row.sealed_digest) {
    const known = await openSingle(kek, placeOf(app, row.number, 'sealed_digest'), row.sealed_digest)
    return known.equals(digestOf(bytes))
  }
  if (!row.sealed_secret) return false
  // Stored by a release that kept no digests.
  const known = await openSecret(kek, app, row)
  const same = known.equals(bytes)
  known.fill(0)
  return same
}

/**
 * For the request of a token only, and not exported beyond this slice: lets `use` have the credential. What it was opened
 * from is wiped afterwards.
 */
export async function withOpenCredential<T>(
  kek: Kek,
  { app, row }: { app: AppRef; row: CredentialRow },
  use: (credential: Credential) => Promise<T>,
): Promise<T> {
  const bytes = await openSecret(kek, app, row)
  try {
    return await use(credentialOf(app, row, bytes))
  } finally {
    bytes.fill(0)
  }
}

/**
 * The public half of what is sealed as a private key. What else the row says of it may have been written by a process that
 * has no key file, so nothing of that is published. Undefined where no key is sealed that this process can open.
 */
export async function publicHalfOf(kek: Kek, app: AppRef, row: CredentialRow): Promise<PublicJwk | undefined> {
  try {
    const key = PrivateKey.fromBytes(await openSecret(kek, app, row))
    key.take().fill(0)
    return key.publicJwk
  } catch (error) {
    // That it does not open is told when it is to be used.
    if (isUnreadable(error) || isAegisError(error, 'key-server.private-key-invalid')) return undefined
    throw error
  }
}

/** What was given just now, as it is to be used before there is a place to keep it. It is wiped. */
export function openGiven(app: AppRef, material: Secret | PrivateKey): Credential {
  const isKey = material instanceof PrivateKey
  const bytes = material.take()
  try {
    const kind = isKey ? 'private-key' : 'secret'
    return credentialOf(app, { kind, kid: isKey ? material.kid : null, audience: null }, bytes)
  } finally {
    bytes.fill(0)
  }
}

function credentialOf(
  { environment, clientId }: AppRef,
  row: Pick<CredentialRow, 'kind' | 'kid' | 'audience'>,
  bytes: Buffer,
): Credential {
  if (row.kind === 'secret') return { environment, clientId, secret: bytes.toString('latin1') }
  // What PrivateKey.take gave: a JWK.
  const privateKey = JSON.parse(bytes.toString('utf8')) as { alg: string }
  const { alg } = privateKey
  return {
    environment,
    clientId,
    privateKey,
    ...(row.kid !== null && { kid: row.kid }),
    ...(isAssertionAlg(alg) && { alg }),
    ...(row.audience !== null && { audience: row.audience }),
  }
}

/** The environment is authenticated with the secret: a row moved to another environment does not open. */
function placeOf({ environment, clientId }: AppRef, number: number, column: 'sealed_secret' | 'sealed_digest') {
  return { table: 'control.credential', column, row: [environment, clientId, String(number)] }
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
