import { sql, type Tx } from './db.ts'

const unknown = sql(
  'db.unknown_migrations',
  `select count(*)::integer as unknown from control.migration
   where number <> all (select value::integer from jsonb_array_elements_text($1::jsonb))`,
)

/** How many migrations a newer release has applied, of which these numbers, this one's, are none. */
export async function unknownMigrations(tx: Tx, known: readonly number[]): Promise<number> {
  const [row] = await tx.rows<{ unknown: number }>(unknown, [known])
  return row?.unknown ?? 0
}
