import { AthenaError } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { openIfPossible } from '../records/open-record.ts'
import { patientsAfter } from '../records/patient-records.sql.ts'
import { type Wish, wholeKey, wishForAll } from '../records/record-name.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import type { Pseudonym } from '../sealing/practice-keys.ts'
import type { CallContext } from '../upstream/call-context.ts'
import { applyNextPage } from './apply-inbox.ts'
import { type AskedPatient, askedPatient } from './asked-record.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import type { FetchedPage } from './fetched-page.ts'
import { isOfTheRecord } from './is-of-the-record.ts'
import { mayShowOthers } from './may-show-others.ts'
import { noteWishes } from './note-wishes.ts'
import { patientSight } from './patient-sight.ts'
import { readOfPatient } from './read-of-patient.ts'
import { isWished } from './refetch.sql.ts'
import { settlePatient } from './settle-patient.ts'
import { moveSnapshotRun, type SnapshotRun } from './snapshot.sql.ts'
import { storePage } from './store-page.ts'
import { asHolderAtOnce, type SyncDeps } from './sync-deps.ts'

/** Patients read at a time: their calls wait for athenahealth side by side. */
const batch = 8

interface Patient extends AskedPatient {
  readonly key: Pseudonym
  /** The number of its requests, taken before they are sent. Its page is sealed under it, which is no other's. */
  readonly fetchSeq: bigint
}

/**
 * One step of reading a kind patient by patient: the next few patients we hold, in the order of their pseudonyms. The last
 * of them is kept with the run, so that a crash costs one step. A patient whose records cannot be read now, or whose chart is
 * not found, is wished for and does not hold up the others. Where the first ones are all refused, or one of them is and
 * nobody is found by id, the reading waits.
 */
export async function loadNextPatients(
  deps: SyncDeps,
  held: HeldFeed,
  { run, context }: { run: SnapshotRun; context: CallContext },
): Promise<void> {
  const { patients, last, count } = await nextPatients(deps, held, run)
  const sight = patientSight({ ...deps, context }, held)
  const reading: Reading = { context, sight, refusals: [], unfound: [] }
  const pages = await Promise.all(patients.map((patient) => readOrPutOff(deps, held, { patient, ...reading })))
  const isNothingRead = Number(run.records) === 0 && pages.every((page) => page === 'put-off' || page.items === 0)
  const reason = isNothingRead && (await reasonToWait(reading, patients.length))
  if (reason) {
    await wishForPutOff(deps, held, { patients, pages })
    throw reason
  }
  await failpoint('sync.snapshot-page')
  let stored = 0
  await asHolderAtOnce(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    for (const [index, page] of pages.entries()) {
      const patient = patients[index]
      if (!patient) continue
      const { fetchSeq } = patient
      const again = wishForAll(kindOfFeed(held.feed), keys, patient.patientId)
      if (page === 'put-off') {
        await noteWishes(tx, keys, { practice: held.practice, wishes: [again] })
        continue
      }
      if (page.items > 0) {
        await storePage(tx, { held, keys }, { ...page, source: 'snapshot', fetchSeq })
        stored += 1
      }
      // A first reading takes nothing away.
      const reading = { key: held, patient: patient.key, page, fetchSeq, isPatientShown: false, runId: null }
      if (await settlePatient(tx, keys, reading)) {
        await noteWishes(tx, keys, { practice: held.practice, wishes: [again] })
      }
    }
    await moveSnapshotRun(tx, { ...held, runId: run.run_id }, positionAfter(run, { last, count }, pages))
  })
  await failpoint('sync.after-snapshot-store')
  for (; stored > 0; stored -= 1) await applyNextPage(deps, held)
}

/**
 * As long as nothing was read it is not these patients who are refused, or not found: a reading that came to its end without any
 * would close gaps, and leave as many doubts as there are patients.
 */
async function reasonToWait({ refusals, unfound, sight }: Reading, patients: number): Promise<Error | undefined> {
  const [reason = unfound[0]] = refusals
  return reason && (refusals.length === patients || !(await sight.findsAny())) ? reason : undefined
}

