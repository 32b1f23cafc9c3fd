/** Documents as the truth and the changed-data feeds show them. */
import type { WireRecord } from './blank-patient.ts'
import type { DocumentClass } from './document-class.ts'
import { classRecord, documentRecord } from './document-record.ts'
import { allDocuments, chartOfDocument, findDocument } from './document-store.ts'
import type { Document } from './document.ts'
import { changedResultRecord, labDocumentRecord } from './lab-record.ts'
import type { Show } from './practice.ts'
import type { PracticeState } from './practice-state.ts'
import { changedPrescriptionRecord } from './prescription-record.ts'
import type { RecordReader } from './record-readers.ts'

type Shape = (state: PracticeState, document: Document) => WireRecord

/** The documents of one class that are somebody's, in the shape of their feed, or in that of their own call. */
function readerOf(kind: DocumentClass, shape: Shape, alone: Shape = classRecord): RecordReader {
  return {
    *ids(state) {
      for (const document of allDocuments(state)) {
        const counts = document.class === kind && document.status !== 'DELETED'
        if (counts && document.patient !== undefined) yield String(document.id)
      }
    },
    record(state, id, show) {
      const document = findDocument(state, Number(id))
      if (document?.class !== kind || document.patient === undefined || !isShown(document, show)) return undefined
      if (show?.alone !== true) return shape(state, document)
      return { patientid: chartOfDocument(state, document), ...alone(state, document) }
    },
  }
}

/** The patient portal shows a result from its publication on. */
export function isPublished({ result }: Document): boolean {
  return result?.publishedAt !== undefined
}

function isShown(document: Document, show: Show | undefined): boolean {
  return show?.portalOnly !== true || isPublished(document)
}

export const labResultReader = readerOf('LABRESULT', changedResultRecord, labDocumentRecord)
/** Inferred from changed laboratory results. */
export const imagingResultReader = readerOf('IMAGINGRESULT', changedImagingRecord)
/** Inferred: the document of the case. */
export const patientCaseReader = readerOf('PATIENTCASE', classRecord)
export const prescriptionReader = readerOf('PRESCRIPTION', changedPrescriptionRecord)

function changedImagingRecord(state: PracticeState, document: Document): WireRecord {
  const { labresultid, ...rest } = changedResultRecord(state, document)
  return { imagingresultid: labresultid, ...rest }
}

/** All documents, in the shape of the list of a patient's documents. */
export const documentReader: RecordReader = {
  *ids(state) {
    for (const { id, status } of allDocuments(state)) if (status !== 'DELETED') yield String(id)
  },
  record(state, id) {
    const document = findDocument(state, Number(id))
    if (document === undefined) return undefined
    const patientid = chartOfDocument(state, document)
    return { ...(patientid === undefined ? {} : { patientid }), ...documentRecord(state, document) }
  },
}
