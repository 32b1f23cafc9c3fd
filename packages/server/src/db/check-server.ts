import type pg from 'pg'
import { AegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'

/** PostgreSQL 15. */
const versionMin = 150_000

interface SettingRule {
  /** Whether the server's value is one we can live with. */
  readonly accepts: (value: string) => boolean
  /** What to set. */
  readonly wanted: string
}

const off: SettingRule = { accepts: (value) => value === 'off', wanted: 'off' }
const on: SettingRule = { accepts: (value) => value === 'on', wanted: 'on' }
const never: SettingRule = { accepts: (value) => value === '-1', wanted: '-1' }

/** A server without these loses transactions that it has confirmed, when the machine fails. */
const durability: Readonly<Record<string, SettingRule>> = {
  fsync: on,
  full_page_writes: on,
  // 'remote_write' and above wait for a standby as well.
  synchronous_commit: { accepts: (value) => value !== 'off', wanted: 'on' },
}

/** With another value here the server's log would hold statements with their values: patient data. */
const privacy: Readonly<Record<string, SettingRule>> = {
  log_statement: { accepts: (value) => value === 'none' || value === 'ddl', wanted: 'none' },
  log_min_duration_statement: never,
  log_min_duration_sample: never,
  log_transaction_sample_rate: { accepts: (value) => Number(value) === 0, wanted: '0' },
  log_duration: off,
  log_parameter_max_length_on_error: { accepts: (value) => value === '0', wanted: '0' },
  debug_print_parse: off,
  debug_print_rewritten: off,
  debug_print_plan: off,
}

/** What the log still tells of a failed statement: worth a warning. */
const advised = {
  // Else a failed cast is logged with the value that could not be cast; all casts are done before SQL, as far as we know.
  log_min_messages: { accepts: (value: string) => ['log', 'fatal', 'panic'].includes(value), wanted: 'log' },
  log_min_error_statement: { accepts: (value: string) => value === 'panic' || value === 'fatal', wanted: 'panic' },
  log_error_verbosity: { accepts: (value: string) => value === 'terse', wanted: 'terse' },
  log_parameter_max_length: { accepts: (value: string) => value === '0', wanted: '0' },
} as const
const advisedNames = [
  'log_min_messages',
  'log_min_error_statement',
  'log_error_verbosity',
  'log_parameter_max_length',
] as const

/** What of a server's settings is not as it has to be, and not as it should be: name by name, what to set. */
export interface ServerJudgement {
  /** As `server_version_num`, and whether it is too old. */
  readonly version: number
  readonly tooOld: boolean
  /** Records could be lost, or patient data logged. */
  readonly wrong: Readonly<Record<string, string>>
  /** What the log still tells of a failed statement. */
  readonly loose: readonly (keyof typeof advised)[]
}

/** Reads and judges a server's settings. */
export async function judgeServer(client: pg.Client): Promise<ServerJudgement> {
  const settings = await readSettings(client)
  const version = Number(settings.get('server_version_num'))
  const wrong = { ...broken(settings, durability), ...broken(settings, privacy) }
  if (/auto_explain/.test(settings.get('preload') ?? '')) wrong.auto_explain = 'not loaded'
  const loose = broken(settings, advised)
  return { version, tooOld: version < versionMin, wrong, loose: advisedNames.filter((name) => name in loose) }
}

/**
 * Checks a server that is not ours: refuses one that is too old (`db.unsupported-version`), or set up so that confirmed
 * records could be lost or patient data would be logged (`db.insecure-settings`, naming each setting with the value
 * needed); logs a warning for each setting that could be stricter.
 */
export async function checkServer({ client, log }: { client: pg.Client; log: Log }): Promise<void> {
  const { version, tooOld, wrong, loose: names } = await judgeServer(client)
  if (tooOld) throw new AegisError('db.unsupported-version', { version })
  if (Object.keys(wrong).length > 0) throw new AegisError('db.insecure-settings', wrong)
  if (names.length > 0) log.warn('db.settings-could-be-stricter', { names })
}

function broken(
  found: ReadonlyMap<string, string>,
  rules: Readonly<Record<string, SettingRule>>,
): Record<string, string> {
  const wrong: Record<string, string> = {}
  for (const [name, rule] of Object.entries(rules)) {
    const value = found.get(name)
    if (value !== undefined && !rule.accepts(value)) wrong[name] = rule.wanted
  }
  return wrong
}

async function readSettings(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    `select name, setting from pg_catalog.pg_settings
     union all
     select 'preload', string_agg(setting, ',') from pg_catalog.pg_settings where name like '%preload_libraries'`,
  )
  return new Map(rows.map(({ name, setting }) => [name, setting ?? '']))
}
