import type pg from 'pg'
import { AegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import { type Migration, migrationsDirectory, readMigrations } from './migration-files.ts'
import { type LockWaits, type OwnerSession, ownerSession } from './owner-session.ts'
import { schemaState } from './schema-state.ts'
import { fromDriverError } from './sql-error.ts'

export interface MigrateOptions {
  /** The owner's URL: the only one that may create schemas, roles and tables. */
  ownerUrl: string
  log: Log
  /** Where the numbered files are. Default: this package's `migrations` folder. */
  directory?: string
  /** Default: see `ownerSession`. */
  lockWaits?: LockWaits
  /** Ends it at once, with the signal's reason; what is not committed is as it was. */
  signal?: AbortSignal | undefined
}

/** Any number, the same in every release: what two starting instances wait for. */
const advisoryLock = 4_017_195_900

/**
 * Brings the schema up to date: applies every file that was not applied yet, in the order of its number, each in one
 * transaction, one process at a time. Numbers are grouped by slice, so a new file may have a lower number than the last
 * one applied. A file whose tables are in use is tried again: nobody waits behind it for long. Nothing to do costs one
 * connection and two queries. Errors about what is applied: see `schemaState`.
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: number }> {
  const migrations = readMigrations(options.directory ?? migrationsDirectory)
  const { ownerUrl: url, lockWaits, signal, log } = options
  return await ownerSession({ url, application: 'aegis-migrate', lockWaits, signal }, async (session) => {
    const { pending, unknown } = await schemaState(session.client, migrations)
    if (unknown > 0) log.warn('db.schema-newer', { unknown })
    if (pending.length === 0) return { applied: 0 }
    await session.takeTurn(advisoryLock)
    return { applied: await applyPending(session, migrations, log) }
  })
}

async function applyPending(session: OwnerSession, migrations: readonly Migration[], log: Log): Promise<number> {
  const { client } = session
  await client.query('create schema if not exists control')
  await client.query(
    'create table if not exists control.migration (number integer primary key, name text not null, checksum text not null)',
  )
  const { pending } = await schemaState(client, migrations) // another instance may have been faster
  for (const migration of pending) {
    const { number } = migration
    await session.despiteLocks(
      () => apply(client, migration),
      () => log.warn('db.migration-waits', { number }),
    )
    log.info('db.migration-applied', { number })
  }
  return pending.length
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin')
    await client.query(migration.text)
    const { number, name, checksum } = migration
    await client.query('insert into control.migration (number, name, checksum) values ($1, $2, $3)', [
      number,
      name,
      checksum,
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    const { code, detail } = fromDriverError(error)
    if (code !== 'db.statement-failed') throw error
    throw new AegisError(
      'db.migration-failed',
      { ...detail, file: migration.name },
      { cause: migrationCause(error, detail.sqlstate) },
    )
  }
}

/** What PostgreSQL says of a faulty text (class 42) or a missing right; every other message may quote a stored value. */
function migrationCause(error: unknown, sqlstate: unknown): Error | undefined {
  return error instanceof Error && String(sqlstate).startsWith('42') ? new Error(error.message) : undefined
}
