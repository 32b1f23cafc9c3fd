/**
 * Settings of the embedded cluster, given on the command line so that nothing stored in it can weaken them.
 * Durability is PostgreSQL's default and said aloud; logging is what keeps patient data out of its log file.
 */
export const clusterSettings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  password_encryption: 'scram-sha-256',
  max_connections: '60',
  // Small: the machine also runs everything else. Asynchronous reads would only add three processes.
  shared_buffers: '128MB',
  io_method: 'sync',
  jit: 'off',
  // The first load writes fast: recycling this much WAL is quicker than removing and making files.
  min_wal_size: '256MB',
  max_wal_size: '1GB',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // PostgreSQL quotes values in errors ("invalid input syntax for type date: …"), whatever the verbosity. 'log' leaves
  // out every client's error and warning; what concerns the server itself (LOG, FATAL, PANIC) is still written.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_min_duration_sample: '-1',
  log_transaction_sample_rate: '0',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_lock_waits: 'off',
  log_temp_files: '-1',
  log_autovacuum_min_duration: '-1',
  log_checkpoints: 'off',
  log_connections: '',
  log_disconnections: 'off',
  log_destination: 'stderr',
  logging_collector: 'off',
  debug_print_parse: 'off',
  debug_print_rewritten: 'off',
  debug_print_plan: 'off',
  shared_preload_libraries: '',
  session_preload_libraries: '',
  local_preload_libraries: '',
}

/** The settings as arguments of `postgres`; `extra` is for tests. */
export function settingArguments(extra: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries({ ...clusterSettings, ...extra }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}
