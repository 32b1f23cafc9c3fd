import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import {
  forgetReplicas,
  joinReplicas,
  leaveReplicas,
  listReplicas,
  type ReplicaFacts,
  seeReplica,
} from './replica.sql.ts'
import type { Alarm } from './status-report.ts'

export interface ReplicaDeps {
  readonly db: Pick<Db, 'control'>
  readonly audit: Pick<Audit, 'closeOrphans'>
  /** The installation's. */
  readonly clock: Clock
  readonly log: Log
}

export interface KeptReplica {
  /** Resolves when another process runs under the id of this one's home: `start.home-copied`. */
  readonly replaced: Promise<AegisError>
  /** Takes the process off the list. */
  stop(): Promise<void>
}

/** Signs of life in the time after which a process counts as dead: two may get lost. */
const signsPerTerm = 3

/** The doctor and commands, which call and are on no list, are done before. */
const briefMs = 300_000

/** Dead processes are shown for an hour, then forgotten. */
export const silentMaxMs = 3_600_000

/**
 * Puts this process on the list of those that share the database and keeps it there, with what it finds wrong with itself,
 * which all of them show. Each of them closes the audit
 * attempts of those that are silent for `ttlMs` (installation's time): a process that was killed cannot.
 */
export async function keepReplica(
  deps: ReplicaDeps,
  facts: ReplicaFacts,
  { ttlMs, alarms }: { ttlMs: number; alarms: () => readonly Alarm[] },
): Promise<KeptReplica> {
  const says = () => ({ ...facts, alarms: alarms() })
  await deps.db.control((tx) => joinReplicas(tx, says()))
  const stopping = new AbortController()
  const replaced = Promise.withResolvers<AegisError>()
  const keep = async () => {
    while (!stopping.signal.aborted) {
      await deps.clock.sleep(ttlMs / signsPerTerm, stopping.signal).catch(() => undefined)
      if (stopping.signal.aborted) return
      try {
        if (!(await deps.db.control((tx) => seeReplica(tx, says())))) return replaced.resolve(homeCopied(facts))
        await closeOrphans(deps, ttlMs)
      } catch (error) {
        if (!isAegisError(error, 'db.unavailable')) deps.log.error('ops.replica-unseen', error)
      }
    }
  }
  const kept = keep()
  return {
    replaced: replaced.promise,
    async stop() {
      stopping.abort(new Error('the process is stopping'))
      await kept
      await deps.db.control((tx) => leaveReplicas(tx, facts))
    },
  }
}

function homeCopied({ place }: ReplicaFacts): AegisError {
  return new AegisError('start.home-copied', { place })
}

async function closeOrphans({ db, audit, log }: ReplicaDeps, ttlMs: number): Promise<void> {
  const replicas = await db.control(async (tx) => {
    await forgetReplicas(tx, silentMaxMs)
    return listReplicas(tx)
  })
  const live = replicas.filter((replica) => replica.silent_ms < ttlMs).map((replica) => replica.writer_id)
  const attempts = await audit.closeOrphans(live, { youngMs: briefMs })
  if (attempts > 0) log.info('aegis.taken-over', { leases: 0, attempts })
}
