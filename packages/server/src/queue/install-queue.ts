import { createRequire } from 'node:module'
import type pg from 'pg'
import { getConstructionPlans, getMigrationPlans } from 'pg-boss'
import { ownerSession } from '../db/owner-session.ts'
import { AegisError } from '../errors/aegis-error.ts'

/** pg-boss's schema: its tables are its own, and only `queue/` knows them. */
export const queueSchema = 'pgboss'

/** Any number, the same in every release, and another than that of the migrations. */
const advisoryLock = 4_017_195_901

const readState = `
  select (select version from pgboss.version) as version,
    has_table_privilege('aegis_control', 'pgboss.job_common', 'select, insert, update, delete') as granted,
    exists (select from pg_trigger where tgrelid = 'pgboss.queue'::regclass and tgname = 'aegis_no_lane_passed')
      as triggered`
/**
 * pg-boss counts now and then which lanes have a running job, and until its next look, a minute later, gives out no job
 * of those lanes, long after they are free again. Workers see to their lanes themselves (`groupConcurrency`): what was
 * counted is dropped.
 */
const dropLanesCounted = `
  create or replace function pgboss.aegis_no_lane_passed() returns trigger language plpgsql set search_path = pg_catalog
    as $$ begin new.singletons_active := null; return new; end $$;
  create or replace trigger aegis_no_lane_passed before insert or update on pgboss.queue
    for each row execute function pgboss.aegis_no_lane_passed();
  update pgboss.queue set singletons_active = null where singletons_active is not null`

/** The role of control tables works the queues; the tenant role has nothing but the function aegis.enqueue. */
const grants = `
  revoke all on schema pgboss from public;
  revoke all on all tables in schema pgboss from public, aegis_app, aegis_audit;
  revoke all on all functions in schema pgboss from public;
  grant usage on schema pgboss to aegis_control;
  grant select, insert, update, delete on all tables in schema pgboss to aegis_control`

/** What a start does about the queue's tables, once the migrations are applied. */
export const queueTables = { install: installQueue, isInstalled } as const

/**
 * Installs or upgrades pg-boss's tables as the owner and gives the runtime role its rights; to be called after
 * `migrate`. Nothing to do costs one connection and two queries. A database of a newer release is refused.
 */
export async function installQueue({
  ownerUrl,
  signal,
}: {
  ownerUrl: string
  signal?: AbortSignal | undefined
}): Promise<void> {
  await ownerSession({ url: ownerUrl, application: 'aegis-migrate', signal }, async (session) => {
    const { client } = session
    if (await isInstalled(client)) return
    await session.takeTurn(advisoryLock)
    await session.despiteLocks(() => install(client))
  })
}

async function install(client: pg.Client): Promise<void> {
  if (await isInstalled(client)) return
  const found = await installedVersion(client)
  try {
    if (found === undefined) await client.query(atOurPace(getConstructionPlans(queueSchema)))
    // The exported plan builds indexes at once; pg-boss's own start would leave them to a worker with the owner's rights.
    else if (found < wantedVersion()) await client.query(atOurPace(getMigrationPlans(queueSchema, found)))
    await client.query(dropLanesCounted)
    await client.query(grants)
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

/** pg-boss would wait for locks as long as it likes, and let everybody else wait behind it. */
function atOurPace(plan: string): string {
  return plan.replaceAll(/set local lock_timeout = \d+;/gi, '')
}

interface QueueState {
  version: number | undefined
  granted: boolean
  triggered: boolean
}

/** Whether the tables are as this release has them, and the runtime role has its rights on them. */
async function isInstalled(client: pg.Client): Promise<boolean> {
  const version = await installedVersion(client)
  if (version === undefined) return false
  if (version > wantedVersion()) throw new AegisError('db.newer-schema', { queueVersion: version })
  const { rows } = await client.query<QueueState>(readState)
  return version === wantedVersion() && rows[0]?.granted === true && rows[0].triggered
}

async function installedVersion(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ yes: boolean }>("select to_regclass('pgboss.version') is not null as yes")
  if (!rows[0]?.yes) return undefined
  return (await client.query<{ version: number }>('select version from pgboss.version')).rows[0]?.version
}

/** The version of the tables that the installed pg-boss works with. */
function wantedVersion(): number {
  // pg-boss states it in its package.json only.
  const manifest = createRequire(import.meta.url)('pg-boss/package.json') as { pgboss: { schema: number } }
  return manifest.pgboss.schema
}
