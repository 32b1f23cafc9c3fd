import type { ServerFacts } from '../../db/examine-server.ts'
import { isAegisError } from '../../errors/aegis-error.ts'
import { errorTable } from '../../errors/error-table.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('database')

/** Connections that a process takes at most: its three pools and the queue's. */
export const connectionsOfProcess = 19

/** More than this makes windows of seconds untrustworthy. */
const SKEW_MAX_MS = 2_000

/** What the database has to be for. */
export interface DatabaseNeeds {
  /** Processes that share it, at least one. */
  readonly processes: number
  /** Whether it is the embedded one, whose settings are ours. */
  readonly embedded: boolean
  /** Whether a start of this process applies migrations: it has the owner's URL. */
  readonly migrates: boolean
}

/** Judges a server: version, settings, roles, row-level security, migrations, connections, clock (pure). */
export function judgeDatabase(facts: ServerFacts, needs: DatabaseNeeds): readonly Finding[] {
  return [
    ...settingFindings(facts),
    roleFinding(facts, needs),
    rowSecurity(facts),
    migrationFinding(facts, needs),
    connectionFinding(facts, needs),
    clockFinding(facts),
    tlsFinding(facts, needs),
  ]
}

function settingFindings({ settings }: ServerFacts): Finding[] {
  const { version, tooOld, wrong, loose } = settings
  const shown = `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}`
  const found = [
    tooOld
      ? report.failure('version', `${shown} is too old.`, 'Use PostgreSQL 15 or newer.')
      : report.ok('version', shown),
  ]
  for (const [name, wanted] of Object.entries(wrong)) {
    const remedy =
      name === 'auto_explain'
        ? 'Do not load auto_explain.'
        : `Run: ALTER SYSTEM SET ${name} = '${wanted}', then SELECT pg_reload_conf().`
    const why = durable.has(name) ? 'confirmed records could be lost' : 'patient data could stand in its log'
    found.push(report.failure(`setting.${name}`, `${name} is set so that ${why}.`, remedy))
  }
  if (Object.keys(wrong).length === 0)
    found.push(report.ok('settings', 'Nothing confirmed can be lost, no statement is logged'))
  if (loose.length > 0) {
    const message = `Its log could say less of failed statements: ${loose.join(', ')}.`
    const remedy =
      'Set log_min_messages = log, log_min_error_statement = panic, log_error_verbosity = terse, log_parameter_max_length = 0.'
    found.push(report.warning('log', message, remedy))
  }
  return found
}

const durable: ReadonlySet<string> = new Set(['fsync', 'full_page_writes', 'synchronous_commit'])

function roleFinding({ runtime }: ServerFacts, { migrates }: DatabaseNeeds): Finding {
  const { power, missingRoles } = runtime
  if (power !== undefined) {
    const remedy = 'Use a login that is not the owner, not a superuser and has neither BYPASSRLS nor CREATEROLE.'
    return report.failure('roles', `The runtime login has a right that it must not have: ${power}.`, remedy)
  }
  if (missingRoles.length > 0) {
    const who = migrates ? 'The next start' : "The start of a process with the owner's URL"
    const remedy = `${who} grants them; if the owner may not, have a superuser grant them to the login.`
    return report.warning('roles', `The runtime login cannot act as ${missingRoles.join(', ')} yet.`, remedy)
  }
  return report.ok('roles', 'The runtime login has no right beyond its roles')
}

function rowSecurity({ unprotected, migrations }: ServerFacts): Finding {
  if (unprotected.length > 0) {
    const message = `Practices are not kept apart in ${unprotected.join(', ')}.`
    const remedy = `Run as the owner, of each: ALTER TABLE aegis.${unprotected[0]} ENABLE ROW LEVEL SECURITY, then FORCE ROW LEVEL SECURITY; and find out who changed it.`
    return report.failure('row-security', message, remedy)
  }
  if (migrations.applied === 0) return report.skipped('row-security', 'There are no tables yet.')
  return report.ok('row-security', 'Row-level security keeps practices apart in every table of records')
}

