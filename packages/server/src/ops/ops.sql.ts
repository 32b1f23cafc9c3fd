import { createHash } from 'node:crypto'
import { sql, type Tx } from '../db/db.ts'

const readOnly = sql('ops.read_only', 'set transaction read only')
const mirrorPath = sql('ops.mirror_path', 'set local search_path to mirror')

/** Makes the transaction read-only and lets names stand for the mirror's views. */
export async function enterMirror(tx: Tx): Promise<void> {
  await tx.rows(readOnly)
  await tx.rows(mirrorPath)
}

/**
 * Runs an operator's own SELECT. As a subquery it can only read: PostgreSQL allows no statement that writes there, and a
 * prepared statement is one statement. Values come as JSON has them, instants as ISO text. The only text in the server that
 * is not written here: nobody else uses the connection afterwards.
 */
export async function selectFrom<R extends object>(tx: Tx, select: { text: string; rowsMax: number }): Promise<R[]> {
  const name = `ops.select_${createHash('sha256').update(select.text).digest('hex').slice(0, 32)}`
  const text = ['select row_to_json(result) as row from (', select.text, ') as result limit ', select.rowsMax].join(
    '\n',
  )
  return (await tx.rows<{ row: R }>({ name, text, isForeign: true })).map(({ row }) => row)
}
