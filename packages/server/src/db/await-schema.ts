import type pg from 'pg'
import { systemClock } from '../clock/clock.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import { migrationsDirectory, readMigrations } from './migration-files.ts'
import { ownerSession } from './owner-session.ts'
import { schemaState } from './schema-state.ts'
import { fromDriverError, isSqlState } from './sql-error.ts'

/** How long a process that may not migrate waits for one that may, ms. */
export interface SchemaWaits {
  /** Between two looks. */
  readonly pauseMs: number
  /** All together: those who start with it migrate in that time as a rule, and a service manager starts it again. */
  readonly allMs: number
}

const schemaWaitsDefault: SchemaWaits = { pauseMs: 1_000, allMs: 60_000 }

export interface AwaitSchemaDeps {
  readonly log: Log
  /** Whether what stands on the migrations is there, as the control role sees it. */
  readonly isInstalled: (client: pg.Client) => Promise<boolean>
  /** Default: a look each second, for a minute. */
  readonly waits?: SchemaWaits | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits until a process that has the owner's URL has brought the schema to this release and given this login its roles:
 * `db.schema-behind` when that takes too long. Errors besides: those of `schemaState`, `db.unavailable`.
 */
export async function awaitSchema(deps: AwaitSchemaDeps, runtimeUrl: string): Promise<void> {
  const { log, signal, waits = schemaWaitsDefault } = deps
  const giveUpAt = systemClock.steady() + waits.allMs
  for (let look = 1; ; look += 1) {
    const behind = await lookAtSchema(deps, runtimeUrl)
    if (!behind) return
    if (systemClock.steady() >= giveUpAt) throw behind
    if (look === 1) log.warn('db.schema-awaited')
    await systemClock.sleep(waits.pauseMs, signal)
  }
}

/** What is missing, as the error that says so. */
async function lookAtSchema(deps: AwaitSchemaDeps, url: string): Promise<AegisError | undefined> {
  const { log, signal, isInstalled } = deps
  const as = { url, role: 'aegis_control', application: 'aegis-start', signal } as const
  try {
    return await ownerSession(as, async ({ client }) => {
      const { pending, unknown } = await schemaState(client, readMigrations(migrationsDirectory))
      const [first] = pending
      if (first) return new AegisError('db.schema-behind', { pending: pending.length, first: first.name })
      if (!(await isInstalled(client))) return new AegisError('db.schema-behind', { pending: 'queue' })
      if (unknown > 0) log.warn('db.schema-newer', { unknown })
      return undefined
    })
  } catch (error) {
    if (isRoleMissing(error)) return new AegisError('db.schema-behind', { login: 'without its roles' })
    throw error
  }
}

/** Nobody has made the roles yet, or given them to this login ("permission denied to set role"), or not yet all rights. */
export function isRoleMissing(error: unknown): boolean {
  const ours = fromDriverError(error)
  return isSqlState(ours, '22023') || isSqlState(ours, '42501')
}
