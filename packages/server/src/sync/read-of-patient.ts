import { AthenaError } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import { idOf } from '../records/record-id.ts'
import { isRecord } from '../records/wire-record.ts'
import type { CallContext } from '../upstream/call-context.ts'
import type { AskedPatient } from './asked-record.ts'
import { audited } from './audited-call.ts'
import type { FeedKey } from './feed-state.sql.ts'
import { feedTable } from './feed-table.ts'
import { type FetchedPage, pageOfPatient } from './fetched-page.ts'
import type { PatientPage } from './patient-lists.ts'
import type { SyncDeps } from './sync-deps.ts'

/** No patient has more of a kind. */
const pagesMax = 100
/** Departments of a chart that are asked before it is taken that the patient has none there. */
const departmentsMax = 3

/**
 * Reads all that a patient has of a kind, from each of the patient's charts. `not-found` is thrown as the client's error
 * where no department knows the patient, `sync.wrong-record` where another patient's record is among them.
 */
export async function readOfPatient(
  deps: SyncDeps,
  key: FeedKey,
  { patientId, charts, context }: AskedPatient & { context: CallContext },
): Promise<FetchedPage> {
  const records: unknown[] = []
  let unknown: unknown
  let known = charts.length === 0
  for (const departments of charts) {
    try {
      records.push(...(await readChart(deps, key, { patientId, departments, context })))
      known = true
    } catch (error) {
      if (!isUnknown(error)) throw error
      unknown = error
    }
  }
  if (!known) throw unknown
  if (records.some((record) => isOfAnother(record, patientId))) throw new AegisError('sync.wrong-record')
  return pageOfPatient(feedTable[key.feed].kind, { records, patientId })
}

interface Chart {
  readonly patientId: string
  readonly departments: readonly string[]
  readonly context: CallContext
}

/** One chart, by the first of its departments that has one of the patient. */
async function readChart(deps: SyncDeps, key: FeedKey, chart: Chart): Promise<unknown[]> {
  const [first = '', ...others] = chart.departments.slice(0, departmentsMax)
  try {
    return await readPages(deps, key, { ...chart, departmentId: first })
  } catch (error) {
    if (!isUnknown(error) || others.length === 0) throw error
    return readChart(deps, key, { ...chart, departments: others })
  }
}

async function readPages(
  deps: SyncDeps,
  key: FeedKey,
  { patientId, departmentId, context }: Chart & { departmentId: string },
): Promise<unknown[]> {
  const { ofPatient } = feedTable[key.feed]
  if (!ofPatient) throw new AegisError('internal.unexpected', { feed: key.feed })
  const practice = deps.upstream.practice(key.practice)
  const limit = deps.settings.snapshotPageSize
  const all: unknown[] = []
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const facts = ({ records }: PatientPage) => ({ records: records.length, patientIds: [patientId] })
    const page = await audited<PatientPage>(context, facts, (options) =>
      ofPatient(practice, { patientId, departmentId, offset: all.length, limit }, options),
    )
    all.push(...page.records)
    if (!page.more || page.records.length === 0) return all
  }
  throw new AegisError('sync.list-unstable', { feed: key.feed })
}

function isUnknown(error: unknown): boolean {
  return error instanceof AthenaError && error.code === 'not-found'
}

function isOfAnother(record: unknown, patientId: string): boolean {
  const told = isRecord(record) ? idOf(record.patientid) : undefined
  return told !== undefined && told !== patientId
}
