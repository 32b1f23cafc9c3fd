import pg from 'pg'
import { systemClock } from '../clock/clock.ts'
import { judgeServer, type ServerJudgement } from './check-server.ts'
import { clientConfig } from './database-login.ts'
import { isRoleMissing } from './await-schema.ts'
import { migrationsDirectory, readMigrations } from './migration-files.ts'
import { powerOf } from './prepare-database.ts'
import { type SchemaState, schemaState } from './schema-state.ts'
import { machineTime } from './sql-clock.sql.ts'
import { fromDriverError } from './sql-error.ts'

/** What a PostgreSQL server is like, as seen from here. Changes nothing. */
export interface ServerFacts {
  readonly settings: ServerJudgement
  readonly migrations: SchemaState
  readonly connections: { readonly max: number; readonly reserved: number; readonly used: number }
  /** Of this connection; undefined over a socket or the loopback interface without TLS. */
  readonly tls: string | undefined
  /** How far our clock is ahead of the server's: between these, ms. */
  readonly clockAhead: { readonly lowMs: number; readonly highMs: number }
  readonly runtime: {
    /** A right that the runtime login must not have. */
    readonly power: string | undefined
    /** Roles that it cannot act as. */
    readonly missingRoles: readonly string[]
  }
  /** Tenant tables whose rows are not kept apart by practice. */
  readonly unprotected: readonly string[]
}

/** To connect, and for each question. */
const TIMEOUT_MS = 5_000

/**
 * Looks at a server through the owner's URL (or the runtime's, where that is the only one) and judges the runtime's login.
 * Errors: `db.invalid-url`, `db.insecure-url`, `db.unavailable`.
 */
export async function examineServer(urls: {
  readonly url: string
  readonly runtimeLogin: string
  /** Whether it is the owner's. */
  readonly isOwner: boolean
}): Promise<ServerFacts> {
  const client = new pg.Client({
    ...clientConfig({ url: urls.url }),
    application_name: 'aegis-doctor',
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    statement_timeout: TIMEOUT_MS,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const migrations = await migrationsOf(client, urls)
    return {
      settings: await judgeServer(client),
      migrations,
      connections: await connectionsOf(client),
      tls: await tlsOf(client),
      clockAhead: await clockAhead(client),
      runtime: {
        power: await powerOf(client, urls.runtimeLogin),
        missingRoles: migrations.applied > 0 || !urls.isOwner ? await missingRoles(client, urls.runtimeLogin) : [],
      },
      unprotected: await unprotectedTables(client),
    }
  } catch (error) {
    throw fromDriverError(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function connectionsOf(client: pg.Client): Promise<ServerFacts['connections']> {
  const { rows } = await client.query<ServerFacts['connections']>(
    `select current_setting('max_connections')::integer as max,
       current_setting('superuser_reserved_connections')::integer as reserved,
       (select count(*)::integer from pg_stat_activity where backend_type = 'client backend') as used`,
  )
  return rows[0] ?? { max: 0, reserved: 0, used: 0 }
}

async function tlsOf(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ version: string | null }>(
    'select version from pg_stat_ssl where pid = pg_backend_pid()',
  )
  return rows[0]?.version ?? undefined
}

/** The runtime's login sees what is applied as one of its roles only, once it has them. */
async function migrationsOf(client: pg.Client, { isOwner }: { isOwner: boolean }): Promise<SchemaState> {
  const files = readMigrations(migrationsDirectory)
  if (isOwner) return schemaState(client, files)
  try {
    await client.query('set role aegis_control')
    return await schemaState(client, files)
  } catch (error) {
    if (isRoleMissing(error)) return { applied: 0, pending: files, unknown: 0 }
    throw error
  } finally {
    await client.query('reset role').catch(() => undefined)
  }
}

/** Somewhere between question and answer the server read its clock. */
async function clockAhead(client: pg.Client): Promise<ServerFacts['clockAhead']> {
  const sentAt = systemClock.now()
  const { rows } = await client.query<{ at: number }>(machineTime.text)
  const receivedAt = systemClock.now()
  const at = rows[0]?.at ?? sentAt
  return { lowMs: sentAt - at, highMs: receivedAt - at }
}

async function missingRoles(client: pg.Client, login: string): Promise<string[]> {
  const { rows } = await client.query<{ role: string }>(
    `select wanted as role from unnest(array['aegis_app', 'aegis_control', 'aegis_audit']) as wanted
     where $1::text not in ('aegis_app', 'aegis_control', 'aegis_audit')
       and not coalesce(pg_has_role($1, (select oid from pg_roles where rolname = wanted), 'member'), false)
       and exists (select from pg_roles where rolname = $1)`,
    [login],
  )
  return rows.map(({ role }) => role)
}

/** Row-level security has to be on, and to bind the owner too. */
async function unprotectedTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'aegis' and c.relkind in ('r', 'p') and not c.relispartition
       and not (c.relrowsecurity and c.relforcerowsecurity)
       and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'practice_id' and not a.attisdropped)
     order by c.relname`,
  )
  return rows.map(({ name }) => name)
}
