import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Random } from '../clock/random.ts'
import type { Db, Tx } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { Kek } from '../sealing/kek.ts'
import { openSingle, sealSingle } from '../sealing/single-value.ts'
import type { CredentialRef } from './credential-ref.ts'
import * as table from './key-server.sql.ts'
import type { Secret } from './secret.ts'

export interface CredentialDeps {
  readonly db: Db
  /** The one for credentials. */
  readonly kek: Kek
  readonly audit: Audit
  readonly random: Random
}

/** A credential as it may be shown. */
export interface CredentialInfo extends CredentialRef {
  /** Rises with every new secret. */
  readonly version: number
  /** Epoch milliseconds. */
  readonly addedAt: number
  readonly revokedAt?: number
}

const clientIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/

/**
 * Stores a credential's secret, sealed and for good: there is no way to read it back. The same secret again changes
 * nothing; another one takes its place, while tokens fetched with the old one serve on. Audited in the same transaction.
 */
export async function addCredential(
  deps: CredentialDeps,
  ref: CredentialRef,
  { secret, actor }: { secret: Secret; actor: Actor },
): Promise<'added' | 'unchanged' | 'replaced'> {
  if (!clientIdPattern.test(ref.clientId)) throw new AegisError('key-server.client-id-invalid')
  const bytes = secret.take()
  const store = () => storeUnlessSame(deps, ref, { bytes, actor })
  try {
    // Where there is none yet there is nothing to lock: of processes that start together one is first, and the others
    // find on a second look that theirs is the same.
    return await store().catch((error: unknown) => {
      if (isAegisError(error, 'key-server.credential-busy')) return store()
      throw error
    })
  } finally {
    bytes.fill(0)
  }
}

function storeUnlessSame(
  deps: CredentialDeps,
  ref: CredentialRef,
  { bytes, actor }: { bytes: Buffer; actor: Actor },
): Promise<'added' | 'unchanged' | 'replaced'> {
  return deps.db.control(async (tx) => {
    const held = await table.lockedCredential(tx, ref)
    if (held && (await isSame(deps, { ref, held, bytes }))) return 'unchanged'
    const version = (held?.version ?? 0) + 1
    const sealedSecret = await sealSingle(deps, secretAt(ref, version), bytes)
    if (!(await table.storeCredential(tx, ref, { version, sealedSecret }))) {
      throw new AegisError('key-server.credential-busy')
    }
    await table.forgiveFailures(tx, ref)
    await auditChange(deps.audit, tx, { ref, actor, subtype: held ? 'replace' : 'add' })
    return held ? 'replaced' : 'added'
  })
}

/**
 * Wipes a credential's secret and tokens. Every process stops handing tokens out within 5 seconds; calls under way may
 * still use one. `key-server.credential-missing` when there is none.
 */
export async function revokeCredential(
  { db, audit }: Pick<CredentialDeps, 'db' | 'audit'>,
  ref: CredentialRef,
  actor: Actor,
): Promise<void> {
  await db.control(async (tx) => {
    if (!(await table.wipeCredential(tx, ref))) {
      throw new AegisError('key-server.credential-missing', { environment: ref.environment })
    }
    await auditChange(audit, tx, { ref, actor, subtype: 'revoke' })
  })
}

/** Every credential there ever was, without its secret. */
export async function listCredentials(db: Db): Promise<CredentialInfo[]> {
  const rows = await db.control((tx) => table.allCredentials(tx))
  return rows.map((row) => ({
    environment: row.environment,
    clientId: row.client_id,
    version: row.version,
    addedAt: row.added_at,
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
  }))
}

/** For the request of a token only, and not exported beyond this slice: the secret of a credential in use. */
export function openSecret(kek: Kek, ref: CredentialRef, row: table.CredentialRow): Promise<Buffer> {
  if (!row.sealed_secret) throw new AegisError('key-server.credential-missing', { environment: ref.environment })
  return openSingle(kek, secretAt(ref, row.version), row.sealed_secret)
}

/** How a credential is named in the audit log. */
export function entityOf({ environment, clientId }: CredentialRef): string {
  return `${environment}/${clientId}`
}

async function isSame(
  { kek }: CredentialDeps,
  { ref, held, bytes }: { ref: CredentialRef; held: table.CredentialRow; bytes: Buffer },
): Promise<boolean> {
  if (!held.sealed_secret) return false
  const known = await openSecret(kek, ref, held)
  const same = known.equals(bytes)
  known.fill(0)
  return same
}

/** The environment is authenticated with the secret: a row moved to another environment does not open. */
function secretAt(ref: CredentialRef, version: number): { table: string; column: string; row: string[] } {
  const row = [ref.environment, ref.clientId, String(version)]
  return { table: 'control.credential', column: 'sealed_secret', row }
}

const actions = { add: 'C', replace: 'U', revoke: 'D' } as const

function auditChange(
  audit: Audit,
  tx: Tx,
  { ref, actor, subtype }: { ref: CredentialRef; actor: Actor; subtype: keyof typeof actions },
): Promise<void> {
  const entity = entityOf(ref)
  return audit.inTransaction(tx, { practice: 0, type: 'credential', subtype, action: actions[subtype], actor, entity })
}
