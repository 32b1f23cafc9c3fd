import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type pg from 'pg'
import { AegisError } from '../errors/aegis-error.ts'

/** The three roles of the runtime, as migration 0001 creates them. */
export type RuntimeRole = 'aegis_app' | 'aegis_control' | 'aegis_audit'

/** How to connect: a URL, and the role to act as when the login is not that role itself but a member of it. */
export interface DatabaseLogin {
  readonly url: string
  readonly role?: RuntimeRole
}

/** One login per role. Which they are: docs/decisions/0010-database-roles.md. */
export interface RuntimeLogins {
  readonly app: DatabaseLogin
  readonly control: DatabaseLogin
  readonly audit: DatabaseLogin
}

/** The runtime logins of a login that is a member of all three roles: each connection acts as exactly one of them. */
export function memberLogins(url: string): RuntimeLogins {
  return {
    app: { url, role: 'aegis_app' },
    control: { url, role: 'aegis_control' },
    audit: { url, role: 'aegis_audit' },
  }
}

/**
 * Lets the server notice within a minute that a host is gone, or the network between: it ends the session, and gives back
 * its locks and its place among `max_connections`. By the defaults of most systems that takes two hours. Without effect on
 * a socket file.
 */
const noticeLostHosts = [
  '-c tcp_keepalives_idle=30',
  '-c tcp_keepalives_interval=10',
  '-c tcp_keepalives_count=3',
  // Where something was sent that nobody takes there are no keepalives.
  '-c tcp_user_timeout=60s',
]

/**
 * The driver's configuration of a URL `postgres://user:password@host:port/database`; a socket directory is given as
 * `?host=/run/postgresql`. Anything but a socket or the loopback interface must be encrypted and verified
 * (`sslmode=verify-full`, `require` means the same): otherwise `AegisError('db.insecure-url')`.
 */
export function clientConfig(login: DatabaseLogin): pg.ClientConfig {
  const url = parseUrl(login.url)
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
  const database = decodeURIComponent(url.pathname.slice(1))
  if (!database || !url.username) throw new AegisError('db.invalid-url')
  return {
    host: host || 'localhost',
    port: Number(url.searchParams.get('port') ?? (url.port || 5432)),
    user: decodeURIComponent(url.username),
    // A function keeps the driver from looking for a missing password in the environment or in ~/.pgpass.
    password: () => decodeURIComponent(url.password),
    database,
    ssl: tls(url, host),
    // Names are always written with their schema; times of day never depend on a server's time zone.
    options: [
      '-c search_path=',
      '-c TimeZone=UTC',
      '-c DateStyle=ISO',
      ...noticeLostHosts,
      ...(login.role ? [`-c role=${login.role}`] : []),
    ].join(' '),
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text.trim())
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) throw new AegisError('db.invalid-url')
  return url
}

function tls(url: URL, host: string): NonNullable<pg.ClientConfig['ssl']> {
  const mode = url.searchParams.get('sslmode') ?? 'disable'
  if (mode === 'verify-full' || mode === 'require') {
    const authorityFile = url.searchParams.get('sslrootcert')
    return {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(isIP(host) ? {} : { servername: host }),
      ...(authorityFile ? { ca: readFileSync(authorityFile) } : {}),
    }
  }
  if (!isLocal(host)) throw new AegisError('db.insecure-url', { sslmode: mode })
  return false
}

function isLocal(host: string): boolean {
  return (
    host.startsWith('/') || host === '' || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
  )
}
