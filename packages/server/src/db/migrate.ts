import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { AegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import { type LockWaits, type OwnerSession, ownerSession } from './owner-session.ts'
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

interface Migration {
  readonly number: number
  readonly name: string
  readonly text: string
  readonly checksum: string
}

/** The package's own migrations. */
export const migrationsDirectory = join(import.meta.dirname, '..', '..', 'migrations')

const fileNamePattern = /^(\d{4})_[a-z0-9_]+\.sql$/
/** Any number, the same in every release: what two starting instances wait for. */
const advisoryLock = 4_017_195_900

/**
 * Brings the schema up to date: applies every file that was not applied yet, in the order of its number, each in one
 * transaction, one process at a time. Numbers are grouped by slice, so a new file may have a lower number than the last
 * one applied. A file that changed after it was applied is refused. A file whose tables are in use is tried again: nobody
 * waits behind it for long. Nothing to do costs one connection and one query.
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: number }> {
  const migrations = readMigrations(options.directory ?? migrationsDirectory)
  const { ownerUrl: url, lockWaits, signal, log } = options
  return await ownerSession({ url, application: 'aegis-migrate', lockWaits, signal }, async (session) => {
    if (pending(migrations, await appliedChecksums(session.client)).length === 0) return { applied: 0 }
    await session.takeTurn(advisoryLock)
    return { applied: await applyPending(session, migrations, log) }
  })
}

/** How the schema stands to this release. */
export interface MigrationState {
  readonly applied: number
  /** Not applied yet; the next start does it. */
  readonly pending: number
}

/** Compares what was applied with the package's own files, and changes nothing. Errors: those of `migrate` about files. */
export async function migrationState(client: pg.Client): Promise<MigrationState> {
  const applied = await appliedChecksums(client)
  return { applied: applied.size, pending: pending(readMigrations(migrationsDirectory), applied).length }
}

/** The migration files of `directory` in order; `AegisError('db.migration-files')` for a stray name or a number used twice. */
export function readMigrations(directory: string): Migration[] {
  const migrations = readdirSync(directory)
    .sort()
    .map((name) => {
      const number = fileNamePattern.exec(name)?.[1]
      if (!number) throw new AegisError('db.migration-files', { unexpected: name })
      const text = readFileSync(join(directory, name), 'utf8')
      return { number: Number(number), name, text, checksum: createHash('sha256').update(text).digest('hex') }
    })
  const twice = migrations.find((migration, index) => migrations[index - 1]?.number === migration.number)
  if (twice) throw new AegisError('db.migration-files', { numberUsedTwice: twice.name })
  return migrations
}

function pending(migrations: readonly Migration[], applied: ReadonlyMap<number, string>): Migration[] {
  const known = new Set(migrations.map(({ number }) => number))
  const unknown = [...applied.keys()].find((number) => !known.has(number))
  if (unknown !== undefined) throw new AegisError('db.newer-schema', { migration: unknown })
  return migrations.filter(({ number, name, checksum }) => {
    const before = applied.get(number)
    if (before !== undefined && before !== checksum) throw new AegisError('db.migration-changed', { file: name })
    return before === undefined
  })
}

async function appliedChecksums(client: pg.Client): Promise<Map<number, string>> {
  const exists = await client.query("select to_regclass('control.migration') is not null as yes")
  if (!exists.rows[0]?.yes) return new Map()
  const { rows } = await client.query<{ number: number; checksum: string }>(
    'select number, checksum from control.migration',
  )
  return new Map(rows.map(({ number, checksum }) => [number, checksum]))
}

async function applyPending(session: OwnerSession, migrations: readonly Migration[], log: Log): Promise<number> {
  const { client } = session
  await client.query('create schema if not exists control')
  await client.query(
    'create table if not exists control.migration (number integer primary key, name text not null, checksum text not null)',
  )
  const todo = pending(migrations, await appliedChecksums(client)) // another instance may have been faster
  for (const migration of todo) {
    const { number } = migration
    await session.despiteLocks(
      () => apply(client, migration),
      () => log.warn('db.migration-waits', { number }),
    )
    log.info('db.migration-applied', { number })
  }
  return todo.length
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
