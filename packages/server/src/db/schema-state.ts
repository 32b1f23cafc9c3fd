import type pg from 'pg'
import { AegisError } from '../errors/aegis-error.ts'
import type { Migration } from './migration-files.ts'

/** How a database's schema stands to the files of this release. */
export interface SchemaState {
  readonly applied: number
  /** Files that are not applied yet, in order. */
  readonly pending: readonly Migration[]
  /** Applied ones of a newer release, which this one can do without knowing. */
  readonly unknown: number
}

interface Applied {
  readonly number: number
  readonly checksum: string
  readonly must_be_known: boolean
}

/**
 * Compares what is applied with the files, and changes nothing. A login that may not see it yet finds nothing applied.
 * Errors: `db.migration-changed` for a file that changed after it was applied; `db.newer-schema` where a newer release has
 * taken away what this one needs, or where the database lacks migrations of this one as well and so is not of a successor.
 */
export async function schemaState(client: pg.Client, migrations: readonly Migration[]): Promise<SchemaState> {
  const applied = await appliedMigrations(client)
  const numbers = new Set(migrations.map(({ number }) => number))
  const unknown = applied.filter(({ number }) => !numbers.has(number))
  const pending = pendingOf(migrations, applied)
  const refused = unknown.find(({ must_be_known: must }) => must || pending.length > 0)
  if (refused) throw new AegisError('db.newer-schema', { migration: refused.number })
  return { applied: applied.length, pending, unknown: unknown.length }
}

function pendingOf(migrations: readonly Migration[], applied: readonly Applied[]): Migration[] {
  const checksums = new Map(applied.map(({ number, checksum }) => [number, checksum]))
  return migrations.filter(({ number, name, checksum }) => {
    const before = checksums.get(number)
    if (before !== undefined && before !== checksum) throw new AegisError('db.migration-changed', { file: name })
    return before === undefined
  })
}

/** The catalog tells everybody whether the table is there, and may be read. */
const readable = `
  select has_table_privilege(c.oid, 'select') as yes from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'control' and c.relname = 'migration'`

/** A database that migration 116 has not reached has no such column. */
const readApplied = `
  select m.number, m.checksum, coalesce((to_jsonb(m) ->> 'must_be_known')::boolean, false) as must_be_known
  from control.migration m order by m.number`

async function appliedMigrations(client: pg.Client): Promise<Applied[]> {
  const { rows } = await client.query<{ yes: boolean }>(readable)
  return rows[0]?.yes ? (await client.query<Applied>(readApplied)).rows : []
}
