import { AthenaError } from '@aegis/client'
import { isAegisError } from '../errors/aegis-error.ts'
import { idOf, previousPatientIds } from '../records/record-id.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { aliasedKeys } from '../records/records.sql.ts'
import type { CallContext } from '../upstream/call-context.ts'
import type { AskedRecord } from './asked-record.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { fetchRecord } from './fetch-record.ts'
import { type FetchedPage, recordsInPage } from './fetched-page.ts'
import { findsOthers } from './finds-others.ts'
import { isOfTheRecord, isPassing } from './is-of-the-record.ts'
import { lookForFormer, lookForPatient } from './look-for-patient.ts'
import { readOfPatient } from './read-of-patient.ts'
import type { SyncDeps } from './sync-deps.ts'

type AskDeps = SyncDeps & { readonly context: CallContext }

/** A record, or all of a patient, as it is asked for. */
interface Sighted {
  readonly key: string
  readonly asked: { readonly patientId: string; readonly former?: string }
}

/**
 * Whether athenahealth shows the patient of a record: asked for once in a step, or anew, whatever was heard before; and whether it
 * finds any patient.
 */
export function patientSight(deps: AskDeps, held: HeldFeed) {
  const patients = { ...held, feed: 'patients' } as const
  const ask = asker(deps, patients)
  const known = new Map<string, ReturnType<typeof ask>>()
  let finds: Promise<boolean> | undefined
  const findsAny = () => (finds ??= findsOthers(deps, patients, { but: [], ask }))
  const askAnew = (id: string) => {
    const answer = ask({ whole: false, id, patientId: '' })
    known.set(id, answer)
    return answer
  }
  const askOnce = (id: string) => known.get(id) ?? askAnew(id)
  const sightBy =
    (asking: typeof askAnew) =>
    async ({ key, asked: { patientId, former } }: Sighted) =>
      (await lookForFormer(deps, held.practice, { former, ask: asking })) ??
      lookForPatient(deps, held, { key, patientId, ask: asking, findsAny })
  return { once: sightBy(askOnce), anew: sightBy(askAnew), findsAny }
}

/** Asks for a record only to see whether athenahealth finds it; `more`: it is a patient who is more than we know of. */
export function asker(deps: AskDeps, held: HeldFeed) {
  return async (asked: AskedRecord) => {
    const page = await fetchOrNothing(deps, held, asked)
    if (page === 'another-record') return 'another'
    if (typeof page === 'string') return page
    if (page === undefined || page.items === 0) return 'missing'
    return (await namesUnknown(deps, held, page)) ? 'more' : 'found'
  }
}

/** Whether a patient names former ids of whose merge we do not know. */
async function namesUnknown({ db, sealing }: AskDeps, { practice }: HeldFeed, page: FetchedPage): Promise<boolean> {
  const { isPatient, kind, idField } = recordKinds[page.kind]
  if (!isPatient) return false
  const former = recordsInPage(page, page.raw).flatMap((record) =>
    previousPatientIds(record).filter((id) => id !== idOf(record[idField])),
  )
  if (former.length === 0) return false
  return db.practice(practice, async (tx) => {
    const keys = await sealing.practice(tx, practice)
    const named = former.map((id) => keys.pseudonym('patient', id))
    const known = await aliasedKeys(tx, { practice, kind }, named)
    return named.some((key) => !known.has(key))
  })
}

/** A page, or what came instead; undefined where athenahealth says that there is no such record. */
export type Heard = FetchedPage | undefined | 'another-record' | 'refused' | 'failing'

export function fetchOrNothing(deps: AskDeps, held: HeldFeed, asked: AskedRecord): Promise<Heard> {
  const read = () =>
    asked.whole ? readOfPatient(deps, held, { ...asked, context: deps.context }) : fetchRecord(deps, held, asked)
  return pageOrNothing(deps, held, { read, isWhole: asked.whole })
}

/** `isWhole`: it is all that a patient has. */
export async function pageOrNothing(
  deps: AskDeps,
  held: HeldFeed,
  { read, isWhole = false }: { read: () => Promise<FetchedPage>; isWhole?: boolean },
): Promise<Heard> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof AthenaError && error.code === 'not-found') return undefined
    if (error instanceof AthenaError && error.code === 'wrong-record') return 'another-record'
    if (!isOfTheRecord(error)) throw error
    deps.log.error('sync.refetch-failed', error, { practice: held.practice, feed: held.feed })
    if (isWhole && isAegisError(error, 'sync.wrong-record')) return 'another-record'
    return isPassing(error) ? 'failing' : 'refused'
  }
}
