import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Random } from '../clock/random.ts'
import type { Db, Tx } from '../db/db.ts'
import { readSqlClock } from '../db/sql-clock.sql.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import type { Kek } from '../sealing/kek.ts'
import { type AppRef, entityOf } from './app-ref.ts'
import { type CredentialState, stateOfCredential } from './choose-credential.ts'
import * as table from './credential.sql.ts'
import { asHolder } from './holders.ts'
import { PrivateKey } from './private-key.ts'
import { isSameSecret, sealCredential } from './sealed-credential.ts'
import type { Secret } from './secret.ts'

export interface CredentialDeps {
  readonly db: Db
  /** The one for credentials. */
  readonly kek: Kek
  readonly audit: Audit
  readonly random: Random
  readonly log: Pick<Log, 'warn'>
}

export interface NewCredential {
  /** Wiped. */
  readonly material: Secret | PrivateKey
  readonly actor: Actor
  readonly origin: table.Origin
  /** Used before the others of its app, or when those are used up. */
  readonly first: boolean
  /** Ms for which it is not used yet: a key has to be known to athenahealth first. Default 0. */
  readonly usedAfterMs?: number
  /** Epoch ms; default never. */
  readonly expiresAt?: number
  /** Of a private key: whom its assertions are made out to. Default: the URL of the token endpoint. */
  readonly audience?: string
  /** Lets the others of these origins end so many ms after the new one is used first. */
  readonly others?: { readonly origins: readonly table.Origin[]; readonly endInMs: number }
}

/**
 * - `added`: it is one more.
 * - `renewed`: it was there, and stands now where and for as long as is said now.
 * - `unchanged`: it is there already; only its failures are forgotten, if a person gave it.
 * - `revoked`, `expired`: it was or has, and is not taken up again.
 */
export interface AddedCredential {
  readonly result: 'added' | 'renewed' | 'unchanged' | 'revoked' | 'expired'
  readonly number: number
  readonly isOnly: boolean
}

const clientIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/

/**
 * Stores a secret or private key of an app, sealed and for good: there is no way to read it back. The others stay as they
 * are. Audited in the same transaction. `key-server.credential-spent` when a person gives one that was revoked,
 * `key-server.private-key-invalid` when another key of the app has its kid,
 * `key-server.expiry-invalid` when it would end before it is used, `key-server.credential-known` when it is there and to be
 * used otherwise,
 * `key-server.not-a-holder` when the app has holders and the person is none.
 */
export async function addCredential(deps: CredentialDeps, app: AppRef, given: NewCredential): Promise<AddedCredential> {
  if (!clientIdPattern.test(app.clientId)) throw new AegisError('key-server.client-id-invalid')
  const bytes = given.material.take()
  try {
    return await asHolder(deps, { app, actor: given.actor }, (tx) => store(deps, tx, { app, given, bytes }))
  } finally {
    bytes.fill(0)
  }
}

interface Given {
  readonly app: AppRef
  readonly given: NewCredential
  readonly bytes: Buffer
}

async function store(deps: CredentialDeps, tx: Tx, all: Given): Promise<AddedCredential> {
  const { app, given, bytes } = all
  await checkExpiry(tx, given)
  const rows = await table.credentialsOf(tx, app)
  const same = await findSame(deps, { app, material: given.material, bytes }, rows)
  if (same) return { ...(await storeAgain(deps, tx, { ...all, same, rows })), isOnly: false }
  const { material, actor, origin, first, usedAfterMs = 0, expiresAt, audience } = given
  const number = await table.nextNumber(tx, app)
  const isKey = material instanceof PrivateKey
  await table.storeCredential(tx, app, {
    ...(await sealCredential(deps, { app, number }, bytes)),
    number,
    kind: isKey ? 'private-key' : 'secret',
    origin,
    first,
    key: isKey ? { kid: material.kid, publicJwk: material.publicJwk } : undefined,
    audience: isKey ? audience : undefined,
    usedAfterMs,
    expiresAt,
  })
  await endOthers(tx, app, { given, number })
  await table.forgiveFailures(tx, app)
  await auditChange(deps.audit, tx, { app, number, actor, subtype: 'add' })
  return { result: 'added', number, isOnly: rows.every(({ revoked_at }) => revoked_at !== null) }
}

/** One that is over before it begins would be the end of the others too, which it replaces. */
async function checkExpiry(tx: Tx, { expiresAt, usedAfterMs = 0 }: NewCredential): Promise<void> {
  if (expiresAt === undefined || expiresAt > (await readSqlClock(tx)) + usedAfterMs) return
  throw new AegisError('key-server.expiry-invalid')
}

async function endOthers(
  tx: Tx,
  app: AppRef,
  { given, number }: { given: NewCredential; number: number },
): Promise<void> {
  if (!given.others) return
  const { origins, endInMs } = given.others
  await table.noteSuccessorOfOthers(tx, app, { number, origins, inMs: endInMs })
}

/**
 * What was given before counts by what it is, whoever gave it, and above all if it was revoked: a key under another kid,
 * too. A kid names one key only.
 */
