/** Allergies as athenahealth shows them. */
import { allergiesIn, allergiesOf, allergyId, findAllergy, type Allergy } from './allergy-list.ts'
import type { WireRecord } from './blank-patient.ts'
import { dateText } from './calendar-date.ts'
import { patientStatus } from './patient-table.ts'
import type { PracticeState } from './practice-state.ts'
import type { RecordReader } from './record-readers.ts'
import { eastern, isoText, wallTime } from './zone-time.ts'

/** A row of a chart's allergies, as recorded. */
export function allergyRecord(allergy: Allergy): WireRecord {
  const { allergen, reactions, note, onsetDay, ended } = allergy
  const record: WireRecord = {
    allergenid: allergen.id,
    allergenname: allergen.name,
    reactions: reactions.map(({ name, snomed, severity }) => ({
      reactionname: name,
      snomedcode: String(snomed),
      ...(severity === undefined ? {} : { severity: severity.name, severitysnomedcode: String(severity.snomed) }),
    })),
    lastmodifiedby: allergy.modifiedBy,
    lastmodifieddatetime: isoText(eastern, allergy.modifiedAt),
  }
  if (allergen.rxnorm !== 0) {
    record['rxnormcode'] = String(allergen.rxnorm)
    record['rxnormdescription'] = allergen.name
  }
  if (onsetDay !== undefined) record['onsetdate'] = dateText(onsetDay)
  if (note !== '') record['note'] = note
  if (ended !== undefined) {
    record['deactivatedate'] = dateText(ended.day)
    record['deactivateduser'] = ended.by
  }
  return record
}

/** The envelope of a chart's allergies; inactive ones only when asked for. */
export function allergySection(state: PracticeState, chart: number, showInactive: boolean): WireRecord {
  const all = allergiesIn(state, chart).map(({ allergy }) => allergy)
  const { note, noneKnown } = allergiesOf(state).read(chart)
  const latest = all.toSorted((a, b) => b.modifiedAt - a.modifiedAt)[0]
  const record: WireRecord = {
    allergies: all.filter(({ ended }) => showInactive || ended === undefined).map(allergyRecord),
    nkda: noneKnown,
    sectionnote: note.text,
  }
  if (latest !== undefined) {
    record['lastupdated'] = dateText(wallTime(eastern, latest.modifiedAt).day)
    record['lastmodifiedby'] = latest.modifiedBy
    record['lastmodifieddatetime'] = isoText(eastern, latest.modifiedAt)
  }
  if (note.modifiedAt === undefined) return record
  record['notelastmodifiedby'] = note.modifiedBy
  record['notelastmodifieddatetime'] = isoText(eastern, note.modifiedAt)
  return record
}

/** Id of the patient whose chart shows an allergy; 0 when there is none. */
export function patientOfAllergy(state: PracticeState, id: string): number {
  return findAllergy(state, id)?.chart ?? 0
}

/** Allergies as the feed shows them: the chart's row and its patient (inferred from changed problems). */
export const allergyReader: RecordReader = {
  *ids(state) {
    for (let patient = 1; patient <= state.patients.count; patient += 1) {
      if (patientStatus(state.patients, patient) === 'merged') continue
      for (const { allergy } of allergiesIn(state, patient)) yield allergyId(patient, allergy.allergen.id)
    }
  },
  record(state, id) {
    const found = findAllergy(state, id)
    return found === undefined ? undefined : { patientid: found.chart, ...allergyRecord(found.allergy) }
  },
}
