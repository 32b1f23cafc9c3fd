/** What a code means to a caller (status, generic title: RFC 9457) and to the operator (remedy). */
export interface ErrorEntry {
  readonly status: number
  readonly title: string
  readonly remedy?: string
}

/** Every error code of the server. A code is `<slice>.<what>`; keep the table sorted by slice. */
export const errorTable = {
  'audit.invalid-entry': { status: 500, title: 'An audit entry carries a value that may not stand in clear' },
  'audit.unavailable': {
    status: 503,
    title: 'The audit log cannot be written, so no patient data is read or served',
    remedy: 'Bring the database back (reachable, with free disk space); work goes on by itself.',
  },
  'clock.simulator-unreachable': {
    status: 503,
    title: 'The clock of the simulator cannot be read',
    remedy: 'Start the simulator first, with its administration on, or set clock: system.',
  },
  'config.invalid': { status: 500, title: 'The configuration has mistakes' },
  'db.busy': {
    status: 503,
    title: 'Another process holds the migration lock',
    remedy: 'Wait until the other instance has finished its migrations, then start again.',
  },
  'db.binaries-missing': {
    status: 500,
    title: 'No embedded PostgreSQL for this platform is installed',
    remedy: 'Run "npm ci" without --omit=optional, or name a PostgreSQL server (15 or newer) with DATABASE_URL_FILE.',
  },
  'db.cluster-version': {
    status: 500,
    title: 'The data directory belongs to another PostgreSQL major version',
    remedy:
      'Start the release of Aegis that made it, or start with an empty AEGIS_HOME and let it fetch the practices anew.',
  },
  'db.data-directory': {
    status: 500,
    title: 'The data directory cannot be used',
    remedy: 'Give the user that runs Aegis a directory of its own (AEGIS_HOME) that it may write to.',
  },
  'db.disk-full': {
    status: 503,
    title: 'No space is left for the database',
    remedy: 'Free space on the disk that holds AEGIS_HOME, then start again; nothing that was stored is lost.',
  },
  'db.insecure-url': {
    status: 500,
    title: 'The database URL would send data over the network unencrypted or unverified',
    remedy: 'Add sslmode=verify-full to the URL (with sslrootcert for a private authority).',
  },
  'db.insecure-settings': {
    status: 500,
    title: 'The database server is configured so that records could be lost or patient data logged',
    remedy: 'Change the named settings on the server (ALTER SYSTEM, then reload), then start again.',
  },
  'db.invalid-url': {
    status: 500,
    title: 'The database URL cannot be read',
    remedy: 'Write it as postgres://user:password@host:5432/database?sslmode=verify-full.',
  },
  'db.migration-changed': {
    status: 500,
    title: 'A migration that was already applied has changed since',
    remedy: 'Install the release unmodified; a change to the schema is always a new migration.',
  },
  'db.migration-failed': {
    status: 500,
    title: 'A migration could not be applied; the database is as it was before it',
    remedy: 'Check that the owner may create roles and schemas in this database, then start again.',
  },
  'db.migration-files': { status: 500, title: 'The migration files are not as they should be' },
  'db.newer-schema': {
    status: 500,
    title: 'The database was written by a newer release of Aegis',
    remedy: 'Install that release or a newer one.',
  },
  'db.no-unprivileged-user': {
    status: 500,
    title: 'PostgreSQL does not run as root, and this system offers no way to drop the privilege',
    remedy: 'Run Aegis as an ordinary user, or name a PostgreSQL server with DATABASE_URL_FILE.',
  },
  'db.rolled-back': { status: 500, title: 'A transaction was rolled back although its work went on after an error' },
  'db.roles-not-granted': {
    status: 500,
    title: 'The owner may not give the runtime login its roles',
    remedy:
      'Have a superuser run: GRANT aegis_app, aegis_control, aegis_audit TO <login> (PostgreSQL 16 and newer: WITH INHERIT FALSE, SET TRUE; 15: ALTER ROLE <login> NOINHERIT).',
  },
  'db.start-failed': {
    status: 503,
    title: 'The embedded PostgreSQL did not start',
    remedy: 'Read its log file, named here; it says why.',
  },
  'db.statement-failed': { status: 500, title: 'The database refused a statement' },
  'db.statement-not-awaited': { status: 500, title: 'A statement was still running when its transaction ended' },
  'db.transaction-over': { status: 500, title: 'A statement came after the end of its transaction' },
  'db.unavailable': { status: 503, title: 'The database is not reachable' },
  'db.unsafe-role': {
    status: 500,
    title: 'The runtime login has more rights than it may have',
    remedy: 'Use a login that is not the owner, not a superuser and has neither BYPASSRLS nor CREATEROLE.',
  },
  'db.unsupported-version': {
    status: 500,
    title: 'This PostgreSQL server is too old',
    remedy: 'Use PostgreSQL 15 or newer.',
  },
  'egress.address-refused': {
    status: 502,
    title: 'The configured host resolves to an address where it may not be; nothing was sent',
    remedy: 'Check the name server. If the host is a gateway or proxy of yours, name it under athena.allowedHosts.',
  },
  'egress.refused': {
    status: 500,
    title: 'A request would have left for another place than the configured one; nothing was sent',
  },
  'http.malformed-request': {
    status: 400,
    title: 'The request cannot be read',
    remedy: 'Send what the reference of this route describes, as JSON.',
  },
  'http.not-found': { status: 404, title: 'There is nothing at this address' },
  'http.port-refused': {
    status: 500,
    title: 'The system does not let Aegis listen on this port',
    remedy: 'Choose a port of 1024 or above with --port or http.port; 0 takes a free one.',
  },
  'http.port-taken': {
    status: 500,
    title: 'Another program listens on this port already',
    remedy: 'Stop the other program, or choose another port with --port or http.port; 0 takes a free one.',
  },
  'http.request-too-large': { status: 413, title: 'The request is too large' },
  'http.tls-required': {
    status: 500,
    title: 'Only the loopback interface may be listened on without TLS',
    remedy: 'Leave http.host at 127.0.0.1 and put a TLS proxy in front of it if it must be reached from elsewhere.',
  },
  'http.unauthorized': {
    status: 401,
    title: 'The request carries no valid token',
    remedy: 'Send "Authorization: Bearer <token>" with the token of run/instance.json in the home of the instance.',
  },
  'http.wrong-host': { status: 421, title: 'The request was meant for another host' },
  'key-server.base-url-refused': {
    status: 500,
    title: 'The base URL does not belong to the environment of the credential',
    remedy:
      'Use the URL of the environment that is named (preview and production have one each; local means loopback or a host named in the configuration), or correct the environment.',
  },
  'key-server.client-id-invalid': {
    status: 500,
    title: 'The client id contains characters that no client id has',
    remedy: 'Copy it from the developer portal, without quotes or blanks.',
  },
  'key-server.credential-busy': {
    status: 503,
    title: 'Another process stored this credential at the same time',
    remedy: 'Start again; if both had different secrets, make sure that both are given the right one.',
  },
  'key-server.credential-missing': {
    status: 500,
    title: 'No such credential is stored',
    remedy: 'Name the client id and give its secret in a file (*_FILE) or on standard input.',
  },
  'key-server.credential-refused': {
    status: 502,
    title: 'athenahealth refuses the credential',
    remedy:
      'Check in the developer portal that the app is active, that client id and secret belong to this environment and that the app may use the scope; then give the secret again.',
  },
  'key-server.environment-crossed': {
    status: 500,
    title: 'A credential of one environment was about to be used in another',
    remedy: 'Give the environment a credential of its own; preview and production never share one.',
  },
  'key-server.secret-invalid': {
    status: 500,
    title: 'The secret is empty, too long or contains control characters',
    remedy: 'Put the secret alone, on one line, into the file.',
  },
  'key-server.secret-taken': { status: 500, title: 'A secret was used twice' },
  'key-server.token-unavailable': {
    status: 503,
    title: 'No valid athenahealth token can be had at the moment',
    remedy:
      'Nothing, if the token endpoint is down or the limit of token requests is reached: it is asked again by itself.',
  },
  'lease.lost': { status: 503, title: 'Another process took over this work' },
  'ops.already-running': {
    status: 409,
    title: 'Another Aegis runs on this home',
    remedy: 'Use that one ("aegis status"), stop it, or give this one a home of its own with --home or AEGIS_HOME.',
  },
  'ops.home-crossed': {
    status: 500,
    title: 'This home belongs to another environment',
    remedy: 'Give every environment, and the demo, a home of its own with --home or AEGIS_HOME.',
  },
  'ops.home-unusable': {
    status: 500,
    title: 'The home directory cannot be used',
    remedy: 'Name a directory that the user who runs Aegis owns and may write to, with --home or AEGIS_HOME.',
  },
  'ops.instance-unreachable': {
    status: 503,
    title: 'The instance of this home does not answer',
    remedy: 'If its process is still there, look at its log; if it was killed, start it again with "aegis up".',
  },
  'ops.not-running': {
    status: 503,
    title: 'No Aegis runs on this home',
    remedy: 'Start it with "aegis up", or name the home of the one you mean with --home or AEGIS_HOME.',
  },
  'ops.unknown-feed': {
    status: 404,
    title: 'There is no such feed',
    remedy: 'See "aegis status" for the feeds of each practice.',
  },
  'ops.unknown-practice': {
    status: 404,
    title: 'This instance does not mirror that practice',
    remedy: 'See "aegis status" for the practices it mirrors; they are set under "practices" in aegis.yaml.',
  },
  'ops.sql-refused': {
    status: 400,
    title: 'This statement is not run',
    remedy: 'Write one SELECT over the views of the schema mirror; "aegis sql --help" lists them.',
  },
  'queue.unknown-job': { status: 500, title: 'A job was enqueued that is not declared' },
  'internal.unexpected': { status: 500, title: 'Something went wrong inside Aegis' },
  'policy.date-range-required': {
    status: 400,
    title: 'This list is asked for by a range of dates only',
    remedy: 'Give the start and the end of the range, both as MM/DD/YYYY, the start first.',
  },
  'policy.date-range-too-wide': {
    status: 400,
    title: 'The range of dates is wider than the policy allows for this list',
    remedy: 'Ask for a narrower range, or raise the limit under policy in aegis.yaml if athenahealth agreed to it.',
  },
  'policy.filter-required': {
    status: 400,
    title: 'This list is asked for by department only',
    remedy: 'Give a departmentid.',
  },
  'policy.off-hours': {
    status: 503,
    title: 'Large pulls run in the off-hours window only',
    remedy: 'Wait for the window named here, or ask for less: a filter that narrows the list, and one page.',
  },
  'quota.day-exhausted': {
    status: 503,
    title: "Today's athenahealth calls are used up for this kind of work",
    remedy: 'Calls go on two minutes after 00:00 GMT. "aegis status" shows how many were made.',
  },
  'quota.stopping': { status: 503, title: 'This instance is being stopped' },
  'quota.timeout': {
    status: 503,
    title: 'No athenahealth call could be fitted in within the time given',
    remedy: 'Too much is asked of the rate limit at once: more urgent calls went first. Try again later.',
  },
  'quota.too-many-waiting': {
    status: 503,
    title: 'Too many calls wait for the rate limit',
    remedy: 'Send fewer calls at once, or try again later.',
  },
  'quota.unreachable': {
    status: 503,
    title: 'The shared rate limit cannot be reached, and the small share for that case is used up',
    remedy: 'Bring the database back; calls then go on by themselves.',
  },
  'sealing.closed': { status: 503, title: 'The keys were wiped from memory' },
  'sealing.format-unknown': {
    status: 500,
    title: 'A stored value is not in a sealed format that this release can read',
    remedy:
      'If a newer release wrote it, install that release; otherwise the row is damaged: restore it from a backup.',
  },
  'sealing.kek-damaged': {
    status: 500,
    title: 'A key file is damaged',
    remedy:
      'Restore it from the backup of AEGIS_HOME/keys. On a fresh installation, where nothing was sealed yet, remove it.',
  },
  'sealing.kek-exposed': {
    status: 500,
    title: 'A key file can be read or replaced by others',
    remedy: 'It must be a plain file of the user that runs Aegis, with mode 0600: chown it and chmod 600 it.',
  },
  'sealing.kek-missing': {
    status: 500,
    title: 'A key file is missing, and there is data sealed with it',
    remedy: 'Restore it from the backup of AEGIS_HOME/keys. Aegis makes no new key: the data would stay unreadable.',
  },
  'sealing.kek-unreadable': {
    status: 500,
    title: 'A key file cannot be read or made',
    remedy:
      'Check the file, its directory and the free space: the user that runs Aegis must be able to read and write there.',
  },
  'sealing.kek-wrong': {
    status: 500,
    title: 'A key file holds another key than the one the data was sealed with',
    remedy:
      'Put the right file back from the backup of AEGIS_HOME/keys, or point DATABASE_URL at the database it belongs to.',
  },
  'sealing.key-exhausted': {
    status: 500,
    title: 'A key has sealed as many values as it safely can',
    remedy: 'Keys are renewed long before this. Start Aegis again; if it comes back, report it as a defect.',
  },
  'sealing.key-missing': {
    status: 410,
    title: 'The key of this value does not exist: it was destroyed, or never made',
  },
  'sealing.key-not-loaded': { status: 500, title: 'A patient key was used before it was loaded' },
  'sealing.unreadable': {
    status: 500,
    title: 'A sealed value does not open: it was changed, or belongs to another row, practice or patient',
    remedy: 'Treat it as tampering until explained. Restore the row from a backup or fetch the record anew.',
  },
  'start.not-athenahealth': {
    status: 502,
    title: 'What answers at the base URL does not answer as athenahealth does',
    remedy: "Check athena.baseUrl and any proxy on the way; remove athena.baseUrl to use the environment's own.",
  },
  'start.practice-refused': {
    status: 502,
    title: 'The app has no access to this practice',
    remedy: 'Ask athenahealth to add the practice to the app, or take it out of "practices".',
  },
  'start.practice-unknown': {
    status: 502,
    title: 'athenahealth knows no such practice',
    remedy: 'Check the id in "practices", and that it belongs to this environment.',
  },
  'start.second-deployment': {
    status: 409,
    title: 'Another deployment processes the changes of the same athenahealth app',
    remedy:
      'Stop the other deployment, or give this one an app (client id) of its own. If the other one is gone for good, set sync.takeOver: true and start again.',
  },
  'start.upstream-failed': {
    status: 502,
    title: 'athenahealth did not answer the first question about this practice',
    remedy: "Try again in a moment; if it stays, look at the log and at athenahealth's status page.",
  },
  'start.upstream-unreachable': {
    status: 502,
    title: 'athenahealth cannot be reached',
    remedy: 'Check the network, name resolution and any proxy or firewall between here and athena.baseUrl.',
  },
  'sync.contested': {
    status: 409,
    title: 'Another deployment processes the changes of the same athenahealth app',
    remedy: 'See "aegis status".',
  },
  'sync.feed-unknown': { status: 404, title: 'There is no such feed', remedy: 'Use one of the feeds named.' },
  'sync.list-unstable': {
    status: 503,
    title: 'A list changed faster than it could be read through',
    remedy: 'Nothing to do: it is read again later. A larger sync.snapshotPageSize makes it less likely.',
  },
  'sync.page-unreadable': { status: 502, title: 'A stored page cannot be read' },
  'sync.practice-unknown': {
    status: 404,
    title: 'This practice is not mirrored here',
    remedy: 'Add it to "practices" and start again; "aegis status" lists those that are.',
  },
  'upstream.clock-skew': {
    status: 503,
    title: "This machine's clock and athenahealth's are more than 2 seconds apart",
    remedy: 'Let NTP or chrony set the clock of this machine.',
  },
  'upstream.no-context': {
    status: 500,
    title: 'A call to athenahealth was made without saying for whom and what for',
  },
} satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable
