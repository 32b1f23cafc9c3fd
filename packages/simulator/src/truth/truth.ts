import { feedNames, type Practice, type RecordKind } from '../practice/practice.ts'
import { listEndpoints, type EndpointEntry, type ServedEndpoint } from './endpoint-list.ts'
import type { ChangedRecord, ChangeLog, ChangesSince } from './change-log.ts'
import type { PageLog } from './page-log.ts'
import type { RateWitness, WindowsReport } from './rate-witness.ts'
import type { RequestLog, RequestPage } from './request-log.ts'
import type { WriteLog, WritePage } from './write-log.ts'

/** Kinds of records whose state can be listed. */
export const recordKinds: readonly RecordKind[] = ['departments', 'appointmenttypes', 'documents', ...feedNames]

/** Where a log is read on: entries with a number above `since` (0 if absent), at most `limit` (1,000 if absent). */
export interface Since {
  readonly since?: number
  readonly limit?: number
}

/** What really happened, for tests and judges: no limit and no subscription stands before it. */
export interface Truth {
  /** Requests as they arrived, with counters over all of them. */
  requests(from?: Since): RequestPage
  /** Every endpoint that is served, with what its answers stand on and how often it was called. */
  endpoints(): readonly EndpointEntry[]
  /** Feed pages as they were handed out. */
  pages(from?: Since): ReturnType<PageLog['page']>
  /** Writes as they reached the practices, with their callers' intents and what they changed. */
  writes(from?: Since): WritePage
  /** How fast each app called, and how far its drains were apart. */
  windows(): WindowsReport
  /**
   * Every record of a kind as athenahealth would show it now in its feed, or `alone`: in its own call. Throws RangeError for
   * an unknown practice.
   */
  records(practiceId: number, kind: RecordKind, alone?: 'alone'): Iterable<Record<string, unknown>>
  /** Whether a patient of a practice is hidden from who does not ignore restrictions. Throws RangeError likewise. */
  hides(practiceId: number): (patientId: string) => boolean
  /** Records of a practice that changed after a mark, 0 for the start; with a mark of now. Throws RangeError likewise. */
  changes(practiceId: number, mark?: number): ChangesSince
  /** Tells of every record of a practice from now on as it changes. Throws RangeError likewise. */
  follow(practiceId: number, listener: (changed: Omit<ChangedRecord, 'events'>) => void): void
  /** Makes a change in a practice as its staff would. Throws what the practice says about a change it cannot make. */
  change(practiceId: number, change: unknown): unknown
  /** Ends the tokens of an app, or all: the next call with one is answered 401. */
  revokeTokens(clientId?: string): void
  /** Failures of the simulator itself, newest last: none is expected. */
  defects(): readonly string[]
}

export interface TruthDeps {
  readonly requestLog: RequestLog
  readonly pageLog: PageLog
  readonly writeLog: WriteLog
  readonly changeLog: ChangeLog
  readonly witness: RateWitness
  readonly practices: ReadonlyMap<number, Practice>
  /** The endpoints that are served. */
  readonly served: () => readonly ServedEndpoint[]
  readonly applyChange: (practice: Practice, change: unknown) => unknown
  readonly revokeTokens: (clientId: string | undefined) => void
  readonly defects: readonly string[]
  /** Lets what is due happen before anything is read. */
  readonly catchUp: () => void
}

/** The truth of one running simulator. */
export function createTruth(deps: TruthDeps): Truth {
  const practice = (id: number) => {
    deps.catchUp()
    const found = deps.practices.get(id)
    if (found === undefined) throw new RangeError(`no practice ${id} is simulated`)
    return found
  }
  return {
    requests: (from) => deps.requestLog.page(from),
    endpoints: () => listEndpoints(deps.served(), deps.requestLog.totals()),
    pages: (from) => deps.pageLog.page(from),
    writes: (from) => deps.writeLog.page(from),
    windows: () => deps.witness.report(),
    records: (id, kind, alone) => recordsOf(practice(id), kind, alone === 'alone'),
    hides: (id) => {
      const sees = practice(id).sees?.('patients', { ignoreRestrictions: false, confidentialityCodes: undefined })
      return (patientId) => sees !== undefined && !sees(patientId)
    },
    changes: (id, mark) => deps.changeLog.since(practice(id), mark),
    follow: (id, listener) => deps.changeLog.onChange(practice(id), listener),
    change: (id, change) => deps.applyChange(practice(id), change),
    revokeTokens: (clientId) => deps.revokeTokens(clientId),
    defects: () => deps.defects,
  }
}

function* recordsOf(practice: Practice, kind: RecordKind, alone: boolean): Iterable<Record<string, unknown>> {
  const show = alone ? { alone } : undefined
  for (const id of practice.ids(kind)) {
    const record = practice.wireRecord(kind, id, show)
    if (record !== undefined) yield record
  }
}
