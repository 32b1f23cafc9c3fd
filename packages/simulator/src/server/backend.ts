import type { Basis } from '../route.ts'
import type { RegisteredApp } from '../tokens/apps.ts'
import type { Answer, Arrival } from './answer.ts'

/** A call that has passed the gateway. */
export interface Call {
  readonly app: RegisteredApp
  readonly practiceId: number
  readonly arrival: Arrival
  /** Virtual time of arrival, epoch ms. */
  readonly now: number
  /** The call comes from the journal: it was let through when it was made. */
  readonly isRepeated?: true
}

/** Where a call leads: known before it is let through, so that refused calls are logged with their route too. */
export interface Destination {
  /** Template for the log, e.g. `/v1/{practiceid}/patients/{patientid}`; undefined when nothing serves the path. */
  readonly route: string | undefined
  /** What its answers stand on; undefined when nothing serves the path. */
  readonly basis: Basis | undefined
  readonly answer: (call: Call) => Answer
}

/** What stands behind the gateway: practices with state, or a folder of recordings. */
export interface Backend {
  /** `resource` is the path behind `/v1/{practiceid}`, e.g. `/patients/12`. */
  readonly find: (arrival: Arrival, resource: string) => Destination
}
