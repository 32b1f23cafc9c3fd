/** Medications written into a chart, changed, stopped and deleted. */
import { chartDepartment, chartOwners, openChart } from './chart-person.ts'
import { entryId, findEntry, medicationsOf, type MedicationEntry } from './medication-list.ts'
import { medicationById } from './medication-terms.ts'
import { survivorOf } from './patient-table.ts'
import { announce, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { begin } from './slot-changes.ts'
import { eastern, wallTime } from './zone-time.ts'

type MedicationEventName = 'MedicationHxAdd' | 'MedicationHxUpdate' | 'MedicationHxDelete'

/** The feed is of historical medications: it never hears of prescriptions. */
function announceEntry(
  state: PracticeState,
  entry: MedicationEntry,
  { name, chart }: { readonly name: MedicationEventName; readonly chart: number },
): void {
  if (!entry.historical) return
  const departmentId = chartDepartment(state, chart)
  announce(state, { feed: 'chart/healthhistory/medication', name, id: entryId(entry), departmentId })
}

/** What a caller may write about an entry. */
export interface EntryFields {
  readonly startDay?: number | undefined
  readonly stopDay?: number | undefined
  readonly stopReason?: string | undefined
  readonly patientNote?: string | undefined
  readonly providerNote?: string | undefined
  readonly sig?: string | undefined
  readonly hidden?: boolean | undefined
}

export interface NewEntry {
  readonly patient: number
  readonly medication: number
  readonly fields: EntryFields
}

/**
 * Adds a historical medication and answers its entry id. It unticks "no medications reported".
 * Refuses `unknown_patient`, `patient_gone`, `unknown_medication`.
 */
export function addMedication(state: PracticeState, input: NewEntry, stamp: Stamp): string {
  const chart = openChart(state, input.patient)
  const medication = medicationById(input.medication)
  if (medication === undefined) throw new Refusal('unknown_medication')
  const { at, by } = begin(state, stamp)
  const kept = medicationsOf(state)
  const entry: MedicationEntry = {
    number: kept.nextNumber,
    medication,
    historical: true,
    prescribedBy: '',
    startDay: wallTime(eastern, at).day,
    stopDay: undefined,
    stopReason: '',
    patientNote: '',
    providerNote: '',
    sig: '',
    hidden: false,
    deleted: false,
    createdAt: at,
    createdBy: by,
    modifiedAt: at,
    modifiedBy: by,
  }
  writeFields(entry, input.fields)
  kept.nextNumber += 1
  kept.owners.set(entry.number, chart)
  const list = kept.lists.open(chart)
  list.entries.push(entry)
  list.noneReported = false
  announceEntry(state, entry, { name: 'MedicationHxAdd', chart })
  return entryId(entry)
}

function writeFields(entry: MedicationEntry, fields: EntryFields): void {
  entry.startDay = fields.startDay ?? entry.startDay
  entry.stopDay = fields.stopDay ?? entry.stopDay
  entry.stopReason = fields.stopReason ?? entry.stopReason
  entry.patientNote = fields.patientNote ?? entry.patientNote
  entry.providerNote = fields.providerNote ?? entry.providerNote
  entry.sig = fields.sig ?? entry.sig
  entry.hidden = fields.hidden ?? entry.hidden
}

export interface EntryEdit {
  readonly patient: number
  readonly id: string
  readonly fields: EntryFields
}

/**
 * Changes an entry. How a prescribed medication is taken is the prescription's to say: `not_historical` (documented).
 * Refuses `unknown_patient`, `patient_gone`, `unknown_medication_entry`.
 */
export function updateMedication(state: PracticeState, { patient, id, fields }: EntryEdit, stamp: Stamp): void {
  const found = foundIn(state, patient, id)
  if (fields.sig !== undefined && !found.entry.historical) throw new Refusal('not_historical')
  const { at, by } = begin(state, stamp)
  const entry = openEntry(state, found)
  writeFields(entry, fields)
  entry.modifiedAt = at
  entry.modifiedBy = by
  announceEntry(state, entry, { name: 'MedicationHxUpdate', chart: found.chart })
}

/**
 * Takes an entry out of the chart. Refuses as `updateMedication`, and `not_historical` for a prescription (inferred).
 */
export function deleteMedication(
  state: PracticeState,
  { patient, id }: { readonly patient: number; readonly id: string },
  stamp: Stamp,
): void {
  const found = foundIn(state, patient, id)
  if (!found.entry.historical) throw new Refusal('not_historical')
  const { at, by } = begin(state, stamp)
  const entry = openEntry(state, found)
  entry.deleted = true
  entry.modifiedAt = at
  entry.modifiedBy = by
  announceEntry(state, entry, { name: 'MedicationHxDelete', chart: found.chart })
}

interface FoundEntry {
  readonly owner: number
  readonly chart: number
  readonly entry: MedicationEntry
}

function foundIn(state: PracticeState, patient: number, id: string): FoundEntry {
  const chart = openChart(state, patient)
  const found = findEntry(state, id)
  if (found === undefined || found.entry.deleted || survivorOf(state.patients, found.owner) !== chart)
    throw new Refusal('unknown_medication_entry')
  return { ...found, chart }
}

function openEntry(state: PracticeState, { owner, entry }: FoundEntry): MedicationEntry {
  const { entries } = medicationsOf(state).lists.open(owner)
  const opened = entries.find(({ number }) => number === entry.number)
  if (opened === undefined) throw new Refusal('unknown_medication_entry')
  return opened
}

export interface MedicationSection {
  readonly patient: number
  readonly noneReported?: boolean | undefined
  readonly note?: string | undefined
}

/** Writes what is said of the section as a whole; no feed tells of it. Refuses `unknown_patient`, `patient_gone`. */
export function updateMedicationSection(state: PracticeState, input: MedicationSection, stamp: Stamp): void {
  const chart = openChart(state, input.patient)
  const { at, by } = begin(state, stamp)
  const list = medicationsOf(state).lists.open(chart)
  list.noneReported = input.noneReported ?? list.noneReported
  if (input.note === undefined) return
  Object.assign(list.note, { text: input.note, modifiedAt: at, modifiedBy: by })
}

/** After a merge the entries that came along show their new patient: announces each of them. */
export function announceMergedMedications(state: PracticeState, from: number, into: number): void {
  const { lists } = medicationsOf(state)
  for (const owner of chartOwners(state, from)) {
    for (const entry of lists.read(owner).entries) {
      if (!entry.deleted) announceEntry(state, entry, { name: 'MedicationHxUpdate', chart: into })
    }
  }
}
