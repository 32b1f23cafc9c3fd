/** Laboratory results as charts and the feed show them. */
import type { WireRecord } from './blank-patient.ts'
import {
  classRecord,
  descriptionOf,
  easternDate,
  encounterDateOf,
  encounterIdOf,
  observedTexts,
  present,
  type DocumentShow,
} from './document-record.ts'
import { chartOfDocument } from './document-store.ts'
import { pageCount } from './document-page.ts'
import type { Document } from './document.ts'
import { labFacilityById } from './lab-panel.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { plainResult, type Analyte } from './result-details.ts'
import { eastern, isoText, wallText } from './zone-time.ts'

/** An analyte in the document of its result, under the names it is written with. */
export function observationRecord(analyte: Analyte): WireRecord {
  return present({
    analyteid: analyte.id,
    analytename: analyte.name,
    loinc: analyte.loinc,
    value: analyte.value,
    units: analyte.units,
    referencerange: analyte.range,
    abnormalflag: analyte.abnormalFlag,
    resultstatus: analyte.resultStatus,
    note: analyte.note,
  })
}

/** An analyte in a chart (the first four names recorded with the result, the others in the list of analytes). */
export function analyteRecord(state: PracticeState, document: Document, analyte: Analyte): WireRecord {
  const observed = observedTexts(state, document)
  return present({
    analyteid: analyte.id,
    analytename: analyte.name,
    analytedate: observed?.date ?? easternDate(document.createdAt),
    analytedatetime: observed?.wall ?? wallText(eastern, document.createdAt),
    description: descriptionOf(document),
    labresultstatus: analyte.resultStatus,
    loinc: analyte.loinc,
    value: analyte.value,
    units: analyte.units,
    referencerange: analyte.range,
    abnormalflag: analyte.abnormalFlag,
    note: analyte.note,
  })
}

function laboratoryFields(facilityId: number | undefined): WireRecord {
  const facility = facilityId === undefined ? undefined : labFacilityById(facilityId)
  if (facility === undefined) return {}
  return {
    performinglabname: facility.name,
    performinglabaddress1: facility.address,
    performinglabaddress2: facility.address2,
    performinglabcity: facility.city,
    performinglabstate: facility.state,
    performinglabzip: facility.zip,
  }
}

/** A row of a chart's laboratory results (recorded). */
export function chartResultRecord(state: PracticeState, document: Document): WireRecord {
  const { result = plainResult, provider, createdAt } = document
  const observed = observedTexts(state, document)
  return present({
    labresultid: document.id,
    labresultloinc: result.loinc,
    description: descriptionOf(document),
    priority: document.priority,
    createddate: easternDate(createdAt),
    createddatetime: wallText(eastern, createdAt),
    labresultdate: observed?.date,
    labresultdatetime: observed?.wall,
    labresultnote: result.patientNote,
    internalnote: document.internalNote,
    resultstatus: result.resultStatus,
    orderid: result.orderId,
    providerid: provider === undefined ? undefined : Number(listed(state.providers, provider).id),
    attachmentexists: pageCount(document) > 0,
    isreviewedbyprovider: document.status === 'CLOSED' && provider !== undefined ? '1' : undefined,
    ...laboratoryFields(result.facilityId),
    analytes: result.analytes.map((analyte) => analyteRecord(state, document, analyte)),
  })
}

/** The document of a result by itself (recorded). */
export function labDocumentRecord(state: PracticeState, document: Document, show: DocumentShow = {}): WireRecord {
  const { result = plainResult } = document
  return {
    ...classRecord(state, document, show),
    ...present({
      labresultloinc: result.loinc,
      resultnotes: result.resultNotes,
      specimenreceiveddatetime: result.specimenReceived,
      specimenreporteddatetime: result.specimenReported,
      encounterdate: encounterDateOf(state, document),
    }),
    observations: result.analytes.map(observationRecord),
  }
}

/** A result in the feed of changed ones (recorded). */
export function changedResultRecord(state: PracticeState, document: Document): WireRecord {
  const { result = plainResult, provider, createdAt, modifiedAt } = document
  const observed = observedTexts(state, document)
  return present({
    labresultid: document.id,
    patientid: chartOfDocument(state, document),
    departmentid: listed(state.departments, document.department).id,
    providerid: provider === undefined ? undefined : Number(listed(state.providers, provider).id),
    status: document.status,
    priority: document.priority,
    documentroute: document.route,
    documentsource: document.source,
    encounterid: encounterIdOf(state, document),
    facilityid: result.facilityId,
    tietoorderid: result.orderId,
    internalnote: document.internalNote,
    patientnote: result.patientNote,
    observationdate: observed?.date,
    observationdatetime: observed?.iso,
    createddate: easternDate(createdAt),
    createddatetime: isoText(eastern, createdAt),
    lastmodifieddate: easternDate(modifiedAt),
    lastmodifieddatetime: isoText(eastern, modifiedAt),
    deleteddatetime: document.deletedAt === undefined ? undefined : isoText(eastern, document.deletedAt),
  })
}
