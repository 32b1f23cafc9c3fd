import { asDefect, type ErrorEntry } from './error-entry.ts'

/** Codes of the database, ours or the operator's. */
export const databaseErrors = {
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
    remedy:
      'Free space on the disk of the database (by default AEGIS_HOME). A running Aegis then goes on by itself; one that ended is started again. Nothing that was stored is lost.',
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
  'db.migration-files': {
    status: 500,
    title: 'The migration files are not as they should be',
    remedy: 'Install the release anew and unmodified.',
  },
  'db.newer-schema': {
    status: 500,
    title: 'The database is of a newer release of Aegis, with which this one cannot work',
    remedy: 'Install that release or a newer one.',
  },
  'db.no-unprivileged-user': {
    status: 500,
    title: 'PostgreSQL does not run as root, and this system offers no way to drop the privilege',
    remedy: 'Run Aegis as an ordinary user, or name a PostgreSQL server with DATABASE_URL_FILE.',
  },
  'db.rolled-back': {
    status: 500,
    title: 'A transaction was rolled back although its work went on after an error',
    remedy: asDefect,
  },
  'db.roles-not-granted': {
    status: 500,
    title: 'The owner may not give the runtime login its roles',
    remedy:
      'Have a superuser run: GRANT aegis_app, aegis_control, aegis_audit TO <login> (PostgreSQL 16 and newer: WITH INHERIT FALSE, SET TRUE; 15: ALTER ROLE <login> NOINHERIT).',
  },
  'db.schema-behind': {
    status: 503,
    title: 'The database is not yet as this release needs it, and this process may not change it',
    remedy:
      "Start a process of this release that has the owner's URL (DATABASE_OWNER_URL_FILE) beside the URL of this login: it applies what is missing and gives the login its roles, or says why it cannot. Then start this one again.",
  },
  'db.start-failed': {
    status: 503,
    title: 'The embedded PostgreSQL did not start',
    remedy: 'Read its log file, named here; it says why.',
  },
  'db.statement-failed': {
    status: 500,
    title: 'The database refused a statement',
    remedy:
      'Look up the SQLSTATE that stands with this code, here or in the log: 42501 means that rights were taken from the roles of Aegis, 42P01 or 42703 that its tables were changed, XX001 or XX002 that the disk damaged them. Of one that says nothing of the kind report a defect, with what is said of it here and in the log.',
  },
  'db.statement-not-awaited': {
    status: 500,
    title: 'A statement was still running when its transaction ended',
    remedy: asDefect,
  },
  'db.tables-held': {
    status: 503,
    title: 'The schema could not be changed: something else keeps hold of its tables',
    remedy: 'End what does (a dump, a long query or an open transaction: see pg_stat_activity), then start again.',
  },
  'db.transaction-over': {
    status: 500,
    title: 'A statement came after the end of its transaction',
    remedy: asDefect,
  },
  'db.unavailable': {
    status: 503,
    title: 'The database is not reachable',
    remedy:
      'Start the database server, or mend the way to it; check host, port, login and password of the URL (DATABASE_URL_FILE, DATABASE_OWNER_URL_FILE). Where the reason names a certificate or TLS, "aegis doctor" says what to do. A running Aegis then goes on by itself, and starts the embedded server again by itself.',
  },
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
} satisfies Record<string, ErrorEntry>
