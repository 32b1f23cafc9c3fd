import type { Db } from '../db/db.ts'
import { alarmTable } from './alarm-table.ts'
import { inWords } from './explain-feed.ts'
import { silentMaxMs } from './keep-replica.ts'
import { listReplicas, type ReplicaRow } from './replica.sql.ts'
import type { Alarm, ReplicaStatus } from './status-report.ts'

/**
 * The processes on this database, and what of them wants a person: what one other than `homeId`'s says of itself comes with
 * its place. `ttlMs`: after which silence one counts as dead.
 */
export async function readReplicas(
  db: Pick<Db, 'control'>,
  { ttlMs, homeId }: { ttlMs: number | undefined; homeId: string },
): Promise<{ replicas: ReplicaStatus[]; alarms: Alarm[] }> {
  if (ttlMs === undefined) return { replicas: [], alarms: [] }
  const rows = await db.control((tx) => listReplicas(tx))
  return {
    replicas: rows.map((row) => replicaStatus(row, ttlMs)),
    alarms: [...replicaAlarms(rows, ttlMs), ...alarmsOfOthers(rows, { ttlMs, homeId })],
  }
}

function replicaStatus(row: ReplicaRow, ttlMs: number): ReplicaStatus {
  const { role, place, version, practices, started_at, silent_ms } = row
  return { role, place, version, practices, startedAt: new Date(started_at).toISOString(), live: silent_ms < ttlMs }
}

function alarmsOfOthers(rows: readonly ReplicaRow[], { ttlMs, homeId }: { ttlMs: number; homeId: string }): Alarm[] {
  return rows
    .filter(({ home_id, silent_ms }) => home_id !== homeId && silent_ms < ttlMs)
    .flatMap(({ place, alarms }) => alarms.map((alarm) => ({ ...alarm, message: `${place}: ${alarm.message}` })))
}

/** What is wrong among processes that share a database (pure). */
export function replicaAlarms(rows: readonly ReplicaRow[], ttlMs: number): Alarm[] {
  const live = rows.filter(({ silent_ms }) => silent_ms < ttlMs)
  const alarms: Alarm[] = []
  const mirroring = live.filter(({ role }) => role !== 'key-server')
  if (new Set(mirroring.map(({ practices_digest }) => practices_digest)).size > 1) {
    const counts = mirroring.map(({ place, practices }) => `${place}: ${practices}`).join(', ')
    alarms.push({
      level: 'warning',
      code: 'ops.practices-differ',
      message: `The processes on this database mirror different practices, feeds or departments (practices: ${counts}).`,
      remedy: alarmTable['ops.practices-differ'].remedy,
    })
  }
  for (const { place, silent_ms } of rows.filter((row) => row.silent_ms >= ttlMs && row.silent_ms < silentMaxMs)) {
    alarms.push({
      level: 'warning',
      code: 'ops.replica-silent',
      message: `The process on ${place} has been silent for ${inWords(silent_ms)}; the others do its work.`,
      remedy: alarmTable['ops.replica-silent'].remedy,
    })
  }
  return alarms
}
