import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AegisError } from '../errors/aegis-error.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly text: string
  readonly checksum: string
}

/** The package's own migrations. */
export const migrationsDirectory = join(import.meta.dirname, '..', '..', 'migrations')

const fileNamePattern = /^(\d{4})_[a-z0-9_]+\.sql$/

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
