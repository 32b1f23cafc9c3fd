import type { WireRecord } from './wire-record.ts'

export type Kind =
  | 'department'
  | 'provider'
  | 'appointmenttype'
  | 'patient'
  | 'appointment'
  | 'referringprovider'
  | 'claim'
  | 'patientcase'
  | 'labresult'
  | 'imagingresult'
  | 'prescription'
  | 'problem'
  | 'medication'
  | 'allergy'

/** Which endpoint a body came from: endpoints send different parts of one resource. */
export type Shape = 'list' | 'booked' | 'open' | 'feed' | 'get'

/** A clear value: validated here, so that no text of upstream reaches an SQL cast or a clear column unseen. */
export type ClearValue = string | number | boolean

/** Facts about the practice that a record alone does not carry. */
export interface PracticeFacts {
  /** Department records by id: the zone of wall times. */
  readonly departments: Pick<ReadonlyMap<string, WireRecord>, 'get' | 'has' | 'size'>
}

export interface RecordKind {
  readonly kind: Kind
  /** Field with athenahealth's id. */
  readonly idField: string
  /** Whether the record is a patient. */
  readonly isPatient: boolean
  /**
   * What the key is made of. Only ids that the privacy declaration allows stand in clear; an id that leads to a patient is
   * kept as a pseudonym. An id that is one only within a patient's chart makes a key together with the patient's.
   */
  readonly keyedBy: 'id' | 'pseudonym' | 'patient-and-id'
  /** How athenahealth is asked for one: by its id, by patient and id, or only with all others of the patient. */
  readonly asked: 'by-id' | 'by-patient-and-id' | 'with-patient'
  /**
   * What the feed delivers: the record, or something that only tells which record to ask for, because it is shorter, or
   * because it looks the same after a deletion.
   */
  readonly feedTells: 'record' | 'id'
  /** Endpoints whose rows lack what matters about a record: one that is new there is asked for by id as well. */
  readonly completedFrom?: ReadonlySet<Shape>
  /** Field with the id of the patient the record is about. */
  readonly patientField?: string
  /**
   * What each endpoint leaves out, as seen in recordings: there, a field's absence says nothing. Elsewhere a field that
   * is absent is unset upstream.
   */
  readonly partial: Partial<Record<Shape, Partial<Sends>>>
  /** Field with athenahealth's own time of last change (Eastern wall time), if the kind has one. */
  readonly lastModifiedField?: string
  /**
   * Fields that upstream works out from other records: it is not known that a change of one of them alone is announced by
   * the feed, so that a check which finds no other has found no loss.
   */
  readonly unannounced?: ReadonlySet<string>
  /** Whether the body says that the record is deleted upstream. */
  isDeleted(record: WireRecord): boolean
  clear(record: WireRecord, facts: PracticeFacts): Readonly<Record<string, ClearValue | undefined>>
}

/** Fields an endpoint is known to send (all others say nothing by their absence), or fields it is known to leave out. */
export interface Sends {
  readonly only: ReadonlySet<string>
  readonly never: ReadonlySet<string>
}
