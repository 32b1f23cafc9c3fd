import { AegisError } from '../errors/aegis-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import type { PeerClass } from '../http/peer-class.ts'
import type { Pseudonym } from '../sealing/practice-keys.ts'
import type { Actor } from './actor.ts'

/**
 * What an entry is about: a call to athenahealth, a read of the mirror in clear, a credential or token, a key, the
 * configuration, start and stop of Aegis, the audit log itself; access: who may ask Aegis at all.
 */
export type EntryType =
  | 'upstream'
  | 'mirror'
  | 'credential'
  | 'key'
  | 'configuration'
  | 'lifecycle'
  | 'audit'
  | 'access'

/** Create, Read, Update, Delete, Execute. */
export type EntryAction = 'C' | 'R' | 'U' | 'D' | 'E'

/** `unknown`: the process ended, or the answer was lost, so that nobody can say. */
export type EntryOutcome = 'success' | 'failure' | 'unknown'

/** HL7 purpose of use: treatment, payment, operations, system administration, patient's request, break the glass. */
export type Purpose = 'TREAT' | 'HPAYMT' | 'HOPERAT' | 'HSYSADMIN' | 'PATRQT' | 'BTG'

/** What may be known of an event before it happens, and after. Nothing that is not sealed may identify a patient. */
export interface EventFacts {
  /** Ids of the patients concerned: stored as pseudonyms, and sealed. */
  readonly patientIds?: readonly string[]
  /** Patients concerned of whom only the pseudonym is at hand. */
  readonly patients?: readonly Pseudonym[]
  /** How many records were read or written; of refusals, how many the entry stands for. */
  readonly records?: number
  /** athenahealth's id of the request; kept only if it looks like an id. */
  readonly upstreamRequestId?: string
  /** Anything else worth keeping, sealed: search terms, a reason given by a person. */
  readonly detail?: Readonly<Record<string, unknown>>
}

/** One event to record. */
export interface AuditEvent extends EventFacts {
  /** 0: the installation as a whole. */
  readonly practice: number
  readonly type: EntryType
  /** What exactly, in words joined by hyphens: `poll-feed`, `token-request`. */
  readonly subtype: string
  readonly action: EntryAction
  readonly actor: Actor
  readonly purpose?: Purpose
  /** What is acted on, if it is no patient: `preview/<client id>`, `sync.settle`. */
  readonly entity?: string
  /** Template of the endpoint, e.g. `GET /v1/{practiceid}/patients`; never a URL. */
  readonly route?: string
  /** Our own id of the request this is part of. */
  readonly requestId?: string
  /** Why it was refused. */
  readonly code?: ErrorCode
  /** From where it was asked for, as far as that is known. */
  readonly peer?: PeerClass
}

/** The meaning of an entry's columns; a reader must look at it. */
export const entryVersion = 1

const idPattern = /^[A-Za-z0-9._:-]{1,128}$/
const rules: { readonly [column: string]: { pattern: RegExp; of: (event: AuditEvent) => string | undefined } } = {
  subtype: { pattern: /^[a-z][a-z0-9-]{0,62}$/, of: (event) => event.subtype },
  actor: { pattern: /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, of: (event) => event.actor.id },
  // A segment of digits only would be an id: a URL, not a template.
  route: {
    pattern: /^(?:[A-Z]{3,7} )?(?!.*\/\d+(?:\/|$))\/[A-Za-z0-9_{}.$/-]{0,255}$/,
    of: (event) => event.route,
  },
  entity: { pattern: /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,255}$/, of: (event) => event.entity },
  requestId: { pattern: idPattern, of: (event) => event.requestId },
}

/**
 * Refuses values that could carry PHI into clear columns: `audit.invalid-entry`, which names the field only. The table
 * checks the same; one refused entry must not take others of its batch with it.
 */
export function checkEvent(event: AuditEvent): void {
  for (const [field, { pattern, of }] of Object.entries(rules)) {
    const value = of(event)
    if (value !== undefined && !pattern.test(value)) throw new AegisError('audit.invalid-entry', { field })
  }
  if (!isCount(event.practice)) throw new AegisError('audit.invalid-entry', { field: 'practice' })
  checkFacts(event)
}

/** As `checkEvent`, of what is added with the outcome. */
export function checkFacts(facts: EventFacts): void {
  if (facts.records !== undefined && !isCount(facts.records)) {
    throw new AegisError('audit.invalid-entry', { field: 'records' })
  }
}

/** athenahealth's request id as far as it can be kept: another form could be any text. */
export function upstreamId(value: string | undefined): string | null {
  return value !== undefined && idPattern.test(value) ? value : null
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 31
}
