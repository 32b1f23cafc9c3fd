import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import * as table from './audit.sql.ts'
import { entryVersion } from './entry.ts'

export interface CloseOrphansDeps {
  readonly db: Db
  readonly clock: Clock
  readonly writerId: string
  readonly nextId: () => string
}

const batchMax = 1_000
const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** Closes what writers other than the live and the young ones left open, and returns how many attempts that were. */
export async function closeOrphans(
  deps: CloseOrphansDeps,
  spared: { live: readonly string[]; youngMs: number },
): Promise<number> {
  let closed = 0
  for (const writer of await deps.db.control((tx) => table.writersExcept(tx, spared))) {
    closed += await closeAttempts(deps, {
      writer: writer.writer_id,
      from: writer.settled_before,
      to: highestId,
      except: [],
    })
    await deps.db.control((tx) => table.removeWriter(tx, writer.writer_id))
  }
  return closed
}

/** Gives every attempt of this range that has no outcome the outcome `unknown`. */
export async function closeAttempts(deps: CloseOrphansDeps, range: Omit<table.OrphanQuery, 'limit'>): Promise<number> {
  for (let closed = 0; ; ) {
    const found = await deps.db.audit(async (tx) => {
      const orphans = await table.lockedOrphans(tx, { ...range, limit: batchMax })
      const rows = orphans.map((orphan) => unknownOutcome(deps, orphan))
      if (rows.length) await table.appendEntries(tx, rows)
      return rows.length
    })
    closed += found
    if (found < batchMax) return closed
  }
}

function unknownOutcome(deps: CloseOrphansDeps, orphan: table.OrphanRow): table.EntryRow {
  return {
    ...orphan,
    id: deps.nextId(),
    attempt_id: orphan.id,
    writer_id: deps.writerId,
    occurred_ms: deps.clock.now(),
    outcome: 'unknown',
    patients: JSON.parse(orphan.patients) as string[], // array_to_json of a uuid[]
    record_count: null,
    code: null,
    peer: null,
    upstream_request_id: null,
    detail: null,
    version: entryVersion,
  }
}
