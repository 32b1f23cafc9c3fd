import type { ClusterPasswords } from './cluster-passwords.ts'
import { ownerSession } from './owner-session.ts'
import { scramVerifier } from './scram-verifier.ts'

export interface EnsureLoginsInput {
  /** The owner's URL to the database that every cluster has, "postgres". */
  url: string
  /** The database to make. */
  database: string
  passwords: ClusterPasswords
  signal?: AbortSignal | undefined
}

/**
 * Makes the embedded cluster's runtime logins and its database unless they are there. The logins are the three roles
 * themselves, so a connection has the rights of one role and no way to take another's.
 */
export async function ensureLogins({ url, database, passwords, signal }: EnsureLoginsInput): Promise<void> {
  await ownerSession({ url, application: 'aegis-start', signal }, async ({ client }) => {
    for (const name of ['aegis_app', 'aegis_control', 'aegis_audit'] as const) {
      const found = await client.query('select rolcanlogin from pg_catalog.pg_roles where rolname = $1', [name])
      const verb = found.rowCount ? 'alter' : 'create'
      // Always: the password file may be newer than the cluster. CREATE and ALTER ROLE take no parameters.
      await client.query(
        `${verb} role ${client.escapeIdentifier(name)} login password ${client.escapeLiteral(scramVerifier(passwords[name]))}`,
      )
    }
    const exists = await client.query('select from pg_catalog.pg_database where datname = $1', [database])
    if (!exists.rowCount) await client.query(`create database ${client.escapeIdentifier(database)}`)
  })
}
