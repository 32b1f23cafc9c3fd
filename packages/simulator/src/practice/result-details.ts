/** What a result of a laboratory or of imaging says beside what every document says. */

/** One measured quantity. Fields that a result does not have are undefined. */
export interface Analyte {
  readonly id: number
  readonly name: string
  readonly loinc: string | undefined
  readonly value: string | undefined
  readonly units: string | undefined
  readonly range: string | undefined
  readonly abnormalFlag: string | undefined
  readonly resultStatus: string | undefined
  readonly note: string | undefined
}

/** What is particular to a result of a laboratory or of imaging. */
export interface ResultDetails {
  readonly loinc: string | undefined
  readonly resultStatus: string | undefined
  readonly reportStatus: string | undefined
  readonly interpretation: string | undefined
  readonly resultNotes: string | undefined
  readonly patientNote: string | undefined
  readonly accessionId: string | undefined
  readonly facilityId: number | undefined
  readonly orderId: number | undefined
  readonly specimenReceived: string | undefined
  readonly specimenReported: string | undefined
  /** Number the laboratory or the practice knows the images by. */
  readonly internalAccessionId: string | undefined
  /** When the patient portal began to show it, epoch ms. */
  readonly publishedAt: number | undefined
  readonly analytes: readonly Analyte[]
}

/** A result of which nothing is known but the document. */
export const plainResult: ResultDetails = {
  loinc: undefined,
  resultStatus: undefined,
  reportStatus: undefined,
  interpretation: undefined,
  resultNotes: undefined,
  patientNote: undefined,
  accessionId: undefined,
  facilityId: undefined,
  orderId: undefined,
  specimenReceived: undefined,
  specimenReported: undefined,
  internalAccessionId: undefined,
  publishedAt: undefined,
  analytes: [],
}
