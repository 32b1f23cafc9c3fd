import type { CallOptions } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import type { CallContext } from '../upstream/call-context.ts'
import { audited } from './audited-call.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { type Asked, feedTable } from './feed-table.ts'
import { answerFacts, type FetchedPage, pageOfOne } from './fetched-page.ts'
import type { SyncDeps } from './sync-deps.ts'

interface Found {
  readonly value: unknown
  readonly raw: string
}

const foundFacts = ({ value }: Found) => answerFacts(Array.isArray(value) ? value : [value])

type FetchDeps = SyncDeps & { readonly context: CallContext }

/** Asks for one record by id. `not-found` and `wrong-record` are thrown as the client's errors. */
export async function fetchRecord(deps: FetchDeps, key: HeldFeed, asked: Asked): Promise<FetchedPage> {
  const { kind, get } = feedTable[key.feed]
  if (!get) throw new AegisError('internal.unexpected', { feed: key.feed })
  const practice = deps.upstream.practice(key.practice)
  const { raw } = await audited<Found>({ context: deps.context, ended: key.ended }, foundFacts, (options) =>
    get(practice, asked, options),
  )
  const { id, patientId } = asked
  return pageOfOne(kind, { raw, id, ...(patientId !== '' && { patientId }) })
}

/** Asks who answers for a patient that was merged; `wrong-record` when nobody says to be the survivor. */
export async function fetchSurvivor(deps: FetchDeps, key: HeldFeed, id: string): Promise<FetchedPage> {
  const { patients } = deps.upstream.practice(key.practice)
  const call = (options: CallOptions) => patients.survivorOf(id, options)
  const { value, raw } = await audited({ context: deps.context, ended: key.ended }, foundFacts, call)
  return pageOfOne('patient', { raw, id: String(Reflect.get(Object(value), 'patientid')) })
}
