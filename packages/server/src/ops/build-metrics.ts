import { readTokenLeftMs } from '../key-server/token.sql.ts'
import { countHeldLeases } from '../leases/leases.sql.ts'
import { countWaitingJobs } from '../queue/queue.sql.ts'
import { advanceFeedJob } from '../sync/schedule.ts'
import { buildStatus, type StatusDeps } from './build-status.ts'
import { renderMetrics } from './render-metrics.ts'

/** More than so many waiting feeds are as many. */
const queuedMax = 10_000

/** Reads what `aegis status` reads and a little more, as OpenMetrics text. */
export async function buildMetrics(deps: StatusDeps): Promise<string> {
  const status = await buildStatus(deps)
  const { tokenLeftMs, leases, queued } = await deps.db.control(async (tx) => ({
    tokenLeftMs: await readTokenLeftMs(tx, deps.credentialsOf),
    leases: await countHeldLeases(tx),
    queued: await countWaitingJobs(tx, advanceFeedJob, queuedMax),
  }))
  const waits = deps.quota.waits(deps.app)
  return renderMetrics({ status, waits, refused: deps.refused(), tokenLeftMs, leases, queued })
}
