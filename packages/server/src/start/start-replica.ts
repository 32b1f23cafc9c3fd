import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import type { AegisConfig } from '../config/aegis-config.ts'
import { keepReplica } from '../ops/keep-replica.ts'
import { ownAlarms } from '../ops/own-alarms.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
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
  const facts = {
    homeId,
    instance: as.instance,
    writerId: parts.audit.writerId,
    role: config.role,
    place: `${hostname()}:${home.path}`,
    version,
    practices: config.practices.length,
    practicesDigest: digestOfMirrored(config),
  }
  const { ttlMs } = as
  const kept = await keepReplica({ ...ground, audit: parts.audit }, facts, { ttlMs, alarms: () => ownAlarms(parts) })
  stops.push(() => kept.stop())
  void kept.replaced.then(as.onReplaced)
}

/**
 * What a process is configured to mirror: practices, feeds, departments, in whatever order. Of processes that differ in one
 * of them the one that is started last takes from the others what it does not know of.
 */
export function digestOfMirrored({ practices, sync }: MirrorConfig): string {
  const { feeds, departments } = sync
  const limits = Object.entries(departments).toSorted(([one], [other]) => Number(one) - Number(other))
  const text = JSON.stringify([practices.toSorted((a, b) => a - b), feeds.toSorted(), limits])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

type MirrorConfig = Pick<AegisConfig, 'practices'> & { readonly sync: Pick<SyncSettings, 'feeds' | 'departments'> }
