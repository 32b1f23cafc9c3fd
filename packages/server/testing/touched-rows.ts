import type { ScratchDatabase } from './scratch-database.ts'

type Row = Readonly<Record<string, unknown>>

/** The rows of the tables that are no longer there as they were once `work` is done, and those that are there instead. */
export async function touchedRows(
  owner: ScratchDatabase['owner'],
  tables: readonly string[],
  work: () => Promise<unknown>,
): Promise<Row[]> {
  const before = await allRows(owner, tables)
  await work()
  const after = await allRows(owner, tables)
  const changed = [...before].filter(([text]) => !after.has(text))
  return [...changed, ...[...after].filter(([text]) => !before.has(text))].map(([, row]) => row)
}

async function allRows(owner: ScratchDatabase['owner'], tables: readonly string[]): Promise<Map<string, Row>> {
  const found = new Map<string, Row>()
  for (const table of tables) {
    const rows = await owner.rows<{ row: Row }>(`select to_jsonb(t) as row from ${table} t`)
    for (const { row } of rows) found.set(`${table} ${JSON.stringify(row)}`, row)
  }
  return found
}
