import type { Simulator } from '@aegis/simulator'
import {
  compareKind,
  type Difference,
  isPromised,
  type Kind,
  kindRules,
  type MirrorRecord,
  oracleId,
  type Promised,
  type WireRecord,
} from '../packages/server/testing/oracle.ts'
import type { AegisProcess } from './aegis-process.ts'

/** What the mirror of the rig promises to hold: days of booked appointments, months of claims, and which kinds at all. */
export interface Scope extends Pick<Promised, 'bookedDaysBack' | 'bookedDaysAhead' | 'claimsMonthsBack'> {
  readonly kinds: readonly Kind[]
}

const views: Readonly<Record<Kind, string>> = {
  departments: 'select department_id, state, sealed from department',
  providers: 'select provider_id, state, sealed from provider',
  appointmenttypes: 'select appointment_type_id, state, sealed from appointment_type',
  patients: 'select patient, state, sealed from patient order by patient',
  referringproviders:
    'select referring_provider_id, state, sealed from referring_provider order by referring_provider_id',
  claims: 'select claim, state, sealed from claim order by claim',
  patientcases: 'select document, state, sealed from patient_case order by document',
  labresults: 'select document, state, sealed from lab_result order by document',
  imagingresults: 'select document, state, sealed from imaging_result order by document',
  prescriptions: 'select document, state, sealed from prescription order by document',
  problems: 'select entry, state, sealed from problem order by entry',
  medications: 'select entry, state, sealed from medication order by entry',
  allergies: 'select entry, state, sealed from allergy order by entry',
  appointments:
    'select appointment_id, state, sealed from (select appointment_id, state, sealed from appointment union all select appointment_id, state, sealed from open_slot) as a order by appointment_id',
}

const pageRows = 2_000

/** Every difference between the simulator's truth and the mirror, over all kinds of a practice. */
export async function compareWithTruth(
  parts: { aegis: AegisProcess; simulator: Simulator; practice: number },
  scope: Scope,
): Promise<Difference[]> {
  const { aegis, simulator, practice } = parts
  const differences: Difference[] = []
  const present = [...simulator.truth.records(practice, 'patients')].filter(({ status }) => status !== 'deleted')
  const presentPatients = new Set(present.map(({ patientid }) => String(patientid)))
  const promised = { ...scope, presentPatients, now: simulator.clock.now() }
  for (const kind of scope.kinds) {
    const mirror = await readMirror(aegis, practice, kind)
    const held = new Set(mirror.map(({ body }) => oracleId(kind, body)))
    const inScope = (record: WireRecord) => held.has(oracleId(kind, record)) || isPromised(kind, record, promised)
    const truth = simulator.truth.records(practice, kindRules[kind].truth, 'alone')
    differences.push(...compareKind({ kind, truth, mirror, inScope }))
  }
  return differences
}

/** The mirror's records of a kind, opened, with its own keys. */
export async function readMirror(aegis: AegisProcess, practice: number, kind: Kind): Promise<MirrorRecord[]> {
  const records: MirrorRecord[] = []
  for (let offset = 0; ; offset += pageRows) {
    const { rows } = await aegis.sql(practice, `${views[kind]} limit ${pageRows} offset ${offset}`)
    for (const [key, state, body] of rows as [string, MirrorRecord['state'], WireRecord][])
      records.push({ key, state, body })
    if (rows.length < pageRows) return records
  }
}
