import { realpathSync } from 'node:fs'
import { type ClusterPasswords, readPasswords } from './cluster-passwords.ts'
import type { RuntimeLogins } from './database-login.ts'
import { postmasterState, readPostmasterPid } from './postmaster-pid.ts'

/** The one database of an embedded cluster. */
export const embeddedDatabase = 'aegis'

/** How to reach an embedded cluster. */
export interface EmbeddedUrls {
  readonly ownerUrl: string
  readonly logins: RuntimeLogins
}

/** The URLs of a cluster's logins by its socket. */
export function embeddedUrls(socketDirectory: string, passwords: ClusterPasswords): EmbeddedUrls {
  const url = (name: keyof ClusterPasswords) =>
    embeddedUrl(socketDirectory, { name, password: passwords[name], of: embeddedDatabase })
  return {
    ownerUrl: url('aegis_owner'),
    logins: {
      app: { url: url('aegis_app') },
      control: { url: url('aegis_control') },
      audit: { url: url('aegis_audit') },
    },
  }
}

/** The URL of one login for a database of the cluster. */
export function embeddedUrl(
  socketDirectory: string,
  login: { name: keyof ClusterPasswords; password: string; of: string },
): string {
  return `postgres://${login.name}:${login.password}@localhost/${login.of}?host=${encodeURIComponent(socketDirectory)}`
}

/** How to reach the server that runs on a data directory, started by whomever; undefined when none does. */
export function runningEmbedded(dataDir: string): EmbeddedUrls | undefined {
  const running = readPostmasterPid(dataDir)
  if (!running || postmasterState(running.pid, realpathSync(dataDir)) !== 'running') return undefined
  const passwords = readPasswords(`${dataDir}.passwords`)
  return passwords && embeddedUrls(running.socketDirectory, passwords)
}
