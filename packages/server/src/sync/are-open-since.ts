import type { Tx } from '../db/db.ts'
import { type FeedKey, readFeeds } from './feed-state.sql.ts'
import { wantDepartments } from './reconcile-snapshot.ts'
import { isWished } from './refetch.sql.ts'
import type { SyncDeps } from './sync-deps.ts'

/**
 * Whether departments that do not know a patient are open still, as read after an instant: one that closed today would pass for one
 * without a chart of the patient. If that is not known they are read again.
 */
export async function areOpenSince(
  deps: SyncDeps,
  { practice }: Pick<FeedKey, 'practice'>,
  { departments, since }: { departments: readonly string[]; since: number },
): Promise<boolean> {
  if (departments.length === 0) return true
  const areKnown = await deps.db.practice(practice, (tx) => areKnownSince(tx, practice, { departments, since }))
  if (!areKnown) await wantDepartments(deps, practice)
  return areKnown
}

async function areKnownSince(
  tx: Tx,
  practice: number,
  { departments, since }: { departments: readonly string[]; since: number },
): Promise<boolean> {
  const state = (await readFeeds(tx, practice)).find(({ feed }) => feed === 'departments')
  if ((state?.snapshot_at ?? 0) <= since) return false
  // One that the list lacks is asked for by id, twice, before it counts as closed.
  for (const id of departments) if (await isWished(tx, { practice, feed: 'departments' }, id)) return false
  return true
}
