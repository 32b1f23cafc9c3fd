/**
 * Documents of a patient that have a feed of their own. In clear: class, subclass, status, department and provider. What
 * they are about, notes, values and dates of the illness stay sealed.
 */
import { code, id } from './clear-values.ts'
import type { Kind, RecordKind, Sends, Shape } from './record-kind.ts'

interface DocumentTraits {
  readonly idField: string
  readonly partial?: Partial<Record<Shape, Partial<Sends>>>
  readonly completedFrom?: ReadonlySet<Shape>
}

/** `pages` are shown of a document by itself only. */
const inList = { never: new Set(['pages']) }

function documentKind(kind: Kind, { idField, partial = { list: inList }, completedFrom }: DocumentTraits): RecordKind {
  return {
    kind,
    idField,
    isPatient: false,
    patientField: 'patientid',
    keyedBy: 'pseudonym',
    asked: 'by-patient-and-id',
    // Shorter than the document, under other names, or not seen at all: only who and which is taken from it.
    feedTells: 'id',
    partial,
    ...(completedFrom && { completedFrom }),
    lastModifiedField: 'lastmodifieddatetime',
    isDeleted: (record) => record.status === 'DELETED',
    clear: (record) => ({
      class: code(record.documentclass),
      subclass: longCode(record.documentsubclass),
      status: code(record.status),
      departmentId: id(record.departmentid),
      providerId: id(record.providerid),
    }),
  }
}

/** Subclasses are class and word: CLINICALDOCUMENT_ADMISSIONDISCHARGE. */
function longCode(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Z]{1,32}(_[A-Z]{1,32})*$/.test(value) ? value : undefined
}

export const patientCaseKind = documentKind('patientcase', { idField: 'patientcaseid' })

/** Lists show that there is a result; its values come with the document alone. */
export const labResultKind = documentKind('labresult', {
  idField: 'labresultid',
  partial: {
    list: {
      never: new Set([
        'pages',
        'observations',
        'encounterdate',
        'labresultloinc',
        'resultnotes',
        'specimenreceiveddatetime',
        'specimenreporteddatetime',
      ]),
    },
  },
  completedFrom: new Set<Shape>(['list']),
})

export const imagingResultKind = documentKind('imagingresult', { idField: 'imagingresultid' })

export const prescriptionKind = documentKind('prescription', { idField: 'prescriptionid' })
