import { join } from 'node:path'
import pg from 'pg'
import { readPasswords } from '../packages/server/src/db/cluster-passwords.ts'

/** More than a server keeps ready of its write-ahead log. */
const segments = 20

/**
 * Has PostgreSQL begin one segment of its write-ahead log after the other. On a full disk it finds no room for the next
 * one, which it answers by ending all its processes: a write that a full table meets is refused, this one is not.
 */
export async function exhaustWal(home: string, socketDirectory: string): Promise<void> {
  const password = readPasswords(join(home, 'data', 'postgres.passwords'))?.aegis_owner
  const client = new pg.Client({ host: socketDirectory, user: 'aegis_owner', password, database: 'postgres' })
  client.on('error', () => undefined)
  try {
    await client.connect()
    for (let begun = 0; begun < segments; begun += 1) {
      await client.query(`select pg_logical_emit_message(false, 'rig', 'a record'), pg_switch_wal()`)
    }
  } catch {
    // It has ended.
  } finally {
    await client.end().catch(() => undefined)
  }
}
