/**
 * Entries of a patient's chart. Nothing of them stands in clear but that there is one: a condition, a medicine or an allergy
 * tells about a person whatever the name in front of it. athenahealth shows them with all others of the patient only.
 */
import type { Kind, RecordKind } from './record-kind.ts'

function chartKind(
  kind: Kind,
  traits: { idField: string; keyedBy?: RecordKind['keyedBy']; lastModifiedField?: string },
): RecordKind {
  return {
    kind,
    isPatient: false,
    patientField: 'patientid',
    keyedBy: 'pseudonym',
    asked: 'with-patient',
    // Shorter than the chart's own, and the same whether the entry is still there.
    feedTells: 'id',
    partial: {},
    isDeleted: () => false,
    clear: () => ({}),
    ...traits,
  }
}

export const problemKind = chartKind('problem', {
  idField: 'problemid',
  lastModifiedField: 'lastmodifieddatetime',
})

/** Their time of last change is a day: it orders nothing. */
export const medicationKind = chartKind('medication', { idField: 'medicationentryid' })

/** One for each allergen: the id is that of the substance, the same in every chart. */
export const allergyKind = chartKind('allergy', {
  idField: 'allergenid',
  keyedBy: 'patient-and-id',
  lastModifiedField: 'lastmodifieddatetime',
})
