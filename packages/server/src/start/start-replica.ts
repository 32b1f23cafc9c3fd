import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { keepReplica } from '../ops/keep-replica.ts'
import { ownAlarms } from '../ops/own-alarms.ts'
import { version } from '../version.ts'
import type { Ground, Parts } from './compose-parts.ts'
import type { StopStack } from './stop-stack.ts'

/**
 * Makes this process known to the others on its database. Resolves at once; `onReplaced` is called when another process
 * runs on a copy of this one's home.
 */
export async function startReplica(
  { ground, parts, stops }: { ground: Ground; parts: Parts; stops: StopStack },
  as: { instance: string; ttlMs: number; onReplaced: (error: Error) => void },
): Promise<void> {
  const { config, home, homeId } = ground
  const practices = config.practices.toSorted((a, b) => a - b)
  const facts = {
    homeId,
    instance: as.instance,
    writerId: parts.audit.writerId,
    role: config.role,
    place: `${hostname()}:${home.path}`,
    version,
    practices: practices.length,
    practicesDigest: createHash('sha256').update(practices.join(',')).digest('hex').slice(0, 16),
  }
  const { ttlMs } = as
  const kept = await keepReplica({ ...ground, audit: parts.audit }, facts, { ttlMs, alarms: () => ownAlarms(parts) })
  stops.push(() => kept.stop())
  void kept.replaced.then(as.onReplaced)
}
