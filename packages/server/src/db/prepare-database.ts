import { createHmac } from 'node:crypto'
import type pg from 'pg'
import { AegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import { awaitSchema, type SchemaWaits } from './await-schema.ts'
import { checkServer } from './check-server.ts'
import { clientConfig, memberLogins, type RuntimeLogins } from './database-login.ts'
import { migrate } from './migrate.ts'
import { type OwnerSession, ownerSession } from './owner-session.ts'
import { scramVerifier } from './scram-verifier.ts'
import { fromDriverError, isSqlState } from './sql-error.ts'

/** How to reach a database that is not embedded: see docs/decisions/0010-database-roles.md. */
export interface DatabaseUrls {
  /** The owner's URL: makes schemas, tables and roles; used at start only. Absent where another host migrates. */
  readonly ownerUrl?: string
  /** The runtime's URL: a login that owns nothing and is a member of the three roles. Absent: one is made and used. */
  readonly runtimeUrl?: string
}

/** The login that is made for the runtime where the owner's URL is the only one given. */
const runtimeLogin = 'aegis_runtime'

export interface PrepareDeps {
  log: Log
  /** What stands on the migrations: installed by who has the owner's URL, waited for by who has not. */
  atop: {
    install: (owner: { ownerUrl: string; signal: AbortSignal | undefined }) => Promise<void>
    isInstalled: (client: pg.Client) => Promise<boolean>
  }
  /** Default: see `awaitSchema`. */
  schemaWaits?: SchemaWaits
  /** Ends it at once, with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * Makes an external database ready: checks the server's settings, applies the migrations, gives the runtime login the
 * three roles (making the login if only the owner's URL is known) and checks that it has no rights beyond them.
 * Without the owner's URL it waits for a process that does all that. Errors: `db.invalid-url`, `db.insecure-url`,
 * `db.unsupported-version`, `db.insecure-settings`, `db.unsafe-role`, `db.unavailable`, those of `migrate` and `awaitSchema`.
 */
export async function prepareDatabase(
  deps: PrepareDeps,
  { ownerUrl, runtimeUrl }: DatabaseUrls,
): Promise<RuntimeLogins> {
  const { log, atop, schemaWaits: waits, signal } = deps
  const inSession = <T>(url: string, work: (session: OwnerSession) => Promise<T>) =>
    ownerSession({ url, application: 'aegis-start', signal }, work)
  if (ownerUrl === undefined) {
    if (runtimeUrl === undefined) throw new AegisError('db.invalid-url')
    await awaitSchema({ log, isInstalled: atop.isInstalled, waits, signal }, runtimeUrl)
    await inSession(runtimeUrl, ({ client }) => checkServer({ client, log }))
    await inSession(runtimeUrl, ({ client }) => refusePower(client, loginOf(runtimeUrl)))
    return memberLogins(runtimeUrl)
  }
  if (runtimeUrl !== undefined) await inSession(ownerUrl, ({ client }) => refusePower(client, loginOf(runtimeUrl)))
  await inSession(ownerUrl, ({ client }) => checkServer({ client, log }))
  await migrate({ ownerUrl, log, signal })
  await atop.install({ ownerUrl, signal })
  if (runtimeUrl === undefined) log.warn('db.owner-url-only')
  const url = runtimeUrl ?? derivedUrl(ownerUrl)
  await inSession(ownerUrl, (session) => grantRoles(session, { url, make: runtimeUrl === undefined }))
  // Once more: some rights, such as tables it owns, show only in the migrated database.
  await inSession(url, ({ client }) => refusePower(client, loginOf(url)))
  return memberLogins(url)
}

/**
 * The URL of the login made by us. Its password follows from the owner's, so replicas that share the URL agree on it
 * without another secret to hand round; who knows the owner's can do more than this login anyway.
 */
export function derivedUrl(ownerUrl: string): string {
  const url = new URL(ownerUrl)
  if (!url.password) throw new AegisError('db.invalid-url', { reason: 'a URL for both needs a password' })
  const key = createHmac('sha256', decodeURIComponent(url.password)).update('aegis runtime login').digest('base64url')
  url.username = runtimeLogin
  url.password = key
  return url.href
}

/** Any number, the same in every release: processes that start together make the login one after the other. */
const advisoryLock = 4_017_195_902

async function grantRoles(session: OwnerSession, { url, make }: { url: string; make: boolean }): Promise<void> {
  const { client } = session
  const login = loginOf(url)
  await session.takeTurn(advisoryLock)
  if (make) await makeLogin(client, { login, password: decodeURIComponent(new URL(url).password) })
  const { rows } = await client.query<GrantState>(grantState, [login])
  const state = rows[0]
  if (!state || state.granted) return
  const name = client.escapeIdentifier(login)
  const database = client.escapeIdentifier(state.database)
  try {
    await client.query(`grant connect on database ${database} to ${name}`)
    // A connection has the rights of the role it acts as, not the sum of all three. Before PostgreSQL 16 that is a
    // property of the login, since then of each grant.
    if (state.version < 160_000) await client.query(`alter role ${name} noinherit`)
    const terms = state.version < 160_000 ? '' : ' with inherit false, set true'
    await client.query(`grant aegis_app, aegis_control, aegis_audit to ${name}${terms}`)
  } catch (error) {
    const ours = fromDriverError(error)
    throw isSqlState(ours, '42501') ? new AegisError('db.roles-not-granted', { login }) : ours
  }
}

interface GrantState {
  version: number
  database: string
  granted: boolean
}

const grantState = `
  select current_setting('server_version_num')::integer as version, current_database() as database,
    has_database_privilege(r.rolname, current_database(), 'connect')
    and (select bool_and(pg_has_role(r.rolname, wanted, 'member') and not pg_has_role(r.rolname, wanted, 'usage'))
         from unnest(array['aegis_app', 'aegis_control', 'aegis_audit']) as wanted) as granted
  from pg_roles r where r.rolname = $1`

async function makeLogin(client: pg.Client, { login, password }: { login: string; password: string }): Promise<void> {
  const exists = await client.query('select from pg_roles where rolname = $1', [login])
  const verb = exists.rowCount ? 'alter' : 'create'
  await client.query(
    `${verb} role ${client.escapeIdentifier(login)} login noinherit password ${client.escapeLiteral(scramVerifier(password))}`,
  )
}

const powers = `
  select case
    when r.rolsuper then 'superuser'
    when r.rolbypassrls then 'bypassrls'
    when r.rolcreaterole then 'createrole'
    when r.rolreplication then 'replication'
    when exists (select from pg_class c where c.relowner = r.oid) then 'owns tables'
    when exists (select from pg_auth_members m join pg_roles p on p.oid = m.roleid
                 where m.member = r.oid and p.rolname not in ('aegis_app', 'aegis_control', 'aegis_audit'))
      then 'member of other roles'
  end as power
  from pg_roles r where r.rolname = $1`

/** Row-level security does not bind a superuser, an owner or BYPASSRLS: such a login must never run the application. */
async function refusePower(client: pg.Client, login: string): Promise<void> {
  const power = await powerOf(client, login)
  if (power !== undefined) throw new AegisError('db.unsafe-role', { right: power })
}

/** A right of a login that the runtime's must not have; undefined where it has none. */
export async function powerOf(client: pg.Client, login: string): Promise<string | undefined> {
  const { rows } = await client.query<{ power: string | null }>(powers, [login])
  return rows[0]?.power ?? undefined
}

/** The name in a database URL. */
export function loginOf(url: string): string {
  return String(clientConfig({ url }).user)
}