export async function findSame(
  deps: Pick<CredentialDeps, 'kek' | 'log'>,
  { app, material, bytes }: { app: AppRef; material: Secret | PrivateKey; bytes: Buffer },
  rows: readonly table.CredentialRow[],
): Promise<table.CredentialRow | undefined> {
  const same: table.CredentialRow[] = []
  for (const row of rows) {
    if (material instanceof PrivateKey) {
      const isSame = material.isOf(row.public_key)
      const hasKid = row.kid === material.kid
      if (hasKid && !isSame) {
        throw new AegisError('key-server.private-key-invalid', { reason: `credential ${row.number} has its kid` })
      }
      if (isSame && (hasKid || row.revoked_at !== null)) same.push(row)
    } else if (row.kind === 'secret' && (await isSame(deps, app, { row, bytes }))) same.push(row)
  }
  return same.find(({ revoked_at }) => revoked_at !== null) ?? same[0]
}

/** One that was damaged is none that is known again: it must not keep everything from being given. */
async function isSame(
  { kek, log }: Pick<CredentialDeps, 'kek' | 'log'>,
  app: AppRef,
  of: { row: table.CredentialRow; bytes: Buffer },
): Promise<boolean> {
  try {
    return await isSameSecret(kek, app, of)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    log.warn('key-server.credential-unrecognizable', { credential: of.row.number })
    return false
  }
}

interface GivenAgain extends Given {
  readonly same: table.CredentialRow
  /** All of the app, in their order. */
  readonly rows: readonly table.CredentialRow[]
}

/** What becomes of one that was given before. */
async function storeAgain(
  deps: CredentialDeps,
  tx: Tx,
  again: GivenAgain,
): Promise<Pick<AddedCredential, 'result' | 'number'>> {
  const { app, given, same } = again
  const { number } = same
  const state = stateOfCredential(same, same.now_at)
  if (state === 'revoked') {
    if (given.origin === 'operator') throw new AegisError('key-server.credential-spent', { number })
    return { result: state, number }
  }
  const due = dueOf(again, state)
  if (due === 'nothing') return { result: state === 'expired' ? state : 'unchanged', number }
  if (due === 'renewal') await renew(tx, again)
  else refuseOther(again)
  if (due !== 'pardon') await sealAgain(deps, tx, again)
  await table.forgiveCredential(tx, app, number)
  await table.forgiveFailures(tx, app)
  await auditChange(deps.audit, tx, { app, number, actor: given.actor, subtype: 'give-again' })
  return { result: due === 'renewal' ? 'renewed' : 'unchanged', number }
}

/** A person has put right what was wrong. A process that starts again and again has not, but it may bring what is damaged. */
function dueOf(again: GivenAgain, state: CredentialState): 'renewal' | 'repair' | 'pardon' | 'nothing' {
  const { given, same } = again
  const isOperator = given.origin === 'operator'
  if (isOperator ? given.first || state === 'expired' : hasGoneBack(again)) return 'renewal'
  if (same.unusable !== null && state !== 'expired') return 'repair'
  return isOperator ? 'pardon' : 'nothing'
}

/** What stays where it is stays as it is: it is not to be thought that what is said of it now was heard. */
function refuseOther({ given, same }: GivenAgain): void {
  const { audience, expiresAt, usedAfterMs = 0, material } = given
  const alg = material instanceof PrivateKey ? material.namedAlg : undefined
  const isOther =
    usedAfterMs > 0 ||
    (audience !== undefined && audience !== same.audience) ||
    (expiresAt !== undefined && expiresAt !== same.expires_at) ||
    (alg !== undefined && alg !== same.public_key?.alg)
  if (isOther) throw new AegisError('key-server.credential-known', { number: same.number })
}

async function renew(tx: Tx, { app, given, same: { number } }: GivenAgain): Promise<void> {
  const { first, usedAfterMs = 0, expiresAt } = given
  await table.renewCredential(tx, app, { number, first, usedAfterMs, expiresAt })
  await endOthers(tx, app, { given, number })
}

/** As it is given now, since it may be damaged, or is to be used otherwise; what is not said stays as it was. */
async function sealAgain(deps: CredentialDeps, tx: Tx, { app, given, bytes, same }: GivenAgain): Promise<void> {
  const { number } = same
  const { material } = given
  if (!(material instanceof PrivateKey)) {
    const sealed = await sealCredential(deps, { app, number }, bytes)
    return table.resealCredential(tx, app, { ...sealed, number, publicJwk: undefined, audience: undefined })
  }
  const alg = material.namedAlg ?? same.public_key?.alg ?? material.publicJwk.alg
  const named = material.withAlg(bytes, alg)
  try {
    const sealed = await sealCredential(deps, { app, number }, named)
    const audience = given.audience ?? same.audience ?? undefined
    await table.resealCredential(tx, app, { ...sealed, number, publicJwk: { ...material.publicJwk, alg }, audience })
  } finally {
    named.fill(0)
  }
}

/** Whether the vault holds again what it held before: it is one place for all, while a file may be an old one of one host. */
function hasGoneBack({ given, same, rows }: GivenAgain): boolean {
  return given.origin === 'vault' && same.origin === 'vault' && rows.find(({ origin }) => origin === 'vault') !== same
}

const actions = { add: 'C', 'give-again': 'U', revoke: 'D' } as const

/** Records a change of one credential with the change. */
export function auditChange(
  audit: Audit,
  tx: Tx,
  { app, number, actor, subtype }: { app: AppRef; number: number; actor: Actor; subtype: keyof typeof actions },
): Promise<void> {
  const entity = entityOf(app, number)
  return audit.inTransaction(tx, { practice: 0, type: 'credential', subtype, action: actions[subtype], actor, entity })
}
