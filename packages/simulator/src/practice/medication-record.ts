/** Medications as athenahealth shows them. */
import type { WireRecord } from './blank-patient.ts'
import { dateText } from './calendar-date.ts'
import { entryId, findEntry, medicationsIn, medicationsOf, type MedicationEntry } from './medication-list.ts'
import { survivorOf } from './patient-table.ts'
import type { PracticeState } from './practice-state.ts'
import type { RecordReader } from './record-readers.ts'
import { eastern, wallTime } from './zone-time.ts'

export interface MedicationShow {
  readonly ndc: boolean
  readonly rxnorm: boolean
}

function dayText(at: number): string {
  return dateText(wallTime(eastern, at).day)
}

function eventsOf(entry: MedicationEntry): WireRecord[] {
  const events: WireRecord[] = [
    { type: 'START', eventdate: dateText(entry.startDay) },
    { type: 'ENTER', eventdate: dayText(entry.createdAt) },
  ]
  if (entry.stopDay !== undefined) events.push({ type: 'END', eventdate: dateText(entry.stopDay) })
  if (entry.hidden) events.push({ type: 'HIDE', eventdate: dayText(entry.modifiedAt) })
  return events
}

/** A row of a chart's medications, with the fields recorded for historical and for prescribed ones. */
export function medicationRecord(entry: MedicationEntry, show: MedicationShow): WireRecord {
  const { medication, historical } = entry
  const record: WireRecord = {
    medicationentryid: entryId(entry),
    medicationid: medication.id,
    medication: medication.name,
    source: historical ? entry.createdBy : 'Prescription',
    createdby: entry.createdBy,
    lastmodifiedby: entry.modifiedBy,
    lastmodifieddate: dayText(entry.modifiedAt),
    isstructuredsig: !historical,
    issafetorenew: entry.stopDay === undefined,
    isdiscontinued: entry.stopDay !== undefined,
    route: medication.route,
    therapeuticclass: medication.therapeuticClass,
    events: eventsOf(entry),
  }
  if (entry.sig !== '') record['unstructuredsig'] = entry.sig
  if (entry.patientNote !== '') record['patientnote'] = entry.patientNote
  if (entry.providerNote !== '') record['providernote'] = entry.providerNote
  if (entry.stopReason !== '') record['stopreason'] = entry.stopReason
  if (!historical) Object.assign(record, prescription(entry))
  // The names of these two lists follow the switches that ask for them; their shape is not recorded.
  if (show.rxnorm) record['rxnorm'] = medication.rxnorm === 0 ? [] : [String(medication.rxnorm)]
  if (show.ndc) record['ndcoptions'] = []
  return record
}

function prescription({ prescribedBy, medication }: MedicationEntry): WireRecord {
  return {
    prescribedby: prescribedBy,
    approvedby: prescribedBy,
    orderingmode: 'Prescribe',
    refillsallowed: 2,
    quantity: 30,
    quantityunit: 'tablet(s)',
    status: 'SUBMITTED',
    structuredsig: {
      dosageaction: 'Take',
      dosagequantityvalue: 1,
      dosagefrequencydescription: medication.sig,
      dosageroute: medication.route,
    },
  }
}

/** The envelope: entries in one array for each medication, as recorded, and what is said of the section. */
export function medicationSection(
  state: PracticeState,
  chart: number,
  { entries, show }: { readonly entries: readonly MedicationEntry[]; readonly show: MedicationShow },
): WireRecord {
  const groups = new Map<number, WireRecord[]>()
  for (const entry of entries) {
    const group = groups.get(entry.medication.id) ?? []
    group.push(medicationRecord(entry, show))
    groups.set(entry.medication.id, group)
  }
  const { note, noneReported } = medicationsOf(state).lists.read(chart)
  const latest = medicationsIn(state, chart).reduce((at, { modifiedAt }) => Math.max(at, modifiedAt), 0)
  return {
    medications: [...groups.values()],
    nomedicationsreported: noneReported,
    patientdownloadconsent: true,
    patientneedsdownloadconsent: false,
    ...(latest === 0 ? {} : { lastupdated: dayText(latest) }),
    ...(note.text === '' ? {} : { sectionnote: note.text }),
  }
}

/** Id of the patient a medication was written for; 0 when there never was one. */
export function patientOfMedication(state: PracticeState, id: string): number {
  return findEntry(state, id)?.owner ?? 0
}

/** Historical medications as the feed shows them: the chart's row and its patient (inferred from changed problems). */
export const medicationReader: RecordReader = {
  *ids(state) {
    const { lists } = medicationsOf(state)
    for (let patient = 1; patient <= state.patients.count; patient += 1) {
      for (const entry of lists.read(patient).entries) if (entry.historical && !entry.deleted) yield entryId(entry)
    }
  },
  record(state, id) {
    const found = findEntry(state, id)
    if (found === undefined || !found.entry.historical) return undefined
    const show = { ndc: false, rxnorm: false }
    return { patientid: survivorOf(state.patients, found.owner), ...medicationRecord(found.entry, show) }
  },
}
