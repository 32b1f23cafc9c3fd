import { createHash } from 'node:crypto'
import { AthenaError } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import { idOf } from '../records/record-id.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { isRecord } from '../records/wire-record.ts'
import type { CallContext } from '../upstream/call-context.ts'
import type { AskedPatient } from './asked-record.ts'
import { audited } from './audited-call.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { feedTable, isReadByPatient } from './feed-table.ts'
import { answerFacts, type ChartsAsked, type FetchedPage, pageOfPatient } from './fetched-page.ts'
import { isOfTheRecord } from './is-of-the-record.ts'
import type { PatientPage } from './patient-lists.ts'
import type { SyncDeps } from './sync-deps.ts'

/** No patient has more of a kind. */
const pagesMax = 100
/** Departments of a chart that are asked before it is taken that the patient has none there. */
const departmentsMax = 3

/**
 * Reads all that a patient has of a kind, from each of the patient's charts, or from the one list of what is in none. `not-found` is thrown as the client's error
 * where no department knows the patient, `sync.wrong-record` where another patient's record is among them,
 * `sync.list-doubtful` where an answer does not say what there is, `sync.no-chart` where there is no department to ask.
 */
export async function readOfPatient(
  deps: SyncDeps,
  key: HeldFeed,
  { patientId, charts, closed, context }: AskedPatient & { context: CallContext },
): Promise<FetchedPage> {
  if (!isReadByPatient(key.feed)) {
    const records = await readPages(deps, key, { patientId, departments: [], departmentId: '', context })
    return wholePage(key, { records, patientId })
  }
  if (charts.length === 0) throw new AegisError('sync.no-chart', { feed: key.feed })
  const records: unknown[] = []
  const unknown: string[] = []
  let error: unknown
  for (const departments of charts) {
    try {
      records.push(...(await readChart(deps, key, { patientId, departments, context })))
    } catch (thrown) {
      if (!isUnknown(thrown)) throw thrown
      error = thrown
      unknown.push(...departments)
    }
  }
  const gone = await readClosed(deps, key, { patientId, charts: closed ?? [], context })
  records.push(...gone.records)
  if (unknown.length === charts.flat().length && gone.closed.length === 0) throw error
  const asked = { digest: digestOf(charts, gone), unknown, unasked: gone.unasked, closed: gone.closed }
  return { ...wholePage(key, { records, patientId }), charts: asked }
}

function wholePage({ feed }: HeldFeed, all: { records: readonly unknown[]; patientId: string }): FetchedPage {
  if (all.records.some((record) => isOfAnother(record, all.patientId))) throw new AegisError('sync.wrong-record')
  return pageOfPatient(feedTable[feed].kind, all)
}

/** Which charts were asked. Also those that could not be: the next reading may have been able to. */
function digestOf(charts: AskedPatient['charts'], { unasked, asked }: { unasked: unknown; asked: unknown }): string {
  const open = charts.map((departments) => departments.toSorted().join()).toSorted()
  return createHash('sha256')
    .update(JSON.stringify([open, asked, unasked]))
    .digest('base64url')
}

/** What the charts of closed departments show. That such a department does not answer says nothing of what stands in it. */
async function readClosed(
  deps: SyncDeps,
  key: HeldFeed,
  { patientId, charts, context }: { patientId: string; charts: AskedPatient['charts']; context: CallContext },
): Promise<Pick<ChartsAsked, 'unasked' | 'closed'> & { records: readonly unknown[]; asked: readonly string[] }> {
  const [records, asked, unasked, closed]: [unknown[], string[], string[], string[]] = [[], [], [], []]
  for (const departments of charts) {
    try {
      const shown = await readChart(deps, key, { patientId, departments, context })
      records.push(...shown)
      asked.push(...departments)
      if (shown.length > 0) closed.push(...departments)
    } catch (error) {
      if (!isUnknown(error) && !isOfTheRecord(error)) throw error
      unasked.push(...departments)
    }
  }
  return { records, asked, unasked, closed }
}

interface Chart {
  readonly patientId: string
  readonly departments: readonly string[]
  readonly context: CallContext
}

/** One chart, by the first of its departments that has one of the patient. */
async function readChart(deps: SyncDeps, key: HeldFeed, chart: Chart): Promise<unknown[]> {
  const [first = '', ...others] = chart.departments.slice(0, departmentsMax)
  try {
    return await readPages(deps, key, { ...chart, departmentId: first })
  } catch (error) {
    if (!isUnknown(error) || others.length === 0) throw error
    return readChart(deps, key, { ...chart, departments: others })
  }
}

type ChartOfOne = Chart & { readonly departmentId: string }

/** A list that shifts while it is read is begun anew this often before it is given up for now. */
const triesMax = 3

async function readPages(deps: SyncDeps, key: HeldFeed, chart: ChartOfOne): Promise<unknown[]> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const records = await readOnce(deps, key, chart)
    if (records) return records
  }
  throw new AegisError('sync.list-unstable', { feed: key.feed })
}

/**
 * Reads a list page by page. Each page begins with the last record of the one before: when records vanish meanwhile the next
 * ones move up, and one that moved over the border unseen would never be read, since it did not change. Undefined where the
 * pages do not join.
 */
async function readOnce(deps: SyncDeps, key: HeldFeed, chart: ChartOfOne): Promise<unknown[] | undefined> {
  const { kind } = feedTable[key.feed]
  // What has no id is known by itself.
  const nameOfRecord = (record: unknown): unknown => Reflect.get(Object(record), recordKinds[kind].idField) ?? record
  const limit = Math.max(2, deps.settings.snapshotPageSize)
  const all: unknown[] = []
  const seen = new Set<unknown>()
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await readPage(deps, key, { ...chart, offset: Math.max(0, all.length - 1), limit })
    const before = all.length
    const joins = pages === 0 || page.records.some((record) => seen.has(nameOfRecord(record)))
    for (const record of page.records) {
      if (seen.has(nameOfRecord(record))) continue
      seen.add(nameOfRecord(record))
      all.push(record)
    }
    const isMore = page.more && !(page.counted && all.length === before)
    if (!joins || (isMore && all.length === before)) return undefined
    if (!isMore) return all
  }
  return undefined
}

async function readPage(
  deps: SyncDeps,
  key: HeldFeed,
  { patientId, departmentId, context, offset, limit }: ChartOfOne & { offset: number; limit: number },
): Promise<PatientPage> {
  const { ofPatient } = feedTable[key.feed]
  if (!ofPatient) throw new AegisError('internal.unexpected', { feed: key.feed })
  const practice = deps.upstream.practice(key.practice)
  // Also a patient whose record came by mistake.
  const facts = ({ records }: PatientPage) => {
    const named = answerFacts(records)
    return { ...named, patientIds: [...new Set([patientId, ...named.patientIds])] }
  }
  const page = await audited<PatientPage>({ context, ended: key.ended }, facts, (options) =>
    ofPatient(practice, { patientId, departmentId, offset, limit }, options),
  )
  // It would pass for a chart without entries, and those that we hold for deleted.
  if (page.doubtful) throw new AegisError('sync.list-doubtful', { feed: key.feed })
  return page
}

function isUnknown(error: unknown): boolean {
  return error instanceof AthenaError && error.code === 'not-found'
}

function isOfAnother(record: unknown, patientId: string): boolean {
  const told = isRecord(record) ? idOf(record.patientid) : undefined
  return told !== undefined && told !== patientId
}