/** They are looked into by themselves while the reading waits, and told of if that is in vain. */
function wishForPutOff(
  deps: SyncDeps,
  held: HeldFeed,
  { patients, pages }: { patients: readonly Patient[]; pages: readonly (FetchedPage | 'put-off')[] },
): Promise<void> {
  return asHolderAtOnce(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    const wishes: Wish[] = []
    for (const { patientId } of patients.filter((_, index) => pages[index] === 'put-off')) {
      const wish = wishForAll(kindOfFeed(held.feed), keys, patientId)
      // One that is noted again begins anew.
      if (!(await isWished(tx, held, wish.key))) wishes.push(wish)
    }
    await noteWishes(tx, keys, { practice: held.practice, wishes })
  })
}

/** Patients of one step, and where the next one begins. */
interface NextPatients {
  readonly patients: readonly Patient[]
  /** The key behind which the next ones follow. Undefined behind all. */
  readonly last: string | undefined
  readonly count: number
}

/** One whose row cannot be opened is passed: when a check has written it anew, all that is this patient's is asked for. */
function nextPatients(deps: SyncDeps, held: HeldFeed, run: SnapshotRun): Promise<NextPatients> {
  return deps.db.practice(held.practice, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    const rows = await patientsAfter(tx, held.practice, { after: run.anchors[0] ?? '', most: batch })
    await keys.loadPatients(
      tx,
      rows.map((row) => row.key as Pseudonym),
    ) // a patient's key is one
    const patients: Patient[] = []
    for (const row of rows) {
      const body = openIfPossible(keys, 'patient', row)
      if (!body) continue
      const id = String(body.patientid)
      const asked = await askedPatient(tx, keys, { practice: held.practice, patientId: id, only: held.departments })
      patients.push({ ...asked, key: row.key as Pseudonym, fetchSeq: await nextFetchSeq(tx) })
    }
    return { patients, last: rows.at(-1)?.key, count: rows.length }
  })
}

/** What the patients of one step share. */
interface Reading {
  readonly context: CallContext
  readonly sight: ReturnType<typeof patientSight>
  readonly refusals: AthenaError[]
  /** Of patients whose charts show what may be another's, and who are not found either. */
  readonly unfound: AegisError[]
}

async function readOrPutOff(
  deps: SyncDeps,
  held: HeldFeed,
  { patient, context, sight, refusals, unfound }: { patient: Patient } & Reading,
): Promise<FetchedPage | 'put-off'> {
  try {
    const page = await readOfPatient(deps, held, { ...patient, context })
    const { patientId } = patient
    if (!(await mayShowOthers(deps, held, { page, patientId }))) return page
    const seen = await sight.anew({ key: wholeKey(patient.key), asked: patient })
    if (seen !== 'shown' && seen !== 'hidden') unfound.push(new AegisError('sync.nobody-found'))
    return seen === 'shown' ? page : 'put-off'
  } catch (error) {
    // Once is no answer, as of a record that is not found by id.
    if (error instanceof AthenaError && error.code === 'not-found') return 'put-off'
    if (!isOfTheRecord(error)) throw error
    if (error instanceof AthenaError) refusals.push(error)
    deps.log.error('sync.patient-put-off', error, { practice: held.practice, feed: held.feed })
    return 'put-off'
  }
}

/** Behind the last patient of the step; behind the whole list when there was none. */
function positionAfter(
  run: SnapshotRun,
  { last, count }: Pick<NextPatients, 'last' | 'count'>,
  pages: readonly (FetchedPage | 'put-off')[],
) {
  if (last === undefined) return { segment: run.segment + 1, offset: 0, anchors: [], restarts: 0, read: 0 }
  const read = pages.reduce((sum, page) => sum + (typeof page === 'string' ? 0 : page.items), 0)
  return { segment: run.segment, offset: run.row_offset + count, anchors: [last], restarts: 0, read }
}
