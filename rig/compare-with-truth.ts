import type { Simulator } from '@aegis/simulator'
import {
  compareKind,
  type Difference,
  type Kind,
  kindRules,
  type MirrorRecord,
  type WireRecord,
} from '../packages/server/testing/oracle.ts'
import type { AegisProcess } from './aegis-process.ts'

/** Days of booked appointments that the mirror of the rig promises to hold. */
export interface Scope {
  readonly bookedDaysBack: number
  readonly bookedDaysAhead: number
}

const views: Readonly<Record<Kind, string>> = {
  departments: 'select state, sealed from department',
  providers: 'select state, sealed from provider',
  appointmenttypes: 'select state, sealed from appointment_type',
  patients: 'select state, sealed from patient order by patient',
  appointments:
    'select state, sealed from (select appointment_id, state, sealed from appointment union all select appointment_id, state, sealed from open_slot) as a order by appointment_id',
}

const pageRows = 2_000

/** Every difference between the simulator's truth and the mirror, over all kinds of a practice. */
export async function compareWithTruth(
  parts: { aegis: AegisProcess; simulator: Simulator; practice: number },
  scope: Scope,
): Promise<Difference[]> {
  const { aegis, simulator, practice } = parts
  const differences: Difference[] = []
  for (const kind of Object.keys(kindRules) as Kind[]) {
    const mirror = await readMirror(aegis, practice, kind)
    const held = new Set(mirror.map((record) => record.key))
    const inScope = (record: WireRecord) =>
      kind !== 'appointments' ||
      held.has(String(record.appointmentid)) ||
      isPromised(record, simulator.clock.now(), scope)
    differences.push(...compareKind({ kind, truth: simulator.truth.records(practice, kind), mirror, inScope }))
  }
  return differences
}

async function readMirror(aegis: AegisProcess, practice: number, kind: Kind): Promise<MirrorRecord[]> {
  const records: MirrorRecord[] = []
  for (let offset = 0; ; offset += pageRows) {
    const { rows } = await aegis.sql(practice, `${views[kind]} limit ${pageRows} offset ${offset}`)
    for (const [state, body] of rows as [MirrorRecord['state'], WireRecord][]) {
      records.push({ key: String(body[kindRules[kind].idField]), state, body })
    }
    if (rows.length < pageRows) return records
  }
}

/** Bookings of the window; a day at each end may belong to either side, by the department's zone. */
function isPromised(record: WireRecord, now: number, scope: Scope): boolean {
  const [month, day, year] = String(record.date).split('/').map(Number)
  const days = (Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1) - now) / 86_400_000
  return record.patientid !== undefined && days > -scope.bookedDaysBack + 2 && days < scope.bookedDaysAhead - 2
}
