import { AegisError } from '../errors/aegis-error.ts'
import type { WireRecord } from '../records/wire-record.ts'
import { audited } from './audited-call.ts'
import type { FeedKey } from './feed-state.sql.ts'
import { feedTable } from './feed-table.ts'
import { answerFacts, type FetchedPage, pageOfOne } from './fetched-page.ts'
import type { SyncDeps } from './sync-deps.ts'

const context = { priority: 'reconciliation', purpose: 'sync.refetch' } as const

interface Found {
  readonly value: WireRecord
  readonly raw: string
}

const foundFacts = ({ value }: Found) => answerFacts([value])

/** Asks for one record by id. `not-found` and `wrong-record` are thrown as the client's errors. */
export async function fetchRecord(deps: SyncDeps, key: FeedKey, id: string): Promise<FetchedPage> {
  const { kind, get } = feedTable[key.feed]
  if (!get) throw new AegisError('internal.unexpected', { feed: key.feed })
  const practice = deps.upstream.practice(key.practice)
  const { raw } = await audited<Found>(context, foundFacts, (options) => get(practice, id, options))
  return pageOfOne(kind, { raw, id })
}

/** Asks who answers for a patient that was merged; `wrong-record` when nobody says to be the survivor. */
export async function fetchSurvivor(deps: SyncDeps, key: FeedKey, id: string): Promise<FetchedPage> {
  const { patients } = deps.upstream.practice(key.practice)
  const { value, raw } = await audited<Found>(context, foundFacts, (options) => patients.survivorOf(id, options))
  return pageOfOne('patient', { raw, id: String(value.patientid) })
}