function migrationFinding({ migrations }: ServerFacts, { migrates }: DatabaseNeeds): Finding {
  const { applied, pending, unknown } = migrations
  if (unknown > 0) {
    const message = `The database is of a newer release: ${unknown} of its migrations are not known to this one.`
    return report.warning('migrations', message, 'Install that release here too; until then this one works on.')
  }
  const [first] = pending
  if (!first) return report.ok('migrations', `All ${applied} migrations are applied`)
  const missing = `${pending.length} migrations are not applied yet, the first is ${first.name}.`
  if (!migrates) {
    return report.failure('migrations', missing, errorTable['db.schema-behind'].remedy)
  }
  if (applied === 0) return report.ok('migrations', 'A new database; the first start makes its tables')
  return report.warning('migrations', missing, 'The next start applies them; back up first.')
}

function connectionFinding({ connections }: ServerFacts, { processes }: DatabaseNeeds): Finding {
  const { max, reserved, used } = connections
  const needed = processes * connectionsOfProcess
  const there = max - reserved
  const shown = `max_connections is ${max}, ${used} are in use`
  if (needed <= there) return report.ok('connections', shown)
  const message = `${shown}; ${processes} processes take up to ${needed}.`
  return report.failure(
    'connections',
    message,
    `Set max_connections to ${needed + reserved + 10} or more, and restart the server.`,
  )
}

function clockFinding({ clockAhead }: ServerFacts): Finding {
  const { lowMs, highMs } = clockAhead
  const atLeast = Math.max(0, lowMs, -highMs)
  if (atLeast <= SKEW_MAX_MS) return report.ok('clock', "Its clock and this machine's agree")
  const message = `Its clock and this machine's are ${(atLeast / 1_000).toFixed(1)} s apart.`
  return report.failure('clock', message, 'Let NTP or chrony set the clocks of both machines.')
}

function tlsFinding({ tls }: ServerFacts, { embedded }: DatabaseNeeds): Finding {
  if (tls !== undefined) return report.ok('tls', `Encrypted and verified (${tls})`)
  // Without TLS nothing but a socket or the loopback interface is accepted (database-login.ts).
  return report.ok('tls', embedded ? 'Reached by a private socket' : 'Reached on this machine, without TLS')
}

const nameNeeded = 'Use a host in the URL that stands in its certificate, or have the certificate made with this one.'
const validNeeded = "Renew it and reload the server; if it is valid, look at this machine's clock."
const trustNeeded =
  "Name the file of its authority in the URL (sslrootcert=<file>). Where that is the right one, the server has to send its authority's certificates along (ssl_cert_file)."
const versionNeeded = "Set ssl_min_protocol_version = 'TLSv1.2' on the server and let it speak that or TLS 1.3."
const handshakeNeeded =
  "Look at the server's log for why. Aegis shows no certificate of its own (no clientcert in pg_hba.conf) and takes the usual ciphers (ssl_ciphers)."
const tlsNeeded =
  'Set ssl = on, ssl_cert_file and ssl_key_file on the server and reload it. Only a socket or the loopback interface may do without (take sslmode out of the URL).'

/** What kept TLS from being agreed on, by the reason of `db.unavailable`: the first that fits. */
const tlsTroubles: readonly [reason: RegExp, message: string, remedy: string][] = [
  [/^no TLS$/, 'The database server takes no TLS, and the URL asks for it', tlsNeeded],
  [
    /^ERR_SSL.*(?:VERSION|UNSUPPORTED_PROTOCOL|PACKET_LENGTH)/,
    'The database server and this process do not agree on a version of TLS',
    versionNeeded,
  ],
  // An alert of the server's may speak of a certificate: of ours, which it demands.
  [/^ERR_SSL|^EPROTO/, 'The TLS handshake with the database server failed', handshakeNeeded],
  [/ALTNAME/, "The database server's certificate is for another name", nameNeeded],
  [/EXPIRED|NOT_YET/, "The database server's certificate, or its authority's, is not valid today", validNeeded],
  [
    /CERT|^UNABLE_TO|^INVALID/,
    "The database server's certificate is of an authority that is not trusted here",
    trustNeeded,
  ],
]

/** Why a server could not be looked at: one that is there and whose TLS is not as it has to be wants something else mended. */
export function databaseFailure(error: unknown): Finding {
  const reason = isAegisError(error, 'db.unavailable') ? String(error.detail['reason']) : ''
  const trouble = tlsTroubles.find(([pattern]) => pattern.test(reason))
  if (!trouble) return report.fromError('database', error)
  const [, message, remedy] = trouble
  return report.failure('tls', `${message} (${reason}).`, remedy)
}
